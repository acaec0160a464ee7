"""Where the decoded pictures of a manifold stand on the latent plane. Pure geometry."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TileGrid:
    """Square tiles side by side; each shows the picture decoded at its centre.

    Coordinates are those of the plane, z₁ to the right and z₂ upwards.
    """

    left: float  # z₁ of the left edge
    bottom: float  # z₂ of the lower edge
    step: float  # side of a tile
    columns: int
    rows: int

    @property
    def width(self) -> float:
        """From the left edge to the right, on the plane."""
        return self.columns * self.step

    @property
    def height(self) -> float:
        """From the lower edge to the upper, on the plane."""
        return self.rows * self.step

    def finer(self, times: int) -> TileGrid:
        """Each tile split into ``times`` x ``times``."""
        return TileGrid(self.left, self.bottom, self.step / times, times * self.columns, times * self.rows)

    def centres(self) -> NDArray[np.float32]:
        """(G, 2) tile centres, G = rows x columns: the top row first, each from left to right."""
        z1 = self.left + self.step * (np.arange(self.columns) + 0.5)
        z2 = self.bottom + self.step * (np.arange(self.rows)[::-1] + 0.5)
        across, down = np.meshgrid(z1, z2)
        return np.stack((across, down), axis=-1).reshape(-1, 2).astype(np.float32)


def square_grid(extent: float, tiles: int) -> TileGrid:
    """``tiles`` x ``tiles`` pictures whose centres span [-extent, extent] on both axes, ends included."""
    step = 2.0 * extent / max(tiles - 1, 1)
    edge = -step * tiles / 2.0
    return TileGrid(edge, edge, step, tiles, tiles)


def view_grid(
    left: float, right: float, bottom: float, top: float, pixels: float, tile_pixels: float
) -> TileGrid:
    """The tiles that cover a view, each at least ``tile_pixels`` wide on a screen of ``pixels`` across.

    Tile sides are powers of two and tiles start at multiples of their side: when the view moves, every
    tile keeps its place, and zooming in splits it into four.
    """
    step = 2.0 ** math.ceil(math.log2((right - left) * tile_pixels / pixels))
    first_column, first_row = math.floor(left / step), math.floor(bottom / step)
    columns = math.ceil(right / step) - first_column
    rows = math.ceil(top / step) - first_row
    return TileGrid(first_column * step, first_row * step, step, max(columns, 1), max(rows, 1))


def mosaic(pictures: NDArray[np.uint8], grid: TileGrid) -> NDArray[np.uint8]:
    """Pictures (G, C, H, W) in the order of ``grid.centres()`` -> one picture (C, rows x H, columns x W)."""
    _, channels, height, width = pictures.shape
    tiled = pictures.reshape(grid.rows, grid.columns, channels, height, width).transpose(2, 0, 3, 1, 4)
    return np.ascontiguousarray(tiled).reshape(channels, grid.rows * height, grid.columns * width)
