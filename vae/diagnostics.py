"""What the latent units of a model do: their KL, whether they are active, whether the posterior collapsed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.configuration import ModelConfig, TrainingConfig
from vae.inference import Encodings, encode_images, to_tensor
from vae.models import VAE, Autoencoder, MixtureVAE, kl_to_prior
from vae.models.vae import kl_between

ACTIVE = 0.01  # variance of a unit's mean over images, from which on it counts as active: Burda et al. (2015)
ENOUGH_EPOCHS = 1.0  # before, a model that has learned nothing yet looks like one that has collapsed


@dataclass(frozen=True, eq=False)
class Units:
    """The D dimensions of z over a set of images; of a model with two levels, those of the plane."""

    kl: NDArray[np.float64] | None  # (D,) nats per image, the mean over images; None where there is no KL
    variance: NDArray[np.float64]  # (D,) A_u = Cov_x(E[u|x]) under q(z|x): Burda et al. (2015), section 5.2

    @property
    def active(self) -> NDArray[np.bool_]:
        """(D,) whether the unit's mean depends on the image."""
        return self.variance > ACTIVE


@dataclass(frozen=True)
class Judgement:
    """What is odd about the units, and what to do about it; a sentence or two each."""

    finding: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.finding} {self.remedy}"


@torch.no_grad()
def units_of(model: VAE, images: NDArray[np.generic], labels: NDArray[np.int64]) -> Units:
    """The units over images (N, C, H, W) with labels (N,)."""
    encodings = encode_images(model, images, labels)
    if isinstance(model, MixtureVAE):
        z_loc, z_scale = torch.from_numpy(encodings.z_loc), torch.from_numpy(encodings.z_scale)
        components = model.component_probabilities(to_tensor(images, model)).cpu()
        return _units(encodings, _kl_to_mixture(model, components, z_loc, z_scale))
    return units_of_encodings(model, encodings)


def units_of_encodings(model: VAE, encodings: Encodings) -> Units:
    """The same from what a model file keeps of its test set; the KL of a mixture cannot be told from that."""
    if isinstance(model, Autoencoder | MixtureVAE):
        return _units(encodings, None)
    z_loc, z_scale = torch.from_numpy(encodings.z_loc), torch.from_numpy(encodings.z_scale)
    return _units(encodings, kl_to_prior(z_loc.unsqueeze(-1), z_scale.unsqueeze(-1)))


def judge(units: Units, model: ModelConfig, training: TrainingConfig, epoch: float) -> Judgement | None:
    """What is odd after so many epochs; None if nothing is, or if it is too early to say."""
    if epoch < ENOUGH_EPOCHS or model.family == "autoencoder":
        return None
    active, dimensions = int(units.active.sum()), len(units.variance)
    if active == 0:
        kl = "" if units.kl is None else f" (KL {units.kl.sum():.2g} nats)"
        return Judgement(
            f"Posterior collapse: q(z|x) is all but the same for every image{kl}, and the decoder ignores z.",
            f"Try {_either(_remedies(model, training))}.",
        )
    if active == dimensions:
        return None
    if dimensions <= 2:
        return Judgement(
            "Only 1 of 2 units is active: the plane is used in one direction alone.",
            f"Try {_either(_remedies(model, training))}.",
        )
    return Judgement(
        f"{active} of {dimensions} units are active; the others follow the prior, whatever the image.",
        f"That does no harm: about {active} latent dimensions would do as well.",
    )


def _kl_to_mixture(model: MixtureVAE, components: Tensor, z_loc: Tensor, z_scale: Tensor) -> Tensor:
    """The sum over components c of q(c|x) KL(q(z_d|x) || p(z_d|c)), (B, D): the KL without that of c."""
    places, sizes = (part.cpu().unsqueeze(-1) for part in model.component_parts())
    kl = kl_between(z_loc[:, None, :, None], z_scale[:, None, :, None], places, sizes)
    return (components.unsqueeze(-1) * kl).sum(1)


def _units(encodings: Encodings, kl: Tensor | None) -> Units:
    return Units(
        kl=None if kl is None else kl.double().mean(0).numpy(),
        variance=encodings.z_loc.astype(np.float64).var(0),
    )


def _remedies(model: ModelConfig, training: TrainingConfig) -> list[str]:
    """What fits the run, the likeliest first."""
    remedies = []
    if training.gradient == "score-function":
        remedies.append("the pathwise gradient")
    if training.beta > 1.0:
        remedies.append(f"a lower beta (it is {training.beta:g})")
    if not training.beta_warm_up:
        remedies.append("a beta that climbs from 0 over the first epochs")
    if model.family == "hierarchical":
        remedies.append("fewer inner dimensions")
    return [*remedies, "a weaker decoder", "a higher learning rate"]


def _either(choices: list[str]) -> str:
    return f"{', '.join(choices[:-1])} or {choices[-1]}"
