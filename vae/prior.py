"""p(z), as the plane shows it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.distributions import Categorical, Distribution, Independent, MixtureSameFamily, Normal

from vae.models import VAE, Autoencoder, MixtureVAE
from vae.models.vae import normal


@dataclass(frozen=True, eq=False)
class Prior:
    """A distribution of codes, and the Gaussians of equal weight that it is made of.

    One of them for N(0, I), several for a mixture, none where it is made of something else.
    """

    distribution: Distribution  # of codes (D,)
    loc: NDArray[np.float32]  # (K, D)
    scale: NDArray[np.float32]  # (K, D)

    @property
    def is_standard(self) -> bool:
        """Whether it is N(0, I)."""
        return len(self.loc) == 1 and not self.loc.any() and bool((self.scale == 1.0).all())

    @torch.no_grad()
    def log_density(self, z: NDArray[np.floating]) -> NDArray[np.float64]:
        """log p(z) of codes (N, D), in nats: (N,).

        Of Gaussians in NumPy: torch gives way to other threads at each step, and this is asked at each move.
        """
        if len(self.loc):
            away = (np.asarray(z, np.float64)[:, None] - self.loc) / self.scale
            parts = -0.5 * (away**2).sum(-1) - np.log(self.scale, dtype=np.float64).sum(-1)
            constant = 0.5 * self.loc.shape[1] * math.log(2.0 * math.pi) + math.log(len(self.loc))
            of_gaussians: NDArray[np.float64] = np.logaddexp.reduce(parts, axis=1) - constant
            return of_gaussians
        codes = torch.from_numpy(np.asarray(z, np.float32))
        density: NDArray[np.float64] = self.distribution.log_prob(codes).double().numpy()
        return density


@torch.no_grad()
def prior_of(model: VAE) -> Prior | None:
    """The prior of a model, at its present weights; an autoencoder has none."""
    if isinstance(model, Autoencoder):
        return None
    if isinstance(model, MixtureVAE):
        loc, scale = (part.cpu().clone() for part in model.component_parts())
        even = Categorical(logits=torch.zeros(len(loc)))
        mixture = MixtureSameFamily(even, normal(loc, scale), validate_args=False)
        return Prior(mixture, loc.numpy(), scale.numpy())
    of_one_image = model.prior(torch.zeros(1, *model.config.image_shape))
    parts = of_one_image.base_dist if isinstance(of_one_image, Independent) else of_one_image
    if isinstance(parts, Normal):
        return Prior(of_one_image, parts.loc.numpy().copy(), parts.scale.numpy().copy())
    nothing = np.zeros((0, model.config.latent_dim), np.float32)
    return Prior(of_one_image, nothing, nothing)
