"""What labels and names tell of the user's own images: classes, and the part for testing."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

from vae.dataset import Labels

NO_LABEL = -1
MOST_CLASSES = 1_000  # more are no classes but identifiers

TRAIN_WORDS = {"train", "training"}
TEST_WORDS = {"test", "testing", "t10k", "val", "valid", "validation"}


def part_of(words: AbstractSet[str]) -> str:
    """The part that something of this name belongs to: "train", "test", or "" if the name does not tell."""
    return "test" if words & TEST_WORDS else "train" if words & TRAIN_WORDS else ""


def in_one_column(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Labels (N,) from (N,), (N, 1), or one-hot rows (N, K)."""
    rows = values.reshape(len(values), -1)
    return rows.argmax(axis=1) if rows.shape[1] > 1 else rows[:, 0]


def classes_of(values: NDArray[np.generic]) -> tuple[Labels, tuple[str, ...]]:
    """Labels (N,) and the names of the classes, from whole numbers or text (N,).

    Real numbers that are not whole are measurements and no classes: the images count as unlabelled.
    """
    if values.dtype.kind == "f":
        if not np.array_equal(values, np.round(values.astype(np.float64))):
            return unlabelled(len(values))
        values = values.astype(np.int64)
    classes, labels = np.unique(values, return_inverse=True)
    names = (name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in classes)
    return without_identifiers(labels.astype(np.int64), tuple(names))


def unlabelled(count: int) -> tuple[Labels, tuple[str, ...]]:
    """The labels (N,) and classes of so many images without labels."""
    return np.broadcast_to(np.int64(NO_LABEL), (count,)), ()  # no memory for what a header promises


def without_identifiers(labels: Labels, classes: tuple[str, ...]) -> tuple[Labels, tuple[str, ...]]:
    """The same, unless there are so many classes that they are none."""
    if len(classes) > MOST_CLASSES:
        return unlabelled(len(labels))
    return labels, classes
