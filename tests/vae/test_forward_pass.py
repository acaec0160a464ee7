from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

import vae
from vae.configuration import ModelConfig
from vae.forward_pass import ForwardPass

SHAPES = [(1, 6, 5), (3, 4, 4)]


def made(latent_dim: int, image_shape: tuple[int, int, int]) -> vae.VAE:
    """A model of random weights, large enough to tell one code from another."""
    model = vae.VAE(ModelConfig(image_shape, latent_dim, (20, 12), (9, 17)), seed=3).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)
    return model


def picture_of(image_shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, image_shape, dtype=np.uint8)


@pytest.fixture(params=[(1, SHAPES[0]), (2, SHAPES[0]), (2, SHAPES[1]), (5, SHAPES[1])], ids=str)
def case(request: pytest.FixtureRequest) -> tuple[vae.VAE, np.ndarray]:
    latent_dim, image_shape = request.param
    return made(latent_dim, image_shape), picture_of(image_shape)


@pytest.fixture
def forward(case: tuple[vae.VAE, np.ndarray]) -> ForwardPass:
    return vae.pass_forward(*case, seed=7)


def test_the_terms_are_those_of_the_distributions(
    case: tuple[vae.VAE, np.ndarray], forward: ForwardPass
) -> None:
    model, picture = case
    x = torch.from_numpy(picture / np.float32(255.0))[None]
    z = torch.from_numpy(forward.z)
    q = Normal(torch.from_numpy(forward.z_loc), torch.from_numpy(forward.z_scale))
    prior = Normal(torch.zeros(len(z)), torch.ones(len(z)))
    with torch.no_grad():
        mean = model.decode(z[None])
    likelihood = Bernoulli(probs=mean, validate_args=False).log_prob(x).sum()
    scores = forward.scores
    assert scores.log_likelihood[0] == pytest.approx(likelihood.item(), rel=1e-4)
    assert scores.log_prior[0] == pytest.approx(prior.log_prob(z).sum().item(), rel=1e-5)
    assert scores.log_q[0] == pytest.approx(q.log_prob(z).sum().item(), rel=1e-5)
    assert scores.kl == pytest.approx(kl_divergence(q, prior).sum().item(), rel=1e-4)
    assert scores.elbo[0] == scores.log_likelihood[0] + scores.log_prior[0] - scores.log_q[0]
    assert scores.elbo_by_kl[0] == pytest.approx(scores.log_likelihood[0] - scores.kl, rel=1e-6)


def test_every_step_follows_from_the_one_before(
    case: tuple[vae.VAE, np.ndarray], forward: ForwardPass
) -> None:
    model, picture = case
    with torch.no_grad():
        z_loc, z_scale = model.encode(torch.from_numpy(picture / np.float32(255.0))[None])
        logits = model.decoder(torch.from_numpy(forward.z)[None])
    np.testing.assert_array_equal(forward.z_loc, z_loc[0])
    np.testing.assert_array_equal(forward.z_scale, z_scale[0])
    np.testing.assert_allclose(forward.z, forward.z_loc + forward.z_scale * forward.epsilon, rtol=1e-6)
    np.testing.assert_array_equal(forward.parameters, logits[0])
    np.testing.assert_allclose(forward.mean, 255 / (1 + np.exp(-forward.parameters)), atol=0.51)
    assert forward.pixel_log_prob.sum() == pytest.approx(forward.scores.log_likelihood[0], rel=1e-5)
    assert np.all(forward.pixel_log_prob <= 0)


def test_every_array_has_its_shape(case: tuple[vae.VAE, np.ndarray], forward: ForwardPass) -> None:
    model, picture = case
    latent_dim = (model.config.latent_dim,)
    assert (
        forward.z_loc.shape == forward.z_scale.shape == forward.epsilon.shape == forward.z.shape == latent_dim
    )
    for image in (
        forward.x,
        forward.seen,
        forward.parameters,
        forward.mean,
        forward.sample,
        forward.pixel_log_prob,
    ):
        assert image.shape == picture.shape
    assert [len(layer) for layer in forward.encoder_layers] == [20, 12]
    assert [len(layer) for layer in forward.decoder_layers] == [9, 17]


def test_the_last_hidden_layer_leads_to_the_output(
    case: tuple[vae.VAE, np.ndarray], forward: ForwardPass
) -> None:
    *_, last, to_image = case[0].decoder.layers
    with torch.no_grad():
        logits = to_image(last(torch.from_numpy(forward.decoder_layers[-1])[None]))
    np.testing.assert_allclose(logits[0], forward.parameters, rtol=1e-4, atol=1e-5)


