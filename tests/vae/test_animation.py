"""Rows of pictures as files."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from vae.animation import gif, strip, write_pictures
from vae.errors import CheckpointError


def moving(count: int, channels: int = 1) -> NDArray[np.uint8]:
    """A bar that moves to the right, of a height of its own in each channel: (N, C, 8, 6 N)."""
    pictures = np.zeros((count, channels, 8, 6 * count), np.uint8)
    for place in range(count):
        for channel in range(channels):
            pictures[place, channel, : 4 + channel, 6 * place : 6 * place + 6] = 200
    return pictures


@pytest.mark.parametrize("channels", [1, 3])
def test_a_gif_runs_forth_in_three_seconds_and_back_without_end(channels: int) -> None:
    pictures = moving(10, channels)
    with Image.open(io.BytesIO(gif(pictures))) as image:
        assert image.n_frames == 18
        assert image.info["loop"] == 0
        shown = []
        for frame in range(image.n_frames):
            image.seek(frame)
            assert image.info["duration"] == 300
            shown.append(np.asarray(image.convert("RGB")))
    forth = [*range(10), *range(8, 0, -1)]
    for frame, place in zip(shown, forth, strict=True):
        times = frame.shape[0] // 8
        small = frame[times // 2 :: times, times // 2 :: times]
        np.testing.assert_array_equal(small.repeat(times, 0).repeat(times, 1), frame)  # sharp squares
        expected = np.broadcast_to(pictures[place].transpose(1, 2, 0), small.shape)
        np.testing.assert_allclose(small, expected, atol=1)
    assert 200 <= max(shown[0].shape) <= 300


@pytest.mark.parametrize("channels", [1, 3])
def test_a_strip_shows_them_side_by_side(channels: int) -> None:
    pictures = np.random.default_rng(0).integers(0, 255, (5, channels, 28, 28), np.uint8)
    with Image.open(io.BytesIO(strip(pictures))) as image:
        assert image.format == "PNG"
        shown = np.asarray(image.convert("RGB"))
    side, gap = 112, 4
    assert shown.shape == (side, 5 * (side + gap) - gap, 3)
    for place, picture in enumerate(pictures):
        left = place * (side + gap)
        expected = picture.repeat(4, 1).repeat(4, 2).transpose(1, 2, 0)
        np.testing.assert_array_equal(
            shown[:, left : left + side], np.broadcast_to(expected, (side, side, 3))
        )
        assert (shown[:, left + side : left + side + gap] == 255).all()


def test_the_name_says_which(tmp_path: Path) -> None:
    for name, kind in (("a.gif", "GIF"), ("a.png", "PNG")):
        write_pictures(tmp_path / name, moving(3))
        with Image.open(tmp_path / name) as image:
            assert image.format == kind


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nowhere.*could not be saved.*Free some space or choose"):
        write_pictures(tmp_path / "nowhere" / "a.gif", moving(3))
    with pytest.raises(CheckpointError, match="2 channels"):
        write_pictures(tmp_path / "a.gif", moving(3, 2))
    assert not list(tmp_path.iterdir())
