"""The whole state of a run between two steps, in memory and in a file: weights, optimizer, chance, place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.configuration import TrainingConfig
from vae.models import VAE


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Copies of all that changes while a run goes on; on the CPU."""

    weights: dict[str, Tensor]
    moments: dict[str, Tensor]  # of the optimizer, as NUMBER.NAME, by the parameter's place
    order: Tensor  # of the generator that shuffles, as the epoch began
    chance: Tensor  # of torch's global generator
    config: TrainingConfig
    step: int
    unscored: bool  # whether an epoch is over and the test set not scored
    seconds: float
    epoch_began: float  # seconds
    totals: tuple[float, ...]  # sums of the terms over the epoch so far

    @classmethod
    def taken(
        cls,
        *,
        model: VAE,
        optimizer: torch.optim.Optimizer,
        order: Tensor,
        chance: Tensor,
        config: TrainingConfig,
        step: int,
        unscored: bool,
        seconds: float,
        epoch_began: float,
        totals: NDArray[np.float64],
    ) -> TrainingState:
        """Copy the state of a run."""
        moments = {
            f"{place}.{name}": _copied(value)
            for place, values in optimizer.state_dict()["state"].items()
            for name, value in values.items()
        }
        return cls(
            weights={name: _copied(tensor) for name, tensor in model.state_dict().items()},
            moments=moments,
            order=order,
            chance=chance,
            config=config,
            step=step,
            unscored=unscored,
            seconds=seconds,
            epoch_began=epoch_began,
            totals=tuple(totals.tolist()),
        )

    def restore(self, model: VAE, optimizer: torch.optim.Optimizer) -> None:
        """Put the copies back into a model and its optimizer, and into torch's global generator."""
        model.load_state_dict(self.weights)
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in self.moments.items():
            place, name = key.split(".")
            state.setdefault(int(place), {})[name] = value.clone()
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
        torch.set_rng_state(self.chance)


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True)
