"""Named, documented configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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


_QUICK = ModelConfig(encoder_widths=(512, 256, 128), decoder_widths=(256, 256, 256, 512))
_TRAINING = TrainingConfig(epochs=12, learning_rate=3e-3)
_PLAIN_ADAM = TrainingConfig(
    batch_size=100, schedule="constant", learning_rate=1e-3, weight_decay=0.0, gradient_clip=1e9
)

_PRESETS = (
    Preset(
        name="default-2d",
        title="2-D, quick",
        description="A good plane in 12 epochs: test ELBO −136.5 nats on MNIST.",
        model=_QUICK,
        training=_TRAINING,
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
    Preset(
        name="lecture",
        title="The lecture's",
        description="784-400-200-2 with LeakyReLU(0.2), a log-variance head and Adam at 1e-3.",
        model=ModelConfig(
            encoder_widths=(400, 200),
            decoder_widths=(200, 400),
            activation="leaky-relu",
            scale="log-variance",
        ),
        training=replace(_PLAIN_ADAM, epochs=12),
    ),
    Preset(
        name="pyro-tutorial",
        title="Pyro's tutorial",
        description="50 dimensions, one softplus layer of 400, an exponential scale and the sampled ELBO.",
        model=ModelConfig(
            latent_dim=50,
            encoder_widths=(400,),
            decoder_widths=(400,),
            activation="softplus",
            scale="exp",
        ),
        training=replace(_PLAIN_ADAM, epochs=5, batch_size=256, objective="sampled-elbo"),
    ),
    Preset(
        name="conv",
        title="Convolutional",
        description="Convolutions of stride 2 and back, for grey or colour pictures of 28 to 64 pixels.",
        model=ModelConfig(
            latent_dim=50, network="convolutional", encoder_widths=(32, 64, 128), decoder_widths=(128, 64, 32)
        ),
        training=replace(_TRAINING, epochs=5),
    ),
    Preset(
        name="beta",
        title="Beta-VAE",
        description="The KL weighed by 4, after a climb of 2 epochs: smoother, blurrier.",
        model=_QUICK,
        training=replace(_TRAINING, beta=4.0, beta_warm_up=2.0),
    ),
    Preset(
        name="gaussian",
        title="Gaussian pixels",
        description="A Normal likelihood of fixed sigma 0.1: the squared error.",
        model=replace(_QUICK, likelihood="gaussian"),
        training=_TRAINING,
    ),
    Preset(
        name="gaussian-learned",
        title="Gaussian pixels, learned sigma",
        description="A Normal likelihood whose sigma is learned for each image.",
        model=replace(_QUICK, likelihood="gaussian", sigma="image"),
        training=_TRAINING,
    ),
    Preset(
        name="continuous-bernoulli",
        title="Continuous Bernoulli",
        description="A normalised density for grey pixels.",
        model=replace(_QUICK, likelihood="continuous-bernoulli"),
        training=_TRAINING,
    ),
    Preset(
        name="categorical",
        title="Levels of grey",
        description="A probability for each of 16 levels of grey.",
        model=replace(_QUICK, likelihood="categorical"),
        training=_TRAINING,
    ),
    Preset(
        name="denoising",
        title="Denoising",
        description="The encoder sees noise of sigma 0.5; the likelihood scores the clean image.",
        model=replace(_QUICK, input_noise=0.5),
        training=_TRAINING,
    ),
    Preset(
        name="labels",
        title="Images and labels",
        description="One code for image and label: p(x, y|z), with p(y|z) as a map on the plane.",
        model=replace(_QUICK, family="labels"),
        training=_TRAINING,
    ),
    Preset(
        name="conditional",
        title="Conditional",
        description="Encoder and decoder are told the label: one z, ten digits.",
        model=replace(_QUICK, family="conditional"),
        training=_TRAINING,
    ),
    Preset(
        name="hierarchical",
        title="Two levels",
        description="A plane above, 16 dimensions below.",
        model=replace(_QUICK, family="hierarchical"),
        training=_TRAINING,
    ),
    Preset(
        name="mixture",
        title="Mixture",
        description="A prior of ten Gaussians; the component is summed out.",
        model=replace(_QUICK, family="mixture"),
        training=_TRAINING,
    ),
    Preset(
        name="importance-weighted",
        title="Importance-weighted",
        description="The bound of Burda et al. with 5 draws: tighter than the ELBO.",
        model=_QUICK,
        training=replace(_TRAINING, objective="importance-weighted", particles=5),
    ),
    Preset(
        name="autoencoder",
        title="Autoencoder",
        description="No noise, no prior: its plane has holes.",
        model=replace(_QUICK, family="autoencoder"),
        training=_TRAINING,
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
