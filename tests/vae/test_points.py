"""Clouds of points, the energy distance, and an autoencoder and a VAE that learn from them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import vae
from vae.configuration import TrainingConfig
from vae.errors import DatasetError
from vae.point_models import SAMPLES, PointModel
from vae.points import CLOUDS, EXTENT, FEWEST_PAINTED, draw_cloud, energy_distance, painted_cloud
from vae.presets import POINTS, POINTS_AUTOENCODER, PRESETS, preset_of
from vae.side_by_side import SideBySide

Array = NDArray[np.float64]
Command = Callable[..., Any]  # of tests/conftest.py


@pytest.fixture(scope="module")
def trained() -> SideBySide:
    """Both presets, trained to the end on two Gaussians, as the Points tab does."""
    pair = SideBySide(draw_cloud("two-gaussians"), latent_dim=1)
    *_, last = pair
    assert last.step == last.steps == pair.step
    return pair


# --- the energy distance


def by_hand(a: Array, b: Array) -> float:
    """Székely & Rizzo (2013), equation 6, pair by pair."""

    def mean(first: Array, second: Array) -> float:
        return math.fsum(math.dist(x, y) for x, y in itertools.product(first, second)) / (
            len(first) * len(second)
        )

    return 2 * mean(a, b) - mean(a, a) - mean(b, b)


@pytest.mark.parametrize("dimensions", [1, 2, 5])
def test_the_energy_distance_is_that_of_the_formula(dimensions: int) -> None:
    random = np.random.default_rng(dimensions)
    a, b = random.standard_normal((17, dimensions)), 0.5 + random.standard_normal((23, dimensions))
    assert energy_distance(a, b) == pytest.approx(by_hand(a, b), rel=1e-6)
    assert energy_distance(b, a) == pytest.approx(energy_distance(a, b))


def test_the_energy_distance_of_two_places_is_twice_what_lies_between() -> None:
    assert energy_distance(np.zeros((3, 2)), np.full((4, 2), (3.0, 4.0))) == pytest.approx(10.0)


def test_the_energy_distance_is_nought_for_the_same_points_alone() -> None:
    points = draw_cloud("moons").test
    assert energy_distance(points, points[::-1]) == pytest.approx(0.0, abs=1e-6)
    assert energy_distance(points, points + np.float32(0.3)) > 0.01


# --- the clouds


@pytest.mark.parametrize("name", CLOUDS)
def test_a_cloud_is_drawn_from_its_seed(name: str) -> None:
    cloud, again, other = draw_cloud(name, 3), draw_cloud(name, 3), draw_cloud(name, 4)
    assert cloud.info is CLOUDS[name]
    assert cloud.train_images.shape == (2_000, *cloud.info.image_shape)
    assert cloud.train_images.dtype == np.float32
    assert set(np.unique(cloud.train_labels)) == set(range(len(cloud.info.classes)))
    assert np.mean(np.abs(cloud.train) < EXTENT) > 0.999
    np.testing.assert_array_equal(cloud.train, again.train)
    assert not np.array_equal(cloud.train, other.train)
    same, moved = (energy_distance(other.test, points) for points in (cloud.test, cloud.test + 0.5))
    assert same < 0.02 < moved


def test_points_of_a_ring_lie_on_it_and_those_of_two_gaussians_around_two_places() -> None:
    radius = np.hypot(*draw_cloud("ring").train.T)
    assert radius.mean() == pytest.approx(1.7, abs=0.01)
    assert radius.std() == pytest.approx(0.12, abs=0.01)
    cloud = draw_cloud("two-gaussians")
    for label, place in enumerate(((-1.3, -0.7), (1.3, 0.7))):
        cluster = cloud.train[cloud.train_labels == label]
        np.testing.assert_allclose(cluster.mean(0), place, atol=0.05)
        np.testing.assert_allclose(np.cov(cluster.T), 0.45**2 * np.eye(2), atol=0.02)


def test_an_unknown_cloud_is_refused_by_name() -> None:
    with pytest.raises(DatasetError, match=r"'galaxy'.*two-gaussians, ring"):
        draw_cloud("galaxy")


def test_painted_points_are_all_used_and_a_quarter_is_held_out() -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (100, 2)).astype(np.float32)
    cloud = painted_cloud(points)
    assert (len(cloud.train), len(cloud.test)) == (75, 25)
    together = np.concatenate((cloud.train, cloud.test))
    np.testing.assert_array_equal(np.sort(together, axis=0), np.sort(points, axis=0))


def test_a_few_painted_points_are_too_few() -> None:
    with pytest.raises(DatasetError, match=f"19 painted points.*at least {FEWEST_PAINTED}"):
        painted_cloud(np.zeros((FEWEST_PAINTED - 1, 2), np.float32))


# --- the presets


def test_only_the_presets_for_points_are_for_points() -> None:
    assert {name for name, preset in PRESETS.items() if preset.for_points} == {POINTS, POINTS_AUTOENCODER}
    preset = preset_of(POINTS)
    assert preset.training.particles > 1
    assert preset.model.sigma != "fixed"


def test_several_draws_a_point_estimate_the_same_bound() -> None:
    """Terms that are means over the draws, and not sums."""
    cloud, terms = draw_cloud("moons"), []
    for particles in (1, 50):
        config = TrainingConfig(epochs=1, batch_size=2_000, particles=particles)
        run = vae.Training(vae.build(preset_of(POINTS).model, 1), config, cloud)
        report = next(run)
        assert isinstance(report, vae.StepReport)
        terms.append(report.train)
    assert terms[0].kl == pytest.approx(terms[1].kl, rel=1e-4)
    assert terms[0].reconstruction == pytest.approx(terms[1].reconstruction, rel=0.02)


# --- side by side


def test_the_autoencoder_decodes_onto_a_curve(trained: SideBySide) -> None:
    """Whatever z is, x lies on one thin line; the VAE's samples fill the plane around it."""
    curve = trained.autoencoder.decode(np.linspace(-8, 8, 4_001)[:, None]).mean

    def off_the_curve(points: NDArray[np.float32]) -> NDArray[np.float64]:
        gaps = np.hypot(*np.moveaxis(points[:, None] - curve, -1, 0))
        return np.asarray(gaps.min(1), np.float64)

    assert off_the_curve(trained.autoencoder.sample(300)).max() < 0.01
    assert np.median(off_the_curve(trained.vae.sample(300))) > 0.1
    assert np.median(off_the_curve(trained.cloud.test[:300])) > 0.1


