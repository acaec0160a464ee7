"""How much the decoder stretches the plane: the pull-back metric of the mean image.

The metric at z is G = JᵀJ with J the derivative of the mean image, its length measured over all pixels: a
pixel that goes from black to white moves the image by 1. sqrt(det G) is the magnification of Arvanitidis,
Hansen & Hauberg (2018), equation 5, of the mean alone.

J is found by differences across each cell, from the images at its corners, for every decoder alike: somebody
else's may have no gradient, and a picture takes one decoding a cell, less than a forward derivative would.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.chart import OUTLINE, Chart
from vae.geometry import mean_images
from vae.maps import edges
from vae.models import VAE
from vae.tiles import TileGrid

ROUND = (1.0, 2.0, 5.0, 10.0)  # what an ellipse's step is rounded down to, times a power of ten
ACROSS = 12  # ellipses along the longer side of the grid
ROOM = 0.47  # of the way from one ellipse to the next, that a semi-axis may take


@dataclass(frozen=True, eq=False)
class Indicatrices:
    """Ellipses: from the middle to the rim, the mean image changes by ``step`` in every direction."""

    outlines: NDArray[np.float32]  # (K, S, 2) on the plane, closed; those of too large ones are cut to fit
    step: float  # in pixels that go from black to white


@torch.no_grad()
def pullback_metrics(
    model: VAE, chart: Chart, grid: TileGrid, beyond: NDArray[np.float32], label: int | None
) -> Generator[None, None, NDArray[np.float32]]:
    """Row by row, the metric over each cell, (rows, columns, d, d), the top row first.

    d is 2 on a plane; on a line ``grid`` is a row of cells, and d is 1. What the chart does not show is as in
    ``beyond`` (D,).
    """
    decode = mean_images(model, label)

    def images_at(places: NDArray[np.float64]) -> Tensor:
        return decode(torch.from_numpy(chart.codes(places, beyond)))

    right = grid.left + grid.step * np.arange(grid.columns + 1)
    heights = grid.bottom + grid.step * np.arange(grid.rows, -1, -1)
    widths, steps = (torch.from_numpy(np.diff(part)).float() for part in edges(chart, grid))
    if chart.is_line:
        change = images_at(np.column_stack((right, np.zeros_like(right)))).diff(dim=0) / widths[:, None]
        yield
        return change.square().sum(1).numpy()[None, :, None, None]
    above = images_at(np.column_stack((right, np.full_like(right, heights[0]))))
    rows = []
    for height, step in zip(heights[1:], steps.flip(0), strict=True):
        yield
        below = images_at(np.column_stack((right, np.full_like(right, height))))
        rows.append(_metric(above, below, widths, step))
        above = below
    return torch.stack(rows).numpy()


def _metric(above: Tensor, below: Tensor, widths: Tensor, height: Tensor) -> Tensor:
    """Of a row of cells, from the images (columns + 1, P) at their upper and lower corners."""
    falling, rising = above[1:] - below[:-1], above[:-1] - below[1:]  # the two diagonals
    across, up = 0.5 * (falling - rising) / widths[:, None], 0.5 * (falling + rising) / height
    both = torch.stack((across, up), dim=1)
    return both @ both.mT


def volume_element(metric: NDArray[np.floating]) -> NDArray[np.float32]:
    """sqrt(det G) of metrics (..., d, d), at least 0: pixels^d per unit of the plane's length or area."""
    g = metric.astype(np.float64)
    determinant = g[..., 0, 0]
    if g.shape[-1] == 2:  # by hand: LAPACK would warn of cells that stand for no codes, which are NaN
        determinant = determinant * g[..., 1, 1] - g[..., 0, 1] * g[..., 1, 0]
    stretched: NDArray[np.float64] = np.sqrt(determinant.clip(0.0))
    return stretched.astype(np.float32)


def indicatrices(metric: NDArray[np.float32], chart: Chart, grid: TileGrid) -> Indicatrices | None:
    """Unit balls of the metric (rows, columns, 2, 2) on a sparse grid, scaled to fit, as Tissot drew them.

    None where the image does not change at all.
    """
    stride = max(1, math.ceil(max(grid.rows, grid.columns) / ACROSS))
    chosen = slice(stride // 2, None, stride)
    across, up = edges(chart, grid)
    widths, heights = np.diff(across)[chosen], np.diff(up)[::-1][chosen]
    room = ROOM * stride * np.minimum(widths, heights[:, None]).reshape(-1, 1)
    values, vectors = np.linalg.eigh(metric[chosen, chosen].astype(np.float64).reshape(-1, 2, 2))
    speeds = np.sqrt(np.nan_to_num(values).clip(0.0))
    typical = float(np.median(room * speeds[:, :1])) if len(speeds) else 0.0
    if typical <= 0.0:
        return None
    step = _rounded_down(typical)
    axes = np.minimum(step / np.maximum(speeds, 1e-30), room)
    angles = np.linspace(0.0, 2.0 * np.pi, OUTLINE // 2 + 1)
    circle = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    around = np.einsum("sd,kd,ked->kse", circle, axes, vectors)
    centres = grid.centres().reshape(grid.rows, grid.columns, 2)[chosen, chosen].reshape(-1, 2)
    outlines = chart.coordinates(centres)[:, None] + around
    return Indicatrices(chart.spread(outlines.reshape(-1, 2)).reshape(outlines.shape), step)


def _rounded_down(value: float) -> float:
    scale = 10.0 ** math.floor(math.log10(value))
    return max(step for step in ROUND if step * scale <= value * (1.0 + 1e-9)) * scale
