"""The encodings of the open data set as a file."""

from __future__ import annotations

import copy
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from explorer.plane_messages import EncodingsProgress, EncodingsWritten, WriteEncodings
from explorer.plane_thread import PlaneThread
from explorer.workspace import Workspace


class EncodingsExport(QObject):
    """Has them written in the plane thread, one file at a time."""

    noted = Signal(str)  # a word for the status bar
    failed = Signal(object)  # Failure

    def __init__(self, workspace: Workspace, plane: PlaneThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._plane = workspace, plane
        self._path: Path | None = None  # what is being written
        self._percent = 0
        plane.posted.connect(self._receive)

    @property
    def possible(self) -> bool:
        """Whether a model and data are open, and nothing is being written."""
        workspace = self._workspace
        return self._path is None and workspace.model is not None and workspace.dataset is not None

    def write(self, path: Path) -> None:
        """Encode all images by the open model as it is now; noted or failed follows."""
        model, data = self._workspace.model, self._workspace.dataset
        if self.possible and model is not None and data is not None:
            self._path, self._percent = path, -1
            self._plane.request(WriteEncodings(path, copy.deepcopy(model.checkpoint.model), data))

    @Slot(object)
    def _receive(self, message: object) -> None:
        match message:
            case EncodingsProgress(share=share) if int(100 * share) != self._percent:
                self._percent = int(100 * share)
                self.noted.emit(f"Encoding … {self._percent} %")
            case EncodingsWritten(path=path):
                self._path = None
                if message.failure is None:
                    self.noted.emit(f"Saved {path}")
                else:
                    self.failed.emit(message.failure)
