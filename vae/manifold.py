"""The picture of a decoder's manifold: what a part of the latent plane decodes to, side by side."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import vae
from vae.chart import Chart, axis_chart
from vae.configuration import ModelConfig, require_real, require_whole
from vae.errors import ConfigurationError
from vae.files import writing_whole
from vae.png import PngWriter
from vae.tiles import TileGrid, mosaic, square_grid

if TYPE_CHECKING:
    from vae import VAE

LARGEST_EXTENT = 1_000.0
LARGEST_SIDE = 8_192  # pixels
BATCH = 64  # images that are decoded in a row


@dataclass(frozen=True, eq=False)
class ManifoldPlan:
    """What is drawn: tiles of a chart."""

    chart: Chart
    grid: TileGrid
    z: NDArray[np.float32]  # (D,) a code to take from what the chart does not show
    label: int | None  # what the decoder is told, if it is told any

    def size(self, image_shape: tuple[int, int, int]) -> tuple[int, int]:
        """Width and height of the picture, in pixels, of images (C, H, W)."""
        _, height, width = image_shape
        return self.grid.columns * width, self.grid.rows * height


def plan_of(config: ModelConfig, extent: float | None, grid: int, label: int | None = None) -> ManifoldPlan:
    """``grid`` x ``grid`` codes, z₂ upwards; where D is 1, one row.

    They span [-extent, extent] on both axes; without an extent they lie at the quantiles of N(0, I)
    (Kingma & Welling 2013, figure 4). Other dimensions of z than the first two are 0. A decoder that takes
    a label is told ``label``, or 0.

    Raises:
        ConfigurationError: a number is out of its range.
    """
    require_whole("The grid", grid, 1, largest_grid(config.image_shape))
    chart = axis_chart(config.latent_dim)
    if extent is None:
        chart, tiles, middle = replace(chart, quantiles=True), TileGrid(0.0, 0.0, 1 / grid, grid, grid), 0.5
    else:
        require_real("The extent", extent, 0.0, LARGEST_EXTENT, above=True)
        tiles, middle = square_grid(extent, grid), 0.0
    if chart.is_line:
        tiles = TileGrid(tiles.left, middle - tiles.step / 2, tiles.step, grid, 1)
    return ManifoldPlan(chart, tiles, np.zeros(config.latent_dim, np.float32), label)


def largest_grid(image_shape: tuple[int, int, int]) -> int:
    """How many images (C, H, W) fit side by side into the largest picture."""
    return max(1, LARGEST_SIDE // max(image_shape[1:]))


def grid_of_pixels(pixels: int, image_shape: tuple[int, int, int]) -> int:
    """How many images (C, H, W) fit side by side into so many pixels.

    Raises:
        ConfigurationError: not even one, or more pixels than a picture may have.
    """
    side = max(image_shape[1:])
    require_whole("The number of pixels", pixels, side, LARGEST_SIDE)
    return pixels // side


def save_manifold(path: Path, model: VAE, plan: ManifoldPlan) -> Generator[float]:
    """Decode and write a PNG file, whole or not at all; yields what share is done, every few images.

    One row of tiles at a time is held in memory.

    Raises:
        ConfigurationError: the picture would be too large, its images have neither 1 nor 3 channels, or a
            label is given to a model that takes none.
        CheckpointError: the file cannot be written.
    """
    plan = replace(plan, label=_label_to_tell(model, plan.label))
    width, height = plan.size(model.config.image_shape)
    require_whole("The side of the picture in pixels", max(width, height), 1, LARGEST_SIDE)
    writer = PngWriter(model.config.image_shape[0], height, width)
    with writing_whole(path) as file:
        file.write(writer.begin())
        for place in range(plan.grid.rows):
            row, pictures = plan.grid.row(place), []
            codes = plan.chart.codes(row.centres(), plan.z)
            for start in range(0, len(codes), BATCH):
                yield (place + start / len(codes)) / plan.grid.rows
                pictures.append(vae.decode_images(model, codes[start : start + BATCH], plan.label))
            file.write(writer.add(mosaic(np.concatenate(pictures), row)))
        file.write(writer.end())


def _label_to_tell(model: VAE, label: int | None) -> int | None:
    if not vae.is_told_labels(model):
        if label is not None:
            raise ConfigurationError("The model decodes without labels. Leave the label out.")
        return None
    if label is None:
        return 0
    require_whole("The label", label, 0, model.config.classes - 1)
    return label
