"""What holds of the data around each place of a plane: of those that are near, and of the nearest."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from vae.tiles import TileGrid

WIDTHS = (1.0, 2.0, 4.0)  # standard deviations of the kernel, in cells: the first that finds enough is taken
ENOUGH = 3.0  # images, each counted by its kernel's weight
ENOUGH_FOR_MEDIAN = 6.0  # fewer leave it to one of them
MARGIN = 12  # cells around what is in view whose data count too


def local_means(
    places: NDArray[np.floating], values: NDArray[np.floating], grid: TileGrid
) -> NDArray[np.float32]:
    """Nadaraya & Watson's (1964) estimate of ``values`` (N,) at ``places`` (N, 2), over the cells of a grid.

    The kernel is a Gaussian of one cell, and wider where there are few data.

    Returns:
        (rows, columns), the top row first; not a number where even the widest kernel finds too few.
    """
    counts, sums = _binned(places, values, grid)
    found = np.full((grid.rows, grid.columns), np.nan)
    for width in reversed(WIDTHS):
        up, across = _kernel(grid.rows, width), _kernel(grid.columns, width)
        weight, total = (up @ binned @ across.T for binned in (counts, sums))
        enough = weight >= ENOUGH
        found[enough] = total[enough] / weight[enough]
    means: NDArray[np.float32] = found[::-1].astype(np.float32)
    return means


def local_medians(
    places: NDArray[np.floating], values: NDArray[np.floating], grid: TileGrid
) -> Generator[None, None, NDArray[np.float32]]:
    """In slices, the weighted median of ``values`` (N,), each weighed as by `local_means`.

    A few large values do not move it.

    Returns:
        (rows, columns), the top row first; not a number where even the widest kernel finds too few.
    """
    order = np.argsort(values)[: np.isfinite(values).sum()]  # the last are no numbers
    at = (places[order] - (grid.left, grid.bottom)) / grid.step - 0.5  # the cells' centres are whole numbers
    medians = np.full((grid.rows, grid.columns), np.nan, np.float32)
    for row in range(grid.rows):
        near = np.abs(at[:, 1] - row) <= MARGIN
        if near.any():
            medians[row] = _medians_along(at[near] - (0, row), values[order[near]], grid.columns)
        yield
    return medians[::-1]


def _medians_along(
    at: NDArray[np.floating], values: NDArray[np.floating], columns: int
) -> NDArray[np.floating]:
    """(columns,) of values that rise, at places in cells from the first of a row."""
    away = np.square(at[:, 0] - np.arange(columns)[:, None]) + np.square(at[:, 1])
    found = np.full(columns, np.nan)
    for width in reversed(WIDTHS):
        weight = np.exp(-0.5 * away / width**2).cumsum(1)
        enough = weight[:, -1] >= ENOUGH_FOR_MEDIAN
        half = (weight >= weight[:, -1:] / 2.0).argmax(1)
        found[enough] = values[half[enough]]
    return found


def _binned(
    places: NDArray[np.floating], values: NDArray[np.floating], grid: TileGrid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How many data stand in each cell and in those around, and their sum; the lowest row first."""
    columns, rows = grid.columns + 2 * MARGIN, grid.rows + 2 * MARGIN
    at = np.floor((places - (grid.left, grid.bottom)) / grid.step).astype(np.int64) + MARGIN
    inside = ((at >= 0) & (at < (columns, rows))).all(1) & np.isfinite(values)
    cells = at[inside, 1] * columns + at[inside, 0]
    weights = (np.ones(len(cells)), values[inside].astype(np.float64))
    counts, sums = (np.bincount(cells, weight, rows * columns).astype(np.float64) for weight in weights)
    return counts.reshape(rows, columns), sums.reshape(rows, columns)


def _kernel(cells: int, width: float) -> NDArray[np.float64]:
    """From cells and the margins around them to the cells: (cells, cells + 2 margins)."""
    away = np.arange(cells + 2 * MARGIN) - MARGIN - np.arange(cells)[:, None]
    kernel: NDArray[np.float64] = np.exp(-0.5 * np.square(away / width))
    return kernel


def nearest(
    points: NDArray[np.floating], centres: NDArray[np.floating]
) -> Generator[None, None, NDArray[np.int64]]:
    """In slices, which of N data is the nearest to each cell: (rows, columns).

    The cells' centres (rows, columns, 2) are coordinates on a plane; the data stand at ``points`` (N, 3), the
    last their distance from it. Exact: a block of cells is compared with those alone that can be the nearest
    to one of them, since none is farther from its middle than the nearest and twice the block's radius.
    """
    points, centres = points.astype(np.float32), centres.astype(np.float32)
    rows, columns = centres.shape[:2]
    found = np.zeros((rows, columns), np.int64)
    side = max(4, columns // 16)  # of a block, in cells
    for top in range(0, rows, side):
        for left in range(0, columns, side):
            block = slice(top, top + side), slice(left, left + side)
            found[block] = _nearest_in(centres[block], points)
        yield
    return found


def _nearest_in(block: NDArray[np.float32], points: NDArray[np.float32]) -> NDArray[np.int64]:
    """Which of the points (N, 3) is the nearest to cells (h, w, 2)."""
    cells = block.reshape(-1, 2)
    middle = cells.mean(0)
    radius = np.sqrt(np.square(cells - middle).sum(1).max())
    away = np.sqrt(np.square(points[:, :2] - middle).sum(1) + np.square(points[:, 2]))
    near = np.flatnonzero(away <= 1.0001 * (away.min() + 2.0 * radius))  # rounding aside
    gaps = np.square(cells[:, None] - points[near, :2]).sum(2) + np.square(points[near, 2])
    chosen: NDArray[np.int64] = near[gaps.argmin(1)].reshape(block.shape[:2])
    return chosen
