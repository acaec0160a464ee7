"""Parts of the forward pass on their own: its code, its layers, its numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

import vae
from explorer.views.forward_code import guide_code, has_elbo, model_code, what_is_missing
from explorer.views.forward_lane import CodeStrip
from explorer.views.forward_layers import _arrange
from explorer.views.forward_pixels import round_up
from explorer.views.forward_words import nats, number, shape
from vae.configuration import ModelConfig
from vae.families import FAMILIES
from vae.likelihoods import LIKELIHOODS

SMALL = ModelConfig((1, 4, 4), 2, (6,), (5,), classes=3, components=4, inner_dim=3)
PICTURE = np.random.default_rng(0).integers(0, 256, (1, 4, 4), dtype=np.uint8)


def plain(label: QLabel) -> str:
    return re.sub("<[^>]*>", "", label.text())


def test_code_lights_one_line(qtbot: QtBot) -> None:
    code = CodeStrip(("a < b", "c"))
    qtbot.addWidget(code)
    assert code.lit is None
    code.light(0)
    assert code.lit == "a < b"
    assert plain(code).startswith("a &lt; b")
    code.light(None)
    assert code.lit is None


@pytest.mark.parametrize("units", [1, 2, 3, 64, 784, 12_288])
def test_a_layer_has_room_for_every_unit(units: int) -> None:
    block = _arrange(units, 30, 100)
    assert block.rows * block.columns >= units
    assert block.rect.width() <= 30
    assert block.rect.height() <= 100


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0.1), (0.35, 0.4), (2.0, 2.0), (2.1, 2.5), (90.0, 100.0)]
)
def test_the_bar_reaches_to_a_round_number(value: float, expected: float) -> None:
    assert round_up(value) == pytest.approx(expected)


def test_numbers_and_shapes_are_written_as_books_do() -> None:
    assert number(-1.25) == "−1.250"
    assert nats(-1234.5) == "−1,234.50"
    assert shape(2) == "(1, 2)"
    assert shape() == "(1,)"


# --- the lines of code


def sites_of(function: object) -> set[tuple[str, str]]:
    """What Pyro sees: the name of each sample, and of its distribution."""
    x = torch.from_numpy(PICTURE[None] / np.float32(255.0))
    found = set()
    for name, site in poutine.trace(function).get_trace(x, torch.tensor([1])).nodes.items():
        if site["type"] == "sample" and name != "images":
            kind = site["fn"]
            while hasattr(kind, "base_dist"):
                kind = kind.base_dist
            public = (base.__name__ for base in type(kind).__mro__ if not base.__name__.startswith("_"))
            found.add((name, next(public)))
    return found


def sites_told(lines: tuple[str, ...]) -> set[tuple[str, str]]:
    return set(re.findall(r'pyro\.sample\("(\w)", (\w+)\(', " ".join(lines)))


def passed(model: vae.VAE) -> vae.ForwardPass:
    return vae.pass_forward(model, PICTURE, seed=0, label=1)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("family", FAMILIES)
def test_the_lines_are_of_the_samples_that_pyro_sees(family: str, likelihood: str) -> None:
    model = vae.build(replace(SMALL, family=family, likelihood=likelihood))
    forward = passed(model)
    assert sites_told(guide_code(forward)) == sites_of(model.guide)
    assert sites_told(model_code(forward)) == sites_of(model.model)


def test_the_encoder_is_shown_what_training_shows_it() -> None:
    assert "self.encoder(x)" in guide_code(passed(vae.build(SMALL)))[0]
    assert (
        "self.encoder(self.corrupt(x))" in guide_code(passed(vae.build(replace(SMALL, input_noise=0.5))))[0]
    )


class LaplaceVAE(vae.VAE):
    """A prior of its own, as in the README."""

    def prior(self, x: torch.Tensor) -> dist.TorchDistribution:
        zeros = x.new_zeros(len(x), self.config.latent_dim)
        return dist.Laplace(zeros, zeros + 1.0).to_event(1)


class OwnVAE(LaplaceVAE):
    """A model() of its own, of which the application knows nothing."""

    latent_is_z = False

    def model(self, x: torch.Tensor, y: torch.Tensor | None = None, beta: float = 1.0) -> None:
        raise AssertionError


def test_a_prior_of_ones_own_is_not_called_normal() -> None:
    forward = passed(LaplaceVAE(SMALL))
    assert model_code(forward)[0] == 'z = pyro.sample("z", self.prior(x))'
    assert model_code(forward)[1:] == model_code(passed(vae.build(SMALL)))[1:]
    assert has_elbo(forward)
    assert "not N(0, I)" in what_is_missing(forward)


def test_of_a_model_of_ones_own_no_line_of_pyro_is_claimed() -> None:
    forward = passed(OwnVAE(SMALL))
    assert not sites_told((*guide_code(forward), *model_code(forward)))
    assert not has_elbo(forward)
    assert "more than z" in what_is_missing(forward)


@pytest.mark.parametrize("own", [False, True])
def test_of_plain_functions_their_calls_are_shown(own: bool) -> None:
    class Plain:
        def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return x.reshape(len(x), -1)[:, :2], np.full((len(x), 2), 0.1)

        def decode(self, z: np.ndarray) -> np.ndarray:
            return 1 / (1 + np.exp(-z.sum(1)))[:, None, None] * np.ones((1, 4, 4))

    if own:
        Plain.log_likelihood = lambda self, x, z: -z.sum(1)
    model, _ = vae.adapt(Plain(), PICTURE)
    forward = passed(model)
    code = " ".join((*guide_code(forward), *model_code(forward)))
    assert "encode(x)" in code
    assert "decode(z)" in code
    assert "pyro" not in code
    assert ("log_likelihood(x, z)" in code) == own
