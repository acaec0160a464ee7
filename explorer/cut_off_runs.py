"""Runs that were cut off, by a crash or a power cut, and can be resumed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

import vae
from explorer import run_keeper
from explorer.failures import failure_of
from explorer.messages import Failure
from vae.errors import LatentExplorerError

if TYPE_CHECKING:
    from vae import RunHeader, UnfinishedRun


@dataclass(frozen=True)
class CutOffRun:
    """A run that no window goes on with."""

    file: Path
    header: RunHeader | None  # None where the file cannot be read
    failure: Failure | None  # why not


class CutOffRuns(QObject):
    """Looks for them where models are kept."""

    changed = Signal()
    failed = Signal(object)  # Failure

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._looked = False
        self._runs: list[CutOffRun] = []

    @property
    def latest(self) -> CutOffRun | None:
        """The one that was cut off last, if any."""
        return self._runs[0] if self._runs else None

    def look_once(self) -> None:
        """Find what former windows have left; imports torch."""
        if not self._looked:
            self._looked = True
            self._runs = [_described(file) for file in run_keeper.cut_off_runs(self._folder)]
            self.changed.emit()

    def read(self, run: CutOffRun) -> UnfinishedRun | None:
        """All that is needed to go on; None, and failed, where it cannot be read."""
        try:
            return vae.load_run(run.file)
        except Exception as error:  # told, not raised: the file stays
            self.failed.emit(failure_of(error))
            return None

    def forget(self, run: CutOffRun) -> None:
        """It is resumed: offer it no more."""
        self._runs.remove(run)
        self.changed.emit()

    def discard(self, run: CutOffRun) -> None:
        """Delete it."""
        try:
            run_keeper.discard(run.file)
        except LatentExplorerError as error:
            self.failed.emit(failure_of(error))
        self.forget(run)


def _described(file: Path) -> CutOffRun:
    try:
        return CutOffRun(file, vae.read_run_header(file), None)
    except LatentExplorerError as error:
        return CutOffRun(file, None, failure_of(error))
