"""Points drawn into one picture: a thousand times cheaper to repaint than as many items."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

RIM = 0.4  # pixels to either side of the radius that are drawn fainter, so that the edge looks smooth
RIM_OPACITY = 0.5
SINGLE = 0.55  # opacity of a cell that holds one point
BAND = (0.02, 0.3)  # above a line, in shares of the picture's height
GOLDEN = (5.0**0.5 - 1.0) / 2.0  # multiples of it fill a range evenly


def rasterise(
    places: NDArray[np.floating],
    colours: NDArray[np.uint8],
    size: tuple[int, int],
    radius: float,
) -> NDArray[np.uint8]:
    """Draw discs; later points cover earlier ones.

    Args:
        places: (N, 2) centres in pixels, x to the right and y upwards, row 0 at the bottom.
        colours: (N, 4) RGBA of each point.
        size: width and height of the picture, in pixels.
        radius: of a disc, in pixels.

    Returns:
        (height, width, 4) RGBA, transparent where there is no point.
    """
    width, height = size
    reach = int(np.ceil(radius))
    edge = 2 * reach  # around the picture, so that no disc needs to be cut
    across_canvas = width + 2 * edge
    canvas = np.zeros((height + 2 * edge) * across_canvas, np.uint32)
    columns, rows = np.floor(places).astype(np.int64).T
    seen = (columns >= -reach) & (columns < width + reach) & (rows >= -reach) & (rows < height + reach)
    centres = (rows[seen] + edge) * across_canvas + columns[seen] + edge
    colours = np.ascontiguousarray(colours[seen])
    rims = colours.copy()
    rims[:, 3] = (rims[:, 3] * RIM_OPACITY).astype(np.uint8)
    steps = np.arange(-reach, reach + 1)
    across, up = (part.ravel() for part in np.meshgrid(steps, steps))
    distance = np.hypot(across, up)
    disc = distance <= radius + RIM
    words = np.where(distance[disc] <= radius - RIM, colours.view(np.uint32), rims.view(np.uint32))
    canvas[centres[:, None] + up[disc] * across_canvas + across[disc]] = (
        words  # of each pixel, the last stays
    )
    picture = canvas.reshape(-1, across_canvas)[edge:-edge, edge:-edge]
    return np.ascontiguousarray(picture).view(np.uint8).reshape(height, width, 4)


def strewn(pixels: NDArray[np.float32], height: int) -> NDArray[np.float32]:
    """Points (N, 2) of a line, strewn over a band above it on a raster of this height, each always alike."""
    lifts = (BAND[0] + (BAND[1] - BAND[0]) * (np.arange(len(pixels)) * GOLDEN % 1.0)) * height
    return np.stack((pixels[:, 0], pixels[:, 1] + lifts), axis=1).astype(np.float32)


def densities(
    cells: NDArray[np.floating], colours: NDArray[np.uint8], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Draw how many points lie in each cell, and of which colours: a few milliseconds, however many.

    Args:
        cells: (N, 2) places in cells, x to the right and y upwards, row 0 at the bottom.
        colours: (N, 4) RGBA of each point.
        size: columns and rows.

    Returns:
        (rows, columns, 4) RGBA: the mean colour of a cell's points, the more opaque the more there are;
        transparent where there is none.
    """
    columns, rows = size
    x, y = np.floor(cells.T).astype(np.int32)
    outside = rows * columns  # one cell more, for what is not seen
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    index = np.where(inside, y * columns + x, outside)
    weights = colours[:, 3] / 255.0
    counts = np.bincount(index, weights, outside + 1)[:outside]
    seen = np.flatnonzero(counts > 0.0)
    held = counts[seen]
    mixed = np.empty((4, len(seen)), np.uint8)
    for channel in range(3):
        mixed[channel] = np.bincount(index, weights * colours[:, channel], outside + 1)[seen] / held
    mixed[3] = 255.0 * (1.0 - np.exp(math.log(1.0 - SINGLE) * held))
    picture = np.zeros(outside, np.uint32)
    picture[seen] = np.ascontiguousarray(mixed.T).view(np.uint32)[:, 0]
    return picture.view(np.uint8).reshape(rows, columns, 4)
