"""The picture decoded at the cursor, and the code that it comes from."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel

from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.numbers import number
from explorer.views.picture_view import PictureView
from explorer.views.steady_label import SteadyLabel

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
        self.z1_box = _coordinate("z1Box", "z₁, in standard deviations of the prior")
        self.z2_box = _coordinate("z2Box", "z₂, in standard deviations of the prior")
        row = QHBoxLayout()
        for name, box in (("z₁", self.z1_box), ("z₂", self.z2_box)):
            label = QLabel(name)
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box, 1)
            box.valueChanged.connect(self._typed)
        self.body.addLayout(row)
        self._density = SteadyLabel("muted", "log p(z) = −1,000.00 nats")
        self._density.setToolTip("The density of the prior N(0, I) at z, in nats")
        self.body.addWidget(self._density)
        self._beyond = styled_label("", "muted")
        self._beyond.hide()
        self.body.addWidget(self._beyond)
        self.save = button("Save …", "Save the decoded picture as PNG", "saveImageButton", "layer")
        self.heading.addWidget(self.save)
        session.exploration.cursor_moved.connect(self._show)

    def _show(self) -> None:
        exploration = self._session.exploration
        self.picture.show_picture(exploration.picture)
        z = exploration.z.tolist()
        for box, value in zip((self.z1_box, self.z2_box), [*z, 0.0], strict=False):
            with QSignalBlocker(box):
                box.setValue(value)
        self.z2_box.setEnabled(len(z) > 1)
        density = -0.5 * sum(value * value for value in z) - 0.5 * len(z) * math.log(2 * math.pi)
        self._density.set_text(f"log p(z) = {number(density)} nats")
        self._beyond.setText(f"z₃ to z{_subscript(len(z))} as pinned" if len(z) > 2 else "")
        self._beyond.setVisible(len(z) > 2)

    def _typed(self) -> None:
        self._session.exploration.pin_at(self.z1_box.value(), self.z2_box.value())


def _coordinate(name: str, tip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox(minimum=-FARTHEST, maximum=FARTHEST, decimals=3, singleStep=0.05)
    box.setObjectName(name)
    box.setToolTip(tip)
    box.setKeyboardTracking(False)
    box.setMinimumHeight(box.fontMetrics().height() + 10)
    return box


def _subscript(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
