"""How much the gradient of the ELBO scatters over draws of z: pathwise beside score function."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.configuration import TrainingConfig
from vae.inference import to_tensor
from vae.models import VAE, Autoencoder, MixtureVAE
from vae.objectives import estimate

DRAWS = 16


@dataclass(frozen=True)
class GradientVariance:
    """Variance of the gradient over draws of z, the mean over the encoder's weights: (nats per image)²."""

    pathwise: float
    score_function: float
    draws: int

    @property
    def ratio(self) -> float:
        """How many times more the score function scatters."""
        return self.score_function / self.pathwise if self.pathwise else math.inf


def variance_of_gradient(
    model: VAE,
    images: NDArray[np.generic],
    labels: NDArray[np.int64],
    beta: float = 1.0,
    draws: int = DRAWS,
) -> GradientVariance | None:
    """Take the gradient at one batch (B, C, H, W) again and again, one draw of z an image each time.

    Both estimators have the same mean, the gradient of the ELBO with a sampled KL; see Mohamed et al.
    (2020), sections 4 and 5. None for an autoencoder, which draws nothing, and for a mixture, whose
    component has no pathwise gradient. What the model does to its inputs in training is drawn anew as well.

    Leaves torch's generators and the gradients that the model holds as they are.
    """
    if isinstance(model, Autoencoder | MixtureVAE):
        return None
    x = to_tensor(images, model)
    y = torch.from_numpy(labels).to(x.device) if model.needs_labels else None
    config = TrainingConfig(objective="sampled-elbo")
    devices = [x.device] if x.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        pathwise, score_function = (
            _variance(model, replace(config, gradient=gradient), x, y, beta, draws)
            for gradient in ("pathwise", "score-function")
        )
    return GradientVariance(pathwise, score_function, draws)


def _variance(
    model: VAE, config: TrainingConfig, x: Tensor, y: Tensor | None, beta: float, draws: int
) -> float:
    """The mean over weights of the unbiased variance, by Welford (1962): no gradient is kept."""
    weights = _weights(model)
    means = tuple(torch.zeros_like(weight) for weight in weights)
    squares = tuple(torch.zeros_like(weight) for weight in weights)
    for count, gradients in enumerate(_gradients(model, config, x, y, beta, draws), start=1):
        for gradient, mean, square in zip(gradients, means, squares, strict=True):
            from_old = gradient - mean
            mean.add_(from_old, alpha=1.0 / count)
            square.addcmul_(from_old, gradient - mean)
    total = sum(square.sum().item() for square in squares)
    return total / (draws - 1) / sum(weight.numel() for weight in weights)


def _gradients(
    model: VAE, config: TrainingConfig, x: Tensor, y: Tensor | None, beta: float, draws: int
) -> Iterator[tuple[Tensor, ...]]:
    weights = _weights(model)
    for _ in range(draws):
        loss = estimate(model, config, x, y, beta).loss / len(x)
        yield torch.autograd.grad(loss, weights, materialize_grads=True)


def _weights(model: VAE) -> tuple[Tensor, ...]:
    """The encoder's; all, where a model of the user's own calls it something else."""
    return tuple(getattr(model, "encoder", model).parameters())
