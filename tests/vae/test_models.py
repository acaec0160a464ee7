"""The model against the textbook's formulas."""

import math
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyro import poutine
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from vae import VAE, count_parameters
from vae.configuration import ACTIVATIONS, ModelConfig
from vae.models import kl_to_prior
from vae.networks import LEAST_SCALE

REPOSITORY = Path(__file__).parents[2]

SHAPES = [(1, 28, 28), (3, 32, 32), (2, 5, 7)]


def small(
    image_shape: tuple[int, int, int] = (1, 4, 4), latent_dim: int = 2, activation: str = "silu"
) -> VAE:
    return VAE(ModelConfig(image_shape, latent_dim, (16, 8), (8, 16), activation))


@pytest.mark.parametrize("latent_dim", [1, 2, 10])
@pytest.mark.parametrize("image_shape", SHAPES)
@torch.no_grad()
def test_encode_and_decode_give_the_shapes_and_ranges_they_promise(
    image_shape: tuple[int, int, int], latent_dim: int
) -> None:
    model = small(image_shape, latent_dim)
    x = torch.rand(7, *image_shape)
    z_loc, z_scale = model.encode(x)
    assert z_loc.shape == z_scale.shape == (7, latent_dim)
    assert (z_scale > 0).all()
    for z in (z_loc, torch.full((7, latent_dim), 1e4), torch.full((7, latent_dim), -1e4)):
        images = model.decode(z)
        assert images.shape == (7, *image_shape)
        assert images.min() >= 0
        assert images.max() <= 1
        assert model.log_likelihood(x, z).shape == (7,)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@torch.no_grad()
def test_each_activation_makes_another_network(activation: str) -> None:
    x = torch.rand(3, 1, 4, 4)
    others = [name for name in ACTIVATIONS if name != activation]
    z_loc, z_scale = small(activation=activation).encode(x)
    assert torch.isfinite(z_loc).all()
    assert torch.isfinite(z_scale).all()
    assert not any(torch.equal(z_loc, small(activation=other).encode(x)[0]) for other in others)


@torch.no_grad()
def test_the_image_of_one_code_does_not_depend_on_its_batch() -> None:
    model, z = small(), torch.randn(5, 2)
    alone = torch.cat([model.decode(one[None]) for one in z])
    torch.testing.assert_close(alone, model.decode(z))


def test_the_scale_stays_above_its_floor_where_softplus_underflows() -> None:
    model = small()
    with torch.no_grad():
        model.encoder.layers[-1].bias.fill_(-1e4)
        z_loc, z_scale = model.encode(torch.rand(3, 1, 4, 4))
    assert (z_scale >= LEAST_SCALE).all()
    assert torch.isfinite(kl_to_prior(z_loc, z_scale)).all()


def test_encode_and_decode_do_not_enter_pyro() -> None:
    model, x = small(), torch.rand(3, 1, 4, 4)

    def plain() -> None:
        z_loc, _ = model.encode(x)
        model.decode(z_loc)
        model.log_likelihood(x, z_loc)

    assert not set(poutine.trace(plain).get_trace().nodes) - {"_INPUT", "_RETURN"}
    assert {"z", "x"} <= set(poutine.trace(model.model).get_trace(x).nodes)


def test_model_and_guide_are_what_the_textbook_writes() -> None:
    model, x = small(), torch.rand(6, 1, 4, 4)
    guide = poutine.trace(model.guide).get_trace(x)
    trace = poutine.trace(poutine.replay(model.model, guide)).get_trace(x)
    z = guide.nodes["z"]["value"]
    z_loc, z_scale = model.encode(x)
    q, prior = Independent(Normal(z_loc, z_scale), 1), Independent(Normal(torch.zeros(6, 2), 1.0), 1)
    for trace_of, name, expected in (
        (guide, "z", q.log_prob(z)),
        (trace, "z", prior.log_prob(z)),
        (trace, "x", model.log_likelihood(x, z)),
    ):
        node = trace_of.nodes[name]
        log_prob = node["fn"].log_prob(node["value"])
        assert log_prob.shape == (6,)
        torch.testing.assert_close(log_prob, expected)


