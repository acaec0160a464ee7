"""p(z), as the plane shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vae.models import VAE, Autoencoder, MixtureVAE


@dataclass(frozen=True)
class Prior:
    """K Gaussians of equal weight; a standard normal is the case of one."""

    loc: NDArray[np.float32]  # (K, D)
    scale: NDArray[np.float32]  # (K, D)

    @property
    def is_mixture(self) -> bool:
        """Whether there are several components."""
        return len(self.loc) > 1

    def log_density(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """log p(z) of codes (N, D), in nats: (N,)."""
        away = (np.asarray(z, np.float64)[:, None] - self.loc) / self.scale
        parts = -0.5 * (away**2).sum(-1) - np.log(self.scale, dtype=np.float64).sum(-1)
        constant = 0.5 * self.loc.shape[1] * math.log(2.0 * math.pi) + math.log(len(self.loc))
        density: NDArray[np.float64] = np.logaddexp.reduce(parts, axis=1) - constant
        return density


@torch.no_grad()
def prior_of(model: VAE) -> Prior | None:
    """The prior of a model; an autoencoder has none."""
    if isinstance(model, Autoencoder):
        return None
    if isinstance(model, MixtureVAE):
        loc, scale = model.component_parts()
        return Prior(loc.cpu().numpy().copy(), scale.cpu().numpy())
    zeros = np.zeros((1, model.config.latent_dim), np.float32)
    return Prior(zeros, zeros + 1)
