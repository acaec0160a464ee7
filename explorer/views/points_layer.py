"""The layer of encoded images: a disc for each or, of very many, how many lie where."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from explorer.views.point_raster import densities, margin, rasterise, strewn

MOST_DISCS = 10_000  # in view
RADIUS = 1.9  # pixels, of a disc
CELL = 2.0  # pixels, the side of a cell in which points are counted


class PointsLayer(QGraphicsItem):
    """Draws the points that are in view, anew for each view."""

    def __init__(self) -> None:
        super().__init__()
        self.words = np.zeros((0, 0), np.uint32)  # what is drawn, as point_raster has it
        self._image = QImage()  # reads them where they are
        self._rect = QRectF()  # on the plane

    def draw(
        self,
        places: NDArray[np.float32],
        colours: NDArray[np.uint8],
        view: QRectF,
        size: tuple[int, int],
        *,
        ratio: float,
        of_line: bool,
    ) -> None:
        """Points (N, 2) in their RGBA colours (N, 4), on ``size`` device pixels, ``ratio`` to a pixel.

        Those of a line are strewn above it.
        """
        pixel = np.array((view.width() / size[0], view.height() / size[1]))
        origin = np.array((view.left(), view.top()))
        pixels = (places - origin.astype(np.float32)) * (1.0 / pixel).astype(np.float32)
        if of_line:
            pixels = strewn(pixels, size[1])
        x, y = pixels.T
        radius = RADIUS * ratio
        edge = margin(radius)
        near = (x >= -edge) & (x <= size[0] + edge) & (y >= -edge) & (y <= size[1] + edge)
        if np.count_nonzero(near) <= MOST_DISCS:
            across, up = edge * pixel
            whole = view.adjusted(-across, -up, across, up)
            self._show(rasterise(pixels[near], colours[near], size, radius), whole)
        else:
            self._draw_densities(pixels, colours, origin, pixel, size, CELL * ratio)

    def _draw_densities(
        self,
        pixels: NDArray[np.float32],
        colours: NDArray[np.uint8],
        origin: NDArray[np.float64],
        pixel: NDArray[np.float64],
        size: tuple[int, int],
        side: float,
    ) -> None:
        """In cells that stay where they are on the plane while it is moved."""
        cut = (origin / pixel) % side  # of the first cell: so much lies outside the view
        columns, rows = (math.ceil((length + gone) / side) for length, gone in zip(size, cut, strict=True))
        cells = (pixels + cut.astype(np.float32)) * np.float32(1.0 / side)
        left, bottom = origin - cut * pixel
        width, height = side * pixel * (columns, rows)
        self._show(densities(cells, colours, (columns, rows)), QRectF(left, bottom, width, height))

    def _show(self, words: NDArray[np.uint32], rect: QRectF) -> None:
        height, width = words.shape
        self.prepareGeometryChange()
        self.words, self._rect = words, rect
        premultiplied = QImage.Format.Format_ARGB32_Premultiplied
        self._image = QImage(words.data, width, height, 4 * width, premultiplied)
        self.update()

    def boundingRect(self) -> QRectF:
        """Around what is drawn."""
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw the picture."""
        painter.scale(1.0, -1.0)  # the plane's second coordinate rises, the rows of a picture fall
        rect = QRectF(self._rect.left(), -self._rect.bottom(), self._rect.width(), self._rect.height())
        painter.drawImage(rect, self._image)
