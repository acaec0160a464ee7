"""What a model and a training run are made of: plain values, checked when they are made."""

from __future__ import annotations

import dataclasses
import itertools
import math
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from vae.errors import ConfigurationError

ACTIVATIONS = ("silu", "gelu", "relu", "leaky-relu", "softplus", "tanh")

LARGEST_WIDTH = 65_536
LARGEST_LATENT_DIM = 1_024
MOST_PARAMETERS = 100_000_000  # 400 MB of weights, three times that in training
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class ModelConfig:
    """The architecture of a VAE.

    Raises:
        ConfigurationError: a field is out of its range.
    """

    image_shape: tuple[int, int, int] = (1, 28, 28)  # C, H, W
    latent_dim: int = 2  # D
    encoder_widths: tuple[int, ...] = (512, 256, 128)  # units of the hidden layers, from x to z
    decoder_widths: tuple[int, ...] = (128, 256, 512)  # units of the hidden layers, from z to x
    activation: str = "silu"
    input_dropout: float = (
        0.0  # share of the pixels hidden from the guide in training: the encoder overfits less
    )

    def __post_init__(self) -> None:
        if len(self.image_shape) != 3:
            raise ConfigurationError(
                f"The image shape {self.image_shape} needs three numbers: channels, height, width."
            )
        for size in self.image_shape:
            require_whole("Each side of the image shape", size, 1, 4_096)
        require_whole("The latent dimension", self.latent_dim, 1, LARGEST_LATENT_DIM)
        for name, widths in (("encoder", self.encoder_widths), ("decoder", self.decoder_widths)):
            if not widths:
                raise ConfigurationError(f"The {name} needs at least one hidden layer, for example 512, 256.")
            for width in widths:
                require_whole(f"Each width of the {name}", width, 1, LARGEST_WIDTH)
        require_real("The input dropout", self.input_dropout, 0.0, 0.9)
        if self.parameters > MOST_PARAMETERS:
            raise ConfigurationError(
                f"The network would have {self.parameters:,} parameters, more than {MOST_PARAMETERS:,}. "
                "Choose narrower layers or a smaller latent dimension."
            )
        if self.activation not in ACTIVATIONS:
            raise ConfigurationError(
                f"The activation '{self.activation}' is unknown. Choose one of {', '.join(ACTIVATIONS)}."
            )

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        pixels = math.prod(self.image_shape)
        encoder = (pixels, *self.encoder_widths, 2 * self.latent_dim)
        decoder = (self.latent_dim, *self.decoder_widths, pixels)
        return sum(
            (inputs + 1) * outputs
            for widths in (encoder, decoder)
            for inputs, outputs in itertools.pairwise(widths)
        )


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained: AdamW under a one-cycle learning rate (Smith & Topin 2018).

    Raises:
        ConfigurationError: a field is out of its range.
    """

    epochs: int = 12  # passes over the training set
    batch_size: int = 128  # images a step
    learning_rate: float = 1.5e-3  # the peak of the one-cycle schedule
    warm_up: float = 0.1  # fraction of the run that climbs to the peak
    weight_decay: float = 1e-2  # decoupled (Loshchilov & Hutter 2019)
    gradient_clip: float = 50.0  # the largest norm of a step's gradient, in nats per image
    beta: float = 1.0  # weight of the KL in the objective (Higgins et al. 2017); reports leave it out
    seed: int = 0

    def __post_init__(self) -> None:
        require_whole("The number of epochs", self.epochs, 1, 100_000)
        require_whole("The batch size", self.batch_size, 1, 1_000_000)
        require_real("The learning rate", self.learning_rate, 0.0, 10.0, above=True)
        require_real("The warm-up fraction", self.warm_up, 0.0, 1.0)
        require_real("The weight decay", self.weight_decay, 0.0, 100.0)
        require_real("The gradient clip", self.gradient_clip, 0.0, 1e9, above=True)
        require_real("Beta", self.beta, 0.0, 1e6)
        require_whole("The seed", self.seed, 0, LARGEST_SEED)


def require_whole(name: str, value: object, least: int, most: int) -> None:
    """Raise ConfigurationError unless ``value`` is a whole number in [least, most]."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ConfigurationError(f"{name} must be a whole number from {least} to {most:,}, not {value}.")


def require_real(name: str, value: object, least: float, most: float, *, above: bool = False) -> None:
    """Raise ConfigurationError unless ``value`` is a finite number in [least, most], or (least, most]."""
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not least <= typing.cast(float, value) <= most or (above and value == least):
        lower = "above" if above else "from"
        raise ConfigurationError(f"{name} must be a number {lower} {least:g} to {most:g}, not {value}.")


Config = TypeVar("Config", ModelConfig, TrainingConfig)


def from_mapping(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """A configuration from what JSON gives back: lists become tuples, unknown fields are refused.

    Raises:
        ConfigurationError: a field is unknown or out of its range.
    """
    known = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(values) - known):
        raise ConfigurationError(f"Unknown settings: {', '.join(unknown)}.")
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    return kind(**fields)
