"""Amortised inference for whoever speaks NumPy: encode, decode and score pictures.

Pictures are uint8 arrays (N, C, H, W), as data sets hold them; codes are float32 arrays (N, D).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.adapter import AdaptedModel
from vae.cores import Part, share_out
from vae.errors import ConfigurationError
from vae.joint import Joint, elbo_terms, why_not_exact
from vae.models import VAE
from vae.protocol import Model
from vae.reports import Terms

CHUNK = 1_000  # images at a time: bounds the memory, large enough for full speed
POSTERIOR_SAMPLES = 64  # codes drawn to estimate E_q log p(x|z) of one image, where no quadrature can
NOISE_SEED = 0  # of what is added to an image before it is encoded


@dataclass(frozen=True)
class Encodings:
    """q(z|x) of N images, with their labels (-1 where there is none)."""

    z_loc: NDArray[np.float32]  # (N, D)
    z_scale: NDArray[np.float32]  # (N, D)
    labels: NDArray[np.int64]  # (N,)


@dataclass(frozen=True)
class Posterior:
    """q(z|x) of one image, what it decodes to, and the terms of its ELBO."""

    seen: NDArray[np.uint8]  # (C, H, W), what the encoder was shown: the image and noise, if any
    z_loc: NDArray[np.float32]  # (D,)
    z_scale: NDArray[np.float32]  # (D,)
    picture: NDArray[np.uint8]  # (C, H, W), decoded at z_loc
    terms: Terms

    @property
    def is_point(self) -> bool:
        """Whether nothing is left open, as by an autoencoder."""
        return not self.z_scale.any()


def to_tensor(images: NDArray[np.generic], model: Model) -> Tensor:
    """Images (N, C, H, W) where the model is: uint8 pictures as float32 in [0, 1], others as they are."""
    values = torch.from_numpy(np.ascontiguousarray(images)).to(device_of(model)).float()
    return values.div_(255.0) if images.dtype == np.uint8 else values


def to_pictures(images: Tensor) -> NDArray[np.uint8]:
    """Images (N, C, H, W) -> uint8 pictures; what is not in [0, 1] is cut off."""
    return images.clamp(0.0, 1.0).mul_(255.0).round_().to(torch.uint8).cpu().numpy()


def device_of(model: Model) -> torch.device:
    """Where the model's weights are."""
    return next((weights.device for weights in model.parameters()), torch.device("cpu"))


def decode_images(
    model: Model,
    z: NDArray[np.floating],
    label: int | NDArray[np.int64] | None = None,
    *,
    shared: bool = False,
) -> NDArray[np.uint8]:
    """The mean pictures of p(x|z), or p(x|z, y), one label or (N,): codes (N, D) -> (N, C, H, W).

    What takes several milliseconds may be ``shared`` out among the cores, as share_out() says.
    """
    codes = torch.from_numpy(np.asarray(z, dtype=np.float32)).to(device_of(model))
    labels = None if label is None else _labels(model, np.broadcast_to(np.asarray(label), (len(codes),)))

    @torch.no_grad()
    def decoded(part: slice) -> NDArray[np.uint8]:
        return to_pictures(model.decode(codes[part], None if labels is None else labels[part]))

    return np.concatenate(by_all_cores(model, decoded, len(codes))) if shared else decoded(slice(None))


def by_all_cores(model: Model, compute: Callable[[slice], Part], rows: int) -> list[Part]:
    """share_out() what is computed with a model; but one of somebody else's may not bear several threads."""
    if isinstance(model, AdaptedModel):
        return [compute(slice(0, rows))]
    return share_out(compute, rows)


@torch.no_grad()
def encode_images(model: Model, images: NDArray[np.generic], labels: NDArray[np.int64]) -> Encodings:
    """q(z|x), or q(z|x, y), of each of the images (N, C, H, W)."""
    parts = [slice(start, start + CHUNK) for start in range(0, len(images), CHUNK)]
    chunks = [model.encode(to_tensor(images[part], model), _labels(model, labels[part])) for part in parts]
    z_loc, z_scale = (torch.cat(parts).cpu().numpy() for parts in zip(*chunks, strict=True))
    return Encodings(z_loc, z_scale, labels)


