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

    @property
    def count(self) -> int:
        """G, how many tiles there are."""
        return self.columns * self.rows

    def finer(self, times: int) -> TileGrid:
        """Each tile split into ``times`` x ``times``."""
        return TileGrid(self.left, self.bottom, self.step / times, times * self.columns, times * self.rows)

    def coarser(self, times: int) -> TileGrid:
        """Tiles ``times`` as large, at multiples of their side, that cover these."""
        right, top = self.left + self.width, self.bottom + self.height
        return grid_over(self.left, right, self.bottom, top, times * self.step)

    def grown(self, share: float) -> TileGrid:
        """With so many more on each side, in shares of what there are; at least one."""
        across, up = max(1, round(share * self.columns)), max(1, round(share * self.rows))
        corner = self.left - across * self.step, self.bottom - up * self.step
        return TileGrid(*corner, self.step, self.columns + 2 * across, self.rows + 2 * up)

    def within(self, left: float, bottom: float, right: float, top: float) -> TileGrid | None:
        """The tiles that lie in a rectangle, if any do."""
        first, below = (
            max(0, math.ceil((edge - start) / self.step))
            for edge, start in ((left, self.left), (bottom, self.bottom))
        )
        last = min(self.columns, math.floor((right - self.left) / self.step))
        above = min(self.rows, math.floor((top - self.bottom) / self.step))
        if last <= first or above <= below:
            return None
        corner = self.left + first * self.step, self.bottom + below * self.step
        return TileGrid(*corner, self.step, last - first, above - below)

    def row(self, place: int) -> TileGrid:
        """One row, counted from the top."""
        bottom = self.bottom + (self.rows - 1 - place) * self.step
        return TileGrid(self.left, bottom, self.step, self.columns, 1)

    def under(self, height: float) -> TileGrid:
        """One row whose upper edge lies at this height: the tiles of a line."""
        return TileGrid(self.left, height - self.step, self.step, self.columns, 1)

    def covers(self, other: TileGrid) -> bool:
        """Whether all of the other's tiles lie on these."""
        return (
            self.left <= other.left
            and self.bottom <= other.bottom
            and self.left + self.width >= other.left + other.width
            and self.bottom + self.height >= other.bottom + other.height
        )

    def indices(self, places: NDArray[np.floating]) -> NDArray[np.int64]:
        """Which tile each place (N, 2) lies on, in the order of centres()."""
        columns = np.floor((places[:, 0] - self.left) / self.step).astype(np.int64)
        rows = np.floor((places[:, 1] - self.bottom) / self.step).astype(np.int64)
        found: NDArray[np.int64] = (self.rows - 1 - rows) * self.columns + columns
        return found

    def cells(self) -> list[tuple[int, int]]:
        """Column and row of each tile, counted from the origin to the right and upwards; as in centres()."""
        column, row = round(self.left / self.step), round(self.bottom / self.step)
        columns, rows = range(column, column + self.columns), range(row, row + self.rows)
        return [(column, row) for row in reversed(rows) for column in columns]

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
    return grid_over(
        left, right, bottom, top, 2.0 ** math.ceil(math.log2((right - left) * tile_pixels / pixels))
    )


def grid_over(left: float, right: float, bottom: float, top: float, step: float) -> TileGrid:
    """The tiles of this side that cover a rectangle; they start at multiples of it."""
    first_column, first_row = math.floor(left / step), math.floor(bottom / step)
    columns = math.ceil(right / step) - first_column
    rows = math.ceil(top / step) - first_row
    return TileGrid(first_column * step, first_row * step, step, max(columns, 1), max(rows, 1))


def mosaic(pictures: NDArray[np.uint8], grid: TileGrid) -> NDArray[np.uint8]:
    """Pictures (G, C, H, W) in the order of ``grid.centres()`` -> one picture (C, rows x H, columns x W)."""
    _, channels, height, width = pictures.shape
    tiled = pictures.reshape(grid.rows, grid.columns, channels, height, width).transpose(2, 0, 3, 1, 4)
    return np.ascontiguousarray(tiled).reshape(channels, grid.rows * height, grid.columns * width)


def tiles_of(picture: NDArray[np.uint8], grid: TileGrid) -> NDArray[np.uint8]:
    """A mosaic (C, rows x H, columns x W), seen tile by tile: (rows, columns, C, H, W), the top row first."""
    channels, height, width = picture.shape
    shape = channels, grid.rows, height // grid.rows, grid.columns, width // grid.columns
    return picture.reshape(shape).transpose(1, 3, 0, 2, 4)


def enlarge(picture: NDArray[np.uint8], coarse: TileGrid, grid: TileGrid) -> NDArray[np.uint8]:
    """A mosaic of larger tiles, cut and enlarged to be seen where one of ``grid`` will be."""
    times = round(coarse.step / grid.step)
    height, width = picture.shape[1] // coarse.rows, picture.shape[2] // coarse.columns
    across = round((grid.left - coarse.left) / grid.step) * width
    down = round((coarse.bottom + coarse.height - grid.bottom - grid.height) / grid.step) * height
    large = picture.repeat(times, axis=1).repeat(times, axis=2)
    part = large[:, down : down + grid.rows * height, across : across + grid.columns * width]
    return np.ascontiguousarray(part)
