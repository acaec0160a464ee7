"""The user's own images: looked into, previewed, and read into a data set like any other.

What was read and how is written into a name, PATH?side=32&channels=1&framing=crop&seed=0, which model files
keep: it is enough to read the same images again, split in the same way.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vae.dataset import Dataset, DatasetInfo, Images, Labels, SkippedFile
from vae.errors import ConfigurationError, DatasetError
from vae.own_pictures import LEAST_SIDE, SIDES, Reading, frame, has_colour
from vae.own_source import Source, bytes_of, largest_side, open_source, require_enough, require_room

TEST_SHARE, MOST_TESTS = 6, 10_000  # one in six, at most so many
PREVIEWED = 18  # images
KEPT_SIDE = 64  # pixels: up to here, square images that are all alike keep their size

_NAME = re.compile(r"(.+)\?side=(\d+)&channels=(\d)&framing=(\w+)&seed=(\d+)", re.DOTALL)


@dataclass(frozen=True, eq=False)
class OwnImages:
    """What is known of the user's own images before they are read."""

    source: Source
    smallest: tuple[int, int]  # width and height, of those looked at
    largest: tuple[int, int]
    in_colour: bool
    skipped: tuple[SkippedFile, ...]  # of those looked at; the others show when they are read
    suggested: Reading

    @property
    def count(self) -> int:
        """N."""
        return len(self.source)

    @property
    def test_count(self) -> int:
        """How many will be for testing, if all can be read."""
        return int(_tests(self.source, seed=0).sum())

    def bytes_of(self, reading: Reading) -> int:
        """What the images will take in memory."""
        return bytes_of(self.count, reading)


@dataclass(frozen=True)
class ReadProgress:
    """How far the reading has come, in images."""

    done: int
    total: int


# --- names


def name_of(path: Path, reading: Reading) -> str:
    """The name of the data set that read() makes."""
    return (
        f"{path.absolute()}?side={reading.side}&channels={reading.channels}"
        f"&framing={reading.framing}&seed={reading.seed}"
    )


def parse_name(name: str) -> tuple[Path, Reading] | None:
    """What name_of() was given; None if this is the name of something else."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    path, side, channels, framing, seed = found.groups()
    try:
        return Path(path), Reading(int(side), int(channels), framing, int(seed))
    except ConfigurationError:
        return None


def info_of(path: Path, reading: Reading, classes: tuple[str, ...] = ()) -> DatasetInfo:
    """What is known of the data set; the classes only once the images are found."""
    title = f"{path.name or 'images'}, {reading.side} × {reading.side}"
    title += " in colour" if reading.channels == 3 else ""
    return DatasetInfo(name_of(path, reading), title, reading.image_shape, classes, 0)


def is_there(path: Path) -> bool:
    """Whether there is anything to look into."""
    try:
        return path.exists()
    except OSError:  # it lies where the user may not look
        return False


# --- before reading


def scan(path: Path) -> OwnImages:
    """Look into a folder of pictures or a file of arrays.

    Raises:
        DatasetError: there is nothing there, too little, too much, or nothing that can be read.
    """
    source = open_source(path)
    sizes, skipped = source.sizes()
    if not sizes:
        raise _hopeless(path, skipped)
    require_enough(path, len(source))
    in_colour = any(has_colour(picture) for picture in source.sample(PREVIEWED, LEAST_SIDE))
    smallest, largest = min(sizes, key=_area), max(sizes, key=_area)
    suggested = Reading(_suggested_side(sizes), channels=3 if in_colour else 1)
    suggested = _made_to_fit(len(source), suggested)
    require_room(path, len(source), suggested)
    return OwnImages(source, smallest, largest, in_colour, (*source.skipped, *skipped), suggested)


def preview(images: OwnImages, reading: Reading) -> Images:
    """Some of the images (n, C, H, W), as the model will see them."""
    pictures = images.source.sample(PREVIEWED, reading.side)
    framed = [frame(picture, reading) for picture in itertools.islice(pictures, PREVIEWED)]
    return np.stack(framed) if framed else np.zeros((0, *reading.image_shape), np.uint8)


def _hopeless(path: Path, skipped: list[SkippedFile]) -> DatasetError:
    first = skipped[0]
    return DatasetError(
        f"None of the pictures in {path} can be read: {first.path.name}, for one: {first.reason}. "
        "Choose another folder."
    )


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]


def _suggested_side(sizes: list[tuple[int, int]]) -> int:
    """The images' own size if they are small, square and alike; else 28, 32 or 64 by their shorter side."""
    width, height = sizes[0]
    if width == height and LEAST_SIDE <= width <= KEPT_SIDE and len(set(sizes)) == 1:
        return width
    shorter = float(np.median([min(size) for size in sizes]))
    return 28 if shorter < 32 else 32 if shorter < 128 else 64