def test_samples_of_the_vae_are_several_times_nearer_to_the_data(trained: SideBySide) -> None:
    found = trained.distances()
    assert 5 * found.vae < found.autoencoder
    assert 5 * found.vae < found.autoencoder_standard
    assert found.vae == energy_distance(trained.vae.sample(SAMPLES), trained.cloud.test)


def test_samples_of_the_vae_cover_both_clusters(trained: SideBySide) -> None:
    samples = trained.vae.sample(2_000)
    for label in (0, 1):
        cluster = trained.cloud.test[trained.cloud.test_labels == label]
        near = samples[np.hypot(*(samples - cluster.mean(0)).T) < 3 * 0.45]
        assert len(near) > 0.4 * len(samples)
        np.testing.assert_allclose(near.std(0), cluster.std(0), atol=0.1)


def test_the_elbo_of_the_vae_is_below_the_entropy_of_the_data(trained: SideBySide) -> None:
    """The mean of log p(x) is at most minus the entropy, and the clusters are too far apart to share mass."""
    entropy = math.log(2) + math.log(2 * math.pi * math.e * 0.45**2)
    assert trained.test is not None
    assert -entropy - 0.3 < trained.test.elbo < -entropy + 0.05


def test_codes_are_told_in_standard_deviations_of_what_they_are_sampled_from(trained: SideBySide) -> None:
    loc, scale = trained.autoencoder.encode(trained.cloud.train)
    assert loc.mean() == pytest.approx(0.0, abs=1e-3)
    assert loc.std() == pytest.approx(1.0, abs=1e-2)
    assert not scale.any()
    x = torch.from_numpy(trained.cloud.train_images)
    with torch.no_grad():
        decoded = trained.autoencoder.model.decode(trained.autoencoder.model.encode(x)[0])
        z_loc, z_scale = trained.vae.model.encode(x)
    np.testing.assert_allclose(trained.autoencoder.decode(loc).mean, decoded.reshape(-1, 2), atol=1e-3)
    for found, expected in zip(trained.vae.encode(trained.cloud.train), (z_loc, z_scale), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_two_dimensions_that_hang_together_are_sampled_as_they_do() -> None:
    points = draw_cloud("ring").train
    model = PointModel(vae.build(replace(preset_of(POINTS_AUTOENCODER).model, latent_dim=2)), points)
    np.testing.assert_allclose(np.cov(model.encode(points)[0].T), np.eye(2), atol=1e-2)


def test_a_run_of_points_leaves_the_chance_of_other_runs_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    pair = SideBySide(draw_cloud("ring"), latent_dim=2)
    for _ in range(3):
        next(pair)
    assert torch.equal(torch.rand(3), expected)


def test_the_same_seed_gives_the_same_weights() -> None:
    found = []
    for _ in range(2):
        pair = SideBySide(draw_cloud("ring"), latent_dim=1, seed=7)
        for _ in range(3):
            next(pair)
        found.append(pair.vae.sample(10))
        torch.rand(5)
    np.testing.assert_array_equal(*found)


def test_few_points_are_learned_from_as_long_as_many() -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (40, 2)).astype(np.float32)
    many, few = SideBySide(draw_cloud("ring"), 1), SideBySide(painted_cloud(points), 1)
    assert few.steps == many.steps


# --- the command line


def test_points_are_trained_from_the_command_line(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "moons.safetensors"
    outcome = command(
        *("train", "--preset", POINTS, "--dataset", "moons", "--epochs", 1, "--latent-dim", 2, "--out", out)
    )
    assert outcome.code == 0
    checkpoint = vae.load(out)
    assert (checkpoint.preset, checkpoint.dataset) == (POINTS, "moons")
    assert checkpoint.model.config.real_valued
    assert checkpoint.encodings.z_loc.shape == (1_000, 2)


def test_images_and_points_are_not_mixed_up(command: Command) -> None:
    command("train", "--preset", POINTS, "--dataset", "mnist").assert_refused(POINTS, "two-gaussians")
    command("train", "--preset", "lecture", "--dataset", "ring").assert_refused("ring", POINTS)
