"""Encoder and decoder networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

from torch import Tensor, nn

ACTIVATION_LAYERS: Mapping[str, Callable[[], nn.Module]] = MappingProxyType(
    {
        "silu": nn.SiLU,
        "gelu": nn.GELU,
        "relu": nn.ReLU,
        "leaky-relu": lambda: nn.LeakyReLU(0.2),
        "softplus": nn.Softplus,
        "tanh": nn.Tanh,
    }
)

LEAST_SCALE = 1e-4  # keeps log q(z|x) finite; softplus alone may underflow to 0


def multilayer_perceptron(widths: Sequence[int], activation: str) -> nn.Sequential:
    """Linear layers of the given widths (input first), the activation between them but not after the last."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), ACTIVATION_LAYERS[activation]()]
    return nn.Sequential(*layers[:-1])


class Encoder(nn.Module):
    """q(z|x): an image to the mean and standard deviation of a diagonal Gaussian."""

    def __init__(
        self, image_shape: tuple[int, int, int], widths: Sequence[int], latent_dim: int, activation: str
    ) -> None:
        super().__init__()
        self.layers = multilayer_perceptron((math.prod(image_shape), *widths, 2 * latent_dim), activation)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """``x`` (B, C, H, W) -> ``z_loc``, ``z_scale``, each (B, D), the scale positive."""
        z_loc, z_scale = self.layers(x.flatten(1)).chunk(2, dim=-1)
        return z_loc, nn.functional.softplus(z_scale) + LEAST_SCALE


class Decoder(nn.Module):
    """p(x|z): a latent code to the parameters of the likelihood, one a pixel."""

    def __init__(
        self, latent_dim: int, widths: Sequence[int], image_shape: tuple[int, int, int], activation: str
    ) -> None:
        super().__init__()
        self.image_shape = image_shape
        self.layers = multilayer_perceptron((latent_dim, *widths, math.prod(image_shape)), activation)

    def forward(self, z: Tensor) -> Tensor:
        """``z`` (B, D) -> parameters of p(x|z), (B, C, H, W), unbounded."""
        parameters: Tensor = self.layers(z).unflatten(-1, self.image_shape)
        return parameters
