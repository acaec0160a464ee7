"""Geodesics of decoders whose geometry is known."""

from __future__ import annotations

from collections.abc import Callable, Generator
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

import vae
from vae.configuration import ModelConfig
from vae.descent import descend
from vae.geometry import Curve, Decode, geodesics, mean_images, straight_line
from vae.shortest_path import OFFSETS, shortest_path

SHARES = np.linspace(0, 1, 65)


def found(decode: Decode, a: list[float], b: list[float]) -> tuple[Curve, Curve]:
    """The straight line and the last geodesic; each path on the way is shorter than the one before."""
    line = straight_line(decode, np.array(a, np.float32), np.array(b, np.float32))
    curves = [curve for curve in geodesics(decode, line) if curve is not None]
    assert curves[0] is line
    assert all(later.image_length < before.image_length for before, later in pairwise(curves))
    for curve in curves:
        np.testing.assert_allclose(curve.codes[[0, -1]], line.codes, atol=1e-6)
    return line, curves[-1]


def flat(z: Tensor) -> Tensor:
    return z @ torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]])


def polar(z: Tensor) -> Tensor:
    r, phi = z.T
    return torch.stack((r * phi.cos(), r * phi.sin()), dim=1)


def sphere(z: Tensor) -> Tensor:
    """Latitude and longitude."""
    latitude, longitude = z.T
    return torch.stack(
        (latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()), dim=1
    )


def opaque(decode: Decode) -> Decode:
    """A decoder that no gradient goes through, as somebody else's may be."""

    def decode_arrays(z: Tensor) -> Tensor:
        with torch.no_grad():
            return decode(z.detach())

    return decode_arrays