@given(x=hnp.arrays(np.float32, (4, 1, 4, 4), elements=st.floats(0, 1, width=32)))
@torch.no_grad()
def test_the_log_likelihood_is_that_of_one_bernoulli_a_pixel(x: NDArray[np.float32]) -> None:
    model, pixels = small(), torch.from_numpy(x)
    z = torch.linspace(-3, 3, 8).reshape(4, 2)
    p = model.decode(z).double()
    by_hand = (pixels * p.log() + (1 - pixels) * (1 - p).log()).sum((1, 2, 3))
    torch.testing.assert_close(model.log_likelihood(pixels, z).double(), by_hand, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_on_black_and_white_pixels_the_likelihood_is_normalised() -> None:
    model, z = small((1, 2, 2)), torch.tensor([[0.3, -1.2]])
    every_image = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 4).reshape(16, 1, 2, 2)
    log_prob = model.log_likelihood(every_image, z.expand(16, 2))
    assert log_prob.exp().sum().item() == pytest.approx(1.0, rel=1e-5)
    bernoulli = Independent(Bernoulli(model.decode(z)[0]), 3)
    torch.testing.assert_close(log_prob, bernoulli.log_prob(every_image))


codes = hnp.arrays(np.float64, (3, 4), elements=st.floats(-50, 50))
scales = hnp.arrays(np.float64, (3, 4), elements=st.floats(1e-4, 50))


@given(z_loc=codes, z_scale=scales)
def test_the_kl_is_the_closed_form_and_never_negative(
    z_loc: NDArray[np.float64], z_scale: NDArray[np.float64]
) -> None:
    loc, scale = torch.from_numpy(z_loc), torch.from_numpy(z_scale)
    kl = kl_to_prior(loc, scale)
    reference = kl_divergence(Normal(loc, scale), Normal(torch.zeros_like(loc), 1.0)).sum(-1)
    torch.testing.assert_close(kl, reference)
    assert (kl >= -1e-12).all()


def test_the_kl_of_the_prior_to_itself_is_zero() -> None:
    assert kl_to_prior(torch.zeros(2, 3), torch.ones(2, 3)).tolist() == [0.0, 0.0]


def test_the_seed_decides_the_first_weights_and_leaves_the_global_generator_alone() -> None:
    config = ModelConfig((1, 4, 4), 2, (8,), (8,))
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    first, again, other = VAE(config, seed=1), VAE(config, seed=1), VAE(config, seed=2)
    assert torch.equal(torch.rand(4), expected)
    for (name, weight), same in zip(first.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(weight, same)
        assert not torch.equal(weight, other.state_dict()[name])


@given(config=st.from_type(ModelConfig))
def test_the_number_of_parameters_is_that_of_the_layers(config: ModelConfig) -> None:
    config = replace(config, family="vae", network="dense")
    pixels = math.prod(config.image_shape)
    encoder = (pixels, *config.encoder_widths, 2 * config.latent_dim)
    decoder = (config.latent_dim, *config.decoder_widths, config.outputs * pixels)
    by_hand = sum((a + 1) * b for widths in (encoder, decoder) for a, b in pairwise(widths))
    assert count_parameters(config) == by_hand == sum(p.numel() for p in VAE(config).parameters())


def test_no_module_of_vae_imports_qt() -> None:
    command = (
        "import importlib, inspect, pkgutil, sys, vae\n"
        "names = [module.name for module in pkgutil.iter_modules(vae.__path__)]\n"
        "assert 'models' in names\n"
        "for name in names: importlib.import_module(f'vae.{name}')\n"
        "hidden = [name for name in vae.__all__ if inspect.ismodule(getattr(vae, name))]\n"
        "assert not hidden, f'modules stand in the place of {hidden}'\n"
        "sys.exit(any(name.split('.')[0] in ('PySide6', 'pyqtgraph', 'explorer') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", command], cwd=REPOSITORY, check=False).returncode == 0
