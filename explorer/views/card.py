"""A card: a quiet frame with a title, which groups what belongs together."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout


class Card(QFrame):
    """A frame, titled or not; ``body`` is the layout to fill, ``heading`` the row that holds the title."""

    def __init__(self, title: str = "") -> None:
        super().__init__()
        self.setObjectName("card")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(12, 10, 12, 12)
        self.body.setSpacing(8)
        self.heading = QHBoxLayout()
        self.title = styled_label(title, "title")
        if title:
            self.heading.addWidget(self.title)
            self.heading.addStretch(1)
            self.body.addLayout(self.heading)


def styled_label(text: str, role: str) -> QLabel:
    """A label dressed by the theme: ``role`` is "title", "muted" or "notice"."""
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def button(text: str, tip: str, name: str = "", role: str = "") -> QPushButton:
    """A button, dressed by the theme: ``role`` is "primary", "layer" (narrow), "chip" or none."""
    made = QPushButton(text)
    made.setToolTip(tip)
    if role:
        made.setProperty("role", role)
    if name:
        made.setObjectName(name)
    return made
