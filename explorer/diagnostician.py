"""Looks at a model while it trains: at its latent units, and at how much its gradient scatters."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

import vae
from explorer.messages import Diagnosis, RunRequest

IMAGES = 128  # of the test set, whose codes tell what the units do
BATCH = 16  # training images whose gradient is taken anew
DRAWS = 4  # of z: a look is short, and the next one follows


@dataclass
class _Pace:
    """How often something may be done: it costs no more than a share of the run's time."""

    least: float  # seconds between two times
    share: float
    next: float = 0.0

    def due(self) -> bool:
        return time.perf_counter() >= self.next

    def done(self, began: float) -> None:
        """It was done just now, and took since ``began``."""
        now = time.perf_counter()
        self.next = now + max(self.least, (now - began) / self.share)


class Diagnostician:
    """Of one run. Lives in the training thread, whose model it looks at."""

    def __init__(self, request: RunRequest) -> None:
        data = request.dataset
        self._run = request.run
        self._images, self._labels = data.test_images[:IMAGES], data.test_labels[:IMAGES]
        self._batch, self._batch_labels = data.train_images[:BATCH], data.train_labels[:BATCH]
        self._units_pace = _Pace(least=1.0, share=0.01)
        self._variance_pace = _Pace(least=3.0, share=0.005)
        self._variance: vae.GradientVariance | None = None
        self._report: vae.StepReport | None = None

    def look(self, training: vae.Training, report: vae.StepReport) -> Diagnosis | None:
        """What is seen after a step; None if it is too soon to look again."""
        self._report = report
        return self.look_again(training) if self._units_pace.due() else None

    def look_again(self, training: vae.Training) -> Diagnosis | None:
        """What is seen now, however soon; None before the first step."""
        report = self._report
        if report is None:
            return None
        began = time.perf_counter()
        units = vae.units_of(training.model, self._images, self._labels)
        self._units_pace.done(began)
        if not np.isfinite(units.variance).all():  # the step broke the weights; the next one goes back
            return None
        if self._variance_pace.due():
            self._measure_variance(training, report.beta)
        judgement = vae.judge(units, training.model.config, training.config, report.epoch)
        return Diagnosis(self._run, report.step, units, judgement, self._variance)

    def _measure_variance(self, training: vae.Training, beta: float) -> None:
        began = time.perf_counter()
        variance = vae.variance_of_gradient(training.model, self._batch, self._batch_labels, beta, DRAWS)
        self._variance_pace.done(began)
        if variance is None or math.isfinite(variance.pathwise + variance.score_function):
            self._variance = variance  # else the gradient overflows: what was seen before stays
