"""The conditional VAE of Sohn, Lee & Yan (2015): encoder and decoder are told the label."""

from __future__ import annotations

import pyro
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from vae.models.vae import VAE, normal, weighed
from vae.networks import Decoder, Encoder


class ConditionalVAE(VAE):
    """p(x|z, y) and q(z|x, y): the code holds what the label does not tell, so one z makes ten digits.

    Where no label is given, all are given an equal share.
    """

    needs_labels = True

    def build(self) -> None:
        """Both networks see the label as zeros and a one."""
        classes = self.config.classes
        self.encoder = Encoder(self.config, self.config.latent_dim, classes)
        self.decoder = Decoder(self.config, self.config.latent_dim + classes, self.likelihood.outputs)

    def model(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """p(x, z|y): z from the prior, x from the decoder, which is told y (B,)."""
        with pyro.plate("images", len(x), dim=-1):
            with weighed(beta):
                z = pyro.sample("z", self.prior(x))
            self.observe(x, self.parameters_of_x(z, y))

    def guide(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """q(z|x, y): z from the encoder, which is told y."""
        with pyro.plate("images", len(x), dim=-1):
            z_loc, z_scale = self.encode(self.corrupt(x), y)
            with weighed(beta):
                pyro.sample("z", normal(z_loc, z_scale))

    def encode(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """q(z|x, y) of images (B, C, H, W) and labels (B,): ``z_loc``, ``z_scale``, each (B, D)."""
        z_loc, z_scale = self.encoder(x, self._told(y, len(x), x))
        return z_loc, z_scale

    def parameters_of_x(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The decoder's output at codes (..., B, D) and labels (B,)."""
        told = self._told(y, z.shape[-2], z).expand(*z.shape[:-1], -1)
        parameters: Tensor = self.decoder(torch.cat((z, told), dim=-1))
        return parameters

    def _told(self, y: Tensor | None, count: int, like: Tensor) -> Tensor:
        """(B, classes)."""
        classes = self.config.classes
        if y is None:
            return like.new_full((count, classes), 1.0 / classes)
        return one_hot(y, classes).to(like.dtype)