def test_a_pass_leaves_nothing_behind_in_the_model(case: tuple[vae.VAE, np.ndarray]) -> None:
    vae.pass_forward(*case, seed=0)
    assert not any(module._forward_hooks for module in case[0].modules())


def test_a_seed_tells_all(case: tuple[vae.VAE, np.ndarray], forward: ForwardPass) -> None:
    again, other = vae.pass_forward(*case, seed=7), vae.pass_forward(*case, seed=8)
    np.testing.assert_array_equal(again.epsilon, forward.epsilon)
    np.testing.assert_array_equal(again.sample, forward.sample)
    assert not np.array_equal(other.epsilon, forward.epsilon)
    assert not np.array_equal(other.sample, forward.sample)


def test_scores_are_those_of_single_passes(case: tuple[vae.VAE, np.ndarray]) -> None:
    scores = vae.score_draws(*case, seeds=range(3, 6))
    single = vae.join_scores(vae.pass_forward(*case, seed).scores for seed in range(3, 6))
    for name in ("log_likelihood", "log_prior", "log_q", "elbo", "elbo_by_kl"):
        np.testing.assert_allclose(getattr(scores, name), getattr(single, name), rtol=1e-4, atol=1e-4)
    assert scores.kl == single.kl


def test_both_estimates_have_the_same_mean(case: tuple[vae.VAE, np.ndarray]) -> None:
    """Their difference, log p(z) - log q(z|x) + KL, is zero on average: within 5 standard errors here."""
    scores = vae.score_draws(*case, seeds=range(2_000))
    difference = (scores.elbo - scores.elbo_by_kl).astype(np.float64)
    error = difference.std(ddof=1) / np.sqrt(len(difference))
    assert error > 0
    assert abs(difference.mean()) < 5 * error


def test_the_sample_is_one_for_one_drawn_from_the_mean() -> None:
    model, picture = made(2, (1, 6, 5)), picture_of((1, 6, 5))
    passes = [vae.pass_forward(model, picture, seed) for seed in range(400)]
    assert set(np.unique(passes[0].sample)) <= {0, 255}
    excess = np.array([(one.sample / 255.0 - one.mean / 255.0).mean() for one in passes])
    assert abs(excess.mean()) < 5 * excess.std(ddof=1) / np.sqrt(len(excess)) + 1 / 510  # half a grey level


# --- other likelihoods, networks and families

LIKELIHOODS = {
    "continuous-bernoulli": {"likelihood": "continuous-bernoulli"},
    "categorical": {"likelihood": "categorical", "levels": 5},
    "gaussian": {"likelihood": "gaussian"},
    "gaussian-image": {"likelihood": "gaussian", "sigma": "image"},
    "gaussian-pixel": {"likelihood": "gaussian", "sigma": "pixel"},
}


def family_of(**fields: object) -> vae.VAE:
    config = ModelConfig((1, 6, 5), 2, (20, 12), (9, 17), classes=4, components=3)
    return vae.build(replace(config, **fields), seed=3).eval()


@pytest.mark.parametrize("name", LIKELIHOODS)
@torch.no_grad()
def test_each_likelihood_scores_and_draws_by_its_own_distribution(name: str) -> None:
    model, picture = family_of(**LIKELIHOODS[name]), picture_of((1, 6, 5))
    forward, x = vae.pass_forward(model, picture, seed=7), torch.from_numpy(picture / np.float32(255.0))[None]
    distribution = model.likelihood.distribution(torch.from_numpy(forward.parameters)[None])
    expected = distribution.log_prob(model.likelihood.observation(x)).item()
    assert forward.pixel_log_prob.sum() == pytest.approx(expected, rel=1e-4)
    assert forward.scores.log_likelihood[0] == pytest.approx(expected, rel=1e-4)
    np.testing.assert_allclose(
        forward.mean / 255, model.decode(torch.from_numpy(forward.z)[None])[0], atol=0.002
    )
    assert (forward.sigma is None) == (model.config.likelihood != "gaussian")
    again, other = vae.pass_forward(model, picture, seed=7), vae.pass_forward(model, picture, seed=8)
    np.testing.assert_array_equal(again.sample, forward.sample)
    assert not np.array_equal(other.sample, forward.sample)
    if name == "categorical":
        assert set(np.unique(forward.sample)) <= {0, 64, 128, 191, 255}


def test_drawing_leaves_torchs_generator_alone() -> None:
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    vae.pass_forward(family_of(likelihood="gaussian"), picture_of((1, 6, 5)), seed=7, noise=0.2)
    assert torch.equal(torch.rand(3), expected)


