"""Arrays in files: .npy, .npz and idx, packed by gzip or not. What a file is, its first bytes tell.

An array's shape is known before its values are read, and the values are read in blocks: a file of any size
needs little memory. Nothing is ever unpickled.
"""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from vae.errors import DatasetError

NPY, ZIP, GZIP = b"\x93NUMPY", b"PK\x03\x04", b"\x1f\x8b"
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
BLOCK = 16_000_000  # bytes that are read at once, about
FAULTS = (OSError, EOFError, ValueError, struct.error, zlib.error, zipfile.BadZipFile, RuntimeError)


@dataclass(frozen=True)
class StoredArray:
    """An array in a file, of numbers or of text."""

    path: Path
    member: str  # of a .npz file, else ""
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    by_columns: bool  # Fortran's order of the axes
    start: int  # bytes before the values, once unpacked

    @property
    def name(self) -> str:
        """As the user knows it: the key within a .npz file."""
        return self.member.removesuffix(".npy")

    @property
    def is_numeric(self) -> bool:
        """Whether it holds numbers or booleans."""
        return self.dtype.kind in "biuf"

    @property
    def bytes(self) -> int:
        """Of the values in memory."""
        return math.prod(self.shape) * self.dtype.itemsize

    def blocks(self) -> Iterator[NDArray[np.generic]]:
        """The array in parts, one after another along the first axis.

        Raises:
            DatasetError: the file is shorter than it says, or damaged.
        """
        row = self.bytes // max(1, self.shape[0])
        rows = self.shape[0] if self.by_columns else max(1, BLOCK // max(1, row))
        with _told(self.path), _opened(self.path, self.member) as stream:
            stream.read(self.start)
            for first in range(0, self.shape[0], rows):
                count = min(rows, self.shape[0] - first)
                content = stream.read(count * row)
                if len(content) < count * row:
                    raise EOFError("it is cut short")
                values = np.frombuffer(content, self.dtype)
                shape = (count, *self.shape[1:])
                yield values.reshape(shape[::-1]).transpose() if self.by_columns else values.reshape(shape)

    def read(self) -> NDArray[np.generic]:
        """The whole array."""
        return np.concatenate(list(self.blocks())) if self.shape[0] else np.zeros(self.shape, self.dtype)


def find_arrays(path: Path) -> tuple[StoredArray, ...]:
    """The arrays in a file; those without an axis are left out.

    Raises:
        DatasetError: the file cannot be read, is damaged, is of another kind, or holds Python objects.
    """
    with _told(path):
        with _unpacked(path) as stream:
            start = stream.read(len(NPY))
        if start.startswith(ZIP):
            with zipfile.ZipFile(path) as archive:
                members = [name for name in archive.namelist() if name.endswith(".npy")]
            found = [_npy_array(path, member) for member in members]
        elif start == NPY:
            found = [_npy_array(path, "")]
        elif start[:2] == b"\0\0" and start[2:3] and start[2] in IDX_TYPES:
            found = [_idx_array(path)]
        else:
            raise DatasetError(
                f"{path} is no file of images that is known. "
                "Choose a folder of pictures, or a file of arrays: .npz, .npy or idx."
            )
    return tuple(array for array in found if array.shape)


def _npy_array(path: Path, member: str) -> StoredArray:
    with _opened(path, member) as stream:
        version = npy.read_magic(stream)
        if version == (1, 0):
            shape, by_columns, dtype = npy.read_array_header_1_0(stream)
        elif version == (2, 0):
            shape, by_columns, dtype = npy.read_array_header_2_0(stream)
        else:
            raise ValueError(f"its format is {version[0]}.{version[1]}")
        start = stream.tell()
    if dtype.hasobject:
        raise DatasetError(
            f"{path} holds Python objects{f' as “{member[:-4]}”' if member else ''}, which are never opened. "
            "Save a plain array of numbers instead."
        )
    return StoredArray(path, member, shape, dtype, by_columns and len(shape) > 1, start)


def _idx_array(path: Path) -> StoredArray:
    with _opened(path, "") as stream:
        _, kind, axes = struct.unpack(">HBB", stream.read(4))
        shape = struct.unpack(f">{axes}I", stream.read(4 * axes))
    return StoredArray(path, "", shape, np.dtype(IDX_TYPES[kind]), False, 4 + 4 * axes)


@contextmanager
def _opened(path: Path, member: str) -> Iterator[IO[bytes]]:
    """The bytes of an array, header and values."""
    with ExitStack() as stack:
        if member:
            archive = stack.enter_context(zipfile.ZipFile(path))
            yield stack.enter_context(archive.open(member))
        else:
            yield stack.enter_context(_unpacked(path))


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        if packed:
            with gzip.open(file) as stream:
                yield cast(IO[bytes], stream)
        else:
            yield file


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what a file can do to us into a sentence."""
    try:
        yield
    except FAULTS as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or "it is cut short"
        raise DatasetError(f"{path} cannot be read: {reason}. Use another copy of the file.") from error
