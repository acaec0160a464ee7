"""The picture decoded at the cursor, the code that it comes from, and what the model says of it besides."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, QTimer
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel

from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.class_bars import ClassBars
from explorer.views.cursor_readout import CursorReadout
from explorer.views.label_chooser import LabelChooser
from explorer.views.model_words import given_label
from explorer.views.picture_view import PictureView
from explorer.views.steady_label import SteadyLabel
from explorer.views.unit_bars import name_of
from vae.chart import Chart
from vae.maps import along

if TYPE_CHECKING:
    from vae import Decoded

FARTHEST = 40.0  # the largest coordinate that can be typed


class DecodedCard(Card):
    """E[x|z], large, with z to read and to type."""

    def __init__(self, session: Session) -> None:
        super().__init__("Decoded")
        self._session = session
        self.picture = PictureView(
            "decodedImage", "The picture decoded at z", "opening the model …", least=120
        )
        self.body.addWidget(self.picture)
        self._build_coordinates()
        self._after_picture = QTimer(self, singleShot=True, interval=0)  # a drag need not wait for numbers
        self._after_picture.timeout.connect(self._show_coordinates)
        self._follow_chart()
        self.readout = CursorReadout(session)
        self._beyond = styled_label("", "muted")
        self._sigma = SteadyLabel("muted", "σ of pixels 0.000, from 0.000 to 0.000")
        self._sigma.setToolTip("The learned standard deviation of p(x|z), in units of x")
        self.label_title = styled_label("One z, each label", "title")
        self.labels = LabelChooser()
        self.classes = ClassBars()
        for widget in (
            *(self.readout, self._beyond, self._sigma),
            *(self.classes, self.label_title, self.labels),
        ):
            self.body.addWidget(widget)
        for widget in (self._beyond, self._sigma, self.classes, self.label_title, self.labels):
            widget.hide()
        self.save = button("Save …", "Save the decoded picture as PNG", "saveImageButton", "layer")
        self.heading.addWidget(self.save)
        self.labels.chosen.connect(session.exploration.tell_label)
        session.exploration.cursor_moved.connect(self._show)
        session.exploration.chart_changed.connect(self._follow_chart)
        session.exploration.chart_changed.connect(self._show)
        session.workspace.model_changed.connect(self._follow_chart)

    def _build_coordinates(self) -> None:
        self.z1_box, self.z2_box = _coordinate("z1Box"), _coordinate("z2Box")
        self._boxes = (self.z1_box, self.z2_box)
        self._names = (QLabel(), QLabel())
        row = QHBoxLayout()
        for place, (label, box) in enumerate(zip(self._names, self._boxes, strict=True)):
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box, 1)
            box.valueChanged.connect(partial(self._typed, place))
        self.body.addLayout(row)

    def _follow_chart(self) -> None:
        """Name the directions of the plane, and what is decoded."""
        self.title.setText(f"Decoded  {given_label('p(x|z)', self._session.exploration.label)}")
        chart = self._session.exploration.chart
        self._names[1].setHidden(chart.is_line)
        self.z2_box.setHidden(chart.is_line)
        for label, box, name, whole in zip(
            self._names, self._boxes, chart.short_names, chart.names, strict=False
        ):
            label.setText(name)
            box.setToolTip(f"{whole} of the code that is decoded")

    def _show(self) -> None:
        exploration = self._session.exploration
        self.picture.show_picture(exploration.picture)
        self._after_picture.start()
        if exploration.decoded is not None:
            self._show_beside(exploration.decoded)

    def _show_coordinates(self) -> None:
        exploration = self._session.exploration
        z = exploration.z
        for box, value in zip(self._boxes, along(exploration.chart, z).tolist(), strict=False):
            with QSignalBlocker(box):
                box.setValue(value)
        self._beyond.setText(_beyond_in_words(exploration.chart))
        self._beyond.setVisible(len(z) > 2)

    def _show_beside(self, decoded: Decoded) -> None:
        """What some models say besides."""
        names, label = self._session.workspace.class_names, self._session.exploration.label
        self._sigma.setVisible(decoded.sigma is not None)
        if decoded.sigma is not None:
            self._sigma.set_text(_sigma_in_words(decoded.sigma))
        self.classes.setVisible(decoded.label_probabilities is not None)
        if decoded.label_probabilities is not None:
            self.classes.show_probabilities(decoded.label_probabilities, names)
        told = decoded.each_class is not None and label is not None
        self.labels.setVisible(told)
        self.label_title.setVisible(told)
        if decoded.each_class is not None and label is not None:
            self.labels.show_names(names[: len(decoded.each_class)])
            self.labels.show_pictures(decoded.each_class, label)

    def _typed(self, place: int, value: float) -> None:
        """The other coordinates stay as they are, to more digits than are shown."""
        exploration = self._session.exploration
        step = value - along(exploration.chart, exploration.z)[place]
        moved = exploration.z + step * exploration.chart.directions[place].astype(np.float64)
        exploration.pin_code(moved.astype(np.float32))


def _sigma_in_words(sigma: NDArray[np.float32]) -> str:
    """One for all pixels, or their mean and their range."""
    low, high = float(sigma.min()), float(sigma.max())
    if low == high:
        return f"σ of all pixels {low:.3f}"
    return f"σ of pixels {float(sigma.mean()):.3f}, from {low:.3f} to {high:.3f}"


def _beyond_in_words(chart: Chart) -> str:
    """What the plane does not show of a code."""
    dimensions = len(chart.origin)
    if dimensions <= 2:
        return ""
    if chart.axes == (0, 1):
        return f"z₃ to {name_of(dimensions - 1)} as pinned"
    return f"{dimensions - 2} other directions as pinned"


def _coordinate(name: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox(minimum=-FARTHEST, maximum=FARTHEST, decimals=3, singleStep=0.05)
    box.setObjectName(name)
    box.setKeyboardTracking(False)
    box.setMinimumHeight(box.fontMetrics().height() + 10)
    return box