@torch.no_grad()
def posterior_of(
    model: Model, picture: NDArray[np.uint8], label: int | None = None, noise: float = 0.0
) -> Posterior:
    """q(z|x) of one picture (C, H, W), its reconstruction and its ELBO.

    The encoder sees the picture with Gaussian noise of standard deviation ``noise``; the likelihood scores
    it as it is. Expectations are by quadrature where z has one or two dimensions, else means over draws from
    q with a fixed seed: the same picture gives the same number twice.
    """
    x = to_tensor(picture[None], model)
    seen = add_noise(x, noise)
    y = label_of(model, label)
    z_loc, z_scale = model.encode(seen, y)
    if isinstance(model, VAE) and why_not_exact(model) is None:
        terms = elbo_terms(Joint(model, x, y), z_loc, z_scale, seen)
    else:
        labels = None if y is None else y.expand(POSTERIOR_SAMPLES)
        chance = torch.Generator().manual_seed(0)
        drawn = model.elbo_terms(_many(x), labels, chance, _many(seen)).mean(1)
        terms = drawn.cpu().double().numpy()
    scored = as_terms(terms, model)
    return Posterior(
        seen=to_pictures(seen)[0],
        z_loc=z_loc[0].cpu().numpy(),
        z_scale=z_scale[0].cpu().numpy(),
        picture=to_pictures(model.decode(z_loc, y))[0],
        terms=scored if y is not None else replace(scored, label=None),
    )


@torch.no_grad()
def evaluate(model: Model, images: NDArray[np.generic], labels: NDArray[np.int64] | None = None) -> Terms:
    """The mean terms of the ELBO over images (N, C, H, W): one draw of z an image, fixed seed.

    Raises:
        ConfigurationError: ``labels`` (N,) are given, the model needs them, and some are none that it knows.
    """
    if labels is not None:
        require_labels(model, labels, "given")
    noise = torch.Generator().manual_seed(0)
    totals = np.zeros(3)
    for start in range(0, len(images), CHUNK):
        part = slice(start, start + CHUNK)
        x = to_tensor(images[part], model)
        y = torch.from_numpy(labels[part]).to(x.device) if labels is not None and model.needs_labels else None
        totals += model.elbo_terms(x, y, noise).sum(1).cpu().double().numpy()
    return as_terms(totals / len(images), model)


def require_labels(model: Model, labels: NDArray[np.int64], part: str) -> None:
    """Raise ConfigurationError where the model needs labels, and knows not all of these, of a ``part``."""
    unknown = int(_unknown(model, labels).sum())
    if model.needs_labels and unknown:
        raise ConfigurationError(
            f"A model of the family '{model.config.family}' learns from labels, and {unknown:,} of the "
            f"{len(labels):,} {part} images have none. Choose another data set, or the family 'vae'."
        )


def add_noise(x: Tensor, sigma: float) -> Tensor:
    """Images and Gaussian noise: the same noise each time, so that a picture stands still."""
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(NOISE_SEED))
    return x + sigma * noise.to(x.device)


def label_of(model: Model, label: int | None) -> Tensor | None:
    """A label as the model is told it, (1,); None where it has no use for one, or knows no such label."""
    if label is None or not model.needs_labels or not 0 <= label < model.config.classes:
        return None
    return torch.tensor([label], device=device_of(model))


def is_told_labels(model: Model) -> bool:
    """Whether encoder and decoder are told the label, instead of the code telling it."""
    return model.needs_labels and not model.scores_labels


def as_terms(values: NDArray[np.float64], model: Model) -> Terms:
    """(3,) reconstruction, KL and label -> terms; the label's only where the model scores one."""
    reconstruction, kl, label = values.tolist()
    return Terms(reconstruction + label - kl, reconstruction, kl, label if model.scores_labels else None)


def _many(x: Tensor) -> Tensor:
    """One image, as many times as codes are drawn."""
    return x.expand(POSTERIOR_SAMPLES, -1, -1, -1)


def _labels(model: Model, labels: NDArray[np.int64]) -> Tensor | None:
    """What the model is told of them; nothing where it does not know them all."""
    if not model.needs_labels or _unknown(model, labels).any():
        return None
    return torch.from_numpy(labels.copy()).to(device_of(model))


def _unknown(model: Model, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    return (labels < 0) | (labels >= model.config.classes)
