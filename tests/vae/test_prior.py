"""The prior that the plane and the forward pass are told of, for families of a prior of their own."""

from __future__ import annotations

import numpy as np
import pyro.distributions as dist
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, Laplace, Normal

import vae
from vae import VAE
from vae.configuration import ModelConfig
from vae.models import MixtureVAE
from vae.models.vae import normal

SMALL = ModelConfig((1, 4, 4), 2, (8,), (8,), components=1)


class LaplaceVAE(VAE):
    """That of the README."""

    def prior(self, x: Tensor) -> dist.TorchDistribution:
        zeros = x.new_zeros(len(x), self.config.latent_dim)
        return dist.Laplace(zeros, zeros + 1.0).to_event(1)


class ShiftedVAE(VAE):
    """Its prior is a Gaussian of another place and size, which are learned."""

    def build(self) -> None:
        super().build()
        self.prior_loc = nn.Parameter(torch.tensor((1.0, -2.0)))

    def prior(self, x: Tensor) -> dist.TorchDistribution:
        loc = self.prior_loc.expand(len(x), -1)
        return normal(loc, torch.full_like(loc, 0.5))


def test_a_prior_that_is_no_gaussian_is_scored_and_shows_none() -> None:
    prior, z = vae.prior_of(LaplaceVAE(SMALL)), torch.randn(7, 2)
    assert prior is not None
    assert not prior.is_standard
    assert prior.loc.shape == prior.scale.shape == (0, 2)
    expected = Independent(Laplace(torch.zeros(2), torch.ones(2)), 1).log_prob(z)
    np.testing.assert_allclose(prior.log_density(z.numpy()), expected, rtol=1e-5)


def test_a_gaussian_of_another_place_is_shown_where_it_is() -> None:
    model = ShiftedVAE(SMALL)
    prior, z = vae.prior_of(model), torch.randn(7, 2)
    assert prior is not None
    assert not prior.is_standard
    np.testing.assert_array_equal(prior.loc, [[1.0, -2.0]])
    np.testing.assert_array_equal(prior.scale, [[0.5, 0.5]])
    expected = Independent(Normal(torch.tensor((1.0, -2.0)), 0.5), 1).log_prob(z)
    np.testing.assert_allclose(prior.log_density(z.numpy()), expected, rtol=1e-5)
    with torch.no_grad():
        model.prior_loc.zero_()
    np.testing.assert_array_equal(prior.loc, [[1.0, -2.0]])  # a copy


def test_a_mixture_of_one_component_is_no_standard_normal() -> None:
    model = MixtureVAE(SMALL)
    prior = vae.prior_of(model)
    assert prior is not None
    assert not prior.is_standard
    np.testing.assert_array_equal(prior.loc, model.component_loc.detach())


@pytest.mark.parametrize("family", [LaplaceVAE, ShiftedVAE])
def test_the_forward_pass_scores_z_by_the_models_own_prior(family: type[VAE]) -> None:
    model = family(SMALL)
    picture = np.random.default_rng(0).integers(0, 256, SMALL.image_shape, dtype=np.uint8)
    forward = vae.pass_forward(model, picture, 3)
    with torch.no_grad():
        expected = model.prior(torch.zeros(1, 1, 4, 4)).log_prob(torch.from_numpy(forward.z)[None])
    np.testing.assert_allclose(forward.scores.log_prior, expected, rtol=1e-5)
    assert forward.scores.kl is None  # that to N(0, I) would be another
