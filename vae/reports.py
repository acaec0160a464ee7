"""What training tells of itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Terms:
    """The ELBO and its terms, in nats per image: elbo = reconstruction + label - kl.

    The true ELBO, whatever objective is being trained: no term is weighed by beta.
    """

    elbo: float
    reconstruction: float  # E_q log p(x|z)
    kl: float  # KL(q(z|x) || p(z))
    label: float | None = None  # E_q log p(y|z); None where the model knows no labels


@dataclass(frozen=True)
class StepReport:
    """One step of gradient ascent on the objective. Terms are of the batch, before the step."""

    step: int  # steps done, from 1
    steps: int  # steps of the whole run
    epoch: float  # epochs done
    seconds: float  # of training since the run began
    train: Terms
    learning_rate: float  # of this step
    beta: float  # weight of the KL in this step's objective
    gradient_norm: float  # before it was clipped, in nats per image


@dataclass(frozen=True)
class EpochReport:
    """One pass over the training set."""

    epoch: int  # from 1
    step: int
    seconds: float  # of training since the run began
    images_per_second: float  # training only, evaluation left out
    train: Terms  # mean over the epoch, while the weights moved
    test: Terms  # after the epoch


@dataclass(frozen=True)
class RollbackReport:
    """The loss was lost, and the run went back to its last good state, with half the learning rate."""

    step: int  # steps done, in the state that was taken up again
    lost_step: int  # the step whose loss was not a finite number
    epoch: float  # epochs done, in the state that was taken up again
    seconds: float
    learning_rate: float  # the new one, as the configuration gives it


Report = StepReport | EpochReport | RollbackReport


def terms_as_json(terms: Terms) -> dict[str, Any]:
    """What JSON keeps of them: a term that the model does not have is left out."""
    return {name: value for name, value in asdict(terms).items() if value is not None}


def epoch_as_json(report: EpochReport) -> dict[str, Any]:
    """What JSON keeps of an epoch."""
    return asdict(report) | {"train": terms_as_json(report.train), "test": terms_as_json(report.test)}


def epoch_from_json(values: Mapping[str, Any]) -> EpochReport:
    """What epoch_as_json() kept.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: the values are something else.
    """
    terms: dict[str, Any] = {name: Terms(**_numbers(values[name])) for name in ("train", "test")}
    others = {name: value for name, value in values.items() if name not in terms}
    return EpochReport(**_numbers(others), **terms)


def _numbers(values: Mapping[str, Any]) -> Mapping[str, Any]:
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in values.values()):
        raise ValueError("the history holds something else than numbers")
    return values
