"""The histogram of gaps, whose bars can be chosen."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer.theme import current_theme
from vae.gap_sample import PER_DECADE, Bar

LINES = 6  # of text that it is high at least
FEWEST = 10  # bars that there is room for
UNIT = "nats"
LEAST = 2.0  # pixels of a bar, however few its images
BETWEEN = 1.0  # pixels on either side of a bar


class GapHistogram(QWidget):
    """How many images have which gap, on a logarithmic axis of nats.

    Gaps spread over decades, while counts must stay linear for the parts of a bar to add up.
    """

    chosen = Signal(int)  # the place of a bar, as its own ``place``

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gapHistogram")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._bars: tuple[Bar, ...] = ()
        self._current: int | None = None  # the place that the keys are at
        self._marked: int | None = None

    @property
    def bars(self) -> tuple[Bar, ...]:
        """From the smallest gap to the largest."""
        return self._bars

    def show_bars(self, bars: tuple[Bar, ...]) -> None:
        """Draw others."""
        self._bars = bars
        told = ", ".join(f"{range_of(bar)}: {bar.count:,}" for bar in bars if bar.count)
        self.setAccessibleName(f"Histogram of gaps. {told}" if bars else "No gaps yet")
        self.update()

    def mark(self, place: int | None) -> None:
        """Frame the bar at this place, or none."""
        self._marked = self._current = place
        self.update()

    # --- where things are

    def sizeHint(self) -> QSize:
        """A few lines high."""
        return QSize(200, LINES * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Narrower, if need be."""
        return QSize(120, self.sizeHint().height())

    def column_of(self, place: int) -> QRectF:
        """All that is clicked on for the bar at this place."""
        axes, first = self._axes(), self._bars[0].place if self._bars else 0
        width = axes.width() / max(len(self._bars), FEWEST)
        return QRectF(axes.left() + (place - first) * width, axes.top(), width, axes.height())

    def _axes(self) -> QRectF:
        """Above the numbers of the axis, and beneath that of the highest bar."""
        line = self.fontMetrics().height()
        return QRectF(self.rect()).adjusted(2, line, -2, -line - 3)

    def _bar_at(self, position: QPoint) -> Bar | None:
        over = (bar for bar in self._bars if self.column_of(bar.place).contains(position))
        return next((bar for bar in over if bar.count), None)

    # --- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bars, the axis, and the count of the highest or of the marked one."""
        painter, theme = QPainter(self), current_theme()
        highest = max((bar.count for bar in self._bars), default=1)
        axes = self._axes()
        for bar in self._bars:
            if bar.count:
                self._draw_bar(painter, bar, axes.height() * bar.count / highest)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(axes.bottomLeft(), axes.bottomRight())
        self._draw_axis(painter, axes)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _draw_bar(self, painter: QPainter, bar: Bar, high: float) -> None:
        """The amortisation gap's share beneath the approximation gap's."""
        theme, column = current_theme(), self.column_of(bar.place)
        high = max(high, LEAST)
        whole = column.adjusted(BETWEEN, column.height() - high, -BETWEEN, 0)
        upper = QRectF(whole.left(), whole.top(), whole.width(), high * bar.approximation)
        painter.fillRect(whole, QColor(theme.q))
        painter.fillRect(upper, QColor(theme.exact))
        if bar.place in (self._marked, self._current):
            style = Qt.PenStyle.SolidLine if bar.place == self._marked else Qt.PenStyle.DotLine
            painter.setPen(QPen(QColor(theme.cursor), 2, style))
            painter.drawRect(column.adjusted(0, 1, 0, 0))
        if bar.place == self._marked or (self._marked is None and bar == max(self._bars, key=_count)):
            painter.setPen(QColor(theme.muted))
            self._draw_number(painter, f"{bar.count:,}", column.center().x(), 0)

    def _draw_axis(self, painter: QPainter, axes: QRectF) -> None:
        """Powers of ten, where they are edges of bars, and the unit: to the right, or with the last."""
        painter.setPen(QColor(current_theme().muted))
        room = self.width() - painter.fontMetrics().horizontalAdvance(UNIT)
        bottom, unit = round(axes.bottom()), bool(self._bars)
        for bar in reversed(self._bars[1:]):
            if bar.place % PER_DECADE == 0:
                x, text = self.column_of(bar.place).left(), f"{10.0 ** (bar.place // PER_DECADE):g}"
                painter.drawLine(round(x), bottom, round(x), bottom + 3)
                beside = unit and x + painter.fontMetrics().horizontalAdvance(text) > room
                self._draw_number(painter, f"{text} {UNIT}" if beside else text, x, bottom + 3)
                unit = unit and not beside
        if unit:
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
            painter.drawText(self.rect(), right, UNIT)

    def _draw_number(self, painter: QPainter, text: str, x: float, top: int) -> None:
        """Centred on x, as far as there is room."""
        wide, line = painter.fontMetrics().horizontalAdvance(text) + 2, painter.fontMetrics().height()
        left = min(max(x - wide / 2, 0), self.width() - wide)
        painter.drawText(QRectF(left, top, wide, line), Qt.AlignmentFlag.AlignCenter, text)

    # --- choosing

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the bar that was clicked, however low it is."""
        bar = self._bar_at(event.position().toPoint())
        if bar is not None:
            self.chosen.emit(bar.place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right go from bar to bar, Enter chooses."""
        key, filled = Qt.Key(event.key()), [bar.place for bar in self._bars if bar.count]
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and filled:
            self._current = _beside(filled, self._current, key is Qt.Key.Key_Right)
            self.update()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._current in filled:
            self.chosen.emit(self._current)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Tell what the bar under the mouse holds."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            bar = self._bar_at(event.pos())
            QToolTip.showText(event.globalPos(), "" if bar is None else _in_words(bar), self)
            return True
        return super().event(event)


def range_of(bar: Bar) -> str:
    """Between which gaps: "4.0–6.3 nats"."""
    high = _edge(bar.high)
    return f"below {high} nats" if bar.is_first else f"{_edge(bar.low)}–{high} nats"


def _in_words(bar: Bar) -> str:
    images = "1 image" if bar.count == 1 else f"{bar.count:,} images"
    return f"{range_of(bar)}: {images}; {1 - bar.approximation:.0%} of their gaps is amortisation"


def _edge(gap: float) -> str:
    """Two significant digits."""
    return f"{gap:.{max(0, 1 - math.floor(math.log10(gap) + 1e-6))}f}"


def _beside(places: list[int], current: int | None, right: bool) -> int:
    """The next place to one side; the last one if there is none yet."""
    if current is None:
        return places[-1]
    if right:
        return min((place for place in places if place > current), default=places[-1])
    return max((place for place in places if place < current), default=places[0])


def _count(bar: Bar) -> int:
    return bar.count
