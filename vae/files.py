"""Writing files so that nothing is lost: whole or not at all, and looked into before the work begins."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from vae.errors import CheckpointError


def write_whole(path: Path, content: bytes) -> None:
    """Write to a temporary file beside ``path``, then rename it: what stood there stays until then.

    Raises:
        CheckpointError: the file cannot be written, for example because the disk is full.
    """
    with writing_whole(path) as file:
        file.write(content)


@contextmanager
def writing_whole(path: Path) -> Iterator[IO[bytes]]:
    """The same, for content that is made bit by bit: the file is there when the block is left in peace.

    Raises:
        CheckpointError: the file cannot be written.
    """
    temporary: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # temporary files are private; a model is not
        temporary.replace(path)
    except OSError as error:
        raise CheckpointError(
            f"{path} could not be saved: {error.strerror or error}. "
            "Free some space or choose another folder, then save again."
        ) from error
    finally:  # also after Ctrl+C
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def remove_whole(path: Path) -> None:
    """Remove a file, if it is there, and what write_whole() left beside it when its process was killed.

    Raises:
        CheckpointError: it cannot be removed.
    """
    try:
        left = [file for file in path.parent.iterdir() if file.name.startswith(f".{path.name}.")]
        for file in (path, *left):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointError(
            f"{path} could not be removed: {error.strerror or error}. Remove it by hand."
        ) from error


def require_writable(path: Path) -> None:
    """Find out now whether write_whole() will find its folder, rather than after hours of training.

    Raises:
        CheckpointError: ``path`` is a folder, or lies in one that is not there or cannot be written.
    """
    if path.is_dir():
        raise CheckpointError(f"{path} is a folder. Add a file's name to it.")
    if not path.parent.is_dir():
        raise CheckpointError(f"There is no folder {path.parent}. Make it first, or choose another.")
    try:
        with tempfile.TemporaryFile(dir=path.parent, prefix=f".{path.name}."):
            pass
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be written: {error.strerror or error}. Choose another folder."
        ) from error
