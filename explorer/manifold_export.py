"""A picture of the manifold as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from explorer.plane_messages import CancelManifold, ManifoldProgress, ManifoldWritten, WriteManifold
from explorer.plane_thread import PlaneThread
from vae.manifold import ManifoldPlan

if TYPE_CHECKING:
    from vae import VAE


class ManifoldExport(QObject):
    """Has it written in the plane thread."""

    progressed = Signal(float)  # the share that is done
    ended = Signal(object)  # ManifoldWritten

    def __init__(self, plane: PlaneThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._plane = plane
        self._path: Path | None = None
        plane.posted.connect(self._receive)

    @property
    def running(self) -> bool:
        """Whether a picture is being written."""
        return self._path is not None

    def write(self, path: Path, model: VAE, plan: ManifoldPlan) -> None:
        """Write what this model decodes to, which nobody changes; ended follows, unless it is cancelled."""
        self._path = path
        self._plane.request(WriteManifold(path, model, plan))

    def cancel(self) -> None:
        """Write no longer; nothing of it is left."""
        self._path = None
        self._plane.request(CancelManifold())

    @Slot(object)
    def _receive(self, message: object) -> None:
        match message:
            case ManifoldProgress(path=path) if path == self._path:
                self.progressed.emit(message.share)
            case ManifoldWritten(path=path) if path == self._path:
                self._path = None
                self.ended.emit(message)
