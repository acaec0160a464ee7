"""Pictures of the manifold as PNG files of any size, read back by another library."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from PIL import Image

import vae
from vae import VAE
from vae.chart import axis_chart
from vae.configuration import ModelConfig
from vae.errors import CheckpointError, ConfigurationError
from vae.manifold import ManifoldPlan, grid_of_pixels, largest_grid, plan_of, save_manifold
from vae.tiles import TileGrid

TINY = ModelConfig((1, 6, 8), 2, (8,), (8,))


def made(**fields: object) -> VAE:
    model = VAE(replace(TINY, **fields)).eval()
    for weights in model.decoder.parameters():
        weights.data.mul_(4.0)
    return model


def save(path: Path, model: VAE, plan: ManifoldPlan) -> list[float]:
    return list(save_manifold(path, model, plan))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_a_png_file_is_the_tiles_side_by_side(tmp_path: Path, channels: int, mode: str) -> None:
    model, path = made(image_shape=(channels, 6, 8)), tmp_path / "manifold.png"
    grid = TileGrid(-1.0, 0.5, 0.25, 5, 3)
    shares = save(path, model, ManifoldPlan(axis_chart(2), grid, np.zeros(2, np.float32), None))
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] <= shares[-1] < 1.0
    with Image.open(path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", mode, (40, 18))
        pixels = np.asarray(image).reshape(3, 6, 5, 8, channels).transpose(0, 2, 4, 1, 3)
    expected = vae.decode_images(model, grid.centres()).reshape(pixels.shape).astype(int)
    assert np.abs(pixels - expected).max() <= 1


def test_quantiles_are_at_the_middle_of_equal_shares(tmp_path: Path) -> None:
    model, path, normal = made(), tmp_path / "manifold.png", NormalDist()
    save(path, model, plan_of(model.config, None, 4))
    with Image.open(path) as image:
        corner = np.asarray(image)[:6, -8:].astype(int)
    z = np.array([[normal.inv_cdf(7 / 8), normal.inv_cdf(7 / 8)]])
    assert np.abs(corner - vae.decode_images(model, z)[0, 0]).max() <= 1


@pytest.mark.parametrize("extent", [2.0, None])
def test_one_dimension_is_one_row(tmp_path: Path, extent: float | None) -> None:
    model, path = made(latent_dim=1), tmp_path / "manifold.png"
    save(path, model, plan_of(model.config, extent, 5))
    with Image.open(path) as image:
        assert image.size == (40, 6)
        middle = np.asarray(image)[:, 16:24].astype(int)
    assert np.abs(middle - vae.decode_images(model, np.zeros((1, 1)))[0, 0]).max() <= 1


def test_a_large_picture_takes_the_memory_of_a_few_rows(tmp_path: Path) -> None:
    model, path = made(), tmp_path / "manifold.png"
    plan = plan_of(model.config, 3.0, largest_grid(model.config.image_shape))
    assert plan.size(model.config.image_shape) == (8192, 6144)
    save(path, made(), plan_of(model.config, 3.0, 2))  # what is made once is not counted
    row = replace(plan, grid=replace(plan.grid, rows=30))
    tracemalloc.start()
    save(path, model, row)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    whole = 8192 * 30 * 6
    assert most < whole
    with Image.open(path) as image:
        assert image.size == (8192, 180)


def test_what_is_given_up_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "manifold.png"
    path.write_bytes(b"mine")
    writing = save_manifold(path, made(), plan_of(TINY, 3.0, 20))
    next(writing)
    assert len(list(tmp_path.iterdir())) == 2
    writing.close()
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"mine"]


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "manifold.png"
    with pytest.raises(ConfigurationError, match="grid must be a whole number from 1 to 1,024"):
        plan_of(TINY, 3.0, 1025)
    with pytest.raises(ConfigurationError, match="extent"):
        plan_of(TINY, 0.0, 5)
    with pytest.raises(ConfigurationError, match="2 channels"):
        save(path, made(image_shape=(2, 6, 8)), plan_of(TINY, 3.0, 2))
    with pytest.raises(ConfigurationError, match="side of the picture"):
        save(
            path,
            made(),
            ManifoldPlan(axis_chart(2), TileGrid(0, 0, 1, 1, 2000), np.zeros(2, np.float32), None),
        )
    with pytest.raises(CheckpointError, match="could not be saved"):
        save(tmp_path / "gone" / "manifold.png", made(), plan_of(TINY, 3.0, 2))
    assert not list(tmp_path.iterdir())


def test_as_many_images_as_fit() -> None:
    assert grid_of_pixels(700, (1, 28, 28)) == 25
    assert grid_of_pixels(8192, (3, 64, 64)) == 128
    assert grid_of_pixels(99, (1, 6, 8)) == 12
    for pixels in (7, 8193):
        with pytest.raises(ConfigurationError, match="pixels"):
            grid_of_pixels(pixels, (1, 6, 8))
