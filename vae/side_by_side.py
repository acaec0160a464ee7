"""An autoencoder and a VAE that learn from the same points, a step each in turn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch

from vae.models import build
from vae.point_models import EnergyDistances, PointModel, compare
from vae.points import TRAIN, Cloud
from vae.presets import POINTS, POINTS_AUTOENCODER, Preset, preset_of
from vae.reports import EpochReport, StepReport, Terms
from vae.training import Training


@dataclass(frozen=True)
class PairReport:
    """A step of both."""

    step: int  # steps done, from 1
    steps: int  # of the whole run


class SideBySide(Iterator[PairReport]):
    """One run of the presets `points-autoencoder` and `points`: iterate over it, a report a step.

    Draws from a random state of its own: torch's global generator is as it was after each step, so that a
    run of images that is held meanwhile goes on as if nothing had been.

    Raises:
        TrainingError: from ``next``, when the loss was lost too often; see `vae.Training`.
    """

    def __init__(self, cloud: Cloud, latent_dim: int, seed: int = 0) -> None:
        self.cloud = cloud
        self._chance = torch.get_rng_state()
        with self._own_chance():
            self._trainings = tuple(
                _training(preset_of(name), cloud, latent_dim, seed) for name in (POINTS_AUTOENCODER, POINTS)
            )
        self.autoencoder, self.vae = (PointModel(run.model, cloud.train) for run in self._trainings)
        self.test: Terms | None = None  # of the VAE on the held-out points, after the last epoch

    @property
    def step(self) -> int:
        """Steps done."""
        return max(training.step for training in self._trainings)

    @property
    def steps(self) -> int:
        """Of the whole run."""
        return self._trainings[0].steps

    def __next__(self) -> PairReport:
        """Take a step of each."""
        with self._own_chance():
            stepped = [self._step(training) for training in self._trainings]
        if not any(stepped):
            raise StopIteration
        return PairReport(self.step, self.steps)

    def distances(self) -> EnergyDistances:
        """Of the samples of both to the held-out points."""
        self.autoencoder.refit()
        return compare(self.autoencoder, self.vae, self.cloud)

    def _step(self, training: Training) -> bool:
        """Whether there was one to take."""
        for report in training:
            if isinstance(report, EpochReport) and training.model is self.vae.model:
                self.test = report.test
            if isinstance(report, StepReport):
                return True
        return False

    @contextmanager
    def _own_chance(self) -> Iterator[None]:
        kept = torch.get_rng_state()
        torch.set_rng_state(self._chance)
        try:
            yield
        finally:
            self._chance = torch.get_rng_state()
            torch.set_rng_state(kept)


def _training(preset: Preset, cloud: Cloud, latent_dim: int, seed: int) -> Training:
    """As many steps as for 2,000 points, however few there are."""
    epochs = math.ceil(preset.training.epochs * TRAIN / max(len(cloud.train), preset.training.batch_size))
    model = build(replace(preset.model, latent_dim=latent_dim), seed)
    return Training(model, replace(preset.training, epochs=epochs, seed=seed), cloud)
