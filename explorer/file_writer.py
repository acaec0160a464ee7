"""Writes a file that takes a while in the plane thread, slice by slice."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from explorer.failures import failure_of
from explorer.messages import Failure
from explorer.slices import Slices


class FileWriter(QObject):
    """One file at a time, of one kind. What tells of it is made by ``progress`` and ``written``."""

    posted = Signal(object)

    def __init__(
        self,
        parent: QObject,
        progress: Callable[[Path, float], object],
        written: Callable[[Path, Failure | None], object],
    ) -> None:
        super().__init__(parent)
        self._progress, self._done = progress, written
        self._path = Path()
        self._slices = Slices(self)
        self._slices.reported.connect(self._tell_progress)
        self._slices.returned.connect(self._written)
        self._slices.failed.connect(self._failed)

    def start(self, path: Path, steps: Generator[float, None, None]) -> None:
        """Take these steps, each of which yields the share that is done, in the place of others."""
        self._path = path
        self._slices.start(steps)

    def stop(self) -> None:
        """Write no longer; what is not whole is removed."""
        self._slices.stop()

    @Slot(object)
    def _tell_progress(self, share: float) -> None:
        self.posted.emit(self._progress(self._path, share))

    @Slot(object)
    def _written(self, nothing: None) -> None:
        self.posted.emit(self._done(self._path, None))

    @Slot(object)
    def _failed(self, error: Exception) -> None:
        self.posted.emit(self._done(self._path, failure_of(error)))