def _made_to_fit(count: int, reading: Reading) -> Reading:
    """The same, or with the largest of the offered sizes that the memory has room for."""
    largest = largest_side(count, reading.channels)
    if reading.side <= largest:
        return reading
    return replace(reading, side=max((side for side in SIDES if side <= largest), default=LEAST_SIDE))


# --- reading


def read(path: Path, reading: Reading) -> Generator[ReadProgress, None, Dataset]:
    """Read all images; the generator returns the data set. A report after each image.

    Images that cannot be read are left out and listed in ``skipped``. To cancel, close the generator.

    Raises:
        DatasetError: as scan() does, or too few images can be read.
    """
    source = open_source(path)
    count = len(source)
    require_room(path, count, reading)
    tests = _tests(source, reading.seed)
    places = _places(tests, reading.seed)
    parts = [np.empty((int(part.sum()), *reading.image_shape), np.uint8) for part in (~tests, tests)]
    found = np.zeros(count, np.bool_)
    skipped = list(source.skipped)
    done = 0
    yield ReadProgress(done, count)
    for picture in source.pictures(reading.side):
        if isinstance(picture, Image.Image):
            parts[int(tests[done])][places[done]] = frame(picture, reading)
            found[done] = True
        elif picture is not None:
            skipped.append(picture)
        done += picture is not None
        yield ReadProgress(done, count)
    if not found.any():
        raise _hopeless(path, skipped)
    require_enough(path, int(found.sum()))
    for name, part in (("training", ~tests), ("testing", tests)):
        if not (found & part).any():
            raise DatasetError(f"No image for {name} in {path} can be read. Add some, then open it again.")
    info = info_of(path, reading, source.classes)
    train, test = (
        _gathered(part, source.labels, places, found, members)
        for part, members in zip(parts, (~tests, tests), strict=True)
    )
    return Dataset(info, *train, *test, {}, tuple(skipped))


def _tests(source: Source, seed: int) -> NDArray[np.bool_]:
    """(N,) which images are for testing: those that the source names, or a share drawn by the seed."""
    if source.tests is not None:
        return source.tests
    count = len(source)
    tests = np.zeros(count, np.bool_)
    tests[np.random.default_rng(seed).permutation(count)[: min(MOST_TESTS, count // TEST_SHARE)]] = True
    return tests


def _places(tests: NDArray[np.bool_], seed: int) -> NDArray[np.int64]:
    """(N,) where each image goes in its part: shuffled, so that the first of a part come from all classes."""
    order = np.random.default_rng(seed).permutation(len(tests))
    places = np.empty(len(tests), np.int64)
    for part in (order[~tests[order]], order[tests[order]]):
        places[part] = np.arange(len(part))
    return places


def _gathered(
    images: Images,
    labels: Labels,
    places: NDArray[np.int64],
    found: NDArray[np.bool_],
    members: NDArray[np.bool_],
) -> tuple[Images, Labels]:
    """A part without the gaps of what could not be read, closed in place; and its labels."""
    ordered = np.empty(len(images), np.int64)
    ordered[places[members]] = labels[members]
    kept = np.sort(places[members & found])
    for place, image in enumerate(kept):
        if place != image:
            images[place] = images[image]
    return images[: len(kept)], ordered[kept]
