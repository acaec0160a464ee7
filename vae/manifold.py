"""The picture of a decoder's manifold: what a square of the latent plane decodes to, side by side."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae.configuration import require_real, require_whole
from vae.errors import ConfigurationError
from vae.inference import decode_images, is_told_labels
from vae.models import VAE
from vae.tiles import TileGrid, mosaic, square_grid

LARGEST_EXTENT = 1_000.0
LARGEST_GRID = 200


def manifold(model: VAE, extent: float, grid: int, label: int | None = None) -> NDArray[np.uint8]:
    """Decode ``grid`` x ``grid`` codes that span [-extent, extent] on both axes, z₂ upwards.

    Other dimensions of z than the first two are 0; where D is 1, there is one row. A decoder that takes a
    label is told ``label``, or 0.

    Returns:
        One picture (C, rows x H, columns x W).

    Raises:
        ConfigurationError: a number is out of its range, or a label is given to a model that takes none.
    """
    told = _label_to_tell(model, label)
    require_real("The extent", extent, 0.0, LARGEST_EXTENT, above=True)
    require_whole("The grid", grid, 1, LARGEST_GRID)
    tiles, latent_dim = square_grid(extent, grid), model.config.latent_dim
    if latent_dim == 1:
        tiles = TileGrid(tiles.left, -tiles.step / 2, tiles.step, tiles.columns, 1)
    centres = tiles.centres()
    z = np.zeros((len(centres), latent_dim), np.float32)
    z[:, :2] = centres[:, :latent_dim]
    # one row at a time bounds the memory
    rows = [decode_images(model, row, told) for row in np.split(z, tiles.rows)]
    return mosaic(np.concatenate(rows), tiles)


def _label_to_tell(model: VAE, label: int | None) -> int | None:
    if not is_told_labels(model):
        if label is not None:
            raise ConfigurationError("The model decodes without labels. Leave the label out.")
        return None
    if label is None:
        return 0
    require_whole("The label", label, 0, model.config.classes - 1)
    return label


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture (C, H, W), grey or in colour, as the content of a PNG file.

    Raises:
        ConfigurationError: C is neither 1 nor 3.
    """
    if len(picture) not in (1, 3):
        raise ConfigurationError(f"Images of {len(picture)} channels cannot be drawn: only of 1 or 3.")
    content = io.BytesIO()
    Image.fromarray(picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0)).save(content, "png")
    return content.getvalue()
