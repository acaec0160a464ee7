"""The test or the training set as the open model encodes it: the points of the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.plane_messages import Points, PointsProgress, PointsRequest
from explorer.plane_thread import PlaneThread
from explorer.workspace import OpenedModel, Workspace
from vae.dataset import Part
from vae.datasets import Dataset

if TYPE_CHECKING:
    from vae import Checkpoint

LIVE_POINTS = 2_000  # images that are encoded anew while a run goes on


class EncodedData(QObject):
    """Follows the open model and the open data; what a model file does not hold is computed."""

    changed = Signal()
    part_changed = Signal()  # which images are wanted
    progressed = Signal(object)  # the share of them that is encoded, or None once they all are

    def __init__(self, workspace: Workspace, plane: PlaneThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._plane = workspace, plane
        self._part = Part.TEST
        self._points: Points | None = None
        self._asked: PointsRequest | None = None
        self._checkpoint: Checkpoint | None = None  # whose points they are
        workspace.model_changed.connect(self._show)
        workspace.weights_changed.connect(self._weights_changed)
        workspace.dataset_changed.connect(self._dataset_changed)
        plane.posted.connect(self._receive)

    @property
    def points(self) -> Points | None:
        """The encoded images, if they are known; of the other part still until those wanted are encoded."""
        return self._points

    @property
    def images(self) -> NDArray[np.uint8] | None:
        """The images that are encoded, (N, C, H, W), if they are open."""
        points, data = self._points, self._workspace.dataset
        if points is None or data is None or data.info.name != points.dataset:
            return None
        images, count = data.images_of(points.part), len(points.encodings.labels)
        return images[:count] if count <= len(images) else None

    @property
    def part(self) -> Part:
        """Which images are wanted."""
        return self._part

    def choose(self, part: Part) -> None:
        """Encode the test set or the training set of the open data."""
        if part is not self._part:
            self._part = part
            self.part_changed.emit()
            if self._workspace.model is not None:
                self._show(self._workspace.model)

    @Slot(object)
    def _show(self, model: OpenedModel) -> None:
        """The points of the file, unless other data are open that fit."""
        data, checkpoint = self._workspace.dataset, model.checkpoint
        self._checkpoint, missing = checkpoint, not len(checkpoint.encodings.labels)
        fits = data is not None and data.info.image_shape == model.image_shape
        own = data is None or not fits or data.info.name == checkpoint.dataset
        kept = self._points if self._points is not None and self._points.version == model.version else None
        in_file = self._part is Part.TEST or kept is None
        if own and in_file:
            self._points = Points(model.version, checkpoint.dataset, Part.TEST, checkpoint.encodings)
        else:
            self._points = kept if own else None
        other = self._part is Part.TRAINING or not own or missing
        if data is not None and fits and (other or vae.knows_classes(checkpoint.model)):
            self._request(model, data, LIVE_POINTS if missing else len(data.images_of(self._part)))
        else:
            self._give_up(model)
        self.changed.emit()

    @Slot(object)
    def _weights_changed(self, model: OpenedModel) -> None:
        data, before = self._workspace.dataset, self._checkpoint
        self._checkpoint = model.checkpoint
        if model.checkpoint is not before and len(model.checkpoint.encodings.labels):
            self._show(model)
        elif data is not None and data.info.image_shape == model.image_shape:
            self._request(model, data, LIVE_POINTS)

    @Slot(object)
    def _dataset_changed(self, data: Dataset) -> None:
        if self._workspace.model is not None:
            self._show(self._workspace.model)

    @Slot(object)
    def _receive(self, message: object) -> None:
        model = self._workspace.model
        match message:
            case PointsProgress(request=request) if request is self._asked:
                self.progressed.emit(message.share)
            case Points(part=self._part) if model is not None and message.version == model.version:
                self._asked, self._points = None, message
                self.progressed.emit(None)
                self.changed.emit()

    def _request(self, model: OpenedModel, data: Dataset, count: int) -> None:
        part = self._part
        images, labels = data.images_of(part)[:count], data.labels_of(part)[:count]
        self._asked = PointsRequest(model.version, data.info.name, part, images, labels)
        self._plane.request(self._asked)

    def _give_up(self, model: OpenedModel) -> None:
        """Encode no longer what is no longer wanted."""
        if self._asked is not None:
            nothing = np.zeros((0, *model.image_shape), np.uint8)
            self._plane.request(PointsRequest(model.version, "", self._part, nothing, np.zeros(0, np.int64)))
            self._asked = None
            self.progressed.emit(None)
