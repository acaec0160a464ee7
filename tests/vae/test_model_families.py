"""What each family of models makes of images, codes and labels, against formulas written by hand."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
import torch
from pyro import poutine
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax

from vae import VAE, build
from vae.configuration import ModelConfig
from vae.models import ConditionalVAE, HierarchicalVAE, LabelVAE, MixtureVAE
from vae.models.vae import kl_between

SMALL = ModelConfig((1, 4, 4), 2, (16, 8), (8, 16), classes=3, components=4, inner_dim=3)
FAMILIES = ("vae", "labels", "conditional", "hierarchical", "mixture", "autoencoder")
COUNT = 6


def made(family: str, **changes: Any) -> VAE:
    """A model of random weights, large enough that x depends on z and q on x."""
    model = build(replace(SMALL, family=family, **changes), seed=2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    return model


@pytest.fixture
def x() -> Tensor:
    return torch.rand(COUNT, 1, 4, 4, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def y() -> Tensor:
    return torch.arange(COUNT) % 3


def log_bernoulli(model: VAE, x: Tensor, inputs: Tensor) -> Tensor:
    """log p(x|inputs of the decoder), (B,)."""
    return -binary_cross_entropy_with_logits(model.decoder(inputs), x, reduction="none").sum((1, 2, 3))


def gaussian(loc: Tensor, scale: Tensor) -> Independent:
    return Independent(Normal(loc, scale), 1)


def standard(like: Tensor) -> Independent:
    return gaussian(torch.zeros_like(like), torch.ones_like(like))


def scored(model: VAE, x: Tensor, y: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    reconstruction, kl, label = model.elbo_terms(x, y, torch.Generator().manual_seed(3))
    return reconstruction, kl, label


def noise(*dimensions: int) -> list[Tensor]:
    """What ``scored`` draws for the latent variables of one image after the other."""
    generator = torch.Generator().manual_seed(3)
    return [torch.randn(COUNT, size, generator=generator) for size in dimensions]


@pytest.mark.parametrize("network", ["dense", "convolutional"])
@pytest.mark.parametrize("family", FAMILIES)
@torch.no_grad()
def test_every_family_keeps_the_shapes(family: str, network: str, x: Tensor, y: Tensor) -> None:
    model = made(family, network=network, latent_dim=5)
    for labels in (None, y):
        z_loc, z_scale = model.encode(x, labels)
        assert z_loc.shape == z_scale.shape == (COUNT, 5)
        images = model.decode(z_loc, labels)
        assert images.shape == x.shape
        assert images.min() >= 0
        assert images.max() <= 1
        assert model.log_likelihood(x, z_loc, labels).shape == (COUNT,)
        assert model.elbo_terms(x, labels, torch.Generator()).shape == (3, COUNT)


@pytest.mark.parametrize("family", FAMILIES)
@torch.no_grad()
def test_only_training_enters_pyro(family: str, x: Tensor, y: Tensor) -> None:
    model = made(family)

    def plain() -> None:
        z, _ = model.encode(x, y)
        model.decode(z, y)
        model.log_likelihood(x, z, y)
        model.elbo_terms(x, y, torch.Generator())

    assert not set(poutine.trace(plain).get_trace().nodes) - {"_INPUT", "_RETURN"}


@pytest.mark.parametrize("family", FAMILIES)
@torch.no_grad()
def test_an_image_is_encoded_and_scored_alike_alone_and_among_others(
    family: str, x: Tensor, y: Tensor
) -> None:
    model, one = made(family), slice(2, 3)
    z_loc, z_scale = model.encode(x, y)
    for together, alone in zip((z_loc, z_scale), model.encode(x[one], y[one]), strict=True):
        torch.testing.assert_close(together[one], alone)
    log_likelihood = model.log_likelihood(x, z_loc, y)
    torch.testing.assert_close(log_likelihood[one], model.log_likelihood(x[one], z_loc[one], y[one]))


@torch.no_grad()
def test_the_terms_of_a_vae(x: Tensor) -> None:
    model, (epsilon,) = made("vae"), noise(2)
    q = gaussian(*model.encode(x))
    reconstruction, kl, label = scored(model, x, None)
    torch.testing.assert_close(reconstruction, log_bernoulli(model, x, q.mean + q.stddev * epsilon))
    torch.testing.assert_close(kl, kl_divergence(q, standard(q.mean)))
    assert not label.any()


@torch.no_grad()
def test_the_encoder_may_be_shown_something_else_than_what_is_scored(x: Tensor, y: Tensor) -> None:
    seen = x.flip(0)
    for family in FAMILIES:
        model = made(family)
        terms = model.elbo_terms(x, y, torch.Generator().manual_seed(3), seen)
        assert not torch.equal(terms, model.elbo_terms(x, y, torch.Generator().manual_seed(3)))
    model, (epsilon,) = made("vae"), noise(2)
    q = gaussian(*model.encode(seen))
    reconstruction, kl, _ = model.elbo_terms(x, None, torch.Generator().manual_seed(3), seen)
    torch.testing.assert_close(reconstruction, log_bernoulli(model, x, q.mean + q.stddev * epsilon))
    torch.testing.assert_close(kl, kl_divergence(q, standard(q.mean)))


@torch.no_grad()
def test_the_terms_of_a_model_of_images_and_labels(x: Tensor, y: Tensor) -> None:
    model, (epsilon,) = made("labels"), noise(2)
    assert isinstance(model, LabelVAE)
    q = gaussian(*model.encode(x, y))
    z = q.mean + q.stddev * epsilon
    reconstruction, kl, label = scored(model, x, y)
    torch.testing.assert_close(reconstruction, log_bernoulli(model, x, z))
    torch.testing.assert_close(kl, kl_divergence(q, standard(q.mean)))
    probabilities = model.label_probabilities(z)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(COUNT))
    torch.testing.assert_close(label, torch.stack([probabilities[i, y[i]].log() for i in range(COUNT)]))
    assert not scored(model, x, None)[2].any()
    assert torch.equal(model.encode(x, y)[0], model.encode(x)[0])  # the encoder sees the image alone


@torch.no_grad()
def test_a_conditional_model_is_told_the_label(x: Tensor, y: Tensor) -> None:
    model, (epsilon,) = made("conditional"), noise(2)
    assert isinstance(model, ConditionalVAE)
    q = gaussian(*model.encode(x, y))
    reconstruction, kl, label = scored(model, x, y)
    told = torch.eye(3)[y]
    torch.testing.assert_close(
        reconstruction, log_bernoulli(model, x, torch.cat((q.mean + q.stddev * epsilon, told), 1))
    )
    torch.testing.assert_close(kl, kl_divergence(q, standard(q.mean)))
    assert not label.any()


@torch.no_grad()
def test_one_code_makes_an_image_of_each_label() -> None:
    model, z = made("conditional"), torch.tensor([[0.3, -0.7]]).expand(3, 2)
    images = model.decode(z, torch.arange(3))
    for one, other in itertools.combinations(images, 2):
        assert (one - other).abs().max() > 1e-3
    unknown = model.decode(z[:1])
    parameters = model.decoder(torch.cat((z[:1], torch.full((1, 3), 1 / 3)), 1))
    torch.testing.assert_close(unknown, torch.sigmoid(parameters))


@torch.no_grad()
def test_the_terms_of_two_levels(x: Tensor) -> None:
    model, (epsilon, lower) = made("hierarchical"), noise(2, 3)
    assert isinstance(model, HierarchicalVAE)
    q_z = gaussian(*model.encode(x))
    z = q_z.mean + q_z.stddev * epsilon
    q_w, p_w = gaussian(*model.encode_inner(x, z)), gaussian(*model.inner(z))
    w = q_w.mean + q_w.stddev * lower
    reconstruction, kl, label = scored(model, x, None)
    torch.testing.assert_close(reconstruction, log_bernoulli(model, x, w))
    by_hand = kl_divergence(q_z, standard(z)) + kl_divergence(q_w, p_w)
    torch.testing.assert_close(kl, by_hand)
    assert not label.any()
    torch.testing.assert_close(model.decode(z), torch.sigmoid(model.decoder(p_w.mean)))


def test_the_kl_between_two_gaussians_is_that_of_torch() -> None:
    loc, other_loc = torch.randn(2, 50, 3).double()
    scale, other_scale = torch.rand(2, 50, 3).double() + 0.01
    reference = kl_divergence(gaussian(loc, scale), gaussian(other_loc, other_scale))
    torch.testing.assert_close(kl_between(loc, scale, other_loc, other_scale), reference)


@torch.no_grad()
def test_the_terms_of_a_mixture_are_sums_over_its_components(x: Tensor) -> None:
    model, (epsilon,) = made("mixture"), noise(2)
    assert isinstance(model, MixtureVAE)
    q_z = gaussian(*model.encode(x))
    q_c = log_softmax(model.assigner(x.flatten(1)), dim=1).exp()
    torch.testing.assert_close(model.component_probabilities(x), q_c)
    loc, scale = model.component_parts()
    by_hand = torch.zeros(COUNT)
    for c in range(4):
        p_z = gaussian(loc[c].expand(COUNT, 2), scale[c].expand(COUNT, 2))
        by_hand += q_c[:, c] * ((q_c[:, c] / (1 / 4)).log() + kl_divergence(q_z, p_z))
    reconstruction, kl, label = scored(model, x, None)
    torch.testing.assert_close(reconstruction, log_bernoulli(model, x, q_z.mean + q_z.stddev * epsilon))
    torch.testing.assert_close(kl, by_hand)
    assert not label.any()


def test_the_components_of_a_mixture_begin_apart() -> None:
    for latent_dim in (1, 2, 5):
        model = build(replace(SMALL, family="mixture", latent_dim=latent_dim, components=10))
        assert isinstance(model, MixtureVAE)
        loc, scale = model.component_parts()
        assert loc.shape == scale.shape == (10, latent_dim)
        assert torch.pdist(loc).min() > 1e-3
        assert (scale > 0).all()
        if latent_dim == 2:
            torch.testing.assert_close(loc.norm(dim=1), torch.full((10,), 2.0))
            torch.testing.assert_close(scale, torch.full((10, 2), 0.7), atol=1e-3, rtol=0)


@torch.no_grad()
def test_a_mixture_of_one_component_is_a_vae_with_a_prior_of_its_own(x: Tensor) -> None:
    model = made("mixture", components=1)
    assert isinstance(model, MixtureVAE)
    q_z, (loc, scale) = gaussian(*model.encode(x)), model.component_parts()
    prior = gaussian(loc.expand(COUNT, 2), scale.expand(COUNT, 2))
    torch.testing.assert_close(scored(model, x, None)[1], kl_divergence(q_z, prior))


@torch.no_grad()
def test_an_autoencoder_has_a_reconstruction_and_nothing_else(x: Tensor) -> None:
    model = made("autoencoder")
    z, z_scale = model.encode(x)
    assert not z_scale.any()
    reconstruction, kl, label = scored(model, x, None)
    torch.testing.assert_close(reconstruction, log_bernoulli(model, x, z))
    assert not kl.any()
    assert not label.any()
