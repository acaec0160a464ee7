"""Where the user's own images come from, and whether there are enough of them and room for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae.dataset import Labels, SkippedFile
from vae.errors import DatasetError
from vae.own_file import find_images
from vae.own_folder import find_pictures
from vae.own_pictures import LEAST_SIDE, Reading

LEAST_IMAGES = 10
MOST_BYTES = 2_000_000_000  # of all images in memory


class Source(Protocol):
    """Where images come from: a folder of pictures or a file of arrays. N is the number of its images."""

    kind: str

    @property
    def path(self) -> Path:
        """What was opened."""

    @property
    def labels(self) -> Labels:
        """(N,), -1 where there are no classes."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, by label; none if the images are unlabelled."""

    @property
    def tests(self) -> NDArray[np.bool_] | None:
        """(N,) which are for testing; None where that is for a seed to say."""

    @property
    def skipped(self) -> tuple[SkippedFile, ...]:
        """What could not be looked into."""

    def __len__(self) -> int:
        """N."""

    def sizes(self) -> tuple[list[tuple[int, int]], list[SkippedFile]]:
        """Width and height of all images or of some, and those of them that cannot be read."""

    def pictures(self, side: int) -> Iterator[Image.Image | SkippedFile | None]:
        """Each image, or why it cannot be read; None while nothing is at hand."""

    def sample(self, count: int, side: int) -> Iterator[Image.Image]:
        """Some of the images that can be read, at most ``count``."""


def open_source(path: Path) -> Source:
    """A folder of pictures or a file of arrays.

    Raises:
        DatasetError: there is nothing there, or no images.
    """
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read ({error.strerror or error}). Check that you may read it, then try again."
        ) from error
    if is_folder:
        return find_pictures(path)
    if is_file:
        return find_images(path)
    raise DatasetError(
        f"There are no images at {path}. If they were moved, put them back, or open them where they are now."
    )


def require_enough(path: Path, count: int) -> None:
    """Refuse too few images to train and to test.

    Raises:
        DatasetError: they are fewer than LEAST_IMAGES.
    """
    if count < LEAST_IMAGES:
        raise DatasetError(
            f"{path} holds {count} {'image' if count == 1 else 'images'} that can be read. "
            f"Training and testing need at least {LEAST_IMAGES}: add more, or choose another folder."
        )


def bytes_of(count: int, reading: Reading) -> int:
    """What so many images take in memory."""
    return count * reading.channels * reading.side**2


def largest_side(count: int, channels: int) -> int:
    """The side of the largest images that there is room for."""
    return int((MOST_BYTES / (count * channels)) ** 0.5)


def require_room(path: Path, count: int, reading: Reading) -> None:
    """Refuse what would take too much memory.

    Raises:
        DatasetError: with what would fit.
    """
    needed = bytes_of(count, reading)
    if needed <= MOST_BYTES:
        return
    ways = [
        f"{side} × {side} pixels in {'colour' if channels == 3 else 'grey'}"
        for channels in dict.fromkeys((reading.channels, 1))
        if (side := largest_side(count, channels)) >= LEAST_SIDE
    ]
    out = f"Choose at most {' or '.join(ways)}" if ways else "Choose a part of them"
    raise DatasetError(
        f"The {count:,} images of {path} would take {needed / 1e9:.1f} GB as {reading.describe()}, "
        f"more than the {MOST_BYTES / 1e9:g} GB that are loaded at most. {out}."
    )
