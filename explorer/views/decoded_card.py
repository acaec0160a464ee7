"""The picture decoded at the cursor, the code that it comes from, and what the model says of it besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel

from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.class_bars import ClassBars
from explorer.views.label_chooser import LabelChooser
from explorer.views.numbers import number
from explorer.views.picture_view import PictureView
from explorer.views.steady_label import SteadyLabel

if TYPE_CHECKING:
    from vae import Decoded

FARTHEST = 40.0  # the largest coordinate that can be typed


class DecodedCard(Card):
    """E[x|z], large, with z to read and to type."""

    def __init__(self, session: Session) -> None:
        super().__init__("Decoded  p(x|z)")
        self._session = session
        self.picture = PictureView(
            "decodedImage", "The picture decoded at z", "opening the model …", least=180
        )
        self.body.addWidget(self.picture)
        self._build_coordinates()
        self._density = SteadyLabel("muted", "log p(z) = −1,000.00 nats")
        self._density.setToolTip("The density of the prior at z, in nats")
        self._beyond = styled_label("", "muted")
        self._sigma = SteadyLabel("muted", "σ of pixels 0.000, from 0.000 to 0.000")
        self._sigma.setToolTip("The learned standard deviation of p(x|z), in units of x")
        self.label_title = styled_label("One z, each label", "title")
        self.labels = LabelChooser()
        self.classes = ClassBars()
        for widget in (
            *(self._density, self._beyond, self._sigma),
            *(self.classes, self.label_title, self.labels),
        ):
            self.body.addWidget(widget)
        for widget in (self._beyond, self._sigma, self.classes, self.label_title, self.labels):
            widget.hide()
        self.save = button("Save …", "Save the decoded picture as PNG", "saveImageButton", "layer")
        self.heading.addWidget(self.save)
        self.labels.chosen.connect(session.exploration.tell_label)
        session.exploration.cursor_moved.connect(self._show)

    def _build_coordinates(self) -> None:
        self.z1_box = _coordinate("z1Box", "z₁ of the code that is decoded")
        self.z2_box = _coordinate("z2Box", "z₂ of the code that is decoded")
        row = QHBoxLayout()
        for name, box in (("z₁", self.z1_box), ("z₂", self.z2_box)):
            label = QLabel(name)
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box, 1)
            box.valueChanged.connect(self._typed)
        self.body.addLayout(row)

    def _show(self) -> None:
        exploration = self._session.exploration
        z = exploration.z
        self.picture.show_picture(exploration.picture)
        for box, value in zip((self.z1_box, self.z2_box), [*z.tolist(), 0.0], strict=False):
            with QSignalBlocker(box):
                box.setValue(value)
        self.z2_box.setEnabled(len(z) > 1)
        self._show_density(z)
        if exploration.decoded is not None:
            self._show_beside(exploration.decoded)

    def _show_density(self, z: NDArray[np.float32]) -> None:
        prior = self._session.exploration.prior
        self._density.setVisible(prior is not None)
        if prior is not None:
            self._density.set_text(f"log p(z) = {number(prior.log_density(z[None])[0])} nats")
        self._beyond.setText(f"z₃ to z{_subscript(len(z))} as pinned" if len(z) > 2 else "")
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

    def _typed(self) -> None:
        self._session.exploration.pin_at(self.z1_box.value(), self.z2_box.value())


def _sigma_in_words(sigma: NDArray[np.float32]) -> str:
    """One for all pixels, or their mean and their range."""
    low, high = float(sigma.min()), float(sigma.max())
    if low == high:
        return f"σ of all pixels {low:.3f}"
    return f"σ of pixels {float(sigma.mean()):.3f}, from {low:.3f} to {high:.3f}"


def _coordinate(name: str, tip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox(minimum=-FARTHEST, maximum=FARTHEST, decimals=3, singleStep=0.05)
    box.setObjectName(name)
    box.setToolTip(tip)
    box.setKeyboardTracking(False)
    box.setMinimumHeight(box.fontMetrics().height() + 10)
    return box


def _subscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
