"""The latent plane: decoded manifold, map of classes, encoded points, the prior, q(z|x) and the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from explorer.theme import current_theme
from explorer.views.draggable_plot import DraggablePlot
from explorer.views.legend import class_colour
from explorer.views.plane_items import CALLOUT, Circles, Components, Ellipses, Mark, Raster, ink_table
from explorer.views.point_raster import rasterise
from vae.tiles import TileGrid, view_grid

HOME = QRectF(-3.2, -3.2, 6.4, 6.4)  # what is seen at first: the prior's three circles
WIDEST = 40.0  # the most of the plane that can be seen
NARROWEST = 0.005
TILE_PIXELS = 21  # the least side of a decoded picture on the screen
POINT_RADIUS = 1.9  # pixels
INK = 0.5  # opacity of the manifold's ink: it leaves the points legible
NUDGES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class LatentPlane(DraggablePlot):
    """Draws what it is given and says where the user goes; it knows nothing of the model."""

    tiles_wanted = Signal(object)  # TileGrid: the tiles of what is in view
    nudged = Signal(float, float)  # by how much, on the plane

    def __init__(self) -> None:
        super().__init__("latentPlane", "The latent plane: drag to decode, scroll to zoom")
        self._grid: TileGrid | None = None
        self._places = np.zeros((0, 2), np.float32)
        self._colours = np.zeros((0, 4), np.uint8)
        self._home = HOME
        self._manifold, self._classes, self._points = Raster(-10), Raster(-5), Raster(0)
        self._circles, self._components, self._ellipses = Circles(), Components(), Ellipses()
        self._callout = Mark(CALLOUT, dot=False, level=11)
        self._cursor = Mark(6.0, dot=True, level=20)
        self._path = pg.PlotCurveItem()
        self._path.setZValue(12)
        for item in (
            *(self._manifold, self._classes, self._points, self._circles, self._components),
            *(self._ellipses, self._callout, self._path, self._cursor),
        ):
            self.plane.addItem(item, ignoreBounds=True)
        self._ellipses_known = self._ellipses_wanted = True
        self._prior_wanted = True
        self._prior: list[QRectF] = []
        self.show_posterior(None, None)
        self.setLabel("bottom", "z₁")
        self.setLabel("left", "z₂")
        self._limit(WIDEST)
        self._settle = QTimer(self, singleShot=True, interval=0)  # one redraw for a burst of changes
        self._settle.timeout.connect(self._redraw_view)
        self.plane.sigRangeChanged.connect(self._settle.start)
        self.plane.sigResized.connect(self._settle.start)
        self.plane.sigRangeChangedManually.connect(self._leave_home)  # by the wheel
        self.go_home()

    def go_home(self) -> None:
        """Show the whole plane: the prior's three circles, unless set_home() said otherwise."""
        self.plane.setRange(self._home, padding=0)
        self._at_home = True

    @property
    def home(self) -> QRectF:
        """The whole plane."""
        return self._home

    def set_home(self, home: QRectF | None) -> None:
        """What the whole plane is; the prior's three circles by default.

        Where nobody has chosen another view, what grows out of it in training is followed.
        """
        self._home = HOME if home is None else home
        edges = (self._home.left(), self._home.right(), self._home.top(), self._home.bottom())
        self._limit(max(WIDEST, 4 * max(map(abs, edges))))
        if home is not None and self._at_home and not self.view_rect().contains(home):
            self.go_home()

    def _leave_home(self) -> None:
        """The user has chosen a view."""
        self._at_home = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Decode, or move the plane along."""
        super().mouseMoveEvent(event)
        if self._pan_from is not None:
            self._leave_home()

    def _limit(self, widest: float) -> None:
        self.plane.setLimits(
            minXRange=NARROWEST, maxXRange=widest, minYRange=NARROWEST, maxYRange=widest,
            xMin=-widest, xMax=widest, yMin=-widest, yMax=widest,
        )  # fmt: skip

    def zoom_to_posterior(self) -> None:
        """Show the ellipses and as much again on each side; of a point without extent, its surroundings."""
        self._leave_home()
        whole = self._ellipses.scales()
        if whole.isEmpty():
            reach = self._home.width() / 40
            whole = whole.adjusted(-reach, -reach, reach, reach)
        self.plane.setRange(whole, padding=1.0)

    # --- what is drawn

    def show_manifold(self, grid: TileGrid, picture: NDArray[np.uint8]) -> None:
        """Decoded tiles as one picture (C, rows x H, columns x W)."""
        if picture.shape[0] == 1:
            self._manifold.setImage(picture[0, ::-1], autoLevels=False, levels=(0, 255))
        else:
            colour = np.ascontiguousarray(picture.transpose(1, 2, 0)[::-1])
            self._manifold.setImage(colour, autoLevels=False, levels=(0, 255))
        self._manifold.setRect(QRectF(grid.left, grid.bottom, grid.width, grid.height))

    def show_classes(self, grid: TileGrid, colours: NDArray[np.uint8]) -> None:
        """A map of classes: RGBA (rows, columns, 4), the top row first."""
        self._classes.setImage(np.ascontiguousarray(colours[::-1]), levels=None, autoLevels=False)
        self._classes.setRect(QRectF(grid.left, grid.bottom, grid.width, grid.height))

    def show_prior(self, components: Sequence[QRectF]) -> None:
        """The prior's components, by the rectangles around 1σ: N(0, I) where there is one."""
        self._prior = list(components)
        self._components.place(self._prior if len(self._prior) > 1 else ())
        self._components.restyle([class_colour(place) for place in range(len(self._prior))])
        self._redraw_prior()

    def show_points(self, places: NDArray[np.float32], colours: NDArray[np.uint8]) -> None:
        """Encoded images: (N, 2) on the plane and their RGBA colours (N, 4)."""
        self._places, self._colours = places, colours
        self._redraw_points()

    def show_posterior(self, z_loc: NDArray[np.float32] | None, z_scale: NDArray[np.float32] | None) -> None:
        """q(z|x) with mean and standard deviations (2,), or none."""
        self._ellipses_known = z_loc is not None and z_scale is not None
        if z_loc is not None and z_scale is not None:
            self._ellipses.place(z_loc, z_scale)
            self._callout.setPos(float(z_loc[0]), float(z_loc[1]))
        self._redraw_posterior()

    def show_cursor(self, z1: float, z2: float) -> None:
        """The place that is decoded."""
        self._cursor.setPos(z1, z2)

    def show_path(self, places: NDArray[np.float32]) -> None:
        """A path through (N, 2) places; none when N is 0."""
        self._path.setData(places[:, 0], places[:, 1])

    def set_manifold_visible(self, visible: bool) -> None:
        """Show or hide the decoded tiles."""
        self._manifold.setVisible(visible)

    def set_points_visible(self, visible: bool) -> None:
        """Show or hide the encoded images."""
        self._points.setVisible(visible)

    def set_prior_visible(self, visible: bool) -> None:
        """Show or hide the prior's circles, or its components."""
        self._prior_wanted = visible
        self._redraw_prior()

    def set_classes_visible(self, visible: bool) -> None:
        """Show or hide the map of classes."""
        self._classes.setVisible(visible)

    def set_posterior_visible(self, visible: bool) -> None:
        """Show or hide the ellipses."""
        self._ellipses_wanted = visible
        self._redraw_posterior()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        super().restyle()
        theme = current_theme()
        self._circles.restyle(theme.prior)
        self._ellipses.restyle(theme.q)
        self._callout.restyle(theme.q, theme.card)
        self._cursor.restyle(theme.cursor, theme.card)
        self._path.setPen(pg.mkPen(theme.cursor, width=2))
        self._manifold.setLookupTable(ink_table(theme, INK))

    # --- the view

    def request_tiles(self) -> None:
        """Ask for the tiles of what is in view, once more."""
        self._grid = None
        self._ask_for_tiles()

    def _redraw_view(self) -> None:
        self._redraw_points()
        self._redraw_posterior()
        self._ask_for_tiles()

    def _ask_for_tiles(self) -> None:
        view, (width, _) = self.view_rect(), self.size_in_pixels()
        tile_pixels = TILE_PIXELS * self.devicePixelRatioF()
        grid = view_grid(view.left(), view.right(), view.top(), view.bottom(), width, tile_pixels)
        if grid != self._grid:
            self._grid = grid
            self.tiles_wanted.emit(grid)

    def _redraw_points(self) -> None:
        view, (width, height) = self.view_rect(), self.size_in_pixels()
        scale = np.array((width / view.width(), height / view.height()), np.float32)
        pixels = (self._places - np.array((view.left(), view.top()), np.float32)) * scale
        radius = POINT_RADIUS * self.devicePixelRatioF()
        self._points.setImage(
            rasterise(pixels, self._colours, (width, height), radius), levels=None, autoLevels=False
        )
        self._points.setRect(view)

    def _redraw_prior(self) -> None:
        self._circles.setVisible(self._prior_wanted and len(self._prior) == 1)
        self._components.setVisible(self._prior_wanted and len(self._prior) > 1)

    def _redraw_posterior(self) -> None:
        """The ellipses, and a ring around them while they are too small to be seen."""
        self._ellipses.setVisible(self._ellipses_known and self._ellipses_wanted)
        view, (width, _) = self.view_rect(), self.size_in_pixels()
        largest = self._ellipses.scales()
        across = max(largest.width(), largest.height()) * width / view.width()
        self._callout.setVisible(self._ellipses.isVisible() and across < 2 * CALLOUT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys nudge by 1/50 of the view, with Shift by 1/10; Home resets the view, + and - zoom."""
        key = Qt.Key(event.key())
        if key in NUDGES:
            parts = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 50
            step = self.view_rect().width() / parts
            self.nudged.emit(NUDGES[key][0] * step, NUDGES[key][1] * step)
        elif key is Qt.Key.Key_Home:
            self.go_home()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._leave_home()
            self.plane.scaleBy((1.25, 1.25) if key is Qt.Key.Key_Minus else (0.8, 0.8))
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """A higher pixel density needs finer points and tiles."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.DevicePixelRatioChange and self.isVisible():
            self._settle.start()
