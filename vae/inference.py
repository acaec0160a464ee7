"""Amortised inference for whoever speaks NumPy: encode, decode and score pictures.

Pictures are uint8 arrays (N, C, H, W), as data sets hold them; codes are float32 arrays (N, D).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.models import VAE, Terms, kl_to_prior

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


def to_tensor(pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures (N, C, H, W) -> float32 images in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).float().div_(255.0)


def to_pictures(images: Tensor) -> NDArray[np.uint8]:
    """Images (N, C, H, W) in [0, 1] -> uint8 pictures."""
    return images.mul(255.0).round_().to(torch.uint8).numpy()


@torch.no_grad()
def decode_images(model: VAE, z: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The mean pictures of p(x|z): codes (N, D) -> (N, C, H, W)."""
    return to_pictures(model.decode(torch.from_numpy(np.asarray(z, dtype=np.float32))))


@torch.no_grad()
def encode_images(model: VAE, pictures: NDArray[np.uint8], labels: NDArray[np.int64]) -> Encodings:
    """q(z|x) of each picture (N, C, H, W)."""
    starts = range(0, len(pictures), CHUNK)
    chunks = [model.encode(to_tensor(pictures[start : start + CHUNK])) for start in starts]
    z_loc, z_scale = (torch.cat(parts).numpy() for parts in zip(*chunks, strict=True))
    return Encodings(z_loc, z_scale, labels)


@torch.no_grad()
def posterior_of(model: VAE, picture: NDArray[np.uint8]) -> Posterior:
    """q(z|x) of one picture (C, H, W), its reconstruction and its ELBO.

    The KL is exact; E_q log p(x|z) is the mean over draws from q with a fixed seed, so that the same
    picture gives the same number twice.
    """
    x = to_tensor(picture[None])
    z_loc, z_scale = model.encode(x)
    noise = torch.randn(POSTERIOR_SAMPLES, z_loc.shape[1], generator=torch.Generator().manual_seed(0))
    z = z_loc + z_scale * noise
    reconstruction = model.log_likelihood(x.expand(len(z), -1, -1, -1), z).mean().item()
    kl = kl_to_prior(z_loc, z_scale).item()
    return Posterior(
        z_loc=z_loc[0].numpy(),
        z_scale=z_scale[0].numpy(),
        picture=to_pictures(model.decode(z_loc))[0],
        terms=Terms(reconstruction - kl, reconstruction, kl),
    )
