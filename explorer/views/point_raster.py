"""Points drawn into one picture: a thousand times cheaper to repaint than as many items.

Pictures are words (rows, columns), 0xAARRGGBB with the opacity multiplied in, as Qt draws them: the top row
first, 0 where there is no point.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

RIM = 0.4  # pixels to either side of the radius that are drawn fainter, so that the edge looks smooth
RIM_OPACITY = 0.5
SINGLE = 0.55  # opacity of a cell that holds one point
BAND = (0.02, 0.3)  # above a line, in shares of the picture's height
GOLDEN = (5.0**0.5 - 1.0) / 2.0  # multiples of it fill a range evenly


def margin(radius: float) -> int:
    """Pixels around a picture of discs, so that none needs to be cut."""
    return 2 * math.ceil(radius)


def rasterise(
    places: NDArray[np.floating],
    colours: NDArray[np.uint8],
    size: tuple[int, int],
    radius: float,
) -> NDArray[np.uint32]:
    """Draw discs; later points cover earlier ones.

    Args:
        places: (N, 2) centres in pixels, x to the right and y upwards.
        colours: (N, 4) RGBA of each point.
        size: width and height of what is seen, in pixels.
        radius: of a disc, in pixels.

    Returns:
        A picture of that size and a margin() on each side.
    """
    edge = margin(radius)
    reach = edge // 2
    (width, height), (columns, rows) = size, np.floor(places).astype(np.int64).T
    seen = (columns >= -reach) & (columns < width + reach) & (rows >= -reach) & (rows < height + reach)
    stride = width + 2 * edge
    picture = np.zeros((height + 2 * edge) * stride, np.uint32)
    centres = (height - 1 - rows[seen] + edge) * stride + columns[seen] + edge
    colours = colours[seen]
    steps = np.arange(-reach, reach + 1)
    across, down = (part.ravel() for part in np.meshgrid(steps, steps))
    distance = np.hypot(across, down)
    disc = distance <= radius + RIM
    inner, rim = (
        _words(colours[:, :3].T, opacity * colours[:, 3])[:, None] for opacity in (1.0, RIM_OPACITY)
    )
    words = np.where(distance[disc] <= radius - RIM, inner, rim)
    picture[centres[:, None] + down[disc] * stride + across[disc]] = words  # of each pixel, the last stays
    return picture.reshape(-1, stride)


def _words(rgb: NDArray[np.generic], alpha: NDArray[np.floating]) -> NDArray[np.uint32]:
    """Of colours (3, N) and their opacities (N,), in [0, 255] all."""
    opaque = alpha.astype(np.uint32)
    words = opaque
    for channel in rgb:
        words = words << 8 | (channel * opaque / 255.0 + 0.5).astype(np.uint32)
    return words


def strewn(pixels: NDArray[np.float32], height: int) -> NDArray[np.float32]:
    """Points (N, 2) of a line, strewn over a band above it on a raster of this height, each always alike."""
    lifts = (BAND[0] + (BAND[1] - BAND[0]) * (np.arange(len(pixels)) * GOLDEN % 1.0)) * height
    return np.stack((pixels[:, 0], pixels[:, 1] + lifts), axis=1).astype(np.float32)


def densities(
    cells: NDArray[np.floating], colours: NDArray[np.uint8], size: tuple[int, int]
) -> NDArray[np.uint32]:
    """Draw how many points lie in each cell, and of which colours: a few milliseconds, however many.

    Args:
        cells: (N, 2) places in cells, x to the right and y upwards.
        colours: (N, 4) RGBA of each point.
        size: columns and rows.

    Returns:
        A picture of a pixel for each cell: the mean colour of its points, the more opaque the more there are.
    """
    columns, rows = size
    x, y = np.floor(cells.T).astype(np.int32)
    outside = rows * columns  # one cell more, for what is not seen
    inside = (x >= 0) & (x < columns) & (y >= 0) & (y < rows)
    index = np.where(inside, (rows - 1 - y) * columns + x, outside)
    weights = colours[:, 3] / 255.0
    counts = np.bincount(index, weights, outside + 1)[:outside]
    seen = np.flatnonzero(counts > 0.0)
    held = counts[seen]
    mixed = np.empty((3, len(seen)))
    for channel in range(3):
        mixed[channel] = np.bincount(index, weights * colours[:, channel], outside + 1)[seen] / held
    picture = np.zeros(outside, np.uint32)
    picture[seen] = _words(mixed, 255.0 * (1.0 - np.exp(math.log(1.0 - SINGLE) * held)))
    return picture.reshape(rows, columns)
