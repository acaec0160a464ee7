"""What is drawn on the latent plane: the prior, ellipses of q(z|x), the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import (
    QGraphicsEllipseItem,
    QGraphicsItem,
    QGraphicsItemGroup,
    QStyleOptionGraphicsItem,
    QWidget,
)

from explorer.theme import Theme

SIGMAS = (1, 2)  # the ellipses of q(z|x), in standard deviations
PRIOR_RADII = (1, 2, 3)  # the circles of the prior, in standard deviations
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


def centred_ellipse(x: float, y: float, half_width: float, half_height: float) -> QGraphicsEllipseItem:
    """An ellipse to true scale on the plane."""
    return QGraphicsEllipseItem(QRectF(x - half_width, y - half_height, 2 * half_width, 2 * half_height))


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
        self._circles = [centred_ellipse(0.0, 0.0, radius, radius) for radius in PRIOR_RADII]
        for circle in self._circles:
            self.addToGroup(circle)
        self.setZValue(5)

    def restyle(self, colour: str) -> None:
        """Draw in another colour."""
        for circle in self._circles:
            circle.setPen(cosmetic_pen(colour, 1.0, Qt.PenStyle.DashLine))


class Components(QGraphicsItemGroup):
    """A prior of several Gaussians: each at one standard deviation, in a colour of its own."""

    def __init__(self) -> None:
        super().__init__()
        self._ellipses: list[QGraphicsEllipseItem] = []
        self.setZValue(5)

    @property
    def rects(self) -> list[QRectF]:
        """Around each ellipse, on the plane."""
        return [ellipse.rect() for ellipse in self._ellipses]

    def place(self, rects: Sequence[QRectF]) -> None:
        """One ellipse in each rectangle."""
        for ellipse in self._ellipses:
            self.scene().removeItem(ellipse)
        self._ellipses = [QGraphicsEllipseItem(rect, self) for rect in rects]

    def restyle(self, colours: Sequence[str]) -> None:
        """Draw in other colours, one for each."""
        for ellipse, colour in zip(self._ellipses, colours, strict=False):
            ellipse.setPen(cosmetic_pen(colour, 2.0))


class Ellipses(QGraphicsItemGroup):
    """q(z|x): one and two standard deviations, to true scale, and a cross at the mean."""

    def __init__(self) -> None:
        super().__init__()
        self._ellipses = [centred_ellipse(0.0, 0.0, 1.0, 1.0) for _ in SIGMAS]
        for ellipse in self._ellipses:
            self.addToGroup(ellipse)
        self.setZValue(10)

    def restyle(self, colour: str) -> None:
        """Draw in another colour."""
        for ellipse, sigmas in zip(self._ellipses, SIGMAS, strict=True):
            ellipse.setPen(cosmetic_pen(colour, 2.4 - 0.6 * sigmas))
            fill = QColor(colour)
            fill.setAlphaF(0.16)
            ellipse.setBrush(QBrush(fill))

    def place(self, z_loc: NDArray[np.float32], z_scale: NDArray[np.float32]) -> None:
        """Mean and standard deviations, (2,) each."""
        (x, y), (across, up) = z_loc.tolist(), z_scale.tolist()
        for ellipse, sigmas in zip(self._ellipses, SIGMAS, strict=True):
            width, height = sigmas * across, sigmas * up
            ellipse.setRect(QRectF(x - width, y - height, 2 * width, 2 * height))

    def scales(self) -> QRectF:
        """The rectangle around the largest ellipse."""
        return self._ellipses[-1].rect()


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


def on_plane(
    z_loc: NDArray[np.float32], z_scale: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The first two dimensions of a posterior; a single one lies on the line z₂ = 0, drawn as a disc."""
    if len(z_loc) > 1:
        return z_loc[:2], z_scale[:2]
    return np.array((z_loc[0], 0.0), np.float32), np.repeat(z_scale, 2)