KINDS: list[Callable[[Decode], Decode]] = [lambda decode: decode, opaque]


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_linear_decoder_the_geodesic_is_the_straight_line(kind: Callable[[Decode], Decode]) -> None:
    line, geodesic = found(kind(flat), [-1.0, 0.5], [2.0, -1.0])
    step = np.array([3.0, -1.5]) @ [[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]
    assert line.latent_length == pytest.approx(np.hypot(3.0, 1.5))
    assert line.image_length == pytest.approx(np.linalg.norm(step), rel=1e-5)
    np.testing.assert_allclose(geodesic.at(SHARES), line.at(SHARES), atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_in_polar_coordinates_the_geodesic_is_the_chord(kind: Callable[[Decode], Decode]) -> None:
    line, geodesic = found(kind(polar), [1.0, 0.2], [1.0, 2.2])
    assert line.image_length == pytest.approx(2.0, rel=1e-3)  # along the circle
    assert geodesic.image_length == pytest.approx(2 * np.sin(1.0), rel=1e-3)
    points = polar(torch.from_numpy(geodesic.at(SHARES))).numpy()
    chord = points[0] + SHARES[:, None] * (points[-1] - points[0])
    np.testing.assert_allclose(points, chord, atol=0.02)  # at an even pace


@pytest.mark.parametrize("kind", KINDS)
def test_on_a_sphere_the_geodesic_is_a_great_circle(kind: Callable[[Decode], Decode]) -> None:
    a, b = [0.9, 0.0], [0.9, 2.5]
    line, geodesic = found(kind(sphere), a, b)
    ends = sphere(torch.tensor([a, b]))
    assert line.image_length == pytest.approx(2.5 * np.cos(0.9), rel=1e-3)  # along the parallel
    assert geodesic.image_length == pytest.approx(float((ends[0] @ ends[1]).acos()), rel=1e-3)
    normal = torch.linalg.cross(ends[0], ends[1]) / torch.linalg.cross(ends[0], ends[1]).norm()
    assert (sphere(torch.from_numpy(geodesic.at(SHARES))) @ normal).abs().max() < 0.01


def test_a_far_way_round_is_found() -> None:
    """A high wall between the two, whose gap no descent from the straight line would find."""

    def wall(z: Tensor) -> Tensor:
        height = 3.0 * torch.exp(-((z[:, 0] / 0.08) ** 2)) * torch.sigmoid((0.9 - z[:, 1].abs()) / 0.02)
        return torch.cat((z, height[:, None]), dim=1)

    line, geodesic = found(wall, [-1.0, 0.0], [1.0, 0.0])
    assert line.image_length > 6.0
    assert geodesic.image_length == pytest.approx(2 * np.hypot(1.0, 1.0), rel=0.1)


def test_one_dimension_has_but_one_way() -> None:
    line, geodesic = found(lambda z: torch.cat((z.cos(), z.sin()), 1), [0.0], [1.5])
    assert geodesic is line
    assert line.image_length == pytest.approx(1.5, rel=1e-3)


def test_from_a_place_to_itself_is_no_way() -> None:
    line, geodesic = found(sphere, [0.3, 0.4], [0.3, 0.4])
    assert geodesic is line
    assert line.image_length == line.latent_length == 0.0


def test_what_is_known_is_where_the_search_begins() -> None:
    line, geodesic = found(polar, [1.0, 0.2], [1.0, 2.2])
    first = next(curve for curve in geodesics(polar, line, geodesic.codes) if curve is not None)
    assert first.image_length == geodesic.image_length
    worse = line.codes[[0, 0, -1]] + np.array([[0, 0], [3, 0], [0, 0]], np.float32)
    assert next(curve for curve in geodesics(polar, line, worse) if curve is not None) is line


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
@pytest.mark.parametrize("family", ["vae", "conditional", "hierarchical"])
def test_of_a_network_it_is_never_longer_than_the_straight_line(family: str, latent_dim: int) -> None:
    model = vae.build(
        ModelConfig((1, 4, 4), latent_dim, (8,), (8,), family=family, classes=10), seed=1
    ).eval()
    for weights in model.decoder.parameters():
        weights.data.mul_(4.0)
    decode = mean_images(model, 3 if family == "conditional" else None)
    a, b = np.random.default_rng(0).normal(size=(2, latent_dim)).tolist()
    line, geodesic = found(decode, a, b)
    assert geodesic.image_length < line.image_length or latent_dim == 1
    assert all(weights.grad is None for weights in model.parameters())
    picture = vae.decode_images(model, line.codes[:1], 3 if family == "conditional" else None)[0]
    mean = decode(torch.from_numpy(line.codes[:1])).detach().numpy().reshape(1, 4, 4)
    np.testing.assert_allclose(picture, 255 * mean, atol=0.51)


def test_of_a_model_of_plain_functions_it_is_found_too() -> None:
    class Globe:
        """A sphere of radius 0.4 in three of the pixels."""

        def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return np.zeros((len(x), 2)), np.ones((len(x), 2))

        def decode(self, z: np.ndarray) -> np.ndarray:
            return 0.5 + 0.4 * np.pad(sphere(torch.from_numpy(z)).numpy(), ((0, 0), (0, 1))).reshape(-1, 2, 2)

    model, _ = vae.adapt(Globe(), np.zeros((3, 2, 2)))
    line, geodesic = found(mean_images(model), [0.9, 0.0], [0.9, 2.5])
    ends = sphere(torch.from_numpy(line.codes))
    assert line.image_length == pytest.approx(0.4 * 2.5 * np.cos(0.9), rel=1e-3)
    assert geodesic.image_length == pytest.approx(0.4 * float((ends[0] @ ends[1]).acos()), rel=1e-3)


# --- what it is made of


def test_the_descent_ends_in_the_valley() -> None:
    """Rosenbrock's function, whose least value is 0 at (1, 1)."""

    def rosenbrock(x: np.ndarray) -> Generator[None, None, tuple[float, np.ndarray]]:
        yield None
        bend = x[1] - x[0] ** 2
        value = (1 - x[0]) ** 2 + 100 * bend**2
        return value, np.array([-2 * (1 - x[0]) - 400 * x[0] * bend, 200 * bend])

    found = [step for step in descend(rosenbrock, np.array([-1.2, 1.0]), 1.0) if step is not None]
    values, places = zip(*found, strict=True)
    assert all(later <= before for before, later in pairwise(values))
    assert values[-1] < 1e-12
    np.testing.assert_allclose(places[-1], 1.0, atol=1e-5)
    assert len(values) < 100


def test_the_shortest_path_over_a_grid() -> None:
    """Along the edges of a wall that has one gap, and diagonally where that is shorter."""
    steps = np.ones((len(OFFSETS), 9, 9))
    steps[[1, 3]] = np.sqrt(2)
    for place, (down, right) in enumerate(OFFSETS):
        for row in range(9):
            for column in range(9):
                there = row + down, column + right
                outside = not (0 <= there[0] < 9 and 0 <= there[1] < 9)
                wall = any(at[1] == 4 and at[0] != 8 for at in ((row, column), there))
                if outside or wall:
                    steps[place, row, column] = np.inf
    *_, path = shortest_path(steps, (0, 0), (0, 8))
    assert path is not None
    assert path[0] == (0, 0)
    assert path[-1] == (0, 8)
    assert (8, 4) in path
    # no step leads diagonally round the wall's end but one each way: 4 diagonal ones and 4 downwards
    length = sum(np.hypot(*np.subtract(a, b)) for a, b in pairwise(path))
    assert length == pytest.approx(2 * (4 * np.sqrt(2) + 4))
