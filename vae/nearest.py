"""What of the data is near a code: the nearest image, whether that is far, and the density of q(z)."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vae.gaussian_mixture import CHUNK, DiagonalMixture
from vae.inference import Encodings

SAMPLE = 1_000  # images whose nearest neighbours tell how far neighbours lie apart
USUAL = 0.99  # of them have their nearest neighbour within ``reach``
ROUNDING = 1e-5  # of squared lengths in single precision, with room to spare


@dataclass(frozen=True)
class Nearby:
    """What is near one code."""

    index: int  # of the nearest image, by Euclidean distance to the mean of its q(z|x)
    distance: float
    is_far: bool  # farther than images usually lie from their nearest neighbour
    log_q: float | None  # log q(z) = log 1/N Σ q(z|xₙ), in nats; None where the codes are points


@dataclass(frozen=True, eq=False)
class NearData:
    """N encoded images, arranged to be asked about one code after the other."""

    z_loc: NDArray[np.float32]  # (N, D)
    squares: NDArray[np.float32]  # (N,) of the lengths of the codes
    q: DiagonalMixture | None  # the aggregate posterior q(z); None where the codes are points
    reach: float  # the distance to the nearest neighbour that is not exceeded by USUAL of the images

    def at(self, z: NDArray[np.float32]) -> Nearby:
        """What is near a code (D,)."""
        index, distance = self._nearest(z)
        return Nearby(index, distance, distance > self.reach, self._log_q(z))

    def _nearest(self, z: NDArray[np.float32]) -> tuple[int, float]:
        """By squared lengths, and among those that rounding cannot tell apart by the differences."""
        away = self.squares - 2.0 * (self.z_loc @ z)
        unsure = ROUNDING * (1.0 + float(self.squares.max()) + float(z @ z))
        near = np.flatnonzero(away <= away.min() + unsure)
        gaps = np.square(self.z_loc[near] - z).sum(1)
        best = int(gaps.argmin())
        return int(near[best]), math.sqrt(float(gaps[best]))

    def _log_q(self, z: NDArray[np.float32]) -> float | None:
        return None if self.q is None else float(self.q.log_density(torch.from_numpy(z[None]).double()))


def near_data(encodings: Encodings) -> Generator[None, None, NearData]:
    """In slices, encoded images arranged so that it is quick to say what is near a code."""
    z_loc, z_scale = encodings.z_loc, encodings.z_scale
    squares = np.square(z_loc).sum(1)
    gaps = yield from _gaps(z_loc, squares)
    reach = float(np.quantile(gaps, USUAL)) if len(gaps) else 0.0
    yield
    loc, scale = (torch.from_numpy(part).double() for part in (z_loc, z_scale))
    return NearData(z_loc, squares, DiagonalMixture.of(loc, scale) if z_scale.all() else None, reach)


def _gaps(
    z_loc: NDArray[np.float32], squares: NDArray[np.float32]
) -> Generator[None, None, NDArray[np.float32]]:
    """How far images, evenly taken of all, lie from the nearest other."""
    count = len(z_loc)
    if count < 2:
        return np.zeros(0, np.float32)
    taken = np.linspace(0, count - 1, min(count, SAMPLE)).astype(np.int64)
    found = []
    size = max(1, CHUNK // (4 * count))
    for part in (taken[start : start + size] for start in range(0, len(taken), size)):
        away = squares - 2.0 * (z_loc[part] @ z_loc.T)
        away[np.arange(len(part)), part] = np.inf
        found.append(np.linalg.norm(z_loc[away.argmin(1)] - z_loc[part], axis=1))
        yield
    return np.concatenate(found)
