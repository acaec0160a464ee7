"""The VAE of Kingma & Welling (2013), as Pyro's model() and guide() and as plain encode() and decode().

Pyro must be entered by one thread alone, since its effect stack is global. So model() and guide() are for
training; encode(), decode() and terms() are plain PyTorch and may be called from any thread.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import pyro
import pyro.distributions as dist
import torch
from pyro import poutine
from torch import Tensor, nn
from torch.nn.functional import dropout

from vae.configuration import ModelConfig
from vae.likelihoods import bernoulli, bernoulli_log_prob, bernoulli_mean
from vae.networks import Decoder, Encoder


@dataclass(frozen=True)
class Terms:
    """The ELBO and its two terms, in nats per image: elbo = reconstruction - kl."""

    elbo: float
    reconstruction: float  # E_q log p(x|z)
    kl: float  # KL(q(z|x) || p(z))


class VAE(nn.Module):
    """A Gaussian encoder, a standard normal prior and a Bernoulli decoder.

    The Normals are not validated: a scale that is no longer a number then reaches the loss, where
    training looks for it, instead of a traceback out of Pyro.
    """

    def __init__(self, config: ModelConfig, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(seed)
            self.encoder = Encoder(
                config.image_shape, config.encoder_widths, config.latent_dim, config.activation
            )
            self.decoder = Decoder(
                config.latent_dim, config.decoder_widths, config.image_shape, config.activation
            )

    def model(self, x: Tensor, beta: float = 1.0) -> None:
        """p(x, z): z from the prior, x (B, C, H, W) from the decoder. ``beta`` weighs log p(z)."""
        with pyro.plate("images", len(x)):
            with _weighed(beta):
                zeros = x.new_zeros(len(x), self.config.latent_dim)
                z = pyro.sample("z", dist.Normal(zeros, zeros + 1.0, validate_args=False).to_event(1))
            pyro.sample("x", bernoulli(self.decoder(z)), obs=x)

    def guide(self, x: Tensor, beta: float = 1.0) -> None:
        """q(z|x): z from the encoder. ``beta`` weighs log q(z|x), as in model()."""
        with pyro.plate("images", len(x)):
            z_loc, z_scale = self.encoder(dropout(x, self.config.input_dropout))
            with _weighed(beta):
                pyro.sample("z", dist.Normal(z_loc, z_scale, validate_args=False).to_event(1))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """q(z|x) of images (B, C, H, W) in [0, 1]: ``z_loc``, ``z_scale``, each (B, D)."""
        z_loc, z_scale = self.encoder(x)
        return z_loc, z_scale

    def decode(self, z: Tensor) -> Tensor:
        """The mean image of p(x|z): codes (B, D) -> (B, C, H, W) in [0, 1]."""
        return bernoulli_mean(self.decoder(z))

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) in nats, (B,), of images (B, C, H, W) at codes (B, D)."""
        return bernoulli_log_prob(self.decoder(z), x)


def _weighed(beta: float) -> AbstractContextManager[object]:
    """Weigh the sites within; Pyro scales by positive numbers alone."""
    weighed: AbstractContextManager[object] = poutine.scale(scale=beta) if beta else poutine.mask(mask=False)
    return weighed


def kl_to_prior(z_loc: Tensor, z_scale: Tensor) -> Tensor:
    """KL(N(z_loc, z_scale²) || N(0, 1)) in nats, summed over dimensions: (B, D), (B, D) -> (B,).

    Kingma & Welling (2013), appendix B.
    """
    return 0.5 * (z_loc.square() + z_scale.square() - 1.0 - 2.0 * z_scale.log()).sum(-1)
