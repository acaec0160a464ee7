"""Two levels of latent codes: a plane above, and what it leaves open below."""

from __future__ import annotations

from math import prod

import pyro
import torch
from torch import Tensor

from vae.models.vae import VAE, draw, kl_between, kl_to_prior, normal, weighed
from vae.networks import LEAST_SCALE, Decoder, Encoder, multilayer_perceptron

HIDDEN = 128  # units of the layers between the two levels


class HierarchicalVAE(VAE):
    """p(z) p(w|z) p(x|w): z is the plane, w has ``inner_dim`` dimensions.

    The guide runs the same way, q(z|x) q(w|x, z), as in Sønderby et al. (2016), so that each KL is exact
    given z. On the plane, z stands for the mean of p(w|z).
    """

    latent_is_z = False

    def build(self) -> None:
        """One network for each of the four conditional distributions."""
        config = self.config
        self.encoder = Encoder(config, config.latent_dim)
        self.decoder = Decoder(config, config.inner_dim, self.likelihood.outputs)
        pair = 2 * config.inner_dim
        self.inner_prior = multilayer_perceptron((config.latent_dim, HIDDEN, pair), config.activation)
        inputs = prod(config.image_shape) + config.latent_dim
        self.inner_encoder = multilayer_perceptron(
            (inputs, *config.encoder_widths[:1], HIDDEN, pair), config.activation
        )

    def model(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """p(x, w, z): from the plane down to the image. ``beta`` weighs both KLs."""
        with pyro.plate("images", len(x), dim=-1):
            with weighed(beta):
                z = pyro.sample("z", self.prior(x))
                w = pyro.sample("w", normal(*self.inner(z)))
            self.observe(x, self.decoder(w))

    def guide(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """q(z|x) q(w|x, z)."""
        with pyro.plate("images", len(x), dim=-1):
            seen = self.corrupt(x)
            with weighed(beta):
                z = pyro.sample("z", normal(*self.encoder(seen)))
                pyro.sample("w", normal(*self.encode_inner(seen, z)))

    def inner(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """p(w|z): codes (..., D) -> mean and standard deviation (..., inner_dim)."""
        return _parts(self.inner_prior(z))

    def encode_inner(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """q(w|x, z): images (B, C, H, W) and codes (..., B, D) -> mean and standard deviation."""
        rows = x.flatten(1).expand(*z.shape[:-1], -1)
        return _parts(self.inner_encoder(torch.cat((rows, z), dim=-1)))

    def parameters_of_x(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The decoder's output at the mean of p(w|z)."""
        parameters: Tensor = self.decoder(self.inner(z)[0])
        return parameters

    def elbo_terms(
        self, x: Tensor, y: Tensor | None, generator: torch.Generator, seen: Tensor | None = None
    ) -> Tensor:
        """(3, B); the KL is that of both levels, the lower one at the draw of z."""
        seen = x if seen is None else seen
        z_loc, z_scale = self.encode(seen)
        z = draw(z_loc, z_scale, generator)
        w_loc, w_scale = self.encode_inner(seen, z)
        w = draw(w_loc, w_scale, generator)
        reconstruction = self.likelihood.log_prob(self.decoder(w), x).flatten(-3).sum(-1)
        kl = kl_to_prior(z_loc, z_scale) + kl_between(w_loc, w_scale, *self.inner(z))
        return torch.stack((reconstruction, kl, torch.zeros_like(kl)))


def _parts(raw: Tensor) -> tuple[Tensor, Tensor]:
    loc, scale = raw.chunk(2, dim=-1)
    return loc, torch.nn.functional.softplus(scale) + LEAST_SCALE
