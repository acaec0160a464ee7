"""Images and labels in a file of arrays: which array is which, and how their axes lie.

The keys of a .npz file tell (``x_train``, ``images``, ``labels``, ...); an idx or .npy file has its labels
and its test images in files beside it, named alike, as MNIST has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae.dataset import Images, Labels, SkippedFile
from vae.errors import DatasetError
from vae.own_arrays import StoredArray, find_arrays
from vae.own_labels import classes_of, in_one_column, part_of, unlabelled
from vae.own_pictures import SUFFIXES, UnreadableError, as_bytes, plain

IMAGE_WORDS = {"x", "image", "images", "img", "imgs", "pictures", "data"}
LABEL_WORDS = {"y", "label", "labels", "target", "targets", "class", "classes"}
LEAST_SIDE = 4  # pixels


@dataclass(frozen=True)
class Layout:
    """How the images lie in an array."""

    height: int
    width: int
    channels: int  # 1, 3, or 4 with transparency
    channels_first: bool

    def rows(self, block: NDArray[np.generic]) -> NDArray[np.generic]:
        """The block as (N, H, W), or (N, H, W, C) where C is not 1."""
        if self.channels == 1:
            return block.reshape(-1, self.height, self.width)
        return block.transpose(0, 2, 3, 1) if self.channels_first else block


def layout_of(shape: Sequence[int]) -> Layout | None:
    """(N, H, W), (N, H, W, C), (N, C, H, W), or (N, H x W) of square grey images; None for another shape."""
    layout = None
    match shape:
        case (_, height, width, 1 | 3 | 4 as channels):
            layout = Layout(height, width, channels, channels_first=False)
        case (_, 1 | 3 | 4 as channels, height, width):
            layout = Layout(height, width, channels, channels_first=True)
        case (_, height, width):
            layout = Layout(height, width, 1, channels_first=False)
        case (_, pixels) if pixels == math.isqrt(pixels) ** 2:
            layout = Layout(math.isqrt(pixels), math.isqrt(pixels), 1, channels_first=False)
    return layout if layout and min(layout.height, layout.width) >= LEAST_SIDE else None


@dataclass(frozen=True, eq=False)
class ArrayFile:
    """The images of a file, those for training first. N is their number."""

    path: Path
    arrays: tuple[StoredArray, ...]  # of images: all, or those for training and those for testing
    layouts: tuple[Layout, ...]
    labels: Labels  # (N,)
    classes: tuple[str, ...]
    tests: NDArray[np.bool_] | None  # (N,) which are for testing; None if the file does not tell
    skipped: tuple[SkippedFile, ...] = ()  # none: a file of arrays is read whole or not at all

    kind = "File of arrays"

    def __len__(self) -> int:
        """N."""
        return sum(array.shape[0] for array in self.arrays)

    def sizes(self) -> tuple[list[tuple[int, int]], list[SkippedFile]]:
        """Width and height of the images."""
        return [(layout.width, layout.height) for layout in self.layouts], []

    def pictures(self, side: int) -> Iterator[Image.Image | None]:
        """Each image; before, None for each block that is looked through for its largest value."""
        highest = 0.0
        for array in self.arrays:
            for block in array.blocks():
                highest = max(highest, float(block.max()))
                yield None
                if array.dtype == np.uint8 and highest > 1:
                    break  # it goes to 255
        for array, layout in zip(self.arrays, self.layouts, strict=True):
            for block in array.blocks():
                yield from self._pictures(layout.rows(block), highest)

    def sample(self, count: int, side: int) -> Iterator[Image.Image]:
        """The first images."""
        block = next(self.arrays[0].blocks())
        return self._pictures(self.layouts[0].rows(block)[:count], float(block.max()))

    def _pictures(self, rows: NDArray[np.generic], highest: float) -> Iterator[Image.Image]:
        try:
            pixels: Images = as_bytes(rows, highest)
        except UnreadableError as error:
            raise DatasetError(f"The images in {self.path} cannot be read: {error}.") from error
        return (plain(Image.fromarray(np.ascontiguousarray(values))) for values in pixels)


def find_images(path: Path) -> ArrayFile:
    """The images in a file of arrays, and their labels.

    Raises:
        DatasetError: it is no such file, or it is not clear which of its arrays are images.
    """
    if path.name.lower().endswith(SUFFIXES):
        raise DatasetError(f"{path} is a single picture. Choose the folder that holds it.")
    arrays = find_arrays(path)
    if not path.name.lower().endswith(".npz"):
        arrays += _arrays_beside(path)
    training, testing = _images(path, arrays, ("", "train")), _images(path, arrays, ("test",))
    if training is None:  # a file of test images alone is as good as any
        training, testing = testing, None
    if training is None:
        held = ", ".join(f"{array.name or array.path.name} {array.shape}" for array in arrays) or "nothing"
        raise DatasetError(
            f"{path} holds no images: {held}. Images have the shape (N, H, W), (N, H, W, C), (N, C, H, W), "
            "or (N, H × W) if they are square."
        )
    chosen = (training,) if testing is None else (training, testing)
    labels, classes = _labels(chosen, arrays)
    tests = None if testing is None else np.arange(len(labels)) >= training.shape[0]
    layouts = tuple(layout for array in chosen if (layout := layout_of(array.shape)))
    return ArrayFile(path, chosen, layouts, labels, classes, tests)


def _words(array: StoredArray) -> set[str]:
    return set(re.split(r"[^a-z0-9]+", (array.name or array.path.name).lower()))


def _images(path: Path, arrays: Sequence[StoredArray], parts: Sequence[str]) -> StoredArray | None:
    """The array of images of one part, if there is one."""
    fitting = [
        array
        for array in arrays
        if array.is_numeric
        and array.shape[0]
        and layout_of(array.shape)
        and part_of(_words(array)) in parts
        and (_words(array) & IMAGE_WORDS or not _words(array) & LABEL_WORDS)
    ]
    named = [array for array in fitting if _words(array) & IMAGE_WORDS]
    if len(fitting) > 1 and not named:
        raise DatasetError(
            f"{path} holds several arrays that may be images: {', '.join(array.name for array in fitting)}. "
            "Save it with the images under the name “images”."
        )
    return next(iter(named or fitting), None)


def _labels(chosen: Sequence[StoredArray], arrays: Sequence[StoredArray]) -> tuple[Labels, tuple[str, ...]]:
    """Labels (N,) and classes of these images; unlabelled unless each array has its labels."""
    found = [_labels_for(images, [array for array in arrays if array not in chosen]) for images in chosen]
    values = [in_one_column(array.read()) for array in found if array is not None]
    if len(values) < len(chosen):
        return unlabelled(sum(images.shape[0] for images in chosen))
    return classes_of(np.concatenate(values))


def _labels_for(images: StoredArray, others: Sequence[StoredArray]) -> StoredArray | None:
    part = {"": ("", "train"), "train": ("", "train"), "test": ("test",)}[part_of(_words(images))]
    of_part = [array for array in others if part_of(_words(array)) in part and 0 < len(array.shape) < 3]
    named = [array for array in of_part if _words(array) & LABEL_WORDS]
    likely = [array for array in of_part if array.shape == images.shape[:1] and array.dtype.kind in "iuUS"]
    labels = next(iter(named or likely), None)
    if labels is not None and labels.shape[0] != images.shape[0]:
        raise DatasetError(
            f"{images.path} holds {images.shape[0]:,} images, but {labels.shape[0]:,} labels. "
            "Save as many labels as there are images, or none."
        )
    return labels


def _arrays_beside(path: Path) -> tuple[StoredArray, ...]:
    """Labels and test images in other files, where this one is named as MNIST's are."""
    tests = [path.name.replace("train", word) for word in ("t10k", "test") if "train" in path.name]
    named = [*tests, *(_labels_name(name) for name in (path.name, *tests))]
    there = [file for name in named if name != path.name and (file := path.with_name(name)).is_file()]
    return tuple(array for file in there for array in find_arrays(file))


def _labels_name(name: str) -> str:
    return name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1")
