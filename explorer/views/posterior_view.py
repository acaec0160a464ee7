"""A close look at q(z|x): what its ellipses enclose, in decoded pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QTimer, Slot
from PySide6.QtGui import QResizeEvent

from explorer.theme import current_theme
from explorer.views.draggable_plot import DraggablePlot
from explorer.views.plane_bounds import RAISED
from explorer.views.plane_items import CALLOUT, Ellipses, Mark, Raster, ink_table
from vae.tiles import TileGrid, mosaic

INK = 0.75  # opacity of the pictures behind the ellipses
REACH = 3.5  # steps from the mean to the edge, at least

Decode = Callable[[NDArray[np.float32]], NDArray[np.uint8] | None]  # places (G, 2) -> pictures


class PosteriorView(DraggablePlot):
    """The plane around the mean of q(z|x); a point without extent is marked by a ring."""

    def __init__(self) -> None:
        self._draw: partial[None] | None = None
        super().__init__("posteriorView", "The plane around q(z|x), enlarged: drag to decode")
        self._later = QTimer(self, singleShot=True, interval=0)  # the numbers beside it first
        self._later.timeout.connect(self._draw_now)
        self.setMouseEnabled(False, False)
        self._tiles = Raster(-10)
        self._ellipses = Ellipses()
        self._cursor = Mark(5.0, dot=True, level=20)
        self._ring = Mark(CALLOUT, dot=False, level=11)
        for item in (self._tiles, self._ellipses, self._ring, self._cursor):
            self.plane.addItem(item, ignoreBounds=True)
        self._ellipses.hide()
        self._ring.hide()

    def show_posterior(
        self,
        place: NDArray[np.float32] | None,
        outlines: Sequence[NDArray[np.float32]],
        step: float,
        reach: float,
        decode: Decode,
    ) -> None:
        """q(z|x) around a place (2,), its outlines (S, 2) at one and two σ; or none.

        The view reaches so far from there, and is filled with pictures ``step`` apart.
        """
        if place is None:
            self._draw = None
            self._ellipses.hide()
            self._ring.hide()
            self._tiles.clear()
            return
        x, y = place.tolist()
        view = QRectF(x - reach, y - reach, 2 * reach, 2 * reach)
        lift = RAISED * view.height() if self._chart.is_line else 0.0
        self.plane.setRange(view.translated(0.0, lift), padding=0)
        self._draw = partial(self._draw_tiles, x, y, step, decode)
        self._ellipses.trace(outlines)
        self._ellipses.show()
        self._ring.setPos(x, y)
        self._ring.setVisible(self._ellipses.scales().isEmpty())
        self._later.start()

    @Slot()
    def _draw_now(self) -> None:
        if self._draw is not None:
            self._draw()

    def _draw_tiles(self, x: float, y: float, step: float, decode: Decode) -> None:
        """Fill the view, or a row beneath a line, with pictures one ``step`` apart, one at the mean."""
        view = self.view_rect()
        columns, rows = (_odd(size / step) for size in (view.width(), view.height()))
        grid = TileGrid(x - columns * step / 2, y - rows * step / 2, step, columns, rows)
        if self._chart.is_line:
            grid = grid.under(y)
        pictures = decode(grid.centres())
        if pictures is not None:
            picture = mosaic(pictures, grid)
            pixels = picture[0] if picture.shape[0] == 1 else picture.transpose(1, 2, 0)
            self._tiles.setImage(np.ascontiguousarray(pixels[::-1]), autoLevels=False, levels=(0, 255))
            self._tiles.setRect(QRectF(grid.left, grid.bottom, grid.width, grid.height))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fill the new size."""
        super().resizeEvent(event)
        if event is not None:
            self._draw_now()

    def show_cursor(self, z1: float, z2: float) -> None:
        """The place that is decoded, if it is in view."""
        self._cursor.setPos(z1, z2)
        self._cursor.setVisible(self.view_rect().contains(z1, z2))

    def restyle(self) -> None:
        """Take the colours of the theme."""
        super().restyle()
        theme = current_theme()
        self._tiles.setLookupTable(ink_table(theme, INK))
        self._ellipses.restyle(theme.q)
        self._ring.restyle(theme.q, theme.card)
        self._cursor.restyle(theme.cursor, theme.card)


def _odd(size: float) -> int:
    """The least odd number that covers ``size``."""
    return 2 * math.ceil((size - 1) / 2) + 1
