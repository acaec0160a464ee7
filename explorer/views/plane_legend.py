"""The line beneath the plane: how its points are coloured, what the colours tell, which images they are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSignalBlocker
from PySide6.QtWidgets import QComboBox, QWidget

from explorer.session import Session
from explorer.viewpoint import BY_CLASS, Colouring
from explorer.views.flow_layout import FlowLayout
from explorer.views.latent_plane import LatentPlane
from explorer.views.legend import ClassLegend, FactorLegend, class_colours, factor_colours
from explorer.views.part_chooser import PartChooser
from explorer.views.posteriors_layer import PosteriorsChip
from vae.dataset import Part

BY_COMPONENT = "component"


class PlaneLegend(QWidget):
    """Puts the encoded images on the plane, in the colours that the viewpoint asks for."""

    def __init__(self, session: Session, plane: LatentPlane, all_posteriors: PosteriorsChip) -> None:
        super().__init__()
        self._session, self._plane, self._all_posteriors = session, plane, all_posteriors
        self._names: tuple[str, ...] = ()
        self._colouring = Colouring()  # as the points are drawn
        self.colour_box = QComboBox()
        self.colour_box.setObjectName("colourBox")
        self.colour_box.setToolTip("What the colour of a point tells")
        self.classes, self.factor = ClassLegend(), FactorLegend()
        self.factor.hide()
        self.source = PartChooser(session)
        row = FlowLayout()
        for widget in (self.classes, self.factor, self.colour_box, self.source):
            row.addWidget(widget)
        self.setLayout(row)
        self.colour_box.currentTextChanged.connect(self._choose_colour)
        self.classes.isolated.connect(self._isolate)
        session.encoded_data.changed.connect(self._show_points)
        session.viewpoint.changed.connect(self._follow_colouring)
        session.workspace.dataset_changed.connect(self._show_all_classes)

    def places(self) -> NDArray[np.float32]:
        """(N, 2) where the points stand."""
        points = self._session.encoded_data.points
        if points is None:
            return np.zeros((0, 2), np.float32)
        return self._session.exploration.chart.places(points.encodings.z_loc)

    def _show_points(self) -> None:
        points = self._session.encoded_data.points
        if points is None:
            self._plane.show_points(np.zeros((0, 2), np.float32), np.zeros((0, 4), np.uint8))
            return
        factors = list(self._factors())
        self._offer_colours([BY_CLASS, *([BY_COMPONENT] if points.components is not None else []), *factors])
        self.colour_points()

    def _offer_colours(self, choices: list[str]) -> None:
        """The one that is wanted, where it is one of them."""
        if [self.colour_box.itemText(n) for n in range(self.colour_box.count())] != choices:
            with QSignalBlocker(self.colour_box):
                self.colour_box.clear()
                self.colour_box.addItems(choices)
            self.colour_box.setVisible(len(choices) > 1)
        with QSignalBlocker(self.colour_box):
            wanted = self.colour_box.findText(self._session.viewpoint.colouring.by)
            self.colour_box.setCurrentIndex(max(0, wanted))

    def _choose_colour(self, by: str) -> None:
        self._session.viewpoint.colour_points(Colouring(by))

    def _show_all_classes(self) -> None:
        """Those of other data are others."""
        viewpoint = self._session.viewpoint
        viewpoint.colour_points(Colouring(viewpoint.colouring.by))

    def _isolate(self, label: int | None) -> None:
        self._session.viewpoint.colour_points(Colouring(self.colour_box.currentText(), label))

    def _follow_colouring(self) -> None:
        if self._session.viewpoint.colouring != self._colouring:
            self._show_points()

    def colour_points(self) -> None:
        """Draw the points where they stand now, in the colours of now."""
        points = self._session.encoded_data.points
        if points is None:
            return
        self._colouring = self._session.viewpoint.colouring
        colour = self.colour_box.currentText()
        alone = self._colouring.alone if colour == self._colouring.by else None
        values = self._factors().get(colour)
        if values is not None:
            colours, low, high = factor_colours(values[: len(points.encodings.labels)])
            self.factor.show_range(low, high)
        elif colour == BY_COMPONENT and points.components is not None:
            prior = self._session.exploration.prior
            self._show_names(tuple(str(place + 1) for place in range(0 if prior is None else len(prior.loc))))
            colours = class_colours(points.components, alone)
        else:
            info = self._session.workspace.info_of(points.dataset)
            self._show_names(info.classes if info else ())
            colours = class_colours(points.encodings.labels, alone)
        self.classes.isolate(alone)
        self.classes.setVisible(values is None)
        self.factor.setVisible(values is not None)
        self._plane.show_points(self.places(), colours)
        self._all_posteriors.show_posteriors(colours)

    def _factors(self) -> Mapping[str, NDArray[np.float32]]:
        """What is known of the images behind the points, (N,) each."""
        points, data = self._session.encoded_data.points, self._session.workspace.dataset
        if points is None or data is None or data.info.name != points.dataset:
            return {}
        return data.test_factors if points.part is Part.TEST else {}

    def _show_names(self, names: tuple[str, ...]) -> None:
        """Of classes or of components."""
        if names != self._names:
            self._names = names
            self.classes.show_classes(names)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self.colour_points()
