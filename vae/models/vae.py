"""The VAE of Kingma & Welling (2013), as Pyro's model() and guide() and as plain encode() and decode().

Pyro must be entered by one thread alone, since its effect stack is global. So model() and guide() are for
training; all else is plain PyTorch and may be called from any thread.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import pyro
import pyro.distributions as dist
import torch
from pyro import poutine
from torch import Tensor, nn
from torch.nn.functional import dropout

from vae.chance import DrawnFrom
from vae.configuration import ModelConfig
from vae.distributions import Whole
from vae.likelihoods import LIKELIHOODS
from vae.networks import Decoder, Encoder


class VAE(nn.Module):
    """A Gaussian encoder, a standard normal prior and a decoder; the other families build on it.

    What a family offers, whatever it is made of: model() and guide(), which training follows; encode(),
    decode() and log_likelihood(), which the plane is drawn with; elbo_terms(), which scores images. Labels
    ``y`` (B,) are whole numbers; this family has no use for them.

    The Normals are not validated: a scale that is no longer a number then reaches the loss, where
    training looks for it, instead of a traceback out of Pyro.
    """

    needs_labels = False  # whether model() and guide() must be given y
    scores_labels = False  # whether log p(y|z) is a term of the ELBO
    latent_is_z = True  # whether z alone is drawn; a component that is summed out does not count

    def __init__(self, config: ModelConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        self.likelihood = LIKELIHOODS[config.likelihood](config)
        with DrawnFrom(seed):
            self.build()

    def build(self) -> None:
        """Make the networks."""
        self.encoder = Encoder(self.config, self.config.latent_dim)
        self.decoder = Decoder(self.config, self.config.latent_dim, self.likelihood.outputs)

    def model(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """p(x, z): z from the prior, x (B, C, H, W) from the decoder. ``beta`` weighs log p(z)."""
        with pyro.plate("images", len(x), dim=-1):
            with weighed(beta):
                z = pyro.sample("z", self.prior(x))
            self.observe(x, self.decoder(z))

    def guide(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """q(z|x): z from the encoder. ``beta`` weighs log q(z|x), as in model()."""
        with pyro.plate("images", len(x), dim=-1):
            z_loc, z_scale = self.encoder(self.corrupt(x))
            with weighed(beta):
                pyro.sample("z", normal(z_loc, z_scale))

    def encode(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """q(z|x) of images (B, C, H, W): ``z_loc``, ``z_scale``, each (B, D)."""
        z_loc, z_scale = self.encoder(x)
        return z_loc, z_scale

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean of p(x|z): codes (B, D) -> images (B, C, H, W)."""
        return self.likelihood.mean(self.parameters_of_x(z, y))

    def log_likelihood(self, x: Tensor, z: Tensor, y: Tensor | None = None) -> Tensor:
        """log p(x|z) in nats, (B,), of images (B, C, H, W) at codes (B, D)."""
        return self.likelihood.log_prob(self.parameters_of_x(z, y), x).flatten(-3).sum(-1)

    def elbo_terms(
        self, x: Tensor, y: Tensor | None, generator: torch.Generator, seen: Tensor | None = None
    ) -> Tensor:
        """(3, B): log p(x|z) at one draw of z from q(z|x), the KL, and log p(y|z); the KL exact if it can be.

        The encoder is shown ``seen``, by default the images themselves. Kingma & Welling (2013), equation 7.
        """
        z_loc, z_scale = self.encode(x if seen is None else seen, y)
        z = draw(z_loc, z_scale, generator)
        reconstruction = self.log_likelihood(x, z, y)
        return torch.stack((reconstruction, kl_to_prior(z_loc, z_scale), torch.zeros_like(reconstruction)))

    # --- what model() and guide() are made of

    def prior(self, x: Tensor) -> dist.TorchDistribution:
        """N(0, I), one for each of the images ``x``."""
        zeros = x.new_zeros(len(x), self.config.latent_dim)
        return normal(zeros, zeros + 1.0)

    def observe(self, x: Tensor, parameters: Tensor) -> None:
        """Score the images by the likelihood of the decoder's output."""
        pyro.sample("x", self.likelihood.distribution(parameters), obs=self.likelihood.observation(x))

    def corrupt(self, x: Tensor) -> Tensor:
        """What the encoder is shown in training: pixels hidden, noise added, as the configuration says."""
        if self.config.input_noise:
            x = x + self.config.input_noise * torch.randn_like(x)
        return dropout(x, self.config.input_dropout) if self.config.input_dropout else x

    def parameters_of_x(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The decoder's output at codes (B, D): (B, outputs · C, H, W)."""
        parameters: Tensor = self.decoder(z)
        return parameters


def normal(loc: Tensor, scale: Tensor) -> dist.TorchDistribution:
    """A diagonal Gaussian over the last dimension, unchecked."""
    return Whole(dist.Normal(loc, scale, validate_args=False), 1)


def weighed(beta: float) -> AbstractContextManager[object]:
    """Weigh the sites within; Pyro scales by positive numbers alone."""
    if beta == 1.0:
        return nullcontext()
    within: AbstractContextManager[object] = poutine.scale(scale=beta) if beta else poutine.mask(mask=False)
    return within


def draw(loc: Tensor, scale: Tensor, generator: torch.Generator) -> Tensor:
    """A draw from N(loc, scale²), the noise made on the CPU: the same on every device."""
    return loc + scale * torch.randn(loc.shape, generator=generator).to(loc.device)


def kl_to_prior(z_loc: Tensor, z_scale: Tensor) -> Tensor:
    """KL(N(z_loc, z_scale²) || N(0, 1)) in nats, summed over dimensions: (B, D), (B, D) -> (B,).

    Kingma & Welling (2013), appendix B.
    """
    return 0.5 * (z_loc.square() + z_scale.square() - 1.0 - 2.0 * z_scale.log()).sum(-1)


def kl_between(loc: Tensor, scale: Tensor, other_loc: Tensor, other_scale: Tensor) -> Tensor:
    """KL(N(loc, scale²) || N(other_loc, other_scale²)) in nats, summed over dimensions: (B, D) -> (B,)."""
    return kl_to_prior((loc - other_loc) / other_scale, scale / other_scale)
