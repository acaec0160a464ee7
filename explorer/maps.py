"""The map on the plane: which one is chosen, and what is found of it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.encoded_data import EncodedData
from explorer.exploration import Exploration
from explorer.plane_messages import AggregateFound, EncodedImages, MapFound, MapRequest
from explorer.plane_thread import PlaneThread
from explorer.workspace import Workspace
from vae.maps import OF_DATA, MapKind

View = tuple[float, float, float, float]  # left, right, bottom, top
NOWHERE: View = (0.0, 0.0, 0.0, 0.0)
WITH_NOISE = (MapKind.AGGREGATE, MapKind.KL, MapKind.ELBO, MapKind.GAP)  # nothing without q(z|x) and p(z)


class Maps(QObject):
    """Follows the open model, the data and what is in view: as any of them changes, the map is found anew."""

    chosen_changed = Signal()  # another map, or whether it can be had
    found_changed = Signal()  # a map, coarse or fine, or none
    numbers_changed = Signal()  # what q(z) against p(z) comes to

    def __init__(
        self,
        workspace: Workspace,
        exploration: Exploration,
        encoded_data: EncodedData,
        plane: PlaneThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._exploration = workspace, exploration
        self._encoded_data, self._plane = encoded_data, plane
        self._chosen: MapKind | None = None
        self._view: View | None = None
        self._data: EncodedImages | None = None
        self._asked: MapRequest | None = None
        self._found: MapFound | None = None
        self._numbers: AggregateFound | None = None
        workspace.model_changed.connect(self._begin_anew)
        workspace.weights_changed.connect(self._ask)
        workspace.dataset_changed.connect(self._data_changed)
        encoded_data.changed.connect(self._data_changed)
        exploration.chart_changed.connect(self._begin_anew)
        exploration.label_changed.connect(self._ask)
        exploration.pin_moved.connect(self._pin_moved)
        plane.posted.connect(self._receive)

    @property
    def chosen(self) -> MapKind | None:
        """Which map is on the plane, if any."""
        return self._chosen

    @property
    def found(self) -> MapFound | None:
        """The latest of it."""
        return self._found

    @property
    def numbers(self) -> AggregateFound | None:
        """What q(z) against p(z) comes to, while that map is chosen."""
        return self._numbers

    def choose(self, kind: MapKind | None) -> None:
        """Put another map on the plane, or none."""
        if kind is not self._chosen:
            self._chosen = kind
            self._begin_anew()

    def look_at(self, view: View | None) -> None:
        """Say what is in view; nothing is looked for while nothing is."""
        if view != self._view:
            self._view = view
            self._ask()

    def why_not(self, kind: MapKind) -> str:
        """Why a map cannot be had of the open model and data; nothing where it can."""
        model = self._workspace.model
        if model is None:
            return "No model is open yet."
        if kind in WITH_NOISE and self._exploration.prior is None:
            return "The model has neither a prior nor noise, so there is no q(z|x) and no ELBO."
        if kind is MapKind.CLASSES and model.checkpoint.model.config.family != "labels":
            return "The model says nothing of labels: p(y|z) is of the family 'labels'."
        if kind is MapKind.GAP and (reason := vae.why_not_exact(model.checkpoint.model)):
            return reason
        return self._unknown_data(kind)

    def _unknown_data(self, kind: MapKind) -> str:
        points, prior = self._encoded_data.points, self._exploration.prior
        if kind not in (MapKind.AGGREGATE, MapKind.NEAREST, *OF_DATA):
            return ""
        if points is None or not len(points.encodings.labels):
            return "No images are encoded: open a data set whose images are of the model's size."
        if kind is MapKind.NEAREST and (points.encodings.labels < 0).all():
            return "The encoded images have no labels."
        if kind is MapKind.AGGREGATE and prior is not None:
            known = vae.is_known_on(self._exploration.chart, prior)
            return "" if known else "The prior is no Gaussian: its other dimensions cannot be summed out."
        if kind in OF_DATA and self._encoded_data.images is None:
            return "The images behind the points are not open: open their data set."
        return ""

    # --- asking

    @Slot()
    def _begin_anew(self) -> None:
        """What is found is another's."""
        self._found = self._numbers = None
        self._ask()
        self.chosen_changed.emit()
        self.found_changed.emit()
        self.numbers_changed.emit()

    @Slot()
    def _data_changed(self) -> None:
        """What is found stays until it is found anew: of a model in training it hardly changes."""
        points, images = self._encoded_data.points, self._encoded_data.images
        self._data = None if points is None else EncodedImages(points.encodings, images)
        self._ask()
        self.chosen_changed.emit()

    @Slot()
    def _pin_moved(self) -> None:
        """What the plane does not show is as pinned."""
        asked, exploration = self._asked, self._exploration
        if asked is None or asked.chart is not exploration.chart:  # it will be asked for anew
            return
        home = np.zeros((1, 2), np.float32)
        before, now = (exploration.chart.codes(home, z) for z in (asked.z, exploration.pin))
        if not np.allclose(before, now, atol=1e-6):
            self._ask()

    @Slot()
    def _ask(self) -> None:
        model, before = self._workspace.model, self._asked
        kind = None if self._chosen is None or self.why_not(self._chosen) else self._chosen
        if model is None or (before is None and (kind is None or self._view is None)):
            return
        exploration = self._exploration
        asked = MapRequest(
            *(model.version, kind if self._view else None, self._view or NOWHERE, exploration.chart),
            *(exploration.pin, exploration.label, self._data),
        )
        self._asked = None if asked.kind is None else asked
        self._plane.request(asked)

    @Slot(object)
    def _receive(self, message: object) -> None:
        match message:
            case MapFound(request=request) if request is self._asked:
                self._found = message
                self.found_changed.emit()
            case AggregateFound(request=request) if request is self._asked:
                self._numbers = message
                self.numbers_changed.emit()
