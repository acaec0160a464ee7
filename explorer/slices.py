"""Long work in a thread that has other things to do: a generator, driven a slice at a time."""

from __future__ import annotations

import time
from collections.abc import Generator

from PySide6.QtCore import QObject, QTimer, Signal, Slot

SLICE = 0.030  # seconds of work between two looks at the event loop


class Slices(QObject):
    """Drives one generator at a time, in the thread that this object lives in."""

    reported = Signal(object)  # the last of what the generator has yielded, once a slice
    returned = Signal(object)  # what it has returned
    failed = Signal(object)  # the exception that ended it

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: Generator[object, None, object] | None = None
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._do_slice)

    @property
    def running(self) -> bool:
        """Whether there is work under way."""
        return self._steps is not None

    def start(self, steps: Generator[object, None, object]) -> None:
        """Begin this work, in the place of any other."""
        self.stop()
        self._steps = steps
        self._timer.start()

    def stop(self) -> None:
        """Give up the work under way, if any: its generator is closed."""
        self._timer.stop()
        if self._steps is not None:
            self._steps.close()
        self._steps = None

    @Slot()
    def _do_slice(self) -> None:
        assert self._steps is not None
        report: object = None
        end = time.perf_counter() + SLICE
        try:
            while time.perf_counter() < end:
                report = next(self._steps)
        except StopIteration as returned:
            self.stop()
            self.returned.emit(returned.value)
            return
        except Exception as error:  # the files and the network are the user's: told by whoever listens
            self.stop()
            self.failed.emit(error)
            return
        if report is not None:
            self.reported.emit(report)
