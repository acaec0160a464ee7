"""What of the encoded data is near a code, and which image that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from explorer.encoded_data import EncodedData
from explorer.inputs import Inputs, Selection
from explorer.plane_messages import NearDataFound, NearDataRequest, Points
from explorer.plane_thread import PlaneThread
from explorer.workspace import Workspace
from vae.dataset import Part

if TYPE_CHECKING:
    import vae


class NearData(QObject):
    """Follows the encoded data. The plane thread arranges them; to ask is quick, and done where one looks."""

    changed = Signal()  # other data can be asked about

    def __init__(
        self,
        workspace: Workspace,
        inputs: Inputs,
        encoded_data: EncodedData,
        plane: PlaneThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._inputs = workspace, inputs
        self._encoded_data, self._plane = encoded_data, plane
        self._points: Points | None = None  # what is arranged
        self._data: vae.NearData | None = None
        self._asked: NearDataRequest | None = None
        encoded_data.changed.connect(self._arrange)
        workspace.model_changed.connect(self._forget)
        plane.posted.connect(self._receive)

    def at(self, z: NDArray[np.float32]) -> vae.Nearby | None:
        """What is near a code (D,); None while that is not known."""
        if self._data is None or self._data.z_loc.shape[1:] != z.shape:
            return None
        return self._data.at(z)

    @property
    def count(self) -> int:
        """N: how many images were asked about."""
        return 0 if self._data is None else len(self._data.z_loc)

    @property
    def reach(self) -> float:
        """How far most of them lie from their nearest neighbour, at most."""
        return 0.0 if self._data is None else self._data.reach

    @property
    def part(self) -> Part:
        """Which images they are."""
        return Part.TEST if self._points is None else self._points.part

    def label_of(self, index: int) -> int | None:
        """The label of one of the images, if it has one."""
        label = -1 if self._points is None else int(self._points.encodings.labels[index])
        return label if label >= 0 else None

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the labels."""
        info = None if self._points is None else self._workspace.info_of(self._points.dataset)
        return () if info is None else info.classes

    def picture_of(self, index: int) -> NDArray[np.uint8] | None:
        """One of the images (C, H, W), where they are open."""
        points, now, images = self._points, self._encoded_data.points, self._encoded_data.images
        if images is None or points is None or now is None or points.encodings is not now.encodings:
            return None
        picture: NDArray[np.uint8] = images[index]
        return picture

    def make_input(self, index: int) -> None:
        """Choose one of the images as the input, where they are open."""
        picture = self.picture_of(index)
        if picture is None:
            return
        if self.part is Part.TEST:
            self._inputs.select_test_image(index)
        else:
            self._inputs.select(Selection(picture, self.label_of(index), None, training_index=index))

    @Slot()
    def _arrange(self) -> None:
        """What is arranged stays until the other data are: in training they hardly differ."""
        points, model = self._encoded_data.points, self._workspace.model
        if points is None or model is None or not len(points.encodings.labels):
            self._points = self._data = self._asked = None
            self.changed.emit()
        elif self._asked is None or self._asked.encodings is not points.encodings:
            self._asked = NearDataRequest(model.version, points.encodings)
            self._plane.request(self._asked)

    @Slot()
    def _forget(self) -> None:
        """The codes of another model are no guess at this one's."""
        self._points = self._data = None
        self.changed.emit()

    @Slot(object)
    def _receive(self, message: object) -> None:
        if isinstance(message, NearDataFound) and message.request is self._asked:
            self._points, self._data = self._encoded_data.points, message.data
            self.changed.emit()
