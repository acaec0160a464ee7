"""Regions of highest density of a density on the plane, as what one and two standard deviations hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from contourpy import LineType, contour_generator
from numpy.typing import NDArray

from vae.lattice import Cells

MASSES = {  # that a Gaussian of D dimensions holds within 1 and 2 standard deviations
    1: (math.erf(1 / math.sqrt(2)), math.erf(2 / math.sqrt(2))),
    2: (1 - math.exp(-0.5), 1 - math.exp(-2.0)),
}
FINER = {1: 16, 2: 4}  # times that cells are split by interpolation, so that contours are smooth
MOST_PLACES = 200_000  # in a raster: one of many cells is split less
RIM = 2  # cells beside a component that belong to its raster
UNKNOWN = 3.0  # nats below the faintest cell of a component that cells beside it count as, at most
SHARPNESS = -0.5  # of the cubic convolution: with it, parabolas are interpolated exactly

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Patch:
    """A part of the latent space that holds mass, as a regular raster."""

    origin: Floats  # (D,) the middle of the first cell
    step: float  # from one cell to the next
    log_density: Floats  # log p(z|x) in nats, (N,) along z1, or (N, M) along z1 and z2

    @property
    def log_mass(self) -> Floats:
        """Of each cell."""
        return self.log_density + self.log_density.ndim * math.log(self.step)

    def cells(self) -> Cells:
        """As cells on a lattice, with their log densities."""
        shape = self.log_density.shape
        places = np.moveaxis(np.indices(shape), 0, -1).reshape(-1, len(shape))
        return Cells(places, self.log_density.ravel(), self.step, self.origin - self.step / 2)


@dataclass(frozen=True, eq=False)
class Mode:
    """A region of high density that stands by itself."""

    mass: float  # share of p(z|x)
    loc: Floats  # (D,) its mean
    covariance: Floats  # (D, D)
    peak: Floats  # (D,) its densest place


@dataclass(frozen=True, eq=False)
class Region:
    """The smallest region that holds so much of p(z|x)."""

    mass: float
    log_density: float  # at its edge
    contours: tuple[Floats, ...]  # its edges: closed lines (S, 2), or of one dimension intervals (2, 1)


def patch_of(component: Cells, around: Cells, log_evidence: float) -> Patch:
    """The raster that holds the cells of a component, as fine as `FINER` says; values are log p(x, z).

    What lies beside them is taken from the cells ``around``, as far as it is known. Between the middles the
    values are interpolated by cubic convolution: Keys (1981).
    """
    low = component.places.min(0) - RIM
    shape = tuple(component.places.max(0) + RIM + 1 - low)
    at = around.find(low + np.moveaxis(np.indices(shape), 0, -1).reshape(-1, len(shape)))
    faint = component.values.min() - UNKNOWN
    raster = np.where(at < 0, faint, np.maximum(around.values[at], faint)).reshape(shape)
    times = max(1, min(FINER[len(shape)], int((MOST_PLACES / raster.size) ** (1 / len(shape)))))
    for axis in range(len(shape)):
        raster = _finer(raster, times, axis)
    step = around.width / times
    return Patch(around.origin + low * around.width + step / 2, step, raster - log_evidence)


def edge_of(patches: Sequence[Patch], mass: float) -> float:
    """The log density above which ``mass`` of all that the patches hold lies."""
    density = np.concatenate([patch.log_density.ravel() for patch in patches])
    masses = np.exp(np.concatenate([patch.log_mass.ravel() for patch in patches]))
    order = np.argsort(-density)
    held = np.cumsum(masses[order])
    return float(density[order][np.searchsorted(held, mass * held[-1]).clip(max=len(held) - 1)])


def region_of(patches: Sequence[Patch], mass: float) -> Region:
    """The region of highest density that holds ``mass``."""
    edge = edge_of(patches, mass)
    return Region(mass, edge, tuple(line for patch in patches for line in _lines(patch, edge)))


def modes_of(patches: Sequence[Patch], edge: float) -> tuple[Mode, ...]:
    """What lies above the edge and does not hang together, the heaviest first."""
    found = []
    for patch in patches:
        cells = patch.cells()
        high = cells.chosen(cells.values > edge)
        labels = high.components()
        found += [_mode(high.chosen(labels == label)) for label in range(labels.max(initial=-1) + 1)]
    return tuple(sorted(found, key=lambda mode: -mode.mass))


def _mode(cells: Cells) -> Mode:
    z, mass = cells.centres, np.exp(cells.values + cells.log_volume)
    shares = mass / mass.sum()
    loc = shares @ z
    spread = np.einsum("n,ni,nj->ij", shares, z - loc, z - loc)
    within = np.eye(z.shape[1]) * cells.width**2 / 12
    return Mode(float(mass.sum()), loc, spread + within, z[cells.values.argmax()])


def _lines(patch: Patch, edge: float) -> list[Floats]:
    if patch.log_density.max() <= edge:
        return []
    along = [
        start + patch.step * np.arange(n)
        for start, n in zip(patch.origin, patch.log_density.shape, strict=True)
    ]
    if len(along) == 1:
        return _intervals(along[0], patch.log_density, edge)
    across, up = along
    drawn = contour_generator(across, up, patch.log_density.T, line_type=LineType.Separate)
    return cast("list[Floats]", drawn.lines(edge))


def _intervals(z: Floats, log_density: Floats, edge: float) -> list[Floats]:
    """Where a density on a line crosses the edge upwards and downwards, (2, 1) each."""
    above = np.concatenate(((False,), log_density > edge, (False,)))
    starts = np.flatnonzero(above[1:] & ~above[:-1]).tolist()
    ends = np.flatnonzero(above[:-1] & ~above[1:]).tolist()
    padded = np.concatenate(((log_density[0],), log_density, (log_density[-1],)))
    step = z[1] - z[0]

    def crossing(outside: int, inside: int) -> float:
        low, high = padded[outside], padded[inside]
        share = (edge - low) / (high - low) if high > low else 1.0
        return float(z[0] + (outside - 1 + (inside - outside) * share) * step)

    return [
        np.array([[crossing(start, start + 1)], [crossing(end + 1, end)]])
        for start, end in zip(starts, ends, strict=True)
    ]


def _finer(values: Floats, times: int, axis: int) -> Floats:
    """Each cell along an axis split into so many, the value at the middle of each interpolated."""
    values = np.moveaxis(values, axis, 0)
    padded = np.concatenate((values[:1], values[:1], values, values[-1:], values[-1:]))
    count = len(values)
    at = (np.arange(count * times) + 0.5) / times - 0.5  # in cells, from the middle of the first
    before = np.floor(at).astype(np.int64)
    distance = (at - before)[:, None] - np.arange(-1, 3)  # to the four cells around
    weights = _kernel(np.abs(distance))
    found = sum(
        weights[:, place].reshape(-1, *[1] * (values.ndim - 1)) * padded[before + 1 + place]
        for place in range(4)
    )
    return np.moveaxis(np.asarray(found), 0, axis)


def _kernel(s: Floats) -> Floats:
    a = SHARPNESS
    near = ((a + 2) * s - (a + 3)) * s * s + 1
    far = a * (((s - 5) * s + 8) * s - 4)
    return np.where(s <= 1, near, np.where(s < 2, far, 0.0))
