"""The latent dimensions as rows: numbers, a strip of pictures along each, a slider beneath it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip

from explorer.dimensions import FRAMES
from explorer.theme import current_theme
from explorer.views.numbers import number
from explorer.views.pictures import draw_crisp, fit, to_image

GAP = 2  # pixels between two pictures
BETWEEN = 10  # and between two rows
TRACK = 14  # the height of a slider
LARGEST = 40  # side of a picture
STEPS = 60  # that an arrow key divides a slider into
WIDEST = "z₅₀ −0.00"


@dataclass(frozen=True)
class DimensionRow:
    """What is told of a dimension, whatever is pinned."""

    dimension: int  # counted from 0
    name: str
    low: float  # at the middle of the first picture
    high: float  # and of the last
    lines: tuple[str, str]  # beneath the name; either may be empty
    active: bool
    tip: str


class DimensionList(QAbstractScrollArea):
    """Draws the rows in view, and no others. A click on a picture goes there; the slider is dragged."""

    moved = Signal(int, float)  # the dimension, and its value
    scrolled = Signal()  # other rows may be in view

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("dimensionList")
        self.setAccessibleName("Sliders of the latent dimensions")
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAutoFillBackground(False)
        self._rows: list[DimensionRow] = []
        self._z = self._means = np.zeros(0, np.float32)
        self._images: dict[int, list[QImage]] = {}
        self._current = 0  # the row that the keys move
        self._dragged: int | None = None  # the row that the mouse holds
        self.verticalScrollBar().valueChanged.connect(self.scrolled)

    # --- what is shown

    @property
    def rows(self) -> list[DimensionRow]:
        """All, from the top on."""
        return self._rows

    @property
    def visible_dimensions(self) -> tuple[int, ...]:
        """Of the rows in view."""
        top, high = self.verticalScrollBar().value(), self._row_height()
        first, last = top // high, (top + self.viewport().height()) // high
        return tuple(row.dimension for row in self._rows[first : last + 1])

    def show_rows(self, rows: list[DimensionRow]) -> None:
        """List other rows, or the same with other numbers."""
        self._rows, self._current = rows, min(self._current, max(0, len(rows) - 1))
        self._layout()

    def show_code(self, z: NDArray[np.float32], means: NDArray[np.float32] | None) -> None:
        """Where the sliders stand, (D,), and the means of q(z|x) of the input, if there is one."""
        self._z, self._means = z, np.zeros(0, np.float32) if means is None else means
        self.viewport().update()

    def show_pictures(self, dimension: int, pictures: NDArray[np.uint8]) -> None:
        """What is seen along a dimension, (S, C, H, W)."""
        self._images[dimension] = [to_image(picture) for picture in pictures]
        self.viewport().update()

    def pictures(self, dimension: int) -> list[QImage]:
        """What is shown along it; nothing before it is decoded."""
        return self._images.get(dimension, [])

    def forget_pictures(self) -> None:
        """Those of another model are none."""
        self._images.clear()

    # --- where it stands

    def frame_rect(self, place: int, frame: int) -> QRect:
        """Where a picture of the row at ``place`` is, on the viewport."""
        side, left = self._side(), self._numbers_width()
        top = place * self._row_height() - self.verticalScrollBar().value()
        return QRect(left + frame * (side + GAP), top, side, side)

    def slider_point(self, place: int, value: float) -> QPoint:
        """Where a value is on the slider of the row at ``place``."""
        row, first, last = self._rows[place], self.frame_rect(place, 0), self.frame_rect(place, FRAMES - 1)
        share = min(max((value - row.low) / (row.high - row.low), 0.0), 1.0)
        start, end = QRectF(first).center().x(), QRectF(last).center().x()
        return QPoint(round(start + share * (end - start)), first.bottom() + TRACK // 2 + 1)

    def _value_at(self, place: int, x: float) -> float:
        start, end = (QRectF(self.frame_rect(place, frame)).center().x() for frame in (0, FRAMES - 1))
        row, share = self._rows[place], min(max((x - start) / (end - start), 0.0), 1.0)
        return row.low + share * (row.high - row.low)

    def _row_at(self, y: float) -> int | None:
        place = int(y + self.verticalScrollBar().value()) // self._row_height()
        return place if 0 <= place < len(self._rows) else None

    def _numbers_width(self) -> int:
        return self.fontMetrics().horizontalAdvance(WIDEST) + 8

    def _side(self) -> int:
        room = self.viewport().width() - self._numbers_width()
        return min(LARGEST, max(8, (room + GAP) // FRAMES - GAP))

    def _row_height(self) -> int:
        return max(self._side() + TRACK, 3 * self.fontMetrics().height()) + BETWEEN

    def _layout(self) -> None:
        bar, high = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, len(self._rows) * self._row_height() - BETWEEN - high))
        bar.setPageStep(high)
        bar.setSingleStep(self._row_height())
        self.viewport().update()
        self.scrolled.emit()

    def minimumSizeHint(self) -> QSize:
        """Two rows, or the only one."""
        rows = max(1, min(2, len(self._rows)))
        return QSize(self._numbers_width() + FRAMES * (16 + GAP), rows * self._row_height() - BETWEEN)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Larger or smaller pictures."""
        super().resizeEvent(event)
        self._layout()

    def scrollContentsBy(self, across: int, down: int) -> None:  # noqa: N802 - Qt's name
        """Draw anew."""
        self.viewport().update()

    # --- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows in view."""
        painter = QPainter(self.viewport())
        top, high = self.verticalScrollBar().value(), self._row_height()
        for place in range(top // high, min(len(self._rows), (top + self.viewport().height()) // high + 1)):
            if self._rows[place].dimension < len(self._z):
                self._draw_row(painter, place)

    def _draw_row(self, painter: QPainter, place: int) -> None:
        row, theme = self._rows[place], current_theme()
        frame, line = self.frame_rect(place, 0), self.fontMetrics().height()
        text = QRect(0, frame.top(), self._numbers_width() - 8, line)
        words = (f"{row.name} {number(self._z[row.dimension])}", *row.lines)
        second = theme.kl if row.lines[0].startswith("KL") else theme.muted
        for words_of_line, colour in zip(words, (theme.ink, second, theme.muted), strict=False):
            painter.setPen(QColor(colour if row.active else theme.muted))
            painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words_of_line)
            text.translate(0, line)
        painter.setOpacity(1.0 if row.active else 0.6)
        for number_of_frame, image in enumerate(self.pictures(row.dimension)):
            cell = self.frame_rect(place, number_of_frame)
            draw_crisp(painter, fit(cell, image.width(), image.height()), image)
        painter.setOpacity(1.0)
        self._draw_slider(painter, place)
        if self.hasFocus() and place == self._current:
            painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            height = self._row_height() - BETWEEN + 4
            painter.drawRect(0, frame.top() - 2, self.viewport().width() - 1, height)

    def _draw_slider(self, painter: QPainter, place: int) -> None:
        row, theme = self._rows[place], current_theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.border), 2))
        painter.drawLine(self.slider_point(place, row.low), self.slider_point(place, row.high))
        if row.dimension < len(self._means):
            mean = self.slider_point(place, float(self._means[row.dimension]))
            painter.setPen(QPen(QColor(theme.q), 2))
            painter.drawLine(mean - QPoint(0, 6), mean + QPoint(0, 6))
        painter.setPen(QPen(QColor(theme.card), 1.5))
        painter.setBrush(QColor(theme.cursor))
        handle = self.slider_point(place, float(self._z[row.dimension]))
        painter.drawEllipse(QPointF(handle), 5.0, 5.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)

    # --- mouse and keyboard

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to a picture exactly, or where the slider is pressed."""
        position = event.position().toPoint()
        place = self._row_at(position.y())
        if place is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        self._current = place
        self.viewport().update()
        if position.x() < self._numbers_width() - GAP:
            return
        self._dragged = place
        for frame in range(FRAMES):
            if self.frame_rect(place, frame).contains(position):
                row = self._rows[place]
                self.moved.emit(row.dimension, float(np.linspace(row.low, row.high, FRAMES)[frame]))
                return
        self.moved.emit(self._rows[place].dimension, self._value_at(place, position.x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the slider along."""
        if self._dragged is not None and event.buttons() & Qt.MouseButton.LeftButton:
            value = self._value_at(self._dragged, event.position().x())
            self.moved.emit(self._rows[self._dragged].dimension, value)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._dragged = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down choose a row, Left and Right move its slider, with Shift five times as far."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._go_to_row(self._current + (1 if key is Qt.Key.Key_Down else -1))
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and self._rows:
            row, many = self._rows[self._current], event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            step = (row.high - row.low) / STEPS * (5 if many else 1)
            value = float(self._z[row.dimension]) + (step if key is Qt.Key.Key_Right else -step)
            self.moved.emit(row.dimension, min(max(value, row.low), row.high))
        else:
            super().keyPressEvent(event)

    def _go_to_row(self, place: int) -> None:
        self._current = min(max(place, 0), max(0, len(self._rows) - 1))
        bar, high = self.verticalScrollBar(), self._row_height()
        top = self._current * high
        bar.setValue(min(max(bar.value(), top + high - self.viewport().height()), top))
        self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell more of the row under the mouse."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self._row_at(event.pos().y())
            QToolTip.showText(event.globalPos(), "" if place is None else self._rows[place].tip, self)
            return True
        return super().viewportEvent(event)
