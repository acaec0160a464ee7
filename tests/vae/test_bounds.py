"""The bounds of a trained model lie in their order below log p(x), which quadrature over the plane gives."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn.functional import softplus

from vae import VAE, strokes, train
from vae.configuration import ModelConfig, TrainingConfig
from vae.inference import to_tensor
from vae.objectives import estimate

IMAGES = 40
REACH, STEPS = 6.0, 161  # the plane is summed over [-6, 6]² in steps of 0.075


@pytest.fixture(scope="module")
def model() -> VAE:
    """784-48-2, trained for a second."""
    digits = strokes.generate(1_500, seed=1).images
    made = VAE(ModelConfig(encoder_widths=(48,), decoder_widths=(48,)))
    for _ in train(made, TrainingConfig(epochs=12, batch_size=64, learning_rate=5e-3), digits, digits[:50]):
        pass
    return made


@pytest.fixture(scope="module")
def x(model: VAE) -> Tensor:
    return to_tensor(strokes.generate(IMAGES, seed=2).images, model)


@torch.no_grad()
def log_evidence(model: VAE, x: Tensor) -> Tensor:
    """log p(x) = log sum_z p(x|z) p(z) dz, (B,)."""
    axis = torch.linspace(-REACH, REACH, STEPS)
    z = torch.cartesian_prod(axis, axis)
    log_prior = -0.5 * z.square().sum(1) - torch.log(torch.tensor(2 * torch.pi))
    logits = model.decoder(z).flatten(1)
    log_likelihood = x.flatten(1) @ logits.T - softplus(logits).sum(1)
    return (log_likelihood + log_prior).double().logsumexp(1) + 2 * torch.log(axis[1] - axis[0])


@torch.no_grad()
def bound(model: VAE, x: Tensor, config: TrainingConfig, draws: int = 1) -> float:
    """The mean over images and repetitions, in nats per image."""
    torch.manual_seed(0)
    losses = [estimate(model, config, x, None, 1.0).loss.item() for _ in range(draws)]
    return -sum(losses) / draws / len(x)


def test_elbo_and_importance_weighted_bounds_climb_towards_log_p(model: VAE, x: Tensor) -> None:
    weighted = TrainingConfig(objective="importance-weighted")
    elbo = bound(model, x, TrainingConfig(), draws=50)
    sampled = bound(model, x, TrainingConfig(objective="sampled-elbo"), draws=50)
    one = bound(model, x, weighted, draws=50)
    five, fifty = (bound(model, x, replace(weighted, particles=k), draws=500 // k) for k in (5, 50))
    many = bound(model, x, replace(weighted, particles=1_000), draws=2)
    evidence = log_evidence(model, x).mean().item()
    assert one == pytest.approx(sampled, rel=1e-6)
    assert sampled == pytest.approx(elbo, abs=0.2)
    assert elbo + 0.1 < five
    assert five < fifty + 0.02  # the noise of both
    assert fifty < many + 0.02
    assert many == pytest.approx(evidence, abs=0.3)
    assert many < evidence + 0.1
