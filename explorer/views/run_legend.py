"""The legend of the ELBO plot: a chip for each curve, which shows or hides it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton

from explorer.theme import current_theme
from explorer.views.run_lines import Line

MARKERS = {  # pyqtgraph's names of symbols, drawn here in the same shapes
    "s": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "d": ((0, -1.3), (1, 0), (0, 1.3), (-1, 0)),
}


class Chip(QAbstractButton):
    """A label with a sample of its curve: the line, the marker, the colour.

    The colour is a concept of the theme, or one of its own.
    """

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self.setObjectName(f"{line.name}Chip")
        self.setText(line.title)
        self.setToolTip(line.tip)
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Room for the sample, the text and a margin."""
        unit = self.fontMetrics().height()
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + round(2.7 * unit), round(1.5 * unit))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A pill, filled while the curve is shown."""
        theme = current_theme()
        shown = self.isChecked()
        own = getattr(theme, self._line.colour, self._line.colour)
        colour = QColor(own if shown else theme.muted)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        busy = self.hasFocus() or self.underMouse()
        painter.setPen(QPen(QColor(theme.accent if busy else theme.border), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(theme.raised) if shown else Qt.BrushStyle.NoBrush)
        radius = self.height() / 2 - 1
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), radius, radius)
        unit = self.fontMetrics().height()
        self._draw_sample(painter, colour, QRect(round(0.6 * unit), 0, round(1.3 * unit), self.height()))
        painter.setPen(QColor(theme.ink if shown else theme.muted))
        font = self.font()
        font.setStrikeOut(not shown)
        painter.setFont(font)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect().adjusted(round(2.2 * unit), 0, 0, 0), flags, self.text())

    def _draw_sample(self, painter: QPainter, colour: QColor, place: QRect) -> None:
        """The line across ``place``, the marker in its middle."""
        middle = place.center().y() + 0.5
        style = Qt.PenStyle.DashLine if self._line.dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, self._line.width, style))
        painter.drawLine(QPointF(place.left(), middle), QPointF(place.right(), middle))
        painter.setPen(QPen(colour, 1))
        painter.setBrush(QBrush(colour))
        painter.save()
        painter.translate(place.center().x() + 0.5, middle)
        if self._line.marker == "o":
            painter.drawEllipse(QPointF(0, 0), 3.5, 3.5)
        elif self._line.marker:
            painter.drawPolygon(QPolygonF([QPointF(3 * x, 3 * y) for x, y in MARKERS[self._line.marker]]))
        painter.restore()
