"""The plane thread, and the way to its worker."""

from __future__ import annotations

from PySide6.QtCore import QObject, QThread, Signal

from explorer.plane_worker import PlaneWorker


class PlaneThread(QObject):
    """Passes requests to the plane worker, and its answers to whoever listens."""

    posted = Signal(object)
    _requested = Signal(object)

    def __init__(self, parent: QObject | None = None, thread: QThread | None = None) -> None:
        super().__init__(parent)
        self._thread = thread or QThread()
        self._worker = PlaneWorker()
        self._worker.moveToThread(self._thread)
        self._thread.finished.connect(self._worker.end)
        self._thread.finished.connect(self._worker.deleteLater)
        self._worker.posted.connect(self.posted)
        self._requested.connect(self._worker.receive)
        if thread is None:
            self._thread.start()

    def beside(self, parent: QObject) -> PlaneThread:
        """Another worker, with a model of its own, in the same thread; they take turns."""
        return PlaneThread(parent, self._thread)

    def request(self, message: object) -> None:
        """Send a message to the worker; its answer, if any, comes through ``posted``."""
        self._requested.emit(message)

    def close(self) -> None:
        """End the thread, after the request that it is busy with."""
        self._thread.quit()
        self._thread.wait()
