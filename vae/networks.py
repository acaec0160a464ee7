"""Encoder and decoder networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

import torch
from torch import Tensor, nn

from vae.configuration import ModelConfig
from vae.linear import Linear

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

SCALES: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "softplus": lambda raw: nn.functional.softplus(raw) + LEAST_SCALE,
        "exp": torch.exp,
        "log-variance": lambda raw: torch.exp(0.5 * raw),
    }
)


def multilayer_perceptron(widths: Sequence[int], activation: str) -> nn.Sequential:
    """Linear layers of the given widths (input first), the activation between them but not after the last."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [Linear(inputs, outputs), ACTIVATION_LAYERS[activation]()]
    return nn.Sequential(*layers[:-1])


class Encoder(nn.Module):
    """q(z|x), or q(z|x, y): an image to the mean and standard deviation of a diagonal Gaussian."""

    def __init__(self, config: ModelConfig, latent_dim: int, classes: int = 0) -> None:
        super().__init__()
        self.to_scale = SCALES[config.scale]
        self._beside = _planes_beside if config.network == "convolutional" else _row_beside
        self.layers = NETWORKS[config.network][0](config, 2 * latent_dim, classes)

    def forward(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """``x`` (B, C, H, W), ``y`` (B, classes) -> ``z_loc`` and ``z_scale`` > 0, each (B, D)."""
        z_loc, z_scale = self.layers(x if y is None else self._beside(x, y)).chunk(2, dim=-1)
        return z_loc, self.to_scale(z_scale)


class Decoder(nn.Module):
    """p(x|z): a latent code to the parameters of the likelihood, ``outputs`` for each value of x."""

    def __init__(self, config: ModelConfig, latent_dim: int, outputs: int) -> None:
        super().__init__()
        channels, height, width = config.image_shape
        self.layers = NETWORKS[config.network][1](config, latent_dim, (outputs * channels, height, width))

    def forward(self, z: Tensor) -> Tensor:
        """``z`` (..., D) -> parameters of p(x|z), (..., outputs · C, H, W), unbounded."""
        parameters: Tensor = self.layers(z.flatten(0, -2)).unflatten(0, z.shape[:-1])
        return parameters


class _OverImages(nn.Sequential):
    """Layers that see an image as one row of numbers."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for layer in self:
            x = layer(x)
        return x


def _row_beside(x: Tensor, y: Tensor) -> Tensor:
    """The classes after the pixels."""
    return torch.cat((x.flatten(1), y), dim=1)


def _planes_beside(x: Tensor, y: Tensor) -> Tensor:
    """One plane of zeros or ones for each class beside the channels of ``x``."""
    return torch.cat((x, y[:, :, None, None].expand(-1, -1, *x.shape[2:])), dim=1)


def _dense_encoder(config: ModelConfig, outputs: int, classes: int) -> nn.Module:
    widths = (math.prod(config.image_shape) + classes, *config.encoder_widths, outputs)
    return _OverImages(*multilayer_perceptron(widths, config.activation))


def _dense_decoder(config: ModelConfig, latent_dim: int, shape: tuple[int, int, int]) -> nn.Module:
    widths = (latent_dim, *config.decoder_widths, math.prod(shape))
    return nn.Sequential(*multilayer_perceptron(widths, config.activation), nn.Unflatten(1, shape))


def _convolutional_encoder(config: ModelConfig, outputs: int, classes: int) -> nn.Module:
    """One convolution of stride 2 for each number of channels, then a linear layer."""
    channels, height, width = config.image_shape
    layers: list[nn.Module] = []
    for inputs, filters in pairwise((channels + classes, *config.encoder_widths)):
        layers += [nn.Conv2d(inputs, filters, 3, stride=2, padding=1), ACTIVATION_LAYERS[config.activation]()]
        height, width = _halved(height), _halved(width)
    features = config.encoder_widths[-1] * height * width
    return nn.Sequential(*layers, nn.Flatten(), Linear(features, outputs))


def _convolutional_decoder(config: ModelConfig, latent_dim: int, shape: tuple[int, int, int]) -> nn.Module:
    """A linear layer, then one transposed convolution of stride 2 for each number of channels."""
    sizes = [shape[1:]]
    for _ in config.decoder_widths:
        sizes.append((_halved(sizes[-1][0]), _halved(sizes[-1][1])))
    sizes.reverse()
    first = (config.decoder_widths[0], *sizes[0])
    layers: list[nn.Module] = [Linear(latent_dim, math.prod(first)), nn.Unflatten(1, first)]
    for (inputs, filters), (small, large) in zip(
        pairwise((*config.decoder_widths, shape[0])), pairwise(sizes), strict=True
    ):
        extra = (large[0] - (2 * small[0] - 1), large[1] - (2 * small[1] - 1))
        layers += [
            ACTIVATION_LAYERS[config.activation](),
            nn.ConvTranspose2d(inputs, filters, 3, stride=2, padding=1, output_padding=extra),
        ]
    return nn.Sequential(*layers)


def _halved(size: int) -> int:
    """The size that a convolution of stride 2 leaves."""
    return (size + 1) // 2


NETWORKS: Mapping[
    str,
    tuple[
        Callable[[ModelConfig, int, int], nn.Module],
        Callable[[ModelConfig, int, tuple[int, int, int]], nn.Module],
    ],
] = MappingProxyType(
    {
        "dense": (_dense_encoder, _dense_decoder),
        "convolutional": (_convolutional_encoder, _convolutional_decoder),
    }
)
