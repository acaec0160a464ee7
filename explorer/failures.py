"""From an exception to a sentence for the user; tracebacks go to a log file."""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path
from types import TracebackType

from platformdirs import user_log_path

from explorer.messages import Failure
from vae.errors import LatentExplorerError

logger = logging.getLogger("latent-explorer")


def log_file() -> Path:
    """Where tracebacks go."""
    return user_log_path("latent-explorer", appauthor=False) / "errors.log"


def failure_of(error: BaseException) -> Failure:
    """What to tell the user of ``error``. Anything but our own errors is logged with its traceback."""
    if isinstance(error, LatentExplorerError):
        return Failure(str(error))
    try:
        path = log_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError:  # a home that cannot be written to
        path = Path(tempfile.gettempdir()) / "latent-explorer-errors.log"
        handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    logger.addHandler(handler)
    logger.error("%s", error, exc_info=error)
    logger.removeHandler(handler)
    handler.close()
    reason = "the memory ran out" if isinstance(error, MemoryError) else type(error).__name__
    return Failure(f"Something went wrong that was not foreseen ({reason}). Your models are untouched.", path)


def report_unforeseen(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> Failure | None:
    """Log an exception that nobody caught. Ctrl+C is left to Python."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return None
    return failure_of(error)
