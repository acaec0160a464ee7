"""What the latent units of a model do: their KL, whether they are active, whether the posterior collapsed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence

from vae.configuration import ModelConfig, TrainingConfig
from vae.inference import Encodings, Posterior, add_noise, encode_images, to_tensor
from vae.joint import at_once
from vae.models import VAE, HierarchicalVAE, MixtureVAE
from vae.models.vae import draw, kl_between, kl_to_prior
from vae.prior import prior_of

ACTIVE = 0.01  # variance of a unit's mean over images, from which on it counts as active: Burda et al. (2015)
SLICE = 500  # images at a time: some 10 ms
ENOUGH_EPOCHS = 1.0  # before, a model that has learned nothing yet looks like one that has collapsed


@dataclass(frozen=True, eq=False)
class Units:
    """The D dimensions of z over a set of images; of a model with two levels, those of the plane.

    Where a model has more than z, its KL has a part more: of a mixture that of the component c, to which
    the KL of each dimension is added given c, q(c|x) KL(q(z_d|x) || p(z_d|c)) summed over c; of two levels
    that of the lower one, w.
    """

    kl: NDArray[np.float64] | None  # (D,) nats per image, the mean over images; None where it is not known
    variance: NDArray[np.float64]  # (D,) A_u = Cov_x(E[u|x]) under q(z|x): Burda et al. (2015), section 5.2
    kl_beyond: float | None = None  # nats per image, of c or w: with the others the whole KL; None without

    @property
    def active(self) -> NDArray[np.bool_]:
        """(D,) whether the unit's mean depends on the image."""
        return self.variance > ACTIVE

    @property
    def most_active(self) -> tuple[int, ...]:
        """The two of the largest KL, or the only one, counted from 0, in ascending order.

        Of the largest variance where no KL is known, or it is infinite, as of codes that are points.
        """
        known = self.kl is not None and bool(np.isfinite(self.kl).all())
        activity = self.kl if self.kl is not None and known else self.variance
        return tuple(sorted(np.argsort(-activity, kind="stable")[:2].tolist()))


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
    return at_once(finding_units(model, encode_images(model, images, labels), images))


def units_of_encodings(model: VAE, encodings: Encodings) -> Units:
    """What codes alone tell of them: nothing of c and w, on which the KL of a mixture's dimensions hangs."""
    variance = encodings.z_loc.astype(np.float64).var(0)
    z_loc, z_scale = torch.from_numpy(encodings.z_loc), torch.from_numpy(encodings.z_scale)
    kl = _kl_of_codes(model, z_loc, z_scale)
    return Units(None if kl is None else kl.double().mean(0).numpy(), variance)


def has_more_than_z(model: VAE) -> bool:
    """Whether z is not all that the KL is of, so that it takes the images to tell its parts."""
    return isinstance(model, MixtureVAE | HierarchicalVAE)


@torch.no_grad()
def finding_units(
    model: VAE, encodings: Encodings, images: NDArray[np.generic]
) -> Generator[None, None, Units]:
    """In slices, the units over images (N, C, H, W) and their codes; w at one draw of z from q(z|x)."""
    units = units_of_encodings(model, encodings)
    if not has_more_than_z(model):
        return units
    parts, chance = [], torch.Generator().manual_seed(0)
    for start in range(0, len(images), SLICE):
        part = slice(start, start + SLICE)
        x = to_tensor(images[part], model)
        z_loc, z_scale = (
            torch.from_numpy(codes[part]).to(x.device) for codes in (encodings.z_loc, encodings.z_scale)
        )
        parts.append(_kl_by_parts(model, x, z_loc, z_scale, chance).cpu())
        yield
    means = torch.cat(parts).double().mean(0).numpy()
    return Units(means[:-1], units.variance, float(means[-1]))


@torch.no_grad()
def kl_of_image(
    model: VAE, posterior: Posterior, picture: NDArray[np.uint8], noise: float = 0.0
) -> tuple[NDArray[np.float64] | None, float | None]:
    """The KL of one picture (C, H, W), whose posterior that is: (D,), as `Units.kl`, and `Units.kl_beyond`.

    ``noise`` is what the encoder was shown with it.
    """
    z_loc, z_scale = (torch.from_numpy(part)[None] for part in (posterior.z_loc, posterior.z_scale))
    if isinstance(model, MixtureVAE):
        x = add_noise(to_tensor(picture[None], model), noise)
        kl: Tensor | None = _kl_by_parts(model, x, z_loc, z_scale, torch.Generator())[:, :-1]
    else:
        kl = _kl_of_codes(model, z_loc, z_scale)
    if kl is None:
        return None, None
    of_units = kl[0].double().numpy()
    return of_units, posterior.terms.kl - float(of_units.sum()) if has_more_than_z(model) else None


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


@torch.no_grad()
def _kl_of_codes(model: VAE, z_loc: Tensor, z_scale: Tensor) -> Tensor | None:
    """KL(q(z_d|x) || p(z_d)), (B, D); None where p(z) is no product, or there is no closed form."""
    prior = prior_of(model)
    if prior is None or not isinstance(prior.distribution, Independent):
        return None
    try:
        return kl_divergence(Normal(z_loc, z_scale, validate_args=False), prior.distribution.base_dist)
    except NotImplementedError:
        return None


def _kl_by_parts(model: VAE, x: Tensor, z_loc: Tensor, z_scale: Tensor, chance: torch.Generator) -> Tensor:
    """(B, D + 1): that of each dimension, as in `Units`, and that of c or w."""
    if isinstance(model, MixtureVAE):
        q = model.component_probabilities(x)
        of_c = torch.special.xlogy(q, q).sum(1) + log(model.config.components)
        places, sizes = (part.unsqueeze(-1) for part in model.component_parts())
        given_c = kl_between(z_loc[:, None, :, None], z_scale[:, None, :, None], places, sizes)
        return torch.cat(((q.unsqueeze(-1) * given_c).sum(1), of_c[:, None]), dim=1)
    assert isinstance(model, HierarchicalVAE)
    z = draw(z_loc, z_scale, chance)
    of_w = kl_between(*model.encode_inner(x, z), *model.inner(z))
    return torch.cat((kl_to_prior(z_loc.unsqueeze(-1), z_scale.unsqueeze(-1)), of_w[:, None]), dim=1)


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
