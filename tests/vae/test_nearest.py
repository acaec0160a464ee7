"""What is near a code, against a search of all images and a mixture of torch's own."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

import vae
from vae import Encodings, NearData

T = TypeVar("T")


def finish(steps: Generator[None, None, T]) -> T:
    """What the last slice returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result


def encodings(count: int, latent_dim: int, scale: float = 0.05) -> Encodings:
    chance = np.random.default_rng(count + latent_dim)
    z_loc = chance.standard_normal((count, latent_dim)).astype(np.float32)
    z_scale = (scale * chance.uniform(0.5, 2.0, (count, latent_dim))).astype(np.float32)
    return Encodings(z_loc, z_scale, np.arange(count) % 10)


def arranged(codes: Encodings) -> NearData:
    return finish(vae.near_data(codes))


@pytest.mark.parametrize("latent_dim", [1, 2, 50])
def test_the_nearest_is_that_of_a_search_through_all(latent_dim: int) -> None:
    codes = encodings(3_000, latent_dim)
    data = arranged(codes)
    for z in np.random.default_rng(1).normal(scale=1.5, size=(30, latent_dim)).astype(np.float32):
        gaps = np.linalg.norm(codes.z_loc.astype(np.float64) - z, axis=1)
        found = data.at(z)
        assert found.index == gaps.argmin()
        assert found.distance == pytest.approx(gaps.min(), rel=1e-5)


def test_images_closer_together_than_rounding_are_told_apart() -> None:
    z_loc = np.array(((30.0, 30.0), (30.0, 30.0001), (30.0, 30.0002)), np.float32)
    data = arranged(Encodings(z_loc, np.full_like(z_loc, 0.1), np.zeros(3, np.int64)))
    assert [data.at(z).index for z in z_loc] == [0, 1, 2]
    assert [data.at(z).distance for z in z_loc] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("latent_dim", [1, 2, 10])
def test_the_density_of_q_is_that_of_the_mixture_of_all_posteriors(latent_dim: int) -> None:
    codes = encodings(500, latent_dim, scale=0.3)
    loc, scale = (torch.from_numpy(part).double() for part in (codes.z_loc, codes.z_scale))
    mixture = MixtureSameFamily(Categorical(torch.ones(500)), Independent(Normal(loc, scale), 1))
    data = arranged(codes)
    for z in np.random.default_rng(2).standard_normal((20, latent_dim)).astype(np.float32):
        assert data.at(z).log_q == pytest.approx(
            float(mixture.log_prob(torch.from_numpy(z).double())), rel=1e-6
        )


def test_points_without_extent_have_no_density() -> None:
    codes = encodings(20, 2)
    points = Encodings(codes.z_loc, np.zeros_like(codes.z_scale), codes.labels)
    assert arranged(points).at(codes.z_loc[3]).log_q is None


def test_far_is_farther_than_neighbours_lie_from_each_other() -> None:
    """On a lattice they all lie as far: halfway between is near, and outside by more than a step is far."""
    steps = np.arange(20) * 0.5
    lattice = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2).astype(np.float32)
    data = arranged(Encodings(lattice, np.full_like(lattice, 0.1), np.zeros(400, np.int64)))
    assert data.reach == pytest.approx(0.5)
    places = np.array(((2.25, 2.25), (9.9, 5.0), (10.2, 5.0), (-3.0, -3.0)), np.float32)
    assert [data.at(z).is_far for z in places] == [False, False, True, True]


def test_no_image_is_far_from_itself() -> None:
    codes = encodings(2_500, 2)
    data = arranged(codes)
    assert not any(data.at(z).is_far for z in codes.z_loc[::50])


def test_the_reach_is_exceeded_by_one_image_in_a_hundred() -> None:
    codes = encodings(1_000, 2)
    gaps = np.linalg.norm(codes.z_loc[:, None] - codes.z_loc[None], axis=2)
    np.fill_diagonal(gaps, np.inf)
    assert np.mean(gaps.min(1) > arranged(codes).reach) == pytest.approx(0.01, abs=0.001)


def test_a_single_image_is_near_itself_alone() -> None:
    codes = Encodings(np.ones((1, 2), np.float32), np.ones((1, 2), np.float32), np.zeros(1, np.int64))
    data = arranged(codes)
    assert not data.at(np.ones(2, np.float32)).is_far
    assert data.at(np.zeros(2, np.float32)).is_far
