"""Pictures of any size and kind, made into images of one shape.

Transparent places become white, and a turned photograph stands upright. Of a moving picture the first frame
counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from vae.configuration import require_choice, require_whole
from vae.dataset import Images
from vae.errors import ConfigurationError, DatasetError

SUFFIXES = (
    *(".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm"),
    *(".ppm", ".tga", ".tif", ".tiff", ".webp"),
)
FRAMINGS = ("crop", "pad")
SIDES = (28, 32, 48, 64, 96, 128)  # pixels, that are offered
LEAST_SIDE, MOST_SIDE = 8, 128
MOST_PIXELS = 100_000_000  # of a file: 300 MB for the moment that it is read
TINGE = 12  # of 255: less between red, green and blue is no colour but compression
LOOKED_AT = 64  # pixels a side that tell whether a picture has colour


@dataclass(frozen=True)
class Reading:
    """How pictures become images, and which of them are for testing.

    Raises:
        ConfigurationError: a field is out of its range.
    """

    side: int = 32  # pixels: height and width of an image
    channels: int = 1  # 1 for grey, 3 for colour
    framing: str = "crop"  # to the square in the middle, or padded with black to a square
    seed: int = 0  # of the split

    def __post_init__(self) -> None:
        require_whole("The image size", self.side, LEAST_SIDE, MOST_SIDE)
        if self.channels not in (1, 3):
            raise ConfigurationError(f"An image has 1 channel (grey) or 3 (colour), not {self.channels}.")
        require_choice("The framing", self.framing, FRAMINGS)
        require_whole("The seed of the split", self.seed, 0, 2**31 - 1)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self.channels, self.side, self.side

    def describe(self) -> str:
        """For example "32 × 32 pixels in colour"."""
        return f"{self.side} × {self.side} pixels in {'colour' if self.channels == 3 else 'grey'}"


class UnreadableError(DatasetError):
    """A picture cannot be read; the message is the reason, as a clause."""


def open_picture(path: Path, side: int) -> Image.Image:
    """The picture in a file, of mode L or RGB; a large JPEG is decoded at a fraction of its size.

    Args:
        path: the file.
        side: pixels that height and width must have at least, if the file has them.

    Raises:
        UnreadableError: it is no picture, is damaged, or is too large.
    """
    try:
        with Image.open(path) as file:
            if file.width * file.height > MOST_PIXELS:
                raise UnreadableError(f"it has {file.width:,} × {file.height:,} pixels, which is too many")
            file.draft(None, (side, side))
            return plain(ImageOps.exif_transpose(file))
    except UnreadableError:
        raise
    except UnidentifiedImageError as error:
        raise UnreadableError("it is no picture, or of a kind that is not known") from error
    except Exception as error:  # the file is the user's, and each of Pillow's readers fails in its own way
        raise UnreadableError(_reason(error)) from error


def size_of(path: Path) -> tuple[int, int]:
    """Width and height as the file states them.

    Raises:
        UnreadableError: it is no picture.
    """
    try:
        with Image.open(path) as file:
            return file.size
    except UnidentifiedImageError as error:
        raise UnreadableError("it is no picture, or of a kind that is not known") from error
    except Exception as error:  # as above
        raise UnreadableError(_reason(error)) from error


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    words = str(error).lower()
    if "truncated" in words or isinstance(error, EOFError):
        return "it is cut short"
    return f"it is damaged ({error})" if words else "it is damaged"


def plain(picture: Image.Image) -> Image.Image:
    """The same of mode L or RGB: palettes looked up, transparency on white, deep greys to 8 bits."""
    if picture.mode in ("L", "RGB"):
        return picture
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode[0] in "IF":  # 16 or 32 bits a pixel
        values = np.asarray(picture)
        highest = 65_535.0 if picture.mode.startswith("I;16") else float(values.max())
        return Image.fromarray(as_bytes(values, highest))
    if picture.has_transparency_data:
        opaque = picture.convert("RGBA")
        white = Image.new("RGBA", opaque.size, "white")
        return Image.alpha_composite(white, opaque).convert("L" if picture.mode == "LA" else "RGB")
    return picture.convert("RGB")


def as_bytes(values: NDArray[np.generic], highest: float) -> NDArray[np.uint8]:
    """Grey values of any number type as 0 to 255; the shape stays.

    Args:
        values: booleans; whole numbers of [0, 1], [0, 255] or 16 bits; real numbers of [0, 1] or [0, 255].
        highest: the largest value of the array that these are a part of, which tells which of these it is.

    Raises:
        UnreadableError: there are negative values, values beyond, or some that are no numbers.
    """
    low, high = float(values.min()), max(highest, float(values.max()))
    if not np.isfinite((low, high)).all():
        raise UnreadableError("it holds values that are no numbers")
    scale = _scale(values.dtype, high)
    if low < 0 or scale is None:
        raise UnreadableError(
            f"its values go from {low:g} to {high:g}, and those of images from 0 to 1 or from 0 to 255"
        )
    if scale == 1.0 and values.dtype == np.uint8:
        return values.astype(np.uint8)
    scaled: NDArray[np.uint8] = np.rint(values.astype(np.float32) * np.float32(scale)).astype(np.uint8)
    return scaled


def _scale(kind: np.dtype[np.generic], high: float) -> float | None:
    """What takes values up to ``high`` to 255; None if nothing does."""
    if high <= 1:
        return 255.0
    if high <= 255:
        return 1.0
    return 255.0 / 65_535.0 if np.issubdtype(kind, np.integer) and high <= 65_535 else None


def has_colour(picture: Image.Image) -> bool:
    """Whether a picture of mode L or RGB shows anything but grey."""
    if picture.mode == "L":
        return False
    small = np.asarray(picture.resize((LOOKED_AT, LOOKED_AT), Image.Resampling.BOX)).astype(np.int16)
    return bool((small.max(axis=2) - small.min(axis=2) > TINGE).any())


def frame(picture: Image.Image, reading: Reading) -> Images:
    """The image (C, H, W) that a model sees of a picture of mode L or RGB."""
    picture = picture.convert("L" if reading.channels == 1 else "RGB")
    size = (reading.side, reading.side)
    if picture.size != size:
        make = ImageOps.fit if reading.framing == "crop" else ImageOps.pad
        picture = make(picture, size, Image.Resampling.LANCZOS)
    pixels: Images = np.asarray(picture).reshape(reading.side, reading.side, reading.channels)
    return pixels.transpose(2, 0, 1)
