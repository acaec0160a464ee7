"""The test set as the open model encodes it: the points of the plane."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.messages import Points, PointsRequest
from explorer.plane_thread import PlaneThread
from explorer.workspace import OpenedModel, Workspace
from vae.datasets import Dataset

LIVE_POINTS = 2_000  # test images that are encoded anew while a run goes on


class EncodedData(QObject):
    """Follows the open model and the open data; what a model file does not hold is computed."""

    changed = Signal()

    def __init__(self, workspace: Workspace, plane: PlaneThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._plane = workspace, plane
        self._points: Points | None = None
        workspace.model_changed.connect(self._show)
        workspace.weights_changed.connect(self._weights_changed)
        workspace.dataset_changed.connect(self._dataset_changed)
        plane.posted.connect(self._receive)

    @property
    def points(self) -> Points | None:
        """The encoded test set, if it is known."""
        return self._points

    @Slot(object)
    def _show(self, model: OpenedModel) -> None:
        """The points of the file, unless other data are open that fit."""
        data, checkpoint = self._workspace.dataset, model.checkpoint
        fits = data is not None and data.info.image_shape == model.image_shape
        own = data is None or not fits or data.info.name == checkpoint.dataset
        self._points = Points(model.version, checkpoint.dataset, checkpoint.encodings) if own else None
        if data is not None and fits and (not own or vae.knows_classes(checkpoint.model)):
            self._request(model, data, len(data.test_images))
        self.changed.emit()

    @Slot(object)
    def _weights_changed(self, model: OpenedModel) -> None:
        data = self._workspace.dataset
        if data is not None and data.info.image_shape == model.image_shape:
            self._request(model, data, LIVE_POINTS)

    @Slot(object)
    def _dataset_changed(self, data: Dataset) -> None:
        if self._workspace.model is not None:
            self._show(self._workspace.model)

    @Slot(object)
    def _receive(self, message: object) -> None:
        model = self._workspace.model
        if isinstance(message, Points) and model is not None and message.version == model.version:
            self._points = message
            self.changed.emit()

    def _request(self, model: OpenedModel, data: Dataset, count: int) -> None:
        self._plane.request(
            PointsRequest(model.version, data.info.name, data.test_images[:count], data.test_labels[:count])
        )
