"""What a model and a training run are made of: plain values, checked when they are made."""

from __future__ import annotations

import dataclasses
import itertools
import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from vae.errors import ConfigurationError
from vae.families import require_family

ACTIVATIONS = ("silu", "gelu", "relu", "leaky-relu", "softplus", "tanh")
NETWORK_NAMES = ("dense", "convolutional")
SCALE_NAMES = ("softplus", "exp", "log-variance")
LIKELIHOOD_NAMES = ("bernoulli", "continuous-bernoulli", "gaussian", "categorical")
SIGMAS = ("fixed", "image", "pixel")
OBJECTIVES = ("elbo", "sampled-elbo", "importance-weighted")
GRADIENTS = ("pathwise", "score-function")
SCHEDULES = ("one-cycle", "constant")
DEVICES = ("auto", "cpu", "cuda", "mps")  # see vae.devices

LARGEST_WIDTH = 65_536
LARGEST_LATENT_DIM = 1_024
MOST_PARAMETERS = 100_000_000  # 400 MB of weights, three times that in training
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class ModelConfig:
    """The architecture of a model. What a family has no use for, it leaves aside.

    Raises:
        ConfigurationError: a field is out of its range.
    """

    image_shape: tuple[int, int, int] = (1, 28, 28)  # C, H, W
    latent_dim: int = 2  # D
    encoder_widths: tuple[int, ...] = (512, 256, 128)  # units of the hidden layers, from x to z
    decoder_widths: tuple[int, ...] = (128, 256, 512)  # units of the hidden layers, from z to x
    activation: str = "silu"
    family: str = "vae"
    network: str = "dense"  # or convolutional: the widths then count channels, and each layer halves the size
    scale: str = "softplus"  # what turns the encoder's output into z_scale
    input_dropout: float = 0.0  # share of the pixels hidden from the encoder in training: it overfits less
    input_noise: float = 0.0  # standard deviation of what is added to the encoder's images in training
    likelihood: str = "bernoulli"
    sigma: str = "fixed"  # of a gaussian likelihood: fixed, or learned for each image or each pixel
    fixed_sigma: float = 0.1  # in units of x
    levels: int = 16  # of grey, of a categorical likelihood
    real_valued: bool = False  # whether x is any real number, as of points, and not a grey value
    classes: int = 0  # labels that the data set knows
    components: int = 10  # of a mixture
    inner_dim: int = 16  # of a hierarchical model: dimensions of the level below the plane

    def __post_init__(self) -> None:
        require_family(self.family)
        for name, value, choices in (
            ("network", self.network, NETWORK_NAMES),
            ("activation", self.activation, ACTIVATIONS),
            ("scale", self.scale, SCALE_NAMES),
            ("likelihood", self.likelihood, LIKELIHOOD_NAMES),
            ("sigma", self.sigma, SIGMAS),
        ):
            require_choice(f"The {name}", value, choices)
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
        require_real("The input noise", self.input_noise, 0.0, 10.0)
        require_real("The fixed sigma", self.fixed_sigma, 1e-4, 100.0)
        require_whole("The number of levels", self.levels, 2, 256)
        require_whole("The number of classes", self.classes, 0, 100_000)
        require_whole("The number of components", self.components, 1, 1_000)
        require_whole("The inner dimension", self.inner_dim, 1, LARGEST_LATENT_DIM)
        if not isinstance(self.real_valued, bool):
            raise ConfigurationError(f"Whether x is real-valued is true or false, not {self.real_valued}.")
        if self.real_valued and self.likelihood != "gaussian":
            raise ConfigurationError(
                f"The likelihood '{self.likelihood}' scores grey values in [0, 1] alone. "
                "Choose 'gaussian' for real-valued data."
            )
        if self._weights() > MOST_PARAMETERS:
            raise ConfigurationError(
                f"The network would have {self._weights():,} weights, more than {MOST_PARAMETERS:,}. "
                "Choose narrower layers or a smaller latent dimension."
            )

    def fitted(self, image_shape: tuple[int, int, int], classes: int) -> ModelConfig:
        """The same for the images and labels of another data set."""
        return replace(self, image_shape=image_shape, classes=classes)

    @property
    def outputs(self) -> int:
        """Numbers that the likelihood reads for each value of x."""
        if self.likelihood == "categorical":
            return self.levels
        return 2 if self.likelihood == "gaussian" and self.sigma != "fixed" else 1

    def _weights(self) -> int:
        """Those of encoder and decoder, biases left out: enough to tell whether memory will do."""
        channels, height, width = self.image_shape
        if self.network == "dense":
            pixels = channels * height * width
            encoder = (pixels, *self.encoder_widths, 2 * self.latent_dim)
            decoder = (self.latent_dim, *self.decoder_widths, self.outputs * pixels)
            return _products(encoder) + _products(decoder)
        return (
            9 * _products((channels, *self.encoder_widths))
            + self.encoder_widths[-1] * self._corner(len(self.encoder_widths)) * 2 * self.latent_dim
            + self.latent_dim * self.decoder_widths[0] * self._corner(len(self.decoder_widths))
            + 9 * _products((*self.decoder_widths, self.outputs * channels))
        )

    def _corner(self, halvings: int) -> int:
        """Pixels that so many convolutions of stride 2 leave."""
        return math.prod(-(-side // 2**halvings) for side in self.image_shape[1:])


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained: AdamW under a learning rate that follows a schedule.

    Raises:
        ConfigurationError: a field is out of its range.
    """

    epochs: int = 12  # passes over the training set
    batch_size: int = 128  # images a step
    schedule: str = "one-cycle"  # Smith & Topin (2018), or constant
    learning_rate: float = 1.5e-3  # the peak of the schedule
    warm_up: float = 0.1  # fraction of the run in which a one-cycle schedule climbs to the peak
    weight_decay: float = 1e-2  # decoupled (Loshchilov & Hutter 2019); with 0, AdamW is Adam
    gradient_clip: float = 50.0  # the largest norm of a step's gradient, in nats per image
    objective: str = "elbo"  # with the KL in closed form or sampled, or the importance-weighted bound
    gradient: str = "pathwise"  # or by the score function, also known as REINFORCE
    particles: int = 1  # draws of z for each image
    beta: float = 1.0  # weight of the KL in the objective (Higgins et al. 2017); reports leave it out
    beta_warm_up: float = 0.0  # epochs in which beta climbs from 0
    seed: int = 0

    def __post_init__(self) -> None:
        require_whole("The number of epochs", self.epochs, 1, 100_000)
        require_whole("The batch size", self.batch_size, 1, 1_000_000)
        require_choice("The schedule", self.schedule, SCHEDULES)
        require_real("The learning rate", self.learning_rate, 0.0, 10.0, above=True)
        require_real("The warm-up fraction", self.warm_up, 0.0, 1.0)
        require_real("The weight decay", self.weight_decay, 0.0, 100.0)
        require_real("The gradient clip", self.gradient_clip, 0.0, 1e9, above=True)
        require_choice("The objective", self.objective, OBJECTIVES)
        require_choice("The gradient", self.gradient, GRADIENTS)
        require_whole("The number of particles", self.particles, 1, 1_000)
        require_real("Beta", self.beta, 0.0, 1e6)
        require_real("The warm-up of beta", self.beta_warm_up, 0.0, 1e5)
        require_whole("The seed", self.seed, 0, LARGEST_SEED)
        if self.gradient == "score-function" and self.objective != "sampled-elbo":
            raise ConfigurationError(
                "The score-function gradient goes with the objective 'sampled-elbo' alone: "
                "the others differentiate through z."
            )


ENUMERATED = "sums its component out instead of drawing it"
DETERMINISTIC = "draws no z"


def require_fit(model: ModelConfig, training: TrainingConfig) -> None:
    """Raise ConfigurationError where the family of ``model`` does not know the objective or the gradient."""
    why = {"mixture": ENUMERATED, "autoencoder": DETERMINISTIC}.get(model.family)
    if why and (training.objective == "importance-weighted" or training.gradient == "score-function"):
        raise ConfigurationError(
            f"A model of the family '{model.family}' {why}: it knows no importance weights and no score "
            "function. Choose the objective 'elbo' and the gradient 'pathwise'."
        )


def _products(sizes: Sequence[int]) -> int:
    return sum(inputs * outputs for inputs, outputs in itertools.pairwise(sizes))


def require_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Raise ConfigurationError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ConfigurationError(f"{name} '{value}' is unknown. Choose one of {', '.join(choices)}.")


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
