"""Clouds of points in the plane: drawn from a seed or painted, and how far apart two of them are.

To a model a point is an image of one by two pixels, of any real value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vae.dataset import DatasetInfo
from vae.errors import DatasetError

Points = NDArray[np.float32]  # (N, 2)
Labels = NDArray[np.int64]  # (N,)
_Draw = Callable[[np.random.Generator, int], tuple[NDArray[np.float64], Labels]]

EXTENT: Final = 3.0  # clouds lie within [-EXTENT, EXTENT] each way, but for a few strays
TRAIN: Final = 2_000  # points of a cloud that is drawn
TEST: Final = 1_000
FEWEST_PAINTED: Final = 20
HELD_OUT: Final = 0.25  # share of the painted points
SHAPE: Final = (1, 1, 2)  # C, H, W


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points to learn from and points held out; a data set for `vae.Training`."""

    info: DatasetInfo
    train: Points  # (N, 2)
    train_labels: Labels  # (N,)
    test: Points  # (M, 2)
    test_labels: Labels  # (M,)

    @property
    def train_images(self) -> NDArray[np.float32]:
        """(N, 1, 1, 2)."""
        return as_images(self.train)

    @property
    def test_images(self) -> NDArray[np.float32]:
        """(M, 1, 1, 2)."""
        return as_images(self.test)


def as_images(points: Points) -> NDArray[np.float32]:
    """Points (N, 2) as a model takes them, (N, 1, 1, 2)."""
    return np.ascontiguousarray(points, np.float32).reshape(-1, *SHAPE)


def _two_gaussians(random: np.random.Generator, count: int) -> tuple[NDArray[np.float64], Labels]:
    labels = random.integers(0, 2, count)
    centres = np.array(((-1.3, -0.7), (1.3, 0.7)))
    return centres[labels] + 0.45 * random.standard_normal((count, 2)), labels


def _ring(random: np.random.Generator, count: int) -> tuple[NDArray[np.float64], Labels]:
    angle = random.uniform(0.0, 2.0 * np.pi, count)
    radius = 1.7 + 0.12 * random.standard_normal(count)
    return radius[:, None] * _direction(angle), np.zeros(count, np.int64)


def _moons(random: np.random.Generator, count: int) -> tuple[NDArray[np.float64], Labels]:
    """Two half circles, each with an end in the other's middle."""
    labels = random.integers(0, 2, count)
    upper = _direction(random.uniform(0.0, np.pi, count)) - (0.5, 0.25)
    places = np.where(labels[:, None] == 0, upper, -upper)
    return 1.35 * places + 0.12 * random.standard_normal((count, 2)), labels


def _spiral(random: np.random.Generator, count: int) -> tuple[NDArray[np.float64], Labels]:
    """One and three quarter turns, evenly filled."""
    way = np.sqrt(random.uniform(0.06, 1.0, count))
    places = 2.3 * way[:, None] * _direction(3.5 * np.pi * way)
    return places + 0.08 * random.standard_normal((count, 2)), np.zeros(count, np.int64)


def _direction(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack((np.cos(angle), np.sin(angle)), axis=1)


_CLOUDS: Mapping[str, tuple[str, tuple[str, ...], _Draw]] = {
    "two-gaussians": ("Two Gaussians", ("left", "right"), _two_gaussians),
    "ring": ("Ring", ("ring",), _ring),
    "moons": ("Two moons", ("upper", "lower"), _moons),
    "spiral": ("Spiral", ("spiral",), _spiral),
}

CLOUDS: Final[Mapping[str, DatasetInfo]] = MappingProxyType(
    {name: DatasetInfo(name, title, SHAPE, classes, 0) for name, (title, classes, _) in _CLOUDS.items()}
)
PAINTED: Final = DatasetInfo("painted-points", "Painted by you", SHAPE, ("painted",), 0)


def draw_cloud(name: str, seed: int = 0) -> Cloud:
    """The cloud of that name: 2,000 points to learn from, 1,000 held out.

    Raises:
        DatasetError: there is no cloud of this name.
    """
    if name not in CLOUDS:
        raise DatasetError(f"There is no cloud of points '{name}'. Choose one of {', '.join(CLOUDS)}.")
    places, labels = _CLOUDS[name][2](np.random.default_rng(seed), TRAIN + TEST)
    points = places.astype(np.float32)
    return Cloud(CLOUDS[name], points[:TRAIN], labels[:TRAIN], points[TRAIN:], labels[TRAIN:])


def painted_cloud(points: Points, seed: int = 0) -> Cloud:
    """A cloud of painted points (N, 2), a quarter of them held out.

    Raises:
        DatasetError: there are too few of them.
    """
    if len(points) < FEWEST_PAINTED:
        raise DatasetError(
            f"There are {len(points)} painted points, too few to learn from. "
            f"Paint at least {FEWEST_PAINTED}, or choose another cloud."
        )
    mixed = np.random.default_rng(seed).permutation(np.asarray(points, np.float32))
    held_out = round(HELD_OUT * len(mixed))
    labels = np.zeros(len(mixed), np.int64)
    return Cloud(PAINTED, mixed[held_out:], labels[held_out:], mixed[:held_out], labels[:held_out])


def energy_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """2 E|a - b| - E|a - a'| - E|b - b'|, never negative, and 0 where a and b are the same points.

    Székely & Rizzo (2013), equation 6. For samples of the same distribution it falls as 1/N + 1/M.

    Args:
        a: (N, D).
        b: (M, D).
    """
    within = _mean_distance(a, a) + _mean_distance(b, b)
    return max(0.0, 2.0 * _mean_distance(a, b) - within)


def _mean_distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2.0 * (a @ b.T)
    return float(np.sqrt(np.maximum(squares, 0.0)).mean())
