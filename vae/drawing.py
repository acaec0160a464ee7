"""From a drawing by hand to a picture as MNIST has them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

BOX = 20 / 28  # MNIST fits a digit into 20 of 28 pixels (LeCun et al. 1998)


def centre_like_mnist(ink: NDArray[np.uint8], image_shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Scale and centre a drawing as the digits of MNIST are.

    The ink's bounding box is scaled, its proportions kept, to fill 20/28 of the picture, and its centre of
    mass is moved to the picture's centre.

    Args:
        ink: (height, width), 0 for paper and 255 for ink, of any size.
        image_shape: (C, H, W) of the result; all channels are alike.

    Returns:
        (C, H, W), all zero where there is no ink.
    """
    channels, height, width = image_shape
    rows, columns = np.nonzero(ink)
    if len(rows) == 0:
        return np.zeros(image_shape, np.uint8)
    cut = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    scale = min(height * BOX / cut.shape[0], width * BOX / cut.shape[1])
    small = _resize(cut, max(1, round(cut.shape[0] * scale)), max(1, round(cut.shape[1] * scale)))
    centre = [
        float((small.sum(axis) * np.arange(small.shape[1 - axis])).sum() / small.sum()) for axis in (1, 0)
    ]
    top = _clamp(round(height / 2 - 0.5 - centre[0]), height - small.shape[0])
    left = _clamp(round(width / 2 - 0.5 - centre[1]), width - small.shape[1])
    picture = np.zeros((height, width), np.float32)
    picture[top : top + small.shape[0], left : left + small.shape[1]] = small
    return np.repeat(picture.round().astype(np.uint8)[None], channels, axis=0)


def _resize(ink: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float32]:
    image = torch.from_numpy(np.ascontiguousarray(ink, dtype=np.float32))[None, None]
    resized = functional.interpolate(
        image, (height, width), mode="bilinear", antialias=True, align_corners=False
    )
    return resized[0, 0].clamp(0, 255).numpy()


def _clamp(start: int, most: int) -> int:
    return max(0, min(start, most))
