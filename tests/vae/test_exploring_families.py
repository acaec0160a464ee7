"""What the plane is told of each family, against torch's own distributions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.distributions import Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal

import vae
from vae import VAE
from vae.configuration import ModelConfig
from vae.errors import ConfigurationError
from vae.inference import NOISE_SEED
from vae.manifold import plan_of, save_manifold
from vae.models import ConditionalVAE, LabelVAE, MixtureVAE

SMALL = ModelConfig((1, 6, 5), 2, (12,), (12,), classes=4, components=3)


def made(**fields: object) -> VAE:
    """A model of random weights, large enough to tell one code from another."""
    model = vae.build(replace(SMALL, **fields), seed=3).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)
    return model


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (20, *SMALL.image_shape), dtype=np.uint8)


def tensor_of(pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pictures / np.float32(255.0))


# --- the prior


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_the_prior_of_a_vae_is_a_standard_normal(latent_dim: int) -> None:
    prior, z = vae.prior_of(made(latent_dim=latent_dim)), torch.randn(7, latent_dim)
    expected = MultivariateNormal(torch.zeros(latent_dim), torch.eye(latent_dim)).log_prob(z)
    assert prior is not None
    assert prior.is_standard
    np.testing.assert_allclose(prior.log_density(z.numpy()), expected, rtol=1e-5)


@torch.no_grad()
def test_the_prior_of_a_mixture_is_the_mixture() -> None:
    model, z = made(family="mixture", latent_dim=3), 2.0 * torch.randn(7, 3)
    assert isinstance(model, MixtureVAE)
    parts = Independent(Normal(*model.component_parts()), 1)
    expected = MixtureSameFamily(Categorical(torch.ones(3)), parts).log_prob(z)
    prior = vae.prior_of(model)
    assert prior is not None
    assert not prior.is_standard
    np.testing.assert_allclose(prior.log_density(z.numpy()), expected, rtol=1e-5)


def test_an_autoencoder_has_no_prior_and_encodes_to_points(pictures: np.ndarray) -> None:
    model = made(family="autoencoder")
    assert vae.prior_of(model) is None
    posterior = vae.posterior_of(model, pictures[0])
    assert posterior.is_point
    assert posterior.terms.kl == 0.0
    assert not vae.posterior_of(made(), pictures[0]).is_point


# --- one code


@torch.no_grad()
def test_a_conditional_model_decodes_one_code_for_each_label() -> None:
    model, z = made(family="conditional"), np.array([0.4, -0.9], np.float32)
    decoded = vae.decode_code(model, z, 2)
    assert decoded.each_class is not None
    for label, picture in enumerate(decoded.each_class):
        assert isinstance(model, ConditionalVAE)
        mean = model.decode(torch.from_numpy(z)[None], torch.tensor([label]))[0]
        assert np.abs(picture / 255.0 - mean.numpy()).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(decoded.picture, decoded.each_class[2])
    assert not np.array_equal(decoded.each_class[1], decoded.each_class[2])


@torch.no_grad()
def test_a_model_of_labels_tells_how_probable_each_is() -> None:
    model, z = made(family="labels"), np.array([0.4, -0.9], np.float32)
    assert isinstance(model, LabelVAE)
    expected = Categorical(logits=model.classifier(torch.from_numpy(z)[None])).probs[0]
    np.testing.assert_allclose(vae.decode_code(model, z).label_probabilities, expected, rtol=1e-5)
    assert vae.decode_code(made(), z).label_probabilities is None


@pytest.mark.parametrize(("sigma", "different"), [("image", 1), ("pixel", 30)])
def test_a_learned_sigma_is_told(sigma: str, different: int) -> None:
    model, z = made(likelihood="gaussian", sigma=sigma), np.array([0.4, -0.9], np.float32)
    told = vae.decode_code(model, z).sigma
    assert told is not None
    assert told.shape == SMALL.image_shape
    assert len(np.unique(told)) == different
    distribution = model.likelihood.distribution(model.parameters_of_x(torch.from_numpy(z)[None]))
    np.testing.assert_allclose(told, distribution.base_dist.scale[0].detach(), rtol=1e-6)
    assert vae.decode_code(made(likelihood="gaussian"), z).sigma is None


# --- classes


@torch.no_grad()
def test_accuracy_is_the_share_of_labels_that_are_the_most_probable(pictures: np.ndarray) -> None:
    model = made(family="labels")
    assert isinstance(model, LabelVAE)
    best = model.classifier(model.encode(tensor_of(pictures))[0]).argmax(1).numpy()
    labels = np.where(np.arange(20) < 15, best, (best + 1) % 4)
    labels[0] = -1  # not known
    encodings = vae.encode_images(model, pictures, labels)
    assert vae.accuracy(model, encodings) == pytest.approx(14 / 19)
    assert vae.accuracy(made(), encodings) is None


@torch.no_grad()
def test_each_image_belongs_to_its_most_probable_component(pictures: np.ndarray) -> None:
    model = made(family="mixture")
    assert isinstance(model, MixtureVAE)
    expected = model.component_probabilities(tensor_of(pictures)).argmax(1)
    np.testing.assert_array_equal(vae.components_of(model, pictures), expected)
    assert vae.components_of(made(), pictures) is None


# --- what the encoder is shown and told


@torch.no_grad()
def test_the_encoder_sees_the_noise_and_the_likelihood_the_image(pictures: np.ndarray) -> None:
    model, x = made(), tensor_of(pictures[:1])
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(NOISE_SEED))
    posterior = vae.posterior_of(model, pictures[0], noise=0.3)
    z_loc, z_scale = model.encode(x + 0.3 * noise)
    np.testing.assert_allclose(posterior.z_loc, z_loc[0], rtol=1e-5)
    assert np.abs(posterior.seen / 255 - (x + 0.3 * noise).clamp(0, 1)[0].numpy()).max() <= 0.5 / 255 + 1e-6
    z = z_loc + z_scale * torch.randn(20_000, 2)
    expected = model.log_likelihood(x.expand(len(z), -1, -1, -1), z)
    error = expected.std().item() / 64**0.5
    assert posterior.terms.reconstruction == pytest.approx(expected.mean().item(), abs=5 * error)
    assert np.array_equal(posterior.z_loc, vae.posterior_of(model, pictures[0], noise=0.3).z_loc)
    assert np.array_equal(vae.posterior_of(model, pictures[0]).seen, pictures[0])


@pytest.mark.parametrize("family", ["labels", "conditional"])
def test_labels_that_the_model_does_not_know_are_left_out(family: str, pictures: np.ndarray) -> None:
    model = made(family=family)
    for label in (-1, 4, 200):
        unknown = vae.posterior_of(model, pictures[0], label)
        assert unknown.terms == vae.posterior_of(model, pictures[0]).terms
        assert unknown.terms.label is None
        assert vae.encode_images(model, pictures, np.full(20, label)).z_loc.shape == (20, 2)


@torch.no_grad()
def test_the_label_of_an_image_is_scored(pictures: np.ndarray) -> None:
    model = made(family="labels")
    assert isinstance(model, LabelVAE)
    terms = vae.posterior_of(model, pictures[0], 3).terms
    z_loc, z_scale = model.encode(tensor_of(pictures[:1]))
    scores = Categorical(logits=model.classifier(z_loc + z_scale * torch.randn(20_000, 2))).log_prob(
        torch.tensor(3)
    )
    assert terms.label == pytest.approx(scores.mean().item(), abs=5 * scores.std().item() / 8)
    assert terms.elbo == pytest.approx(terms.reconstruction + terms.label - terms.kl)


# --- the manifold as a picture


def manifold(path: Path, model: VAE, label: int | None) -> np.ndarray:
    """The picture of 3 x 3 images over [-1, 1]²."""
    for _ in save_manifold(path, model, plan_of(model.config, 1.0, 3, label)):
        pass
    with Image.open(path) as image:
        return np.asarray(image)


def test_a_manifold_is_decoded_with_the_label_that_is_asked_for(tmp_path: Path) -> None:
    model, corner = made(family="conditional"), np.array([[-1.0, 1.0]])
    for asked, told in ((None, 0), (2, 2)):
        picture = manifold(tmp_path / "manifold.png", model, asked)
        expected = vae.decode_images(model, corner, told)[0, 0].astype(int)
        assert np.abs(picture[:6, :5] - expected).max() <= 1


def test_a_label_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="from 0 to 3"):
        manifold(tmp_path / "manifold.png", made(family="conditional"), 4)
    with pytest.raises(ConfigurationError, match="without labels"):
        manifold(tmp_path / "manifold.png", made(), 1)
    assert not list(tmp_path.iterdir())
