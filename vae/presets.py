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
    source: str  # the paper, lecture or tutorial that it comes from

    @property
    def for_points(self) -> bool:
        """Whether it is for points of the plane; else it is for images."""
        return self.model.real_valued


_QUICK = ModelConfig(encoder_widths=(512, 256, 128), decoder_widths=(256, 256, 256, 512))
_TRAINING = TrainingConfig(epochs=12, learning_rate=3e-3)
_PLAIN_ADAM = TrainingConfig(
    batch_size=100, schedule="constant", learning_rate=1e-3, weight_decay=0.0, gradient_clip=1e9
)

_POINTS = ModelConfig(
    image_shape=(1, 1, 2),
    latent_dim=1,
    encoder_widths=(64, 64),
    decoder_widths=(64, 64),
    activation="tanh",
    likelihood="gaussian",
    sigma="pixel",
    real_valued=True,
)
_POINTS_TRAINING = TrainingConfig(epochs=40, batch_size=200, learning_rate=1e-2, weight_decay=0.0)
POINTS, POINTS_AUTOENCODER = "points", "points-autoencoder"

_PRESETS = (
    Preset(
        name="default-2d",
        title="2-D, quick",
        description="A good plane in 12 epochs: test ELBO −136.5 nats on MNIST.",
        source="Kingma & Welling (2013); widths and schedule are our own",
        model=_QUICK,
        training=_TRAINING,
    ),
    Preset(
        name="best-2d",
        title="2-D, best",
        description="The recipe of the built-in models: test ELBO −131.5 nats on MNIST after 130 epochs.",
        source="Kingma & Welling (2013); widths and schedule are our own",
        model=ModelConfig(
            encoder_widths=(576, 288, 144), decoder_widths=(256, 256, 256, 512), input_dropout=0.15
        ),
        training=TrainingConfig(epochs=130, learning_rate=3e-3, weight_decay=0.02),
    ),
    Preset(
        name="lecture",
        title="The lecture's",
        description="784-400-200-2 with LeakyReLU(0.2), a log-variance head and Adam at 1e-3.",
        source="a lecture's notebook, which prints a training loss of 146.72 nats in epoch 12",
        model=ModelConfig(
            encoder_widths=(400, 200),
            decoder_widths=(200, 400),
            activation="leaky-relu",
            scale="log-variance",
        ),
        training=replace(_PLAIN_ADAM, epochs=12, seed=1),
    ),
    Preset(
        name="pyro-tutorial",
        title="Pyro's tutorial",
        description="50 dimensions, one softplus layer of 400, an exponential scale and the sampled ELBO.",
        source="Pyro's tutorial on VAEs, pyro.ai/examples/vae",
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
        source="Radford, Metz & Chintala (2015), for the convolutions of stride 2",
        model=ModelConfig(
            latent_dim=50, network="convolutional", encoder_widths=(32, 64, 128), decoder_widths=(128, 64, 32)
        ),
        training=replace(_TRAINING, epochs=5),
    ),
    Preset(
        name="beta",
        title="Beta-VAE",
        description="The KL weighed by 4, after a climb of 2 epochs: smoother, blurrier.",
        source="Higgins et al. (2017); Bowman et al. (2016) for the climb",
        model=_QUICK,
        training=replace(_TRAINING, beta=4.0, beta_warm_up=2.0),
    ),
    Preset(
        name="gaussian",
        title="Gaussian pixels",
        description="A Normal likelihood of fixed sigma 0.1: the squared error.",
        source="Kingma & Welling (2013), appendix C.2",
        model=replace(_QUICK, likelihood="gaussian"),
        training=_TRAINING,
    ),
    Preset(
        name="gaussian-learned",
        title="Gaussian pixels, learned sigma",
        description="A Normal likelihood whose sigma is learned for each image.",
        source="Kingma & Welling (2013), appendix C.2; Rybkin et al. (2021)",
        model=replace(_QUICK, likelihood="gaussian", sigma="image"),
        training=_TRAINING,
    ),
    Preset(
        name="continuous-bernoulli",
        title="Continuous Bernoulli",
        description="A normalised density for grey pixels.",
        source="Loaiza-Ganem & Cunningham (2019)",
        model=replace(_QUICK, likelihood="continuous-bernoulli"),
        training=_TRAINING,
    ),
    Preset(
        name="categorical",
        title="Levels of grey",
        description="A probability for each of 16 levels of grey.",
        source="van den Oord et al. (2016), for pixels as levels",
        model=replace(_QUICK, likelihood="categorical"),
        training=_TRAINING,
    ),
    Preset(
        name="denoising",
        title="Denoising",
        description="The encoder sees noise of sigma 0.5; the likelihood scores the clean image.",
        source="Im et al. (2017), after Vincent et al. (2008)",
        model=replace(_QUICK, input_noise=0.5),
        training=_TRAINING,
    ),
    Preset(
        name="labels",
        title="Images and labels",
        description="One code for image and label: p(x, y|z), with p(y|z) as a map on the plane.",
        source="Suzuki, Nakayama & Matsuo (2016)",
        model=replace(_QUICK, family="labels"),
        training=_TRAINING,
    ),
    Preset(
        name="conditional",
        title="Conditional",
        description="Encoder and decoder are told the label: one z, ten digits.",
        source="Sohn, Lee & Yan (2015)",
        model=replace(_QUICK, family="conditional"),
        training=_TRAINING,
    ),
    Preset(
        name="hierarchical",
        title="Two levels",
        description="A plane above, 16 dimensions below.",
        source="Sønderby et al. (2016)",
        model=replace(_QUICK, family="hierarchical"),
        training=_TRAINING,
    ),
    Preset(
        name="mixture",
        title="Mixture",
        description="A prior of ten Gaussians; the component is summed out.",
        source="Jiang et al. (2017)",
        model=replace(_QUICK, family="mixture"),
        training=_TRAINING,
    ),
    Preset(
        name="importance-weighted",
        title="Importance-weighted",
        description="The bound of Burda et al. with 5 draws: tighter than the ELBO.",
        source="Burda, Grosse & Salakhutdinov (2015)",
        model=_QUICK,
        training=replace(_TRAINING, objective="importance-weighted", particles=5),
    ),
    Preset(
        name="autoencoder",
        title="Autoencoder",
        description="No noise, no prior: its plane has holes.",
        source="Hinton & Salakhutdinov (2006)",
        model=replace(_QUICK, family="autoencoder"),
        training=_TRAINING,
    ),
    Preset(
        name=POINTS,
        title="Points",
        description="Points of the plane, a learned variance, 8 draws of z a point: samples within an energy "
        "distance of 0.01 of two Gaussians.",
        source="Kingma & Welling (2013), on data that a class can see whole",
        model=_POINTS,
        training=replace(_POINTS_TRAINING, particles=8),
    ),
    Preset(
        name=POINTS_AUTOENCODER,
        title="Points, autoencoder",
        description="The same without noise and prior: it decodes onto a curve, at a distance of 0.09.",
        source="Hinton & Salakhutdinov (2006)",
        model=replace(_POINTS, family="autoencoder", sigma="fixed"),
        training=_POINTS_TRAINING,
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
