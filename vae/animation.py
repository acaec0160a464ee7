"""A row of pictures as a file to show: an animated GIF, or a strip in one PNG."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae.errors import CheckpointError
from vae.files import write_whole

SECONDS = 3.0  # from the first picture to the last
SIDE = 256  # pixels: about the longer side of an animated picture
STRIP_SIDE = 112  # of a picture in a strip
COLOURS = 256  # of a GIF

Pictures = NDArray[np.uint8]  # (N, C, H, W)


def write_pictures(path: Path, pictures: Pictures) -> None:
    """Write a GIF where the name ends in .gif, else a PNG strip, or leave what is there.

    Raises:
        CheckpointError: the file cannot be written, or C is neither 1 nor 3.
    """
    make: Callable[[Pictures], bytes] = gif if path.suffix.lower() == ".gif" else strip
    write_whole(path, make(pictures))


def gif(pictures: Pictures) -> bytes:
    """Forth in three seconds, and back, again and again; pixels stay sharp squares."""
    frames = [_enlarged(frame, SIDE) for frame in _with_one_palette(pictures)]
    forth_and_back = frames + frames[-2:0:-1]
    content = io.BytesIO()
    forth_and_back[0].save(
        content,
        "gif",
        save_all=True,
        append_images=forth_and_back[1:],
        duration=10 * round(100 * SECONDS / len(pictures)),  # GIFs count in hundredths of a second
        loop=0,  # without end
    )
    return content.getvalue()


def strip(pictures: Pictures) -> bytes:
    """Side by side with a white gap, as the content of a PNG file."""
    frames = [_enlarged(_image(picture), STRIP_SIDE) for picture in pictures]
    width, height = frames[0].size
    gap = max(1, width // 28)
    row = Image.new(frames[0].mode, (len(frames) * (width + gap) - gap, height), "white")
    for place, frame in enumerate(frames):
        row.paste(frame, (place * (width + gap), 0))
    content = io.BytesIO()
    row.save(content, "png")
    return content.getvalue()


def _image(picture: NDArray[np.uint8]) -> Image.Image:
    """(C, H, W), grey or in colour."""
    if len(picture) not in (1, 3):
        raise CheckpointError(f"Images of {len(picture)} channels cannot be drawn: only of 1 or 3.")
    return Image.fromarray(picture[0] if len(picture) == 1 else picture.transpose(1, 2, 0))


def _with_one_palette(pictures: Pictures) -> list[Image.Image]:
    """Grey as it is; of colours the same 256 for all, or they would flicker."""
    count, channels, height, width = pictures.shape
    if channels == 1:
        return [_image(picture) for picture in pictures]
    column = _image(pictures.transpose(1, 0, 2, 3).reshape(channels, count * height, width))
    reduced = column.quantize(COLOURS)
    return [reduced.crop((0, top, width, top + height)) for top in range(0, count * height, height)]


def _enlarged(image: Image.Image, side: int) -> Image.Image:
    """Each pixel as a square of whole pixels."""
    times = max(1, round(side / max(image.size)))
    return image.resize((times * image.width, times * image.height), Image.Resampling.NEAREST)
