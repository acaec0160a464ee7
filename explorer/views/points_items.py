"""What is drawn on a plot of points: lines coloured along z, and ellipses of p(x|z)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from explorer.points_exploration import REACH
from explorer.theme import Theme
from explorer.views.plane_items import SIGMAS

RAMP = "viridis"  # told apart by colour-blind readers, and by its lightness alone
COLOURS = 128
SHADES = {False: (0.0, 0.85), True: (0.22, 1.0)}  # of the ramp, in light and dark: what stands out


def ramp_colour(theme: Theme, u: float) -> QColor:
    """The colour of a code, from -3 to 3 standard deviations."""
    share = (min(max(u, -REACH), REACH) + REACH) / (2 * REACH)
    return _ramp(theme.dark)[round(share * (COLOURS - 1))]


@cache
def _ramp(dark: bool) -> list[QColor]:
    table = pg.colormap.get(RAMP).getLookupTable(*SHADES[dark], nPts=COLOURS)
    return [QColor(*colour) for colour in table.tolist()]


@dataclass(frozen=True, eq=False)
class Line:
    """A piece of line in one colour."""

    places: NDArray[np.float32]  # (N, 2)
    colour: QColor
    width: float  # pixels

    def pen(self) -> QPen:
        """Of the same width at any zoom, and round at its ends, so that pieces join."""
        return _pen(self.colour, self.width)


class Lines(pg.GraphicsObject):
    """Pieces of line in many colours."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self._pieces: list[tuple[QPolygonF, QPen]] = []
        self._reach = QRectF()
        self.setZValue(level)

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Draw these and no others."""
        self.prepareGeometryChange()
        self._pieces = [
            (QPolygonF([QPointF(x, y) for x, y in line.places.tolist()]), line.pen()) for line in lines
        ]
        self._reach = QRectF()
        for polygon, _ in self._pieces:
            self._reach = self._reach.united(polygon.boundingRect().adjusted(-0.1, -0.1, 0.1, 0.1))
        self.update()

    def boundingRect(self) -> QRectF:
        """Around all of them."""
        return self._reach

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """One after the other."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for polygon, pen in self._pieces:
            painter.setPen(pen)
            painter.drawPolyline(polygon)


class Gaussians(pg.GraphicsObject):
    """p(x|z) at some codes: one and two standard deviations, to true scale."""

    def __init__(self, level: float, *, bold: bool = False) -> None:
        super().__init__()
        self._bold = bold
        self._ellipses: list[tuple[QRectF, QPen, QBrush]] = []
        self._reach = QRectF()
        self.setZValue(level)

    def show_gaussians(
        self, mean: NDArray[np.float32], sigma: NDArray[np.float32], colours: Sequence[QColor]
    ) -> None:
        """``mean`` and ``sigma`` are (N, 2)."""
        self.prepareGeometryChange()
        self._ellipses = [
            self._ellipse(centre, axes, colour, sigmas)
            for centre, axes, colour in zip(mean.tolist(), sigma.tolist(), colours, strict=True)
            for sigmas in reversed(SIGMAS)
        ]
        self._reach = QRectF()
        for rect, _, _ in self._ellipses:
            self._reach = self._reach.united(rect.adjusted(-0.1, -0.1, 0.1, 0.1))
        self.update()

    def _ellipse(
        self, centre: list[float], axes: list[float], colour: QColor, sigmas: int
    ) -> tuple[QRectF, QPen, QBrush]:
        (x, y), (width, height) = centre, (2 * sigmas * axis for axis in axes)
        line, fill = QColor(colour), QColor(colour)
        line.setAlphaF((1.0 if self._bold else 0.8) / sigmas)
        fill.setAlphaF(0.14)
        pen = _pen(line, 2.2 if self._bold else 1.3)
        return (
            QRectF(x - width / 2, y - height / 2, width, height),
            pen,
            QBrush(fill) if self._bold else QBrush(),
        )

    def boundingRect(self) -> QRectF:
        """Around all of them."""
        return self._reach

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """The wider ones first."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for rect, pen, fill in self._ellipses:
            painter.setPen(pen)
            painter.setBrush(fill)
            painter.drawEllipse(rect)


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    pen.setCosmetic(True)
    return pen