def test_convolutions_put_out_maps() -> None:
    model = family_of(network="convolutional", encoder_widths=(4, 8), decoder_widths=(8, 4))
    forward = vae.pass_forward(model, picture_of((1, 6, 5)), seed=7)
    assert [layer.shape for layer in forward.encoder_layers] == [(4, 3, 3), (8, 2, 2)]
    assert [layer.shape for layer in forward.decoder_layers] == [(8, 2, 2), (4, 3, 3)]


@torch.no_grad()
def test_the_encoder_sees_the_noise_that_is_asked_for() -> None:
    model, picture = family_of(), picture_of((1, 6, 5))
    forward, posterior = (
        vae.pass_forward(model, picture, 7, noise=0.4),
        vae.posterior_of(model, picture, None, 0.4),
    )
    np.testing.assert_array_equal(forward.seen, posterior.seen)
    np.testing.assert_allclose(forward.z_loc, posterior.z_loc, rtol=1e-6)
    assert not np.array_equal(forward.z_loc, vae.pass_forward(model, picture, 7).z_loc)
    np.testing.assert_array_equal(vae.pass_forward(model, picture, 7).seen, picture)


@torch.no_grad()
def test_a_conditional_model_is_told_the_label_on_both_sides() -> None:
    model, picture, y = family_of(family="conditional"), picture_of((1, 6, 5)), torch.tensor([2])
    forward, x = vae.pass_forward(model, picture, 7, 2), torch.from_numpy(picture / np.float32(255.0))[None]
    np.testing.assert_allclose(forward.z_loc, model.encode(x, y)[0][0], rtol=1e-6)
    z = torch.from_numpy(forward.z)[None]
    np.testing.assert_allclose(forward.parameters, model.parameters_of_x(z, y)[0], rtol=1e-6)
    scores = vae.score_draws(model, picture, range(7, 9), 2)
    assert scores.log_likelihood[0] == pytest.approx(model.log_likelihood(x, z, y).item(), rel=1e-5)


@torch.no_grad()
def test_the_label_is_a_term_of_its_own() -> None:
    model, picture = family_of(family="labels"), picture_of((1, 6, 5))
    forward = vae.pass_forward(model, picture, 7, 3)
    scores = forward.scores
    expected = torch.distributions.Categorical(logits=model.classifier(torch.from_numpy(forward.z))).log_prob(
        torch.tensor(3)
    )
    assert scores.log_label is not None
    assert scores.log_label[0] == pytest.approx(expected.item(), rel=1e-5)
    assert scores.elbo[0] == pytest.approx(
        scores.log_likelihood[0] + scores.log_label[0] + scores.log_prior[0] - scores.log_q[0], rel=1e-5
    )
    assert vae.pass_forward(model, picture, 7).scores.log_label is None


def test_of_a_mixture_z_is_scored_by_the_whole_prior_and_no_kl_is_made_up() -> None:
    model, picture = family_of(family="mixture"), picture_of((1, 6, 5))
    scores = vae.score_draws(model, picture, range(400))
    prior = vae.prior_of(model)
    forward = vae.pass_forward(model, picture, 0)
    assert prior is not None
    assert scores.log_prior[0] == pytest.approx(prior.log_density(forward.z[None])[0], rel=1e-5)
    assert scores.kl is None
    assert scores.elbo_by_kl is None
    below = vae.posterior_of(model, picture).terms.elbo  # bounds log p(x) with q(c|x) drawn: not as tightly
    assert scores.elbo.mean() > below - 0.1


def test_an_autoencoder_draws_nothing() -> None:
    model, picture = family_of(family="autoencoder"), picture_of((1, 6, 5))
    forward = vae.pass_forward(model, picture, 7)
    np.testing.assert_array_equal(forward.z, forward.z_loc)
    assert forward.prior is None
    assert forward.scores.elbo[0] == forward.scores.log_likelihood[0]
    assert forward.scores.elbo[0] == pytest.approx(vae.posterior_of(model, picture).terms.elbo, rel=1e-5)


@torch.no_grad()
def test_of_two_levels_the_lower_one_stands_at_its_mean() -> None:
    model, picture = family_of(family="hierarchical"), picture_of((1, 6, 5))
    forward = vae.pass_forward(model, picture, 7)
    expected = model.decoder(model.inner(torch.from_numpy(forward.z)[None])[0])[0]
    np.testing.assert_allclose(forward.parameters, expected, rtol=1e-5)
