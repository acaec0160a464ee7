"""A folder of pictures: its sub-folders are the classes, and ``train`` and ``test`` above them the parts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae.dataset import Labels, SkippedFile
from vae.errors import DatasetError
from vae.own_labels import part_of, unlabelled, without_identifiers
from vae.own_pictures import SUFFIXES, UnreadableError, open_picture, size_of

MOST_FILES = 500_000  # that a folder may hold, pictures and others
MOST_MEASURED = 500  # files whose size is looked up to describe the folder


@dataclass(frozen=True, eq=False)
class PictureFolder:
    """The pictures beneath a folder, in the order of their names. N is their number."""

    path: Path
    files: tuple[Path, ...]
    labels: Labels  # (N,)
    classes: tuple[str, ...]
    tests: NDArray[np.bool_] | None  # (N,) which are for testing; None if the folder does not tell
    skipped: tuple[SkippedFile, ...]  # sub-folders that cannot be read

    kind = "Folder of pictures"

    def __len__(self) -> int:
        """N."""
        return len(self.files)

    def sizes(self) -> tuple[list[tuple[int, int]], list[SkippedFile]]:
        """Width and height of some of the pictures, and those among them that cannot be read."""
        found, skipped = [], []
        for path in _spread(self.files, MOST_MEASURED):
            try:
                found.append(size_of(path))
            except UnreadableError as error:
                skipped.append(SkippedFile(path, str(error)))
        return found, skipped

    def pictures(self, side: int) -> Iterator[Image.Image | SkippedFile]:
        """Each picture, at least ``side`` pixels high and wide where the file has them."""
        return (_open(path, side) for path in self.files)

    def sample(self, count: int, side: int) -> Iterator[Image.Image]:
        """Some of the pictures that can be read, from all classes."""
        opened = (_open(path, side) for path in _spread(self.files, count))
        return (picture for picture in opened if isinstance(picture, Image.Image))


def find_pictures(path: Path) -> PictureFolder:
    """List the pictures beneath ``path``; what is hidden is left out.

    Raises:
        DatasetError: the folder cannot be read, holds no picture, or too many files.
    """
    files, others, skipped = _walk(path)
    if not files:
        raise _no_pictures(path, others, skipped)
    places = [file.relative_to(path).parts[:-1] for file in files]
    parts = [part_of({folders[0].lower()}) if folders else "" for folders in places]
    tests = None
    if "train" in parts and set(parts) <= {"train", "test"}:
        tests = np.array([part == "test" for part in parts])
        tests = tests if tests.any() else None
        places = [folders[1:] for folders in places]
    names = [folders[0] if folders else "" for folders in places]
    labels, classes = _classes(names, path)
    return PictureFolder(path, tuple(files), labels, classes, tests, tuple(skipped))


def _classes(names: list[str], path: Path) -> tuple[Labels, tuple[str, ...]]:
    """Labels (N,) and classes, from the name of each picture's sub-folder."""
    if not any(names):
        return unlabelled(len(names))
    classes, labels = np.unique([name or path.name for name in names], return_inverse=True)
    return without_identifiers(labels.astype(np.int64), tuple(map(str, classes)))


def _walk(path: Path) -> tuple[list[Path], list[Path], list[SkippedFile]]:
    """Pictures, other files, and sub-folders that cannot be read."""
    pictures: list[Path] = []
    others: list[Path] = []
    skipped: list[SkippedFile] = []

    def skip(error: OSError) -> None:
        skipped.append(SkippedFile(Path(error.filename), error.strerror or str(error)))

    for folder, folders, files in os.walk(path, onerror=skip):
        folders[:] = sorted(name for name in folders if _is_shown(name))
        for name in sorted(filter(_is_shown, files)):
            kind = pictures if name.lower().endswith(SUFFIXES) else others
            kind.append(Path(folder, name))
        if len(pictures) + len(others) > MOST_FILES:
            raise DatasetError(
                f"{path} holds more than {MOST_FILES:,} files. Choose a folder further down, "
                "or put a part of the pictures into a folder of its own."
            )
    return pictures, others, skipped


def _is_shown(name: str) -> bool:
    return not name.startswith((".", "__MACOSX"))


def _no_pictures(path: Path, others: list[Path], skipped: list[SkippedFile]) -> DatasetError:
    if not others:
        reason = f"cannot be read ({skipped[0].reason})" if skipped else "is empty"
        return DatasetError(f"The folder {path} {reason}. Choose a folder that holds pictures.")
    arrays = [file for file in others if file.name.endswith((".npz", ".npy")) or "idx" in file.name]
    if arrays:
        return DatasetError(f"{path} holds no pictures, but the file {arrays[0].name}: choose that file.")
    kinds = Counter(file.suffix.lower() or "without an ending" for file in others)
    common = ", ".join(kind for kind, _ in kinds.most_common(3))
    return DatasetError(
        f"{path} holds no pictures, only other files ({common}). "
        "Choose a folder that holds pictures, such as .png or .jpg."
    )


def _open(path: Path, side: int) -> Image.Image | SkippedFile:
    try:
        return open_picture(path, side)
    except UnreadableError as error:
        return SkippedFile(path, str(error))


def _spread(files: tuple[Path, ...], count: int) -> list[Path]:
    """At most ``count`` of the files, at even distances."""
    places = np.linspace(0, len(files) - 1, min(count, len(files))).round().astype(int)
    return [files[place] for place in places]
