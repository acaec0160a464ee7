"""The user's own images on the command line: a path in the place of a data set's name."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from explorer.terminal import number, say
from vae.datasets import DATASETS, Dataset, is_own, loading
from vae.errors import ConfigurationError
from vae.own_data import is_there, name_of, parse_name, scan
from vae.own_source import require_room
from vae.points import CLOUDS

COLOURS = {"grey": 1, "colour": 3}  # channels
OWN_DATA = ("image_size", *COLOURS)  # the options
MOST_LISTED = 10  # files that could not be read


def add_own_data_options(parser: ArgumentParser) -> None:
    """How images of a folder or file are read, where not as a look at them suggests."""
    meaning = "pixels a side, of your own images"
    parser.add_argument("--image-size", type=number, metavar="N", help=f"{meaning} (default: by theirs)")
    colours = parser.add_mutually_exclusive_group()
    for name in COLOURS:
        meaning = f"read your own images in {name} (default: by a look at some)"
        colours.add_argument(f"--{name}", action="store_const", const=True, help=meaning)


def dataset_asked_for(options: Namespace, default: str) -> str:
    """The name of the data set. In the place of a name may stand the path of images: they are looked into.

    Raises:
        LatentExplorerError: there are no images, too many, or they cannot be read as is asked for.
    """
    given: str = default if options.dataset is None else options.dataset
    changes = _changes(options)
    path = Path(given).expanduser().resolve()
    if given in (*DATASETS, *CLOUDS, "") or is_own(given) or not is_there(path):
        if changes:
            raise ConfigurationError(
                f"--image-size, --grey and --colour are for a folder or file of images, not for '{given}'."
            )
        return given
    images = scan(path)
    reading = replace(images.suggested, **changes)
    require_room(path, images.count, reading)
    say(
        f"{images.count:,} images, read as {reading.describe()}: {images.bytes_of(reading) / 1e6:.1f} MB, "
        f"{images.count - images.test_count:,} to train and {images.test_count:,} to test."
    )
    return name_of(path, reading)


def _changes(options: Namespace) -> dict[str, Any]:
    channels = next((count for name, count in COLOURS.items() if getattr(options, name)), None)
    asked = {"side": options.image_size, "channels": channels}
    return {field: value for field, value in asked.items() if value is not None}


def short_name(dataset: str) -> str:
    """What a file may be called by."""
    own = parse_name(dataset)
    return dataset if own is None else own[0].stem or "images"


def load_visibly(name: str, folder: Path) -> Dataset:
    """Load a data set, with a progress bar where it takes long, and list what had to be left out."""
    with (
        closing(loading(name, folder)) as steps,
        tqdm(desc="reading", leave=False, disable=not is_own(name)) as bar,
    ):
        try:
            while True:
                progress = next(steps)
                bar.total = progress.total
                bar.update(progress.done - bar.n)
        except StopIteration as end:
            data: Dataset = end.value
    for file in data.skipped[:MOST_LISTED]:
        say(f"Left out: {file.path}: {file.reason}.")
    if len(data.skipped) > MOST_LISTED:
        say(f"Left out: {len(data.skipped) - MOST_LISTED:,} more.")
    return data
