"""The fields of the run's form that are typed into: what each means, how it is written and read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from vae.configuration import ModelConfig, TrainingConfig
from vae.presets import Preset

Widths = tuple[int | str, ...]


@dataclass(frozen=True)
class Field:
    """A setting of the model or of its training, as text."""

    name: str  # of the attribute of ModelConfig or TrainingConfig
    label: str  # with its mnemonic
    tip: str
    kind: Callable[..., ModelConfig | TrainingConfig]
    read: Callable[[str], Widths | int | float | str]

    @property
    def title(self) -> str:
        """The label as it reads within a sentence."""
        return self.label.replace("&", "").lower()

    def text_of(self, preset: Preset) -> str:
        """How the preset's value is written."""
        value = getattr(preset.model if self.kind is ModelConfig else preset.training, self.name)
        return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)

    def value_of(self, text: str) -> Widths | int | float | str:
        """What ``text`` means.

        Raises:
            ConfigurationError: it is no number, or out of its range.
        """
        value = self.read(text.strip())
        self.kind(**{self.name: value})
        return value


def _whole(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:
        return _quoted(text)


def _real(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return _quoted(text)


def _widths(text: str) -> Widths:
    return tuple(_whole(part) for part in re.split(r"[\s,;]+", text) if part)


def _quoted(text: str) -> str:
    """What is no number goes on as text, for the configuration to refuse in its own words."""
    return f"“{text}”" if text else "an empty field"


FIELDS = (
    Field(
        name="encoder_widths",
        label="Encoder wid&ths",
        tip="Units of the encoder's hidden layers, from x to z",
        kind=ModelConfig,
        read=_widths,
    ),
    Field(
        name="decoder_widths",
        label="Decoder &widths",
        tip="Units of the decoder's hidden layers, from z to x",
        kind=ModelConfig,
        read=_widths,
    ),
    Field(
        name="latent_dim",
        label="&Latent dimensions",
        tip="Numbers in the code z: with 2 it is a place on the plane",
        kind=ModelConfig,
        read=_whole,
    ),
    Field(
        name="beta",
        label="&Beta",
        tip="Weight of the KL in the objective, without a unit: 1 is the ELBO itself",
        kind=TrainingConfig,
        read=_real,
    ),
    Field(
        name="learning_rate",
        label="Learnin&g rate",
        tip="AdamW's step size at the peak of the one-cycle schedule",
        kind=TrainingConfig,
        read=_real,
    ),
    Field(
        name="batch_size",
        label="Batch si&ze",
        tip="Images per step",
        kind=TrainingConfig,
        read=_whole,
    ),
    Field(
        name="epochs",
        label="Epo&chs",
        tip="Passes over the training set",
        kind=TrainingConfig,
        read=_whole,
    ),
    Field(
        name="seed",
        label="See&d",
        tip="The same seed gives the same run",
        kind=TrainingConfig,
        read=_whole,
    ),
)
