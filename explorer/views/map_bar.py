"""The colour bar of a map: its ends, its unit, and the value under the cursor."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme
from explorer.views.legend import class_colour
from explorer.views.map_colours import Scale, ramp
from explorer.views.numbers import number

WIDEST = 420  # pixels of the bar
SHORT = 150  # of one beside which there is no room for the whole of the unit
GAP = 6
TICK = 2.0  # pixels: how high a round number's stands above the bar
ARROW = 4.0  # pixels: half the width of the sign above the bar


class MapBar(QWidget):
    """A number above its place on a bar; of a map of classes, the name of the class instead."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("mapBar")
        self._scale: Scale | None = None
        self._unit = ""
        self._value: float | None = None
        self._class: tuple[int, str] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def scale(self) -> Scale | None:
        """What the bar runs over."""
        return self._scale

    @property
    def value(self) -> float | None:
        """What is marked."""
        return self._value

    @property
    def text(self) -> str:
        """What is written at the mark."""
        if self._class is not None:
            return self._class[1]
        return "" if self._value is None else in_words(self._value)

    def show_scale(self, scale: Scale | None, unit: str) -> None:
        """The ends of the bar and the unit; none of a map of classes."""
        self._scale, self._unit = scale, unit
        self.setToolTip(unit)
        self.update()

    def show_value(self, value: float | None) -> None:
        """Mark a value, or none."""
        self._value, self._class = value, None
        self.update()

    def show_class(self, label: int | None, name: str) -> None:
        """Name a class, or none."""
        self._value, self._class = None, None if label is None else (label, name)
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines: numbers above, the bar below."""
        height = self.fontMetrics().height()
        return QSize(220, 2 * height + 2)

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bar with its mark, or the class with its colour."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._scale is None:
            self._paint_class(painter)
        else:
            self._paint_bar(painter, self._scale)

    def _paint_class(self, painter: QPainter) -> None:
        if self._class is None:
            return
        label, name = self._class
        side = round(0.7 * self.fontMetrics().height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(class_colour(label)))
        painter.drawEllipse(QRect(0, (self.height() - side) // 2, side, side))
        painter.setPen(QColor(current_theme().ink))
        painter.drawText(
            self.rect().adjusted(side + GAP, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, f"here: {name}"
        )

    def _paint_bar(self, painter: QPainter, scale: Scale) -> None:
        theme, metrics = current_theme(), self.fontMetrics()
        low = f"{'≤ ' if scale.less else ''}{in_words(scale.low)}"
        high = f"{'≥ ' if scale.more else ''}{in_words(scale.high)}"
        left = metrics.horizontalAdvance(low) + GAP
        unit = self._unit
        if metrics.horizontalAdvance(f"{high}  {unit}") > self.width() - left - SHORT - GAP:
            unit = unit.partition(",")[0]  # the quantity is in the tool tip
        right = metrics.horizontalAdvance(f"{high}  {unit}") + GAP
        lower = self.rect().adjusted(0, self.height() - metrics.height(), 0, 0)
        across = min(WIDEST, lower.width() - left - right)
        bar = QRectF(left, lower.top() + 2, max(across, 40), lower.height() - 4)
        painter.setPen(QColor(theme.muted))
        painter.drawText(lower, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, low)
        beside = QRect(round(bar.right()) + GAP, lower.top(), right, lower.height())
        painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter, f"{high}  {unit}")
        colours = np.ascontiguousarray(ramp(scale.kind)[None])
        image = QImage(colours.data, 256, 1, 3 * 256, QImage.Format.Format_RGB888)
        painter.drawImage(bar, image)
        taken = QRectF()
        if self._value is not None:
            taken = self._paint_mark(painter, bar, float(scale.shares(np.array(self._value))), self._value)
        self._paint_steps(painter, bar, scale, taken)

    def _paint_steps(self, painter: QPainter, bar: QRectF, scale: Scale, taken: QRectF) -> None:
        """Round numbers above the bar, as many as there is room for beside what is marked."""
        theme, gap = current_theme(), float(GAP)
        written = [taken]
        for step, share in zip(scale.steps, scale.shares(np.array(scale.steps)), strict=True):
            x = bar.left() + bar.width() * share
            room = self._room(f"{step:g}", x)
            if any(room.adjusted(-gap, 0, gap, 0).intersects(other) for other in written):
                continue
            written.append(room)
            painter.setPen(QColor(theme.muted))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, f"{step:g}")
            painter.drawLine(QPointF(x, bar.top()), QPointF(x, bar.top() - TICK))

    def _room(self, text: str, x: float) -> QRectF:
        """Of a text above the bar, at ``x`` or as near as it can be."""
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(text)
        return QRectF(min(max(x - width / 2, 0.0), self.width() - width), 0.0, width, metrics.height())

    def _paint_mark(self, painter: QPainter, bar: QRectF, share: float, value: float) -> QRectF:
        """At the end, where the value is beyond it; the room that its number takes."""
        theme = current_theme()
        x = bar.left() + bar.width() * min(max(share, 0.0), 1.0)
        text = in_words(value)
        room = self._room(text, x)
        painter.setPen(QColor(theme.ink))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(QPen(QColor(theme.card), 1.0))
        painter.setBrush(QColor(theme.ink))
        tip = QPointF(x, bar.top() + ARROW)
        corners = (QPointF(-ARROW, -1.5 * ARROW), QPointF(ARROW, -1.5 * ARROW))
        painter.drawPolygon(QPolygonF([tip, *(tip + corner for corner in corners)]))
        painter.setPen(QPen(QColor(theme.card), 3.0))
        painter.drawLine(QPointF(x, bar.top() + ARROW), bar.bottomLeft() + QPointF(x - bar.left(), 0.0))
        painter.setPen(QPen(QColor(theme.ink), 1.2))
        painter.drawLine(QPointF(x, bar.top() + ARROW), bar.bottomLeft() + QPointF(x - bar.left(), 0.0))
        return room


def in_words(value: float) -> str:
    """To three digits or so."""
    size = abs(value)
    return number(value, 0 if size >= 100 else 1 if size >= 10 else 2)
