"""What a map draws on the plane besides its colours: outlines of holes, ellipses of steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from explorer.theme import Theme
from explorer.views.plane_items import Raster, cosmetic_pen
from vae.tiles import TileGrid


class MapColours(Raster):
    """A map's colours, beneath the points."""

    def __init__(self) -> None:
        super().__init__(-7)

    def show_map(self, grid: TileGrid, colours: NDArray[np.uint8]) -> None:
        """RGBA, the top row first, over all of a grid."""
        self.setImage(np.ascontiguousarray(colours[::-1]), levels=None, autoLevels=False)
        self.setRect(QRectF(grid.left, grid.bottom, grid.width, grid.height))


class Outlines(QGraphicsPathItem):
    """Thin lines with a halo, which stand out from every colour."""

    def __init__(self, style: Qt.PenStyle) -> None:
        super().__init__()
        self._style = style
        self._halo = QPen()
        self.setZValue(-6)

    def trace(self, lines: Sequence[NDArray[np.floating]]) -> None:
        """Lines (S, 2) through places of the plane."""
        gap = np.full((1, 2), np.nan)
        places = np.concatenate([part for line in lines for part in (line, gap)] or [np.zeros((0, 2))])
        self.setPath(pg.arrayToQPath(places[:, 0], places[:, 1], connect="finite"))

    def restyle(self, theme: Theme) -> None:
        """Take the colours of the theme."""
        self._halo = cosmetic_pen(theme.card, 2.6)
        self.setPen(cosmetic_pen(theme.ink, 1.1, self._style))

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """The halo, then the lines."""
        painter.setPen(self._halo)
        painter.drawPath(self.path())
        super().paint(painter, option, widget)
