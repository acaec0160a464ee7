"""The history of a run as TensorBoard's event files; takes the package tensorboardX."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from vae.errors import CheckpointError, MissingPackageError
from vae.history import COLUMNS, Row

PLACES = ("record", "step", "epoch", "seconds")  # all other columns are curves
TAGS = {
    "step": "step",
    "epoch, train": "train",
    "epoch, test": "test",
}  # records: what their curves begin with
MOST_STEPS = 2_000  # TensorBoard draws some 1,000 points of a curve, and each takes time to write


def write_events(folder: Path, rows: Iterable[Row]) -> None:
    """Write a new event file into ``folder``, which is made: a curve for each term, over the steps.

    Of very many steps, every n-th is written.

    Raises:
        MissingPackageError: tensorboardX is not installed.
        CheckpointError: the folder cannot be written.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise MissingPackageError(
            "TensorBoard's event files take a package that is not installed. "
            "Install it with pip install latent-explorer[tensorboard], then export again."
        ) from error
    began = time.time()
    try:
        with SummaryWriter(str(folder)) as writer:
            for row in _thinned(list(rows)):
                for name in COLUMNS:
                    if name in row and name not in PLACES:
                        tag = f"{TAGS[str(row['record'])]}/{name}"
                        writer.add_scalar(tag, row[name], int(row["step"]), began + float(row["seconds"]))
    except OSError as error:
        raise CheckpointError(
            f"{folder} could not be written: {error.strerror or error}. "
            "Free some space or choose another folder, then export again."
        ) from error


def _thinned(rows: list[Row]) -> list[Row]:
    """All epochs, and the last of each few steps."""
    steps = [row for row in rows if row["record"] == "step"]
    every = -(-len(steps) // MOST_STEPS)
    kept = steps[::-every][::-1] if steps else []
    return [*kept, *(row for row in rows if row["record"] != "step")]
