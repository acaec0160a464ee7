"""What changes from step to step of a run by plan: learning rate, momentum, beta.

All of it is a function of the step, so that a run that is taken up again needs no memory of it.
"""

from __future__ import annotations

import math

from vae.configuration import TrainingConfig

LOWEST_START = 25.0  # the one-cycle rate begins at this fraction of its peak
LOWEST_END = 1e4  # and ends at this fraction of where it began
MOMENTUM = (0.95, 0.85)  # Adam's first beta under one cycle: at the ends, at the peak of the learning rate
CONSTANT_MOMENTUM = 0.9


def learning_rate_at(config: TrainingConfig, step: int, steps: int) -> tuple[float, float]:
    """Learning rate and momentum of one step, counted from 0, of a run of ``steps``.

    One cycle: a cosine climbs to the peak, another falls to almost nothing, and the momentum moves the
    other way (Smith & Topin 2018). As torch's OneCycleLR, with one step more than the run has.
    """
    peak = config.learning_rate
    if config.schedule == "constant":
        return peak, CONSTANT_MOMENTUM
    start, high, low = peak / LOWEST_START, *MOMENTUM
    top = config.warm_up * (steps + 1) - 1.0
    if step <= top:
        climbed = step / top if top else 1.0
        return _cosine(start, peak, climbed), _cosine(high, low, climbed)
    fallen = (step - top) / (steps - top)
    return _cosine(peak, start / LOWEST_END, fallen), _cosine(low, high, fallen)


def beta_at(config: TrainingConfig, epoch: float) -> float:
    """The weight of the KL after so many epochs: it climbs in a straight line, then stays."""
    if epoch >= config.beta_warm_up:
        return config.beta
    return config.beta * epoch / config.beta_warm_up


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2.0 * (1.0 + math.cos(math.pi * share))
