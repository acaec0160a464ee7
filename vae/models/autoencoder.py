"""The deterministic autoencoder, for comparison."""

from __future__ import annotations

import pyro
import torch
from torch import Tensor

from vae.models.vae import VAE


class Autoencoder(VAE):
    """An encoder that gives a point and a decoder: no prior, no noise, no KL.

    In Pyro's words, there is no latent variable, so the guide has nothing to say. ``z_scale`` is zero. The
    objective is the reconstruction alone, which is no ELBO.
    """

    latent_is_z = False

    def model(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """p(x|z) at the point that the encoder gives."""
        with pyro.plate("images", len(x), dim=-1):
            self.observe(x, self.decoder(self.encode(self.corrupt(x))[0]))

    def guide(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """Nothing is latent."""

    def encode(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The points (B, D) of images (B, C, H, W), and zeros."""
        z, _ = self.encoder(x)
        return z, torch.zeros_like(z)

    def elbo_terms(
        self, x: Tensor, y: Tensor | None, generator: torch.Generator, seen: Tensor | None = None
    ) -> Tensor:
        """(3, B): the reconstruction, and nothing else."""
        reconstruction = self.log_likelihood(x, self.encode(x if seen is None else seen)[0])
        return torch.stack((reconstruction, *torch.zeros(2, len(x), device=x.device)))
