"""The gaps of the open test set: found in random order while somebody watches, and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

import vae
from explorer.evidence import MOVING, STILL
from explorer.plane_messages import DataGapsFound, DataGapsRefused, DataGapsRequest
from explorer.plane_thread import PlaneThread
from explorer.workspace import OpenedModel, Workspace
from vae.gap_sample import GapSample

if TYPE_CHECKING:
    from vae.datasets import Dataset

NO_MODEL = "No model is open yet."
NO_IMAGES = "No test images of the model's size are open. Open the data set that it was trained on."


class DataGaps(QObject):
    """Follows the open model and data: under other weights, all gaps are others."""

    changed = Signal()  # more of them are known, or why none are

    def __init__(self, workspace: Workspace, plane: PlaneThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._plane = workspace, plane
        self._watched = self._paused = False
        self._asked: DataGapsRequest | None = None
        self._sample: GapSample | None = None
        self._why: str | None = NO_MODEL
        self._weights_moved = QTimer(self, singleShot=True, interval=STILL)
        self._weights_moved.timeout.connect(self._begin_anew)
        workspace.model_changed.connect(self._model_changed)
        workspace.weights_changed.connect(self._hold)
        workspace.dataset_changed.connect(self._begin_anew)
        plane.posted.connect(self._receive)

    @property
    def sample(self) -> GapSample | None:
        """What is known by now; None before the first is."""
        return self._sample

    @property
    def why_not(self) -> str | None:
        """A sentence on why nothing is computed; None where something is, or can be."""
        return self._why

    @property
    def paused(self) -> bool:
        """Whether no more are looked for, though somebody watches."""
        return self._paused

    def watch(self, *, watching: bool) -> None:
        """Say whether somebody looks: nothing is computed that nobody sees."""
        self._watched = watching
        self._ask()

    def pause(self, *, paused: bool) -> None:
        """Look for no more for now, or go on."""
        self._paused = paused
        self._ask()
        self.changed.emit()

    @Slot(object)
    def _model_changed(self, model: OpenedModel) -> None:
        self._weights_moved.stop()
        self._begin_anew()

    @Slot(object)
    def _hold(self, model: OpenedModel) -> None:
        """Find no gaps of weights that the next step replaces."""
        self._weights_moved.start()
        self._begin_anew()

    @Slot()
    def _begin_anew(self) -> None:
        self._stop()
        self._sample = None
        self._why = self._find_why_not()
        self._ask()
        self.changed.emit()

    def _find_why_not(self) -> str | None:
        model = self._workspace.model
        if model is None:
            return NO_MODEL
        why = vae.why_not_exact(model.checkpoint.model)
        if why is not None:
            return why
        if self._data_of(model) is None:
            return NO_IMAGES
        return MOVING if self._weights_moved.isActive() else None

    def _data_of(self, model: OpenedModel) -> Dataset | None:
        data = self._workspace.dataset
        if data is None or data.info.image_shape != model.image_shape or not len(data.test_images):
            return None
        return data

    def _ask(self) -> None:
        """Have more found where that is wanted, and no more where it is not."""
        model = self._workspace.model
        data = None if model is None else self._data_of(model)
        complete = self._sample is not None and self._sample.complete
        if not self._watched or self._paused or self._why is not None or complete:
            self._stop()
        elif model is not None and data is not None and self._asked is None:
            self._asked = DataGapsRequest(model.version, data.test_images, data.test_labels)
            self._plane.request(self._asked)

    def _stop(self) -> None:
        if self._asked is not None:
            self._plane.request(replace(self._asked, go_on=False))
            self._asked = None

    @Slot(object)
    def _receive(self, message: object) -> None:
        match message:
            case DataGapsFound(request=request, sample=sample) if request is self._asked:
                self._sample = sample
            case DataGapsRefused(request=request, why=why) if request is self._asked:
                self._asked, self._why = None, why
            case _:
                return
        self.changed.emit()
