"""Amortised inference for whoever speaks NumPy: encode, decode and score pictures.

Pictures are uint8 arrays (N, C, H, W), as data sets hold them; codes are float32 arrays (N, D).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.models import VAE
from vae.reports import Terms

CHUNK = 1_000  # images at a time: bounds the memory, large enough for full speed
POSTERIOR_SAMPLES = 64  # codes drawn to estimate E_q log p(x|z) of one image


@dataclass(frozen=True)
class Encodings:
    """q(z|x) of N images, with their labels (-1 where there is none)."""

    z_loc: NDArray[np.float32]  # (N, D)
    z_scale: NDArray[np.float32]  # (N, D)
    labels: NDArray[np.int64]  # (N,)


@dataclass(frozen=True)
class Posterior:
    """q(z|x) of one image, what it decodes to, and the terms of its ELBO."""

    z_loc: NDArray[np.float32]  # (D,)
    z_scale: NDArray[np.float32]  # (D,)
    picture: NDArray[np.uint8]  # (C, H, W), decoded at z_loc
    terms: Terms


def to_tensor(images: NDArray[np.generic], model: VAE) -> Tensor:
    """Images (N, C, H, W) where the model is: uint8 pictures as float32 in [0, 1], others as they are."""
    values = torch.from_numpy(np.ascontiguousarray(images)).to(device_of(model)).float()
    return values.div_(255.0) if images.dtype == np.uint8 else values


def to_pictures(images: Tensor) -> NDArray[np.uint8]:
    """Images (N, C, H, W) -> uint8 pictures; what is not in [0, 1] is cut off."""
    return images.clamp(0.0, 1.0).mul_(255.0).round_().to(torch.uint8).cpu().numpy()


def device_of(model: VAE) -> torch.device:
    """Where the model's weights are."""
    return next(model.parameters()).device


@torch.no_grad()
def decode_images(model: VAE, z: NDArray[np.floating], label: int | None = None) -> NDArray[np.uint8]:
    """The mean pictures of p(x|z), or of p(x|z, y): codes (N, D) -> (N, C, H, W)."""
    codes = torch.from_numpy(np.asarray(z, dtype=np.float32)).to(device_of(model))
    y = None if label is None else torch.full((len(codes),), label, device=codes.device)
    return to_pictures(model.decode(codes, y))


@torch.no_grad()
def encode_images(model: VAE, images: NDArray[np.generic], labels: NDArray[np.int64]) -> Encodings:
    """q(z|x), or q(z|x, y), of each of the images (N, C, H, W)."""
    parts = [slice(start, start + CHUNK) for start in range(0, len(images), CHUNK)]
    chunks = [model.encode(to_tensor(images[part], model), _labels(model, labels[part])) for part in parts]
    z_loc, z_scale = (torch.cat(parts).cpu().numpy() for parts in zip(*chunks, strict=True))
    return Encodings(z_loc, z_scale, labels)


@torch.no_grad()
def posterior_of(model: VAE, picture: NDArray[np.uint8], label: int | None = None) -> Posterior:
    """q(z|x) of one picture (C, H, W), its reconstruction and its ELBO.

    Expectations are means over draws from q with a fixed seed, so that the same picture gives the same
    number twice.
    """
    x = to_tensor(picture[None], model)
    y = None if label is None else torch.tensor([label], device=x.device)
    z_loc, z_scale = model.encode(x, y)
    many = x.expand(POSTERIOR_SAMPLES, -1, -1, -1)
    labels = None if y is None else y.expand(POSTERIOR_SAMPLES)
    terms = model.elbo_terms(many, labels, torch.Generator().manual_seed(0)).mean(1)
    return Posterior(
        z_loc=z_loc[0].cpu().numpy(),
        z_scale=z_scale[0].cpu().numpy(),
        picture=to_pictures(model.decode(z_loc, y))[0],
        terms=as_terms(terms.double().cpu().numpy(), model),
    )


def as_terms(values: NDArray[np.float64], model: VAE) -> Terms:
    """(3,) reconstruction, KL and label -> terms; the label's only where the model scores one."""
    reconstruction, kl, label = values.tolist()
    return Terms(reconstruction + label - kl, reconstruction, kl, label if model.scores_labels else None)


def _labels(model: VAE, labels: NDArray[np.int64]) -> Tensor | None:
    """What the model is told of them; labels below 0 are not known."""
    if not model.needs_labels or (labels < 0).any():
        return None
    return torch.from_numpy(labels).to(device_of(model))
