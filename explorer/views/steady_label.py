"""A line of text that changes at every move of the mouse."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from explorer.views.card import styled_label


class SteadyLabel(QWidget):
    """A label that asks for room once, for its widest text.

    A QLabel asks anew with each text, and the whole window is then laid out and painted again.
    """

    def __init__(self, role: str, widest: str) -> None:
        super().__init__()
        self._label = styled_label("", role)
        self._label.setParent(self)
        self._widest = widest

    def text(self) -> str:
        """What is shown."""
        return self._label.text()

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._label.setText(text)

    def sizeHint(self) -> QSize:
        """Room for the widest text."""
        metrics, margins = self._label.fontMetrics(), self.contentsMargins()
        text = QSize(metrics.horizontalAdvance(self._widest), metrics.lineSpacing())
        return text.grownBy(margins)

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fill the new size."""
        self._label.setGeometry(self.contentsRect())
