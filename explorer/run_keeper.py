"""Keeps what a run learns: while it goes on, as a file that it can be resumed from; in the end, as a model.

That file lies beside the model to be, under its name with an ending of its own. A lock beside it is held by
the process that trains, and is free once that has ended, by kill -9 as well.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import vae
from vae.datasets import Dataset
from vae.errors import CheckpointError
from vae.files import remove_whole
from vae.points import Cloud

if TYPE_CHECKING:
    from PySide6.QtCore import QLockFile

EVERY = 5.0  # seconds between two savings
ENDING = ".unfinished"
LOCK = ".lock"


def unfinished_file(model: Path) -> Path:
    """Where the run that makes this model is kept meanwhile."""
    return model.with_name(model.name + ENDING)


def model_file(unfinished: Path) -> Path | None:
    """The model that a run was making; None where the file has another name."""
    name = unfinished.name.removesuffix(ENDING)
    return None if name in ("", unfinished.name) else unfinished.with_name(name)


def cut_off_runs(folder: Path) -> list[Path]:
    """The unfinished runs in a folder that no process goes on with, the latest first."""
    files = [file for file in folder.glob(f"*{ENDING}") if is_free(file)]
    return sorted(files, key=lambda file: file.stat().st_mtime, reverse=True)


def is_free(unfinished: Path) -> bool:
    """Whether no process goes on with the run."""
    lock = _lock_of(unfinished)
    free = lock.tryLock(0) or not _is_held_elsewhere(lock)
    lock.unlock()
    return free


def discard(unfinished: Path) -> None:
    """Remove an unfinished run for good.

    Raises:
        CheckpointError: it goes on in another process, or cannot be removed.
    """
    lock = _hold(unfinished)
    remove_whole(unfinished)
    lock.unlock()


class RunKeeper:
    """Of one run: its history, its file, its model. Lives in the thread that trains.

    A state is written once the step after it has shown that its loss is finite: the weights in the file are
    never those that a run was lost with. A file that cannot be written is told of once, and tried again.

    Raises:
        CheckpointError: another process goes on with this run.
    """

    def __init__(
        self,
        training: vae.Training,
        data: Dataset | Cloud,
        preset: str,
        model_path: Path,
        tell: Callable[[CheckpointError], None],
        history: tuple[vae.EpochReport, ...] = (),
    ) -> None:
        self.history = history
        self.model_path = model_path
        self.file = unfinished_file(model_path)
        self._training, self._data, self._preset, self._tell = training, data, preset, tell
        self._told = False
        self._pending: vae.UnfinishedRun | None = None
        self._due = time.monotonic() + EVERY
        try:
            _make_folder(self.file)
        except CheckpointError as error:  # it can train all the same
            self._complain(error)
        self._lock = _hold(self.file)

    def note(self, report: vae.Report) -> None:
        """Take note of what the run has just reported, and save it if it is time."""
        match report:
            case vae.EpochReport():
                self.history = (*self.history, report)
            case vae.RollbackReport():
                self.cut_back()
                return
        if self._pending is not None:
            self._write(self._pending)
        elif time.monotonic() >= self._due and not (self._training.scoring_due or self._training.finished):
            self._pending = self._unfinished()

    def cut_back(self) -> None:
        """Forget what the run has gone back behind."""
        self._pending = None
        self.history = tuple(report for report in self.history if report.step <= self._training.step)

    def save_soon(self) -> None:
        """Have the state after the next report saved; see ``saving``."""
        self._due = -math.inf

    @property
    def saving(self) -> bool:
        """Whether what save_soon() asked for is still to be done."""
        return self._due == -math.inf

    def checkpoint(self) -> vae.Checkpoint:
        """The model as it is now, at the end of the run: on the CPU."""
        model, data = self._training.model.eval(), self._data
        encodings = vae.encode_images(model, data.test_images, data.test_labels)
        return vae.Checkpoint(
            model=model.cpu(),
            preset=self._preset,
            dataset=data.info.name,
            training=self._training.config,
            history=self.history,
            encodings=encodings,
        )

    def keep(self, checkpoint: vae.Checkpoint) -> None:
        """Write the model to its file.

        Raises:
            CheckpointError: it cannot be written.
        """
        _make_folder(self.model_path)
        vae.save(self.model_path, checkpoint)

    def close(self, *, resumable: bool) -> None:
        """Let go of the run's file, and remove it unless the run is to be resumed from it.

        Raises:
            CheckpointError: it cannot be removed.
        """
        try:
            if not resumable:
                remove_whole(self.file)
        finally:
            self._lock.unlock()

    def _unfinished(self) -> vae.UnfinishedRun:
        training = self._training
        header = vae.RunHeader(
            preset=self._preset,
            dataset=self._data.info.name,
            images=len(self._data.train_images),
            model=training.model.config,
            training=training.config,
            history=self.history,
            step=training.step,
            epoch=training.epoch,
            device=next(training.model.parameters()).device.type,
        )
        return vae.UnfinishedRun(header, training.state())

    def _write(self, run: vae.UnfinishedRun) -> None:
        self._pending = None
        try:
            vae.save_run(self.file, run)
        except CheckpointError as error:
            self._complain(error)
        self._due = time.monotonic() + EVERY

    def _complain(self, error: CheckpointError) -> None:
        if not self._told:
            self._tell(error)
        self._told = True


def _lock_of(unfinished: Path) -> QLockFile:
    from PySide6.QtCore import QLockFile  # the command line's --help need not wait for Qt

    lock = QLockFile(str(unfinished) + LOCK)
    lock.setStaleLockTime(0)  # a lock does not age: it is free when its process is gone
    return lock


def _is_held_elsewhere(lock: QLockFile) -> bool:
    """Why the lock was not had; else its folder cannot be written."""
    return lock.error() is lock.LockError.LockFailedError


def _hold(unfinished: Path) -> QLockFile:
    """The lock of a run; where no lock can be made, the first saving tells why.

    Raises:
        CheckpointError: another process has it.
    """
    lock = _lock_of(unfinished)
    if not lock.tryLock(0) and _is_held_elsewhere(lock):
        raise CheckpointError(
            f"{unfinished} belongs to a run that still goes on. "
            "Wait until it has ended, or choose another file for the model."
        )
    return lock


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(
            f"The folder {file.parent} cannot be made: {error.strerror or error}. Make it by hand."
        ) from error
