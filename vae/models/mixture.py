"""A discrete component and a continuous code: a prior made of several Gaussians."""

from __future__ import annotations

from math import log, pi, prod

import pyro
import pyro.distributions as dist
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from vae.models.vae import VAE, draw, kl_between, normal, weighed
from vae.networks import LEAST_SCALE, multilayer_perceptron

HIDDEN = 128  # units of the network that assigns images to components
RING = 2.0  # radius of the circle on which the components begin
SPREAD = 0.7  # standard deviation of a component at the beginning


class MixtureVAE(VAE):
    """p(c) p(z|c) p(x|z) with c one of ``components``; q(c|x) q(z|x).

    The component is summed out exactly, as Pyro's config_enumerate and TraceEnum_ELBO do, instead of drawn:
    a discrete draw has no pathwise gradient.
    """

    def build(self) -> None:
        """The components' places and sizes are learned with the rest."""
        super().build()
        config = self.config
        self.assigner = multilayer_perceptron(
            (prod(config.image_shape), HIDDEN, config.components), config.activation
        )
        with torch.device("cpu"):  # where torch only counts, on "meta", this arithmetic imports half of it
            places = torch.randn(config.components, config.latent_dim)
            if config.latent_dim == 2:  # evenly around, so that all have an equal chance
                angles = torch.arange(config.components) * (2 * pi / config.components)
                places = torch.stack((angles.cos(), angles.sin()), dim=1)
            self.component_loc = nn.Parameter(RING * places)
            self.component_raw_scale = nn.Parameter(torch.full_like(places, SPREAD).expm1().log())

    def model(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """p(x, z, c): a component, a code from it, and the image. ``beta`` weighs c and z."""
        with pyro.plate("images", len(x), dim=-1):
            with weighed(beta):
                even = x.new_zeros(self.config.components)
                c = pyro.sample("c", dist.Categorical(logits=even, validate_args=False))
                loc, scale = self.component_parts()
                z = pyro.sample("z", normal(loc[c], scale[c]))
            self.observe(x, self.decoder(z))

    def guide(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """q(c|x) q(z|x)."""
        with pyro.plate("images", len(x), dim=-1):
            seen = self.corrupt(x)
            with weighed(beta):
                assigned = dist.Categorical(logits=self.assigner(seen.flatten(1)), validate_args=False)
                pyro.sample("c", assigned, infer={"enumerate": "parallel"})
                pyro.sample("z", normal(*self.encoder(seen)))

    def component_parts(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of each component, (components, D) each."""
        return self.component_loc, softplus(self.component_raw_scale) + LEAST_SCALE

    def component_probabilities(self, x: Tensor) -> Tensor:
        """q(c|x): images (B, C, H, W) -> (B, components)."""
        probabilities: Tensor = self.assigner(x.flatten(1)).softmax(-1)
        return probabilities

    def elbo_terms(
        self, x: Tensor, y: Tensor | None, generator: torch.Generator, seen: Tensor | None = None
    ) -> Tensor:
        """(3, B): the KL is the sum over components of q(c|x) (log q(c|x) / p(c) + KL(q(z|x) || p(z|c)))."""
        seen = x if seen is None else seen
        z_loc, z_scale = self.encode(seen)
        z = draw(z_loc, z_scale, generator)
        reconstruction = self.log_likelihood(x, z)
        log_q_c = self.assigner(seen.flatten(1)).log_softmax(-1)
        kl_c = log_q_c + log(self.config.components)
        kl_z = kl_between(z_loc.unsqueeze(-2), z_scale.unsqueeze(-2), *self.component_parts())
        kl = (log_q_c.exp() * (kl_c + kl_z)).sum(-1)
        return torch.stack((reconstruction, kl, torch.zeros_like(kl)))
