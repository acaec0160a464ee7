"""Named, documented configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vae.configuration import ModelConfig, TrainingConfig
from vae.errors import ConfigurationError


@dataclass(frozen=True)
class Preset:
    """A model and how to train it, under a name."""

    name: str
    title: str
    description: str  # what it is, and the figure it reaches on MNIST
    model: ModelConfig
    training: TrainingConfig


_PRESETS = (
    Preset(
        name="default-2d",
        title="2-D, quick",
        description="A good plane in 12 epochs: test ELBO −136.5 nats on MNIST.",
        model=ModelConfig(encoder_widths=(512, 256, 128), decoder_widths=(256, 256, 256, 512)),
        training=TrainingConfig(epochs=12, learning_rate=3e-3),
    ),
    Preset(
        name="best-2d",
        title="2-D, best",
        description="The recipe of the built-in models: test ELBO −131.5 nats on MNIST after 130 epochs.",
        model=ModelConfig(
            encoder_widths=(576, 288, 144), decoder_widths=(256, 256, 256, 512), input_dropout=0.15
        ),
        training=TrainingConfig(epochs=130, learning_rate=3e-3, weight_decay=0.02),
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({preset.name: preset for preset in _PRESETS})
DEFAULT_PRESET = "default-2d"


def preset_of(name: str) -> Preset:
    """The preset of that name.

    Raises:
        ConfigurationError: there is none.
    """
    if name not in PRESETS:
        raise ConfigurationError(f"There is no preset '{name}'. Choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]
