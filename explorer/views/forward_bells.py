"""Bell curves in rows, one a dimension of z: the prior, q(z|x), and what was drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme
from explorer.views.forward_words import MOST_DIMENSIONS

if TYPE_CHECKING:
    from vae import Prior

LEAST_BELL, LARGEST_BELL = 20, 110  # pixels
BENEATH = 4  # pixels below a bell
POINTS = 60  # of a curve, on each side of its mean
TAIL = 4.0  # standard deviations: beyond them a curve is flat to the eye
FILL = 46  # of 255: opacity beneath a single curve
RADIUS = 3.5  # pixels of the mark


@dataclass(frozen=True)
class Bell:
    """A normal density, drawn to a height of its own."""

    mean: float
    scale: float
    colour: str  # a concept of the theme
    fill: int = FILL  # of 255: opacity beneath the curve


@dataclass(frozen=True)
class BellRow:
    """One dimension: its words, its curves over [left, right], and the value that was drawn."""

    words: str
    bells: tuple[Bell, ...]
    left: float
    right: float
    mark: float | None = None
    short: str = ""  # instead of the words where there is no room for them


def prior_bells(prior: Prior | None, place: int) -> tuple[Bell, ...]:
    """One dimension of each component of the prior, if there is one."""
    if prior is None:
        return ()
    pairs = zip(prior.loc[:, place].tolist(), prior.scale[:, place].tolist(), strict=True)
    return tuple(Bell(mean, scale, "prior", FILL // len(prior.loc)) for mean, scale in pairs)


class BellRows(QWidget):
    """Rows of bell curves; those of neighbouring boxes stand at the same heights."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._description = description
        self._rows: tuple[BellRow, ...] = ()
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def rows(self) -> tuple[BellRow, ...]:
        """What is drawn."""
        return self._rows

    def show_rows(self, rows: Sequence[BellRow], note: str = "") -> None:
        """Draw other curves, and write ``note`` beneath them."""
        if len(rows) != len(self._rows) or bool(note) != bool(self._note):
            self.updateGeometry()
        self._rows, self._note = tuple(rows[:MOST_DIMENSIONS]), note
        self.setAccessibleName(f"{self._description}: {'; '.join(row.words for row in self._rows)}")
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the words and low bells."""
        lines = self.fontMetrics().height()
        wide = max(
            (self.fontMetrics().horizontalAdvance(row.short or row.words) for row in self._rows), default=0
        )
        rows = max(1, len(self._rows))
        high = rows * (lines + BENEATH + LEAST_BELL) + (lines if self._note else 0)
        return QSize(wide + 2, high)

    def minimumSizeHint(self) -> QSize:
        """Nothing is left out."""
        return self.sizeHint()

    def _words(self, row: BellRow) -> str:
        fits = self.fontMetrics().horizontalAdvance(row.words) <= self.width()
        return row.words if fits or not row.short else row.short

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each row: its words, and beneath them its curves."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        room = self.height() - (line if self._note else 0)
        pitch = room / max(1, len(self._rows))
        bell = min(pitch - line - BENEATH, LARGEST_BELL)
        for place, row in enumerate(self._rows):
            top = place * pitch
            painter.setPen(QColor(current_theme().ink))
            painter.drawText(QRectF(0, top, self.width(), line), Qt.AlignmentFlag.AlignLeft, self._words(row))
            self._draw_row(painter, row, QRectF(1, top + line + 2, self.width() - 2, bell - 2))
        if self._note:
            painter.setPen(QColor(current_theme().muted))
            painter.drawText(QRectF(0, room, self.width(), line), Qt.AlignmentFlag.AlignLeft, self._note)

    def _draw_row(self, painter: QPainter, row: BellRow, area: QRectF) -> None:
        theme = current_theme()

        def across(value: float) -> float:
            return area.left() + area.width() * (value - row.left) / (row.right - row.left)

        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.save()
        painter.setClipRect(area.adjusted(0, -RADIUS, 0, 1))
        for bell in row.bells:
            _draw_bell(painter, bell, area, across(bell.mean), across(bell.mean + bell.scale))
        painter.restore()
        if row.mark is not None:
            x = min(max(across(row.mark), area.left() + RADIUS), area.right() - RADIUS)
            colour = QColor(theme.cursor)
            painter.setPen(QPen(colour, 1.5))
            painter.drawLine(QPointF(x, area.top() + RADIUS), area.bottomLeft() + QPointF(x - area.left(), 0))
            painter.setPen(QPen(QColor(theme.card), 1))
            painter.setBrush(colour)
            painter.drawEllipse(QPointF(x, area.bottom()), RADIUS, RADIUS)


def _draw_bell(painter: QPainter, bell: Bell, area: QRectF, mean: float, deviation: float) -> None:
    """``mean`` and ``deviation`` (the place one standard deviation up) in pixels."""
    scale = deviation - mean
    steps = [TAIL * step / POINTS for step in range(-POINTS, POINTS + 1)]
    curve = [
        QPointF(mean + step * scale, area.bottom() - area.height() * math.exp(-0.5 * step * step))
        for step in steps
    ]
    colour = QColor(getattr(current_theme(), bell.colour))
    fill = QColor(colour)
    fill.setAlpha(bell.fill)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawPolygon(QPolygonF(curve))
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(curve))
