"""What a run learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class TrainingData(Protocol):
    """What a run needs of a data set; `vae.datasets.Dataset` has it."""

    @property
    def train_images(self) -> NDArray[np.generic]:
        """(N, C, H, W): uint8 pictures, or float32 values taken as they are."""

    @property
    def train_labels(self) -> NDArray[np.int64]:
        """(N,)."""

    @property
    def test_images(self) -> NDArray[np.generic]:
        """(N, C, H, W), scored after each epoch."""

    @property
    def test_labels(self) -> NDArray[np.int64]:
        """(N,)."""


@dataclass(frozen=True, eq=False)
class Arrays:
    """A data set that is nothing but arrays."""

    train_images: NDArray[np.generic]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.generic]
    test_labels: NDArray[np.int64]
