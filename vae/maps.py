"""Maps of the latent plane: what can be drawn, on which cells, and over which range of values."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from vae.chart import Chart
from vae.tiles import TileGrid, grid_over

INNER = (2.0, 98.0)  # percentiles of what is in view, between which the colours run
LADDER = 4  # sizes of cells from one power of two to the next


class MapKind(StrEnum):
    """What a map shows of each place."""

    AGGREGATE = "aggregate"  # log q(z) / p(z), in nats
    RECONSTRUCTION = "reconstruction"  # of the images that are encoded around it, as the next three
    KL = "kl"
    ELBO = "elbo"
    GAP = "gap"  # log p(x) − ELBO
    ENTROPY = "entropy"  # of p(x|z), in nats
    MAGNIFICATION = "magnification"  # sqrt(det JᵀJ) of the mean image
    NEAREST = "nearest"  # the label of the nearest encoded image
    CLASSES = "classes"  # argmax p(y|z)


OF_DATA = (MapKind.RECONSTRUCTION, MapKind.KL, MapKind.ELBO, MapKind.GAP)


def map_grid(left: float, right: float, bottom: float, top: float, cells: int) -> TileGrid:
    """Square cells that cover a view, at most ``cells`` and one or two more of them to the right.

    Their sides are powers of 2^(1/4) and they start at multiples of their side: when the view moves, every
    cell keeps its place.
    """
    step = 2.0 ** (math.ceil(LADDER * math.log2((right - left) / cells)) / LADDER)
    return grid_over(left, right, bottom, top, step)


def cell_at(grid: TileGrid, x: float, y: float) -> tuple[int, int] | None:
    """Row, counted from the top, and column of the cell around a place; None outside the grid."""
    column, row = math.floor((x - grid.left) / grid.step), math.floor((y - grid.bottom) / grid.step)
    inside = 0 <= column < grid.columns and 0 <= row < grid.rows
    return (grid.rows - 1 - row, column) if inside else None


def row_of(grid: TileGrid) -> TileGrid:
    """The cells of a line, from left to right, in the place of the plane's."""
    return TileGrid(grid.left, -grid.step / 2.0, grid.step, grid.columns, 1)


def along(chart: Chart, z: NDArray[np.floating]) -> NDArray[np.float64]:
    """The coordinates (..., d) of codes (..., D) along the chart's d directions."""
    away = np.asarray(z, np.float64) - chart.origin
    coordinates: NDArray[np.float64] = np.einsum("...d,kd->...k", away, chart.directions)
    return coordinates


def edges(chart: Chart, grid: TileGrid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The coordinates of the cells' edges: (columns + 1,) to the right and (rows + 1,) upwards."""
    count = max(grid.columns, grid.rows) + 1
    places = np.array((grid.left, grid.bottom)) + grid.step * np.arange(count)[:, None]
    across, up = chart.coordinates(places).astype(np.float64).T if chart.quantiles else places.T
    return across[: grid.columns + 1], up[: grid.rows + 1]


def in_bounds(chart: Chart, grid: TileGrid) -> NDArray[np.bool_]:
    """Which cells stand for codes: (rows, columns), the top row first."""
    if chart.bounds is None:
        return np.ones((grid.rows, grid.columns), bool)
    left, bottom, right, top = chart.bounds
    x, y = grid.centres().reshape(grid.rows, grid.columns, 2).transpose(2, 0, 1)
    upright = chart.is_line | ((y > bottom) & (y < top))
    inside: NDArray[np.bool_] = (x > left) & (x < right) & upright
    return inside


def robust_range(values: NDArray[np.floating]) -> tuple[float, float]:
    """The 2nd and the 98th percentile of what is a number; (0, 1) where nothing is."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = np.percentile(known, INNER)
    return float(low), float(high)
