"""The most probable labels at the cursor, as bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme
from explorer.views.legend import class_colour

SHOWN = 3  # the most probable ones
WIDEST_NAME = 0.35  # of the width


class ClassBars(QWidget):
    """p(y|z): a name, a bar in the colour of the class, and its probability."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("classBars")
        self.setToolTip("p(y|z): how probable the most probable labels are at z")
        self._rows: list[tuple[int, str, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def rows(self) -> list[tuple[int, str, float]]:
        """Label, name and probability, the most probable first."""
        return self._rows

    def show_probabilities(self, probabilities: NDArray[np.float32], names: Sequence[str]) -> None:
        """p(y|z), (classes,), and the names of the classes."""
        best = np.argsort(-probabilities, kind="stable")[:SHOWN].tolist()
        self._rows = [(label, names[label], float(probabilities[label])) for label in best]
        self.setAccessibleName("p(y|z): " + ", ".join(f"{name} {share:.2f}" for _, name, share in self._rows))
        self.update()

    def sizeHint(self) -> QSize:
        """A line a class."""
        return QSize(160, SHOWN * self._line())

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return QSize(100, SHOWN * self._line())

    def _line(self) -> int:
        return self.fontMetrics().height() + 3

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows."""
        painter, theme, metrics = QPainter(self), current_theme(), self.fontMetrics()
        widest = max((metrics.horizontalAdvance(name) for _, name, _ in self._rows), default=0)
        left = min(widest, round(WIDEST_NAME * self.width())) + 8
        right = metrics.horizontalAdvance("0.000") + 8
        for row, (label, name, share) in enumerate(self._rows):
            line = QRectF(0, row * self._line(), self.width(), self._line())
            painter.setPen(QColor(theme.ink))
            words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, left - 8)
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
            painter.setPen(QColor(theme.muted))
            number = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(line, number, f"{share:.3f}")
            bar = line.adjusted(left, 4, -right, -4)
            painter.fillRect(bar, QColor(theme.raised))
            painter.fillRect(
                QRectF(bar.left(), bar.top(), share * bar.width(), bar.height()), QColor(class_colour(label))
            )
