"""What is drawn on the latent plane: the prior, ellipses of q(z|x), the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsItemGroup,
    QGraphicsPolygonItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from explorer.theme import Theme

SIGMAS = (1, 2)  # the ellipses of q(z|x), in standard deviations
CALLOUT = 11.0  # pixels: radius of the ring around ellipses too small to be seen


def cosmetic_pen(colour: str, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen whose width is in pixels, whatever the zoom."""
    pen = QPen(QColor(colour), width, style)
    pen.setCosmetic(True)
    return pen


def ink_table(theme: Theme, strength: float) -> NDArray[np.uint8]:
    """(256, 3) colours from paper to ink, for the grey values of pictures decoded across the plane."""
    paper, ink = _rgb(theme.card), _rgb(theme.ink)
    shade = np.linspace(0.0, strength, 256)[:, None]
    return (paper * (1 - shade) + ink * shade).round().astype(np.uint8)


def _rgb(colour: str) -> NDArray[np.float64]:
    parsed = QColor(colour)
    return np.array((parsed.red(), parsed.green(), parsed.blue()), np.float64)


def polygon(points: NDArray[np.floating]) -> QPolygonF:
    """Corners (S, 2) as Qt draws them."""
    return QPolygonF([QPointF(x, y) for x, y in points.tolist()])


class Raster(pg.ImageItem):
    """A picture on the plane, row by row.

    Of the format that Qt scales by itself: to others it sets all cores, and waits for those that train.
    """

    qimage: QImage | None  # pyqtgraph's

    def __init__(self, level: float) -> None:
        super().__init__(axisOrder="row-major")
        self.setZValue(level)

    def render(self) -> None:
        """Make what is drawn from the array."""
        super().render()
        if self.qimage is not None:
            self.qimage = self.qimage.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


class Circles(QGraphicsItemGroup):
    """The prior N(0, I) at one, two and three standard deviations."""

    def __init__(self) -> None:
        super().__init__()
        self._circles = [QGraphicsPolygonItem() for _ in range(3)]
        for circle in self._circles:
            self.addToGroup(circle)
        self.setZValue(5)

    def trace(self, outlines: Sequence[NDArray[np.float32]]) -> None:
        """Draw what each of them is on the plane, (S, 2), from the innermost on; or nothing."""
        for circle in self._circles:
            circle.setPolygon(QPolygonF())
        for circle, points in zip(self._circles, outlines, strict=False):
            circle.setPolygon(polygon(points))

    @property
    def traced(self) -> bool:
        """Whether there is anything to draw."""
        return not self._circles[0].polygon().isEmpty()

    def restyle(self, colour: str) -> None:
        """Draw in another colour."""
        for circle in self._circles:
            circle.setPen(cosmetic_pen(colour, 1.0, Qt.PenStyle.DashLine))


class Components(QGraphicsItemGroup):
    """A prior of several Gaussians: each at one standard deviation, in a colour of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._ellipses: list[QGraphicsPolygonItem] = []
        self.setZValue(5)

    @property
    def rects(self) -> list[QRectF]:
        """Around each ellipse, on the plane."""
        return [ellipse.polygon().boundingRect() for ellipse in self._ellipses]

    def trace(self, outlines: Sequence[NDArray[np.float32]]) -> None:
        """Draw these outlines (S, 2)."""
        for ellipse in self._ellipses:
            self.scene().removeItem(ellipse)
        self._ellipses = [QGraphicsPolygonItem(polygon(points), self) for points in outlines]

    def restyle(self, colours: Sequence[str]) -> None:
        """Draw in other colours, one for each."""
        for ellipse, colour in zip(self._ellipses, colours, strict=False):
            ellipse.setPen(cosmetic_pen(colour, 2.0))


class Ellipses(QGraphicsItemGroup):
    """q(z|x): one and two standard deviations, to true scale."""

    def __init__(self) -> None:
        super().__init__()
        self._outlines = [QGraphicsPolygonItem() for _ in SIGMAS]
        for item in self._outlines:
            self.addToGroup(item)
        self.setZValue(10)

    def restyle(self, colour: str) -> None:
        """Draw in another colour."""
        for item, sigmas in zip(self._outlines, SIGMAS, strict=True):
            item.setPen(cosmetic_pen(colour, 2.4 - 0.6 * sigmas))
            fill = QColor(colour)
            fill.setAlphaF(0.16)
            item.setBrush(QBrush(fill))

    def trace(self, outlines: Sequence[NDArray[np.float32]]) -> None:
        """An outline (S, 2) for each of SIGMAS."""
        for item, points in zip(self._outlines, outlines, strict=True):
            item.setPolygon(polygon(points))

    def scales(self) -> QRectF:
        """The rectangle around the largest ellipse."""
        return self._outlines[-1].polygon().boundingRect()


class Mark(QGraphicsItem):
    """A sign of constant size on the screen: a ring with a dot, or a ring alone, with a halo to stand out."""

    def __init__(self, radius: float, *, dot: bool, level: float) -> None:
        super().__init__()
        self._radius, self._dot = radius, dot
        self._pen, self._halo = QPen(), QPen()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIgnoresTransformations)
        self.setZValue(level)

    def restyle(self, colour: str, halo: str) -> None:
        """Draw in another colour."""
        self._pen, self._halo = QPen(QColor(colour), 2.0), QPen(QColor(halo), 4.5)
        self.update()

    def boundingRect(self) -> QRectF:
        """In pixels around the place."""
        reach = self._radius + 4
        return QRectF(-reach, -reach, 2 * reach, 2 * reach)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the halo, then the sign."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for pen in (self._halo, self._pen):
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QPointF(), self._radius, self._radius)
            if self._dot:
                painter.setBrush(QBrush(pen.color()))
                painter.drawEllipse(QPointF(), 0.8, 0.8)
