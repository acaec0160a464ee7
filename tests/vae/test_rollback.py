"""What takes a run back to its last good state, what is no good state, and what must be raised as it is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyro
import pyro.distributions as dist
import pytest
import torch
from torch import Tensor

from vae import VAE, Arrays, Report, RollbackReport, StepReport, Training, build, evaluate
from vae.configuration import ModelConfig, TrainingConfig
from vae.errors import ConfigurationError, TrainingError

SMALL = ModelConfig((1, 4, 4), 2, (16, 8), (8, 16), classes=3)
CONFIG = TrainingConfig(epochs=30, batch_size=10, seed=4)  # five steps an epoch
SCORE_FUNCTION = replace(CONFIG, objective="sampled-elbo", gradient="score-function")


@pytest.fixture(scope="module")
def data() -> Arrays:
    """46 grey pictures (N, 1, 4, 4) of three classes."""
    pictures = np.random.default_rng(0).integers(0, 256, (46, 1, 4, 4), dtype=np.uint8)
    labels = np.arange(46) % 3
    return Arrays(pictures, labels, pictures, labels)


def at_step(run: Training, step: int) -> Report:
    """Drive the run to the report of this step."""
    return next(report for report in run if isinstance(report, StepReport) and report.step == step)


@torch.no_grad()
def fill(part: torch.nn.Module, value: float) -> None:
    for weights in part.parameters():
        weights.fill_(value)


class Validated(VAE):
    """Draws from distributions that refuse what is not finite, as a user may write them."""

    def guide(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
        with pyro.plate("images", len(x), dim=-1):
            pyro.sample("z", dist.Normal(*self.encoder(x), validate_args=True).to_event(1))


# --- errors that lost numbers explain


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("family", ["vae", "hierarchical", "labels", "conditional"])
def test_weights_that_torch_cannot_draw_with_are_a_lost_loss(data: Arrays, family: str, value: float) -> None:
    model = build(replace(SMALL, family=family))
    run = Training(model, SCORE_FUNCTION, data)
    at_step(run, 52)
    fill(model.encoder, value)
    back = next(run)
    assert isinstance(back, RollbackReport)
    assert (back.step, back.lost_step) == (50, 53)
    assert back.learning_rate == CONFIG.learning_rate / 2
    at_step(run, 60)
    assert all(torch.isfinite(weights).all() for weights in model.parameters())


def test_finite_weights_whose_codes_overflow_are_a_lost_loss(data: Arrays) -> None:
    model = build(replace(SMALL, activation="leaky-relu"))
    run = Training(model, SCORE_FUNCTION, data)
    at_step(run, 3)
    with torch.no_grad():
        for place, weights in enumerate(model.encoder.parameters()):
            weights.copy_(torch.randn(weights.shape, generator=torch.Generator().manual_seed(place)) * 1e15)
    assert all(torch.isfinite(weights).all() for weights in model.parameters())
    assert not torch.isfinite(model.encode(torch.ones(1, 1, 4, 4))[1]).all()
    back = next(run)
    assert isinstance(back, RollbackReport)
    assert (back.step, back.lost_step) == (0, 4)


def test_what_a_distribution_of_the_users_refuses_is_a_lost_loss_too(data: Arrays) -> None:
    model = Validated(SMALL)
    run = Training(model, CONFIG, data)
    at_step(run, 3)
    fill(model.encoder, math.nan)
    assert isinstance(next(run), RollbackReport)


def test_three_of_them_in_a_row_end_the_run_with_the_good_weights(data: Arrays) -> None:
    model = build(SMALL)
    run = Training(model, SCORE_FUNCTION, data)
    at_step(run, 51)
    kept = {name: weights.clone() for name, weights in run._last_good.weights.items()}
    for _ in range(2):
        fill(model.encoder, math.nan)
        assert isinstance(next(run), RollbackReport)
    fill(model.encoder, math.nan)
    with pytest.raises(TrainingError, match="3 times in a row"):
        next(run)
    assert all(torch.equal(weights, kept[name]) for name, weights in model.state_dict().items())


# --- errors that they do not explain


def test_a_mistake_in_a_model_is_raised_as_it_is(data: Arrays) -> None:
    class Mistaken(VAE):
        def model(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
            super().model(x[:, :, :2], y, beta)

    with pytest.raises((RuntimeError, ValueError), match=r"size|shape"):
        next(Training(Mistaken(SMALL), CONFIG, data))


@pytest.mark.parametrize("error", [RuntimeError, ValueError, KeyError])
def test_any_other_error_of_finite_weights_is_raised_as_it_is(
    data: Arrays, error: Callable[[str], Exception]
) -> None:
    class Failing(VAE):
        def guide(self, x: Tensor, y: Tensor | None = None, beta: float = 1.0) -> None:
            raise error("out of memory")

    run = Training(Failing(SMALL), CONFIG, data)
    with pytest.raises(type(error("")), match="out of memory"):
        next(run)


# --- what is no good state


@torch.no_grad()
def explode(model: VAE) -> None:
    """Leave every number finite, and the loss absurd."""
    last = list(model.decoder.parameters())[-1]
    last.copy_(torch.where(torch.arange(last.numel()) % 2 == 0, 1e30, -1e30).view_as(last))


def test_a_state_of_an_absurd_loss_is_not_gone_back_to(data: Arrays) -> None:
    model = build(SMALL)
    run = Training(model, CONFIG, data)
    at_step(run, 40)
    explode(model)
    absurd = at_step(run, 61)
    assert isinstance(absurd, StepReport)
    assert -math.inf < absurd.train.elbo < -1e28
    fill(model.decoder, math.nan)
    back = next(run)
    assert isinstance(back, RollbackReport)
    assert (back.step, back.lost_step) == (0, 62)
    assert evaluate(model, data.test_images).elbo > -100


def test_absurd_states_do_not_keep_a_run_going(data: Arrays) -> None:
    model = build(SMALL)
    run = Training(model, CONFIG, data)
    for lost in range(1, 4):
        at_step(run, 2)
        explode(model)
        at_step(run, 56)
        fill(model.decoder, math.nan)
        if lost < 3:
            assert isinstance(next(run), RollbackReport)
    with pytest.raises(TrainingError, match="Nothing was learned"):
        next(run)


def test_a_finite_loss_of_weights_that_are_not_makes_no_good_state(data: Arrays) -> None:
    model = build(replace(SMALL, activation="relu"))
    run = Training(model, CONFIG, data)
    at_step(run, 40)
    with torch.no_grad():
        list(model.encoder.parameters())[1][0] = -math.inf  # a unit that is off for good
    last = at_step(run, 60)
    assert isinstance(last, StepReport)
    assert math.isfinite(last.train.elbo)
    fill(model.decoder, math.nan)
    back = next(run)
    assert isinstance(back, RollbackReport)
    assert back.step == 0


@pytest.mark.parametrize(
    ("fields", "training"),
    [
        ({"likelihood": "gaussian", "sigma": "image"}, {"learning_rate": 1e-2}),  # its loss crosses 0
        ({}, {"learning_rate": 1e-2, "beta": 0.0}),  # nothing holds its KL down
        ({}, {"beta": 4.0, "beta_warm_up": 20.0}),
        ({"family": "autoencoder"}, {}),
        ({"family": "mixture"}, {}),
    ],
)
def test_states_of_an_ordinary_run_are_good(
    data: Arrays, fields: dict[str, object], training: dict[str, float]
) -> None:
    dark = replace_images(data, data.train_images // np.uint8(64))
    run = Training(build(replace(SMALL, **fields)), replace(CONFIG, **training), dark)
    for step in (51, 101):
        at_step(run, step)
        assert run._last_good.step == step - 1


def test_a_beta_that_is_changed_leaves_good_states_good(data: Arrays) -> None:
    run = Training(build(SMALL), CONFIG, data)
    at_step(run, 45)
    run.config = replace(run.config, beta=1e5)
    at_step(run, 51)
    assert run._last_good.step == 50


def replace_images(data: Arrays, images: np.ndarray) -> Arrays:
    return replace(data, train_images=images, test_images=images)


# --- labels


@pytest.mark.parametrize("family", ["labels", "conditional"])
def test_test_images_without_labels_are_refused_before_the_first_step(data: Arrays, family: str) -> None:
    model = build(replace(SMALL, family=family))
    for unknown in (-1, 3):
        some = np.where(np.arange(46) < 5, unknown, data.test_labels)
        with pytest.raises(ConfigurationError, match=r"5 of the 46 test images have none.*family 'vae'"):
            Training(model, CONFIG, replace(data, test_labels=some))
        with pytest.raises(ConfigurationError, match=r"5 of the 46 .*images have none"):
            evaluate(model, data.test_images, some)
