"""What crosses to and from the points worker: frozen, detached, stamped with the run that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explorer.messages import Failure
from vae.points import Cloud

if TYPE_CHECKING:
    from torch import Tensor

    from vae import Terms
    from vae.point_models import EnergyDistances


@dataclass(frozen=True)
class StartPoints:
    """Train an autoencoder and a VAE on a cloud, side by side."""

    run: int
    cloud: Cloud
    latent_dim: int
    seed: int


@dataclass(frozen=True)
class PointsSnapshot:
    """How far a run has come."""

    run: int
    step: int
    steps: int
    autoencoder: dict[str, Tensor]  # weights
    vae: dict[str, Tensor]  # weights
    distances: EnergyDistances  # some of them may be a second old
    test: Terms | None  # of the VAE on the held-out points; None before the first epoch is over


@dataclass(frozen=True)
class PointsEnded:
    """A run is over: finished, stopped, or failed."""

    run: int
    failure: Failure | None
