"""What is drawn of exact inference: contours of p(z|x), the best Gaussian q*, rings around small modes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from explorer.theme import current_theme
from explorer.views.plane_items import Mark, cosmetic_pen, polygon

WIDTHS = (2.0, 1.4)  # pixels, of the inner contour and the outer one
FILL = 0.16  # opacity

Line = NDArray[np.floating]  # (S, 2) places


class Contours(QGraphicsItem):
    """Regions of highest density of p(z|x), the inner one and the outer one, to true scale."""

    def __init__(self) -> None:
        super().__init__()
        self._paths = [QPainterPath() for _ in WIDTHS]
        self.setZValue(10.5)

    def trace(self, regions: Sequence[Sequence[Line]]) -> None:
        """The edges of each region, in places on the plane."""
        self.prepareGeometryChange()
        self._paths = [_path(lines) for lines in regions]

    def boundingRect(self) -> QRectF:
        """Around all."""
        whole = QRectF()
        for path in self._paths:
            whole = whole.united(path.boundingRect())
        return whole

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """In the colour of p(z|x)."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = current_theme().exact
        fill = QColor(colour)
        fill.setAlphaF(FILL)
        for path, width in zip(self._paths, WIDTHS, strict=False):
            painter.setPen(cosmetic_pen(colour, width))
            painter.setBrush(fill)
            painter.drawPath(path)


class BestGaussian(QGraphicsItem):
    """q* at one and two standard deviations, dashed."""

    def __init__(self) -> None:
        super().__init__()
        self._path = QPainterPath()
        self.setZValue(10.7)

    def trace(self, outlines: Sequence[Line]) -> None:
        """In places on the plane."""
        self.prepareGeometryChange()
        self._path = _path(outlines)

    def boundingRect(self) -> QRectF:
        """Around all."""
        return self._path.boundingRect()

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """In the colour of q."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(cosmetic_pen(current_theme().q, 1.4, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)


class ModeRing(Mark):
    """A ring around a mode that is too small to be seen."""

    RADIUS = 8.0  # pixels

    def __init__(self) -> None:
        super().__init__(self.RADIUS, dot=False, level=11.5)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """In the colour of p(z|x), whichever palette is worn."""
        theme = current_theme()
        self._pen, self._halo = QPen(QColor(theme.exact), 2.0), QPen(QColor(theme.card), 4.5)
        super().paint(painter, option, widget)


def _path(lines: Sequence[Line]) -> QPainterPath:
    path = QPainterPath()
    for line in lines:
        path.addPolygon(polygon(line))
    return path
