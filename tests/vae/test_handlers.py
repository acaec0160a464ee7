"""Pyro's handlers around model() and guide() count in training as they do in Pyro's own estimators."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
import torch
from pyro import poutine
from pyro.infer import Trace_ELBO, TraceMeanField_ELBO
from torch import Tensor

from vae import VAE
from vae.configuration import OBJECTIVES, ModelConfig, TrainingConfig
from vae.objectives import Estimate, estimate

SMALL = ModelConfig((1, 4, 4), 2, (16, 8), (8, 16))
PYROS = {"elbo": TraceMeanField_ELBO(), "sampled-elbo": Trace_ELBO()}


@dataclass
class Handlers:
    """What a user may put around the sites."""

    scale: float | Tensor = 1.0
    mask: bool | Tensor = True

    def scaled(self) -> AbstractContextManager[object]:
        within: AbstractContextManager[object] = poutine.scale(scale=self.scale)
        return within

    def masked(self) -> AbstractContextManager[object]:
        within: AbstractContextManager[object] = poutine.mask(mask=self.mask)
        return within


class HandledVAE(VAE):
    """A VAE with handlers of its own around model() and guide()."""

    handlers = Handlers()

    def model(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        with self.handlers.scaled(), self.handlers.masked():
            super().model(x, y, beta)

    def guide(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        with self.handlers.scaled(), self.handlers.masked():
            super().guide(x, y, beta)


IMAGES = torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(5))
SHARES = torch.tensor([0.5, 1.0, 2.0, 1.0, 3.0, 0.1])
KNOWN = torch.tensor([True, True, False, True, False, True])


def ours(model: VAE, objective: str, beta: float = 1.0) -> Estimate:
    torch.manual_seed(9)
    return estimate(model, TrainingConfig(objective=objective), IMAGES, None, beta)


def pyros(model: VAE, objective: str, beta: float = 1.0) -> Tensor:
    torch.manual_seed(9)
    loss: Tensor = PYROS[objective].differentiable_loss(model.model, model.guide, IMAGES, None, beta)
    return loss


def assert_same(model: VAE, loss: Tensor, expected: Tensor) -> None:
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    parameters = list(model.parameters())
    for gradient, other in zip(
        torch.autograd.grad(loss, parameters), torch.autograd.grad(expected, parameters), strict=True
    ):
        torch.testing.assert_close(gradient, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("beta", [1.0, 0.25])
@pytest.mark.parametrize("handlers", [Handlers(scale=0.1), Handlers(scale=SHARES), Handlers(mask=KNOWN)])
@pytest.mark.parametrize("objective", PYROS)
def test_handlers_within_the_model_weigh_its_terms(objective: str, handlers: Handlers, beta: float) -> None:
    model = HandledVAE(SMALL, seed=2)
    model.handlers = handlers
    assert_same(model, ours(model, objective, beta).loss, pyros(model, objective, beta))


@pytest.mark.parametrize("objective", PYROS)
def test_handlers_around_a_step_weigh_its_terms(objective: str) -> None:
    model = VAE(SMALL, seed=2)
    with poutine.scale(scale=0.1):
        loss, expected = ours(model, objective).loss, pyros(model, objective)
    assert_same(model, loss, expected)
    assert loss.item() == pytest.approx(0.1 * ours(model, objective).loss.item(), rel=1e-5)


def test_an_image_that_is_masked_gives_no_gradient() -> None:
    model = HandledVAE(SMALL, seed=2)
    model.handlers = Handlers(mask=KNOWN)
    x = IMAGES.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(estimate(model, TrainingConfig(), x, None, 1.0).loss, x)
    assert (gradient.flatten(1).abs().sum(1) > 0).tolist() == KNOWN.tolist()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_report_is_of_the_true_elbo_whatever_the_handlers(objective: str) -> None:
    plain, handled = VAE(SMALL, seed=2), HandledVAE(SMALL, seed=2)
    handled.handlers = Handlers(scale=0.1)
    torch.testing.assert_close(ours(handled, objective).terms, ours(plain, objective).terms)
