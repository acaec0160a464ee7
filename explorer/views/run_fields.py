"""The fields of the run's form: what each means, how it is written and read."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from vae.configuration import (
    ACTIVATIONS,
    GRADIENTS,
    LIKELIHOOD_NAMES,
    NETWORK_NAMES,
    OBJECTIVES,
    SCALE_NAMES,
    SCHEDULES,
    SIGMAS,
    ModelConfig,
    TrainingConfig,
)
from vae.families import FAMILIES
from vae.presets import Preset

Widths = tuple[int | str, ...]


@dataclass(frozen=True)
class Field:
    """A setting of the model or of its training, as text: typed, or chosen."""

    name: str  # of the attribute of ModelConfig or TrainingConfig
    label: str  # with its mnemonic
    tip: str
    kind: Callable[..., ModelConfig | TrainingConfig]
    read: Callable[[str], Widths | int | float | str] = str
    choices: Collection[str] = ()  # empty: it is typed
    where: Mapping[str, Collection[str]] = field(
        default_factory=dict
    )  # what others must hold for it to matter

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
        if not self.choices:
            self.kind(**{self.name: value})
        return value

    def matters(self, texts: Mapping[str, str]) -> bool:
        """Whether it means anything beside what the other fields hold."""
        return all(texts[name] in values for name, values in self.where.items())


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
        tip="Units of the encoder's hidden layers, from x to z; of a convolutional network, channels",
        kind=ModelConfig,
        read=_widths,
    ),
    Field(
        name="decoder_widths",
        label="Decoder &widths",
        tip="Units of the decoder's hidden layers, from z to x; of a convolutional network, channels",
        kind=ModelConfig,
        read=_widths,
    ),
    Field(
        name="activation",
        label="Activatio&n",
        tip="What each hidden unit does with its input",
        kind=ModelConfig,
        choices=ACTIVATIONS,
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
        tip="AdamW's step size, at the peak of its schedule",
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

ADVANCED = (
    Field(
        name="family",
        label="Family",
        tip="Which model: see the presets for what each does",
        kind=ModelConfig,
        choices=FAMILIES,
    ),
    Field(
        name="components",
        label="Components",
        tip="Gaussians that the prior of a mixture is made of",
        kind=ModelConfig,
        read=_whole,
        where={"family": ("mixture",)},
    ),
    Field(
        name="inner_dim",
        label="Lower dimensions",
        tip="Dimensions of the level of z below the plane",
        kind=ModelConfig,
        read=_whole,
        where={"family": ("hierarchical",)},
    ),
    Field(
        name="network",
        label="Network",
        tip="Dense layers, or convolutions that halve the image's size each: widths then count channels",
        kind=ModelConfig,
        choices=NETWORK_NAMES,
    ),
    Field(
        name="scale",
        label="Scale",
        tip="What turns the encoder's output into the standard deviation of q(z|x)",
        kind=ModelConfig,
        choices=SCALE_NAMES,
    ),
    Field(
        name="likelihood",
        label="Likelihood",
        tip="p(x|z) of each pixel. Nats of different likelihoods cannot be compared",
        kind=ModelConfig,
        choices=LIKELIHOOD_NAMES,
    ),
    Field(
        name="sigma",
        label="Sigma",
        tip="The likelihood's standard deviation: fixed, or learned for each image or each pixel",
        kind=ModelConfig,
        choices=SIGMAS,
        where={"likelihood": ("gaussian",)},
    ),
    Field(
        name="fixed_sigma",
        label="Fixed sigma",
        tip="The likelihood's standard deviation, in units of x: from black to white is 1",
        kind=ModelConfig,
        read=_real,
        where={"likelihood": ("gaussian",), "sigma": ("fixed",)},
    ),
    Field(
        name="levels",
        label="Levels of grey",
        tip="Levels that each have a probability",
        kind=ModelConfig,
        read=_whole,
        where={"likelihood": ("categorical",)},
    ),
    Field(
        name="input_noise",
        label="Input noise",
        tip="Standard deviation of the noise that the encoder sees in training, from black to white being 1",
        kind=ModelConfig,
        read=_real,
    ),
    Field(
        name="input_dropout",
        label="Input dropout",
        tip="Share of the pixels that are hidden from the encoder in training: it overfits less",
        kind=ModelConfig,
        read=_real,
    ),
    Field(
        name="objective",
        label="Objective",
        tip="The ELBO with its KL in closed form, or at draws of z, or the importance-weighted bound",
        kind=TrainingConfig,
        choices=OBJECTIVES,
    ),
    Field(
        name="gradient",
        label="Gradient",
        tip="Pathwise, also called reparameterised, or by the score function, also called REINFORCE",
        kind=TrainingConfig,
        choices=GRADIENTS,
    ),
    Field(
        name="particles",
        label="Particles",
        tip="Draws of z for each image and step",
        kind=TrainingConfig,
        read=_whole,
    ),
    Field(
        name="beta_warm_up",
        label="Beta warm-up",
        tip="Epochs in which beta climbs from 0",
        kind=TrainingConfig,
        read=_real,
    ),
    Field(
        name="schedule",
        label="Schedule",
        tip="The learning rate climbs and falls in one cycle, or stays constant",
        kind=TrainingConfig,
        choices=SCHEDULES,
    ),
    Field(
        name="weight_decay",
        label="Weight decay",
        tip="AdamW's pull of the weights towards 0",
        kind=TrainingConfig,
        read=_real,
    ),
)

ALL_FIELDS = (*FIELDS, *ADVANCED)
