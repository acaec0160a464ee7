"""The encodings of a data set as a file for others to read: a table (CSV) or arrays (NPZ)."""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

import vae
from vae.dataset import Dataset, Images, Labels
from vae.errors import ConfigurationError
from vae.files import write_whole

if TYPE_CHECKING:
    from vae import VAE

TABLE, ARRAYS = ".csv", ".npz"  # how the file's name ends
CHUNK = 1_000  # images that are encoded at a time
ROWS = 250  # of the table at a time
ENCODED = 0.2  # share of the work that is done when all are encoded
TERMS = ("elbo", "reconstruction", "kl")  # in nats, at one draw of z from q(z|x)

Columns = Mapping[str, NDArray[np.generic]]  # (N,) or (N, D) each


def write_encodings(path: Path, model: VAE, data: Dataset) -> Generator[float, None, None]:
    """Encode all images of a data set, slice by slice, and write them; yields the share that is done.

    The arrays of an NPZ are ``split`` ("train" or "test"), ``index`` (in that part) and ``labels`` (-1 where
    there is none), (N,) each; ``z_loc`` and ``z_scale``, (N, D); TERMS, (N,). A table has a column for each
    number, z_loc_1 to z_loc_D among them, and no label where there is none. The ELBO of a model that also
    tells labels holds log p(y|z) besides the two terms that are written.

    Raises:
        ConfigurationError: the name ends otherwise, or the images are not of the model's size.
        CheckpointError: the file cannot be written.
    """
    require_format(path)
    _require_fit(model, data)
    parts = {
        "train": (data.train_images, data.train_labels),
        "test": (data.test_images, data.test_labels),
    }
    if data.train_images is data.test_images:  # a script's own, which are both at once
        del parts["train"]
    total, done, found = sum(len(labels) for _, labels in parts.values()), 0, []
    for split, (images, labels) in parts.items():
        if len(labels):
            steps = _columns(split, model, images, labels)
            columns = yield from _shares(steps, done / total, len(labels) / total)
            found.append(columns)
            done += len(labels)
    whole = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    yield 1.0
    if path.suffix.lower() == ARRAYS:
        content = io.BytesIO()
        np.savez(content, allow_pickle=False, **whole)
        write_whole(path, content.getvalue())
    else:
        text = io.StringIO()
        for _ in _write_table(text, whole):
            yield 1.0
        write_whole(path, text.getvalue().encode())


def require_format(path: Path) -> None:
    """Raise ConfigurationError where the name of a file does not say what it is to be."""
    if path.suffix.lower() not in (TABLE, ARRAYS):
        raise ConfigurationError(
            f"'{path.name}' is neither a table nor arrays. Let the name end in {TABLE} or {ARRAYS}."
        )


def _require_fit(model: VAE, data: Dataset) -> None:
    expected, given = model.config.image_shape, data.info.image_shape
    if given != expected:
        raise ConfigurationError(
            f"The images of {data.info.title} are {_size(given)}, and the model encodes {_size(expected)}. "
            "Choose another data set."
        )


def _size(shape: tuple[int, int, int]) -> str:
    return " × ".join(map(str, shape))


def _shares(
    steps: Generator[float, None, Columns], before: float, part: float
) -> Generator[float, None, Columns]:
    """The shares of a part of the work as shares of the whole."""
    while True:
        try:
            share = next(steps)
        except StopIteration as end:
            columns: Columns = end.value
            return columns
        yield before + part * share


def _columns(split: str, model: VAE, images: Images, labels: Labels) -> Generator[float, None, Columns]:
    """One part of the data; yields the share that is done."""
    parts = [slice(start, start + CHUNK) for start in range(0, len(images), CHUNK)]
    found = []
    for place, part in enumerate(parts):
        found.append(vae.encode_images(model, images[part], labels[part]))
        yield ENCODED * place / len(parts)
    terms = vae.ImageTerms(images, labels)
    while not terms.complete:
        terms.score_more(model)
        yield ENCODED + (1.0 - ENCODED) * len(terms.known) / len(images)
    return {
        "split": np.full(len(images), split),
        "index": np.arange(len(images)),
        "labels": labels,
        "z_loc": np.concatenate([encodings.z_loc for encodings in found]),
        "z_scale": np.concatenate([encodings.z_scale for encodings in found]),
        **{name: getattr(terms, name) for name in TERMS},
    }


def _write_table(text: io.StringIO, columns: Columns) -> Iterator[None]:
    """A line of names, then a line an image; single precision takes nine digits."""
    table = csv.writer(text, lineterminator="\n")
    dimensions = range(1, columns["z_loc"].shape[1] + 1)
    codes = [f"{name}_{dimension}" for name in ("z_loc", "z_scale") for dimension in dimensions]
    table.writerow(["split", "index", "label", *codes, *TERMS])
    numbers = np.column_stack([columns[name] for name in ("z_loc", "z_scale", *TERMS)])
    for start in range(0, len(numbers), ROWS):
        part = slice(start, start + ROWS)
        facts = (columns[name][part] for name in ("split", "index", "labels"))
        for split, index, label, values in zip(*facts, numbers[part].tolist(), strict=True):
            known = label if label >= 0 else ""
            table.writerow([split, index, known, *(f"{value:.9g}" for value in values)])
        yield
