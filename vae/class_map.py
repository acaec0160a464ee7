"""What a model knows of classes: p(y|z) across the plane, and the component of each image.

Families that know nothing of the kind answer with None.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from vae.decoded import label_probabilities
from vae.inference import CHUNK, Encodings, to_tensor
from vae.models import VAE, LabelVAE, MixtureVAE


def knows_classes(model: VAE) -> bool:
    """Whether any of the functions below has an answer."""
    return isinstance(model, LabelVAE | MixtureVAE)


def most_probable(
    model: VAE, z: NDArray[np.floating]
) -> tuple[NDArray[np.int64], NDArray[np.float32]] | None:
    """The most probable label of codes (N, D), and its probability p(y|z): (N,) each."""
    if not isinstance(model, LabelVAE):
        return None
    probabilities = label_probabilities(model, z)
    labels: NDArray[np.int64] = probabilities.argmax(1)
    return labels, probabilities.max(1)


def accuracy(model: VAE, encodings: Encodings) -> float | None:
    """The share of images whose label is the most probable at their mean; None if no label is known."""
    found = most_probable(model, encodings.z_loc)
    known = encodings.labels >= 0
    if found is None or not known.any():
        return None
    return float((found[0] == encodings.labels)[known].mean())


@torch.no_grad()
def components_of(model: VAE, images: NDArray[np.generic]) -> NDArray[np.int64] | None:
    """The most probable component, argmax q(c|x), of images (N, C, H, W): (N,)."""
    if not isinstance(model, MixtureVAE):
        return None
    parts = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
    chosen = [model.component_probabilities(to_tensor(part, model)).argmax(1).cpu().numpy() for part in parts]
    return np.concatenate(chosen)
