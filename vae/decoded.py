"""All that a model says of one code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.inference import device_of, is_told_labels, to_pictures
from vae.likelihoods import Normal
from vae.models import VAE, LabelVAE

MOST_CLASSES = 40  # that one code is decoded for


@dataclass(frozen=True)
class Decoded:
    """p(x|z) of one code, and what the family tells besides; None where it does not."""

    picture: NDArray[np.uint8]  # (C, H, W), the mean
    sigma: NDArray[np.float32] | None = None  # (C, H, W), the standard deviation, where it is learned
    each_class: NDArray[np.uint8] | None = None  # (classes, C, H, W), the mean for each label it may be told
    label_probabilities: NDArray[np.float32] | None = None  # (classes,) p(y|z)


@torch.no_grad()
def decode_code(model: VAE, z: NDArray[np.floating], label: int | None = None) -> Decoded:
    """Decode one code (D,), told ``label`` where the decoder takes one: then for the other labels too."""
    code = torch.from_numpy(np.asarray(z, np.float32)).to(device_of(model))[None]
    told = _labels_to_tell(model, label)
    codes = code if told is None else code.expand(len(told), -1)
    mean, sigma = _mean_and_sigma(model, codes, told)
    pictures = to_pictures(mean)
    return Decoded(
        picture=pictures[0],
        sigma=sigma,
        each_class=pictures[1:] if told is not None else None,
        label_probabilities=label_probabilities(model, z[None])[0] if isinstance(model, LabelVAE) else None,
    )


@torch.no_grad()
def label_probabilities(model: LabelVAE, z: NDArray[np.floating]) -> NDArray[np.float32]:
    """p(y|z) of codes (N, D): (N, classes)."""
    codes = torch.from_numpy(np.asarray(z, np.float32)).to(device_of(model))
    return model.label_probabilities(codes).cpu().numpy()


def _labels_to_tell(model: VAE, label: int | None) -> Tensor | None:
    """The label that is asked for, then each of them."""
    if not is_told_labels(model):
        return None
    each = range(min(model.config.classes, MOST_CLASSES))
    return torch.tensor([label or 0, *each], device=device_of(model))


def _mean_and_sigma(model: VAE, z: Tensor, y: Tensor | None) -> tuple[Tensor, NDArray[np.float32] | None]:
    """The means of p(x|z) of codes (B, D), and the standard deviation of the first, where it is learned."""
    if model.config.likelihood != "gaussian" or model.config.sigma == "fixed":
        return model.decode(z, y), None
    likelihood = model.likelihood
    assert isinstance(likelihood, Normal)
    mean, sigma = likelihood.parts(model.parameters_of_x(z, y))
    return mean, sigma[0].cpu().numpy()
