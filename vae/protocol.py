"""What a model must offer to be trained, scored and explored: `vae.models.vae.VAE` and all families do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import Parameter

from vae.configuration import ModelConfig


class Model(Protocol):
    """Images x (B, C, H, W), codes z (B, D), labels y (B,), which a family may have no use for.

    The easiest way to meet it is to derive from VAE and to override what differs. model() and guide() enter
    Pyro and are called by training alone; the others are plain PyTorch, and any thread may call them.
    """

    config: ModelConfig
    needs_labels: bool  # whether model() and guide() must be given y
    scores_labels: bool  # whether log p(y|z) is a term of the ELBO
    latent_is_z: bool  # whether z alone is drawn: the expectations under q(z|x) are then computed exactly

    def model(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """p(x, z) in Pyro's words, with a sample site for each of them; ``beta`` weighs log p(z)."""

    def guide(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        """q(z|x) in Pyro's words, with the same sites for what is latent; ``beta`` weighs log q(z|x)."""

    def encode(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """q(z|x): images -> ``z_loc``, ``z_scale``, each (B, D)."""

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The mean of p(x|z): codes -> images."""

    def log_likelihood(self, x: Tensor, z: Tensor, y: Tensor | None = None) -> Tensor:
        """log p(x|z) in nats: images and their codes -> (B,)."""

    def elbo_terms(
        self, x: Tensor, y: Tensor | None, generator: torch.Generator, seen: Tensor | None = None
    ) -> Tensor:
        """(3, B): log p(x|z) at one draw of z from q(z|x), the KL, log p(y|z).

        The encoder is shown ``seen``, by default the images themselves.
        """

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The weights, as of any torch.nn.Module."""
