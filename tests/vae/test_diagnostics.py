from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyro.distributions as dist
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import Categorical, Laplace, Normal, kl_divergence

import vae
from vae.configuration import ModelConfig, TrainingConfig
from vae.diagnostics import ACTIVE, Units, judge, units_of, units_of_encodings
from vae.families import FAMILIES
from vae.gradient_variance import variance_of_gradient
from vae.models import VAE, MixtureVAE
from vae.objectives import estimate

SMALL = ModelConfig(
    image_shape=(1, 4, 4),
    latent_dim=3,
    encoder_widths=(6,),
    decoder_widths=(5,),
    classes=3,
    components=4,
    inner_dim=2,
)
TRAINING = TrainingConfig()


@pytest.fixture(scope="module")
def images() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (40, 1, 4, 4), dtype=np.uint8)


@pytest.fixture(scope="module")
def labels() -> NDArray[np.int64]:
    return np.arange(40) % 3


def codes(model: VAE, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        return model.encode(torch.from_numpy(images).float() / 255.0, torch.from_numpy(labels))


@pytest.mark.parametrize("family", ["vae", "labels", "conditional", "hierarchical"])
def test_kl_per_dimension_is_that_of_torchs_normals(
    family: str, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    model = vae.build(replace(SMALL, family=family))
    units = units_of(model, images, labels)
    kl = kl_divergence(Normal(*codes(model, images, labels)), Normal(0.0, 1.0)).mean(0)
    assert units.kl is not None
    np.testing.assert_allclose(units.kl, kl.numpy(), rtol=1e-4, atol=1e-6)


def test_the_most_active_units_are_those_of_the_largest_kl() -> None:
    z_loc = np.array(((0.0, 1.0, 2.0, 0.1), (0.0, -1.0, 2.0, -0.1)), np.float32)
    z_scale = np.array(((1.0, 0.5, 1.0, 0.05), (1.0, 0.5, 1.0, 0.05)), np.float32)
    units = units_of_encodings(
        vae.build(replace(SMALL, latent_dim=4)), vae.Encodings(z_loc, z_scale, np.zeros(2, np.int64))
    )
    by_hand = [0.0, (1 + 0.25 - 1 - 2 * np.log(0.5)) / 2, 2.0, (0.01 + 0.0025 - 1 - 2 * np.log(0.05)) / 2]
    np.testing.assert_allclose(units.kl, by_hand, rtol=1e-5)  # 0, 0.82, 2 and 2.50
    assert units.most_active == (2, 3)
    assert Units(None, units.variance).most_active == (1, 3)  # 0, 1, 0 and 0.01
    assert Units(np.full(4, np.inf), units.variance).most_active == (1, 3)
    assert Units(np.zeros(3), np.zeros(3)).most_active == (0, 1)
    assert Units(np.ones(1), np.ones(1)).most_active == (0,)


def test_kl_per_dimension_of_a_mixture_and_that_of_its_component_make_its_kl(
    images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    model = MixtureVAE(replace(SMALL, family="mixture"))
    units = units_of(model, images, labels)
    x = torch.from_numpy(images).float() / 255.0
    with torch.no_grad():
        q = model.component_probabilities(x)
        kl_of_component = (q * (q * model.config.components).log()).sum(1).mean().item()
        z_loc, z_scale = codes(model, images, labels)
        places, sizes = model.component_parts()
        by_hand = sum(
            q[:, c : c + 1] * kl_divergence(Normal(z_loc, z_scale), Normal(places[c], sizes[c]))
            for c in range(model.config.components)
        )
    assert units.kl is not None
    np.testing.assert_allclose(units.kl, by_hand.mean(0).numpy(), rtol=1e-4)
    assert units.kl_beyond == pytest.approx(kl_of_component, rel=1e-4)
    assert units.kl.sum() + units.kl_beyond == pytest.approx(vae.evaluate(model, images).kl, rel=1e-4)


def test_kl_per_dimension_of_two_levels_and_that_of_the_lower_one_make_its_kl(
    images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    model = vae.build(replace(SMALL, family="hierarchical"))
    often = images.repeat(25, axis=0)  # w is told at one draw of z for each image
    units = units_of(model, often, labels.repeat(25))
    assert units.kl is not None
    x = torch.from_numpy(images).float() / 255.0
    with torch.no_grad():
        q = Normal(*codes(model, images, labels))
        z = q.sample((400,))
        of_w = kl_divergence(Normal(*model.encode_inner(x, z)), Normal(*model.inner(z))).sum(-1).mean()
    assert units.kl_beyond == pytest.approx(of_w.item(), rel=0.03)
    assert units.kl.sum() + units.kl_beyond == pytest.approx(vae.evaluate(model, often).kl, rel=0.03)


@pytest.mark.parametrize("family", ["vae", "mixture", "hierarchical"])
def test_the_kl_of_an_image_and_its_parts_are_what_its_elbo_counts(
    family: str, images: NDArray[np.uint8]
) -> None:
    model = vae.build(replace(SMALL, family=family, latent_dim=2))
    posterior = vae.posterior_of(model, images[0], noise=0.1)
    kl, beyond = vae.kl_of_image(model, posterior, images[0], noise=0.1)
    assert kl is not None
    assert kl.sum() + (beyond or 0.0) == pytest.approx(posterior.terms.kl, rel=1e-4)
    assert (beyond is None) == (family == "vae")
    if isinstance(model, MixtureVAE):
        x = torch.from_numpy(images[:1]).float() / 255.0
        x = x + 0.1 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            q = model.component_probabilities(x)
        assert beyond == pytest.approx(kl_divergence(*_categoricals(q)).item(), abs=1e-4)


def _categoricals(q: Tensor) -> tuple[Categorical, Categorical]:
    return Categorical(q), Categorical(torch.ones_like(q))


class LaplacePrior(VAE):
    """Of no family here: p(z) has heavier tails."""

    def prior(self, x: Tensor) -> dist.TorchDistribution:
        zeros = x.new_zeros(len(x), self.config.latent_dim)
        return dist.Laplace(zeros, zeros + 0.5).to_event(1)


class StudentPrior(VAE):
    """Its KL has no closed form."""

    def prior(self, x: Tensor) -> dist.TorchDistribution:
        zeros = x.new_zeros(len(x), self.config.latent_dim)
        return dist.StudentT(zeros + 3.0, zeros, zeros + 1.0).to_event(1)


def test_the_kl_per_dimension_is_that_to_the_models_own_prior(
    images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    model = LaplacePrior(SMALL)
    found = units_of(model, images, labels).kl
    z_loc, z_scale = codes(model, images, labels)
    q, draws = Normal(z_loc, z_scale), torch.Generator().manual_seed(0)
    z = z_loc + z_scale * torch.randn((4_000, *z_loc.shape), generator=draws)
    estimate_of_kl = (q.log_prob(z) - Laplace(0.0, 0.5).log_prob(z)).mean((0, 1))
    assert found is not None
    np.testing.assert_allclose(found, estimate_of_kl.numpy(), rtol=0.02)
    assert units_of(StudentPrior(SMALL), images, labels).kl is None


def test_an_autoencoder_has_no_kl_and_no_collapse(
    images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    config = replace(SMALL, family="autoencoder")
    units = units_of(vae.build(config), images, labels)
    assert units.kl is None
    assert judge(replace(units, variance=np.zeros(3)), config, TRAINING, 5.0) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_the_variance_is_numpys_over_the_means(
    family: str, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    model = vae.build(replace(SMALL, family=family))
    z_loc, _ = codes(model, images, labels)
    np.testing.assert_allclose(units_of(model, images, labels).variance, z_loc.numpy().var(0), rtol=1e-4)


def test_a_unit_that_the_encoder_leaves_alone_is_not_active(
    images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    model = vae.build(SMALL)
    last = model.encoder.layers[-1]
    with torch.no_grad():  # rows of z_loc, then rows of the scale's input
        last.weight[:3] *= torch.tensor([[30.0], [0.0], [30.0]])
    units = units_of(model, images, labels)
    assert units.active.tolist() == [True, False, True]
    assert ACTIVE == 0.01  # Burda et al. (2015)


def test_encodings_tell_the_same_as_the_images(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    model = vae.build(SMALL)
    units = units_of(model, images, labels)
    again = units_of_encodings(model, vae.encode_images(model, images, labels))
    assert units.kl is not None
    assert again.kl is not None
    np.testing.assert_allclose(units.kl, again.kl, rtol=1e-6)
    np.testing.assert_allclose(units.variance, again.variance, rtol=1e-6)
    mixture = MixtureVAE(replace(SMALL, family="mixture"))
    assert units_of_encodings(mixture, vae.encode_images(mixture, images, labels)).kl is None


# --- the judgement


def units(*active: bool) -> Units:
    return Units(kl=np.where(active, 3.0, 1e-4), variance=np.where(active, 0.9, 1e-5))


def test_all_units_active_is_nothing_to_tell() -> None:
    assert judge(units(True, True), ModelConfig(), TRAINING, 3.0) is None


def test_collapse_is_told_with_remedies_that_fit_the_run() -> None:
    collapsed = judge(units(False, False), ModelConfig(), replace(TRAINING, beta=4.0), 1.0)
    assert collapsed is not None
    assert collapsed.finding.startswith("Posterior collapse")
    assert "KL 0.0002 nats" in collapsed.finding
    assert "a lower beta (it is 4)" in collapsed.remedy
    assert "climbs from 0" in collapsed.remedy
    climbing = judge(units(False, False), ModelConfig(), replace(TRAINING, beta_warm_up=2.0), 1.0)
    assert climbing is not None
    assert "lower beta" not in climbing.remedy
    assert "climbs" not in climbing.remedy
    assert "a weaker decoder or a higher learning rate" in climbing.remedy


def test_it_is_too_early_to_judge_within_the_first_epoch() -> None:
    assert judge(units(False, False), ModelConfig(), TRAINING, 0.9) is None


def test_unused_units_of_many_are_no_harm_and_of_a_plane_are_one() -> None:
    many = judge(units(*[True] * 14, *[False] * 36), ModelConfig(latent_dim=50), TRAINING, 2.0)
    assert many is not None
    assert many.finding.startswith("14 of 50 units are active")
    assert "14 latent dimensions" in many.remedy
    plane = judge(units(True, False), ModelConfig(), TRAINING, 2.0)
    assert plane is not None
    assert plane.finding.startswith("Only 1 of 2 units")


def test_a_run_with_a_huge_beta_collapses(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    model = vae.build(replace(SMALL, latent_dim=2))
    training = TrainingConfig(epochs=15, batch_size=10, learning_rate=2e-2, beta=100.0)
    for _ in vae.train(model, training, images, images):
        pass
    found = judge(units_of(model, images, labels), model.config, training, 15.0)
    assert found is not None
    assert found.finding.startswith("Posterior collapse")


# --- the variance of the gradient


def by_hand(model: VAE, gradient: str, x: Tensor, draws: int) -> float:
    """The variance over gradients that backward() leaves in the model, each kept."""
    config = TrainingConfig(objective="sampled-elbo", gradient=gradient)
    taken = []
    for _ in range(draws):
        model.zero_grad()
        (estimate(model, config, x, None, 1.0).loss / len(x)).backward()
        taken.append(torch.cat([weight.grad.flatten() for weight in model.encoder.parameters()]))
    return torch.stack(taken).double().var(0).mean().item()


def test_the_gradients_variance_is_that_over_kept_gradients(
    images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    model = vae.build(SMALL)
    x = torch.from_numpy(images[:5]).float() / 255.0
    torch.manual_seed(7)
    expected = [by_hand(model, gradient, x, 6) for gradient in ("pathwise", "score-function")]
    torch.manual_seed(7)
    found = variance_of_gradient(model, images[:5], labels[:5], draws=6)
    assert found is not None
    assert [found.pathwise, found.score_function] == pytest.approx(expected, rel=1e-3)
    assert found.ratio == pytest.approx(expected[1] / expected[0], rel=1e-3)


def test_the_score_function_scatters_more(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    found = variance_of_gradient(vae.build(SMALL), images[:8], labels[:8])
    assert found is not None
    assert found.ratio > 10.0


@pytest.mark.parametrize("family", FAMILIES)
def test_measuring_leaves_chance_and_gradients_alone(
    family: str, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> None:
    model = vae.build(replace(SMALL, family=family))
    state = torch.get_rng_state()
    found = variance_of_gradient(model, images[:5], labels[:5], draws=2)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(weight.grad is None for weight in model.parameters())
    assert (found is None) == (family in ("autoencoder", "mixture"))
