"""PNG files, written strip by strip: a picture of any size takes the memory of one strip.

W3C, Portable Network Graphics (PNG) Specification: https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from vae.errors import ConfigurationError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOUR_TYPES = {1: 0, 3: 2}  # grey, RGB, by the number of channels
DEPTH = 8  # bits of a value


class PngWriter:
    """Tells what belongs into the file: the beginning, each strip, the end."""

    def __init__(self, channels: int, height: int, width: int) -> None:
        if channels not in COLOUR_TYPES:
            raise ConfigurationError(f"Images of {channels} channels cannot be drawn: only of 1 or 3.")
        self._header = struct.pack(">IIBBBBB", width, height, DEPTH, COLOUR_TYPES[channels], 0, 0, 0)
        self._deflate = zlib.compressobj()

    def begin(self) -> bytes:
        """What comes before the first strip."""
        return SIGNATURE + _chunk(b"IHDR", self._header)

    def add(self, strip: NDArray[np.uint8]) -> bytes:
        """The next rows (C, h, W), from the top; may be empty until there is more."""
        lines = strip.transpose(1, 2, 0).reshape(strip.shape[1], -1)
        unfiltered = np.pad(lines, ((0, 0), (1, 0)))  # a 0 before each line
        packed = self._deflate.compress(unfiltered.tobytes())
        return _chunk(b"IDAT", packed) if packed else b""

    def end(self) -> bytes:
        """What comes after the last strip."""
        return _chunk(b"IDAT", self._deflate.flush()) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
