"""A data set in memory, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


class Part(Enum):
    """Which images of a data set; the value is the word for them."""

    TEST = "test"
    TRAINING = "training"


IN_MEMORY = "your images"  # the name of a data set that a script has given, and no file holds


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set before it is loaded."""

    name: str  # on the command line and in model files
    title: str  # on the screen
    image_shape: tuple[int, int, int]  # C, H, W
    classes: tuple[str, ...]  # names, by label; none if the images are unlabelled
    download_bytes: int  # of the compressed files; 0 if built in


@dataclass(frozen=True)
class SkippedFile:
    """A file of the user's own data that could not be read."""

    path: Path
    reason: str  # a clause, for example "it is cut short"


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory, its arrays contiguous. N is the number of images, which differs by part."""

    info: DatasetInfo
    train_images: Images  # (N, C, H, W), 0 to 255
    train_labels: Labels  # (N,), -1 if the images are unlabelled
    test_images: Images  # (N, C, H, W), 0 to 255
    test_labels: Labels  # (N,)
    test_factors: Mapping[str, NDArray[np.float32]]  # (N,) each, in the units of vae.strokes.FACTORS
    skipped: tuple[SkippedFile, ...] = ()  # of the user's own data

    def images_of(self, part: Part) -> Images:
        """(N, C, H, W), 0 to 255."""
        return self.test_images if part is Part.TEST else self.train_images

    def labels_of(self, part: Part) -> Labels:
        """(N,), -1 if the images are unlabelled."""
        return self.test_labels if part is Part.TEST else self.train_labels
