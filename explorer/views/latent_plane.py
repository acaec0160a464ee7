"""The latent plane: decoded manifold, encoded points, the prior, q(z|x) and the cursor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent

from explorer.plane_messages import Manifold, Surroundings
from explorer.theme import current_theme
from explorer.views.draggable_plot import DraggablePlot
from explorer.views.legend import class_colour
from explorer.views.plane_items import CALLOUT, Circles, Components, Ellipses, Mark, ink_table
from explorer.views.points_layer import PointsLayer
from explorer.views.tile_layer import TileLayer
from vae.chart import Chart, axis_chart
from vae.tiles import TileGrid, view_grid

HOME = QRectF(-3.2, -3.2, 6.4, 6.4)  # what is seen at first: the prior's three circles
WIDEST = 40.0  # the most of the plane that can be seen
NARROWEST = 0.005
AROUND = 0.25  # of what is zoomed to, beside it on each side
TILE_PIXELS = 20.0  # on the screen: the least side of a decoded picture of 28 pixels
TILE_SIDE = 28
LEAST_TILE, MOST_TILE = 16.0, 64.0  # the same of smaller and of larger pictures
ROW_TILES = 2.0  # times as large are the tiles of a line, which are but one row
BY_QUANTILES = "by quantiles of p(z)"
INK = 0.5  # opacity of the manifold's ink: it leaves the points legible
FAINT, MUTED = 0.25, 0.55  # strength of the manifold beneath a map, opacity of the points on it
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
        self._tile_pixels = TILE_PIXELS
        self._manifold, self._points = TileLayer(-10), PointsLayer()
        self._circles, self._components, self._ellipses = Circles(), Components(), Ellipses()
        self._callout = Mark(CALLOUT, dot=False, level=11)
        self._cursor = Mark(6.0, dot=True, level=20)
        for item in (
            *(self._manifold, self._points, self._circles, self._components),
            *(self._ellipses, self._callout, self._cursor),
        ):
            self.plane.addItem(item, ignoreBounds=True)
        self._ellipses_known = self._ellipses_wanted = self._prior_wanted = True
        self.show_posterior(None)
        self.follow_chart(axis_chart(2))
        self._limit(WIDEST)
        self._settle = QTimer(self, singleShot=True, interval=0)  # one redraw for a burst of changes
        self._settle.timeout.connect(self._redraw_view)
        self.plane.sigRangeChanged.connect(self._settle.start)
        self.plane.sigResized.connect(self._settle.start)
        self.plane.sigRangeChangedManually.connect(self._leave_home)  # by the wheel
        self.go_home()

    def follow_chart(self, chart: Chart) -> None:
        """Name the axes, and number them as the chart is spaced."""
        super().follow_chart(chart)
        spacing = f"  {BY_QUANTILES}" if chart.quantiles else ""
        self.setLabel("bottom", chart.names[0] + spacing)
        if not chart.is_line:
            self.setLabel("left", chart.names[1] + spacing)

    def go_home(self) -> None:
        """Show the whole plane: the prior's three circles, unless set_home() said otherwise."""
        self._at_home = True
        self.plane.setRange(self._home, padding=0)

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
        if self._at_home and not self.view_rect().contains(self._home):
            self.go_home()

    @property
    def chosen_view(self) -> QRectF | None:
        """What the user has chosen to see, however much more the window shows; None for the whole plane."""
        return None if self._at_home else self.plane.targetRect()

    def show_view(self, view: QRectF | None) -> None:
        """Show a part of the plane, or the whole of it."""
        if view is None:
            self.go_home()
        else:
            self._leave_home()
            self.plane.setRange(view, padding=0)

    def _leave_home(self) -> None:
        """The user has chosen a view."""
        self._at_home = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Decode, or move the plane along."""
        if self._pan_from is not None:
            self._leave_home()
        super().mouseMoveEvent(event)

    def _limit(self, widest: float) -> None:
        self.plane.setLimits(
            minXRange=NARROWEST, maxXRange=widest, minYRange=NARROWEST, maxYRange=widest,
            xMin=-widest, xMax=widest, yMin=-widest, yMax=widest,
        )  # fmt: skip

    def zoom_to(self, frame: QRectF) -> None:
        """Show this part of the plane and some more on each side; of a point, its surroundings."""
        self._leave_home()
        if frame.isEmpty():
            reach = self._home.width() / 40
            frame = frame.adjusted(-reach, -reach, reach, reach)
        self.plane.setRange(frame, padding=AROUND)

    # --- what is drawn

    def show_surroundings(self, around: Surroundings) -> None:
        """Lay larger tiles beneath those that are drawn."""
        source = around.version, around.source
        self._manifold.show_beneath(around.grid, around.picture, source)

    def show_manifold(self, manifold: Manifold) -> None:
        """Lay decoded tiles over those that are drawn."""
        source = manifold.version, manifold.source
        self._manifold.show_tiles(manifold.grid, manifold.picture, manifold.level, source)

    def show_prior(
        self, circles: Sequence[NDArray[np.float32]], components: Sequence[NDArray[np.float32]]
    ) -> None:
        """Three outlines (S, 2) of N(0, I); or one of each Gaussian that the prior is made of."""
        self._circles.trace(circles)
        self._components.trace(components)
        self._restyle_components()
        self._redraw_prior()

    def show_points(self, places: NDArray[np.float32], colours: NDArray[np.uint8]) -> None:
        """Encoded images: (N, 2) on the plane and their RGBA colours (N, 4); strewn above a line."""
        self._places, self._colours = places, colours
        self._redraw_points()

    def show_posterior(
        self, place: NDArray[np.float32] | None, outlines: Sequence[NDArray[np.float32]] = ()
    ) -> None:
        """q(z|x) with its mean at a place (2,) and outlines (S, 2) at one and two σ, or none."""
        self._ellipses_known = place is not None
        if place is not None:
            self._ellipses.trace(outlines)
            self._callout.setPos(float(place[0]), float(place[1]))
        self._redraw_posterior()

    def show_cursor(self, z1: float, z2: float) -> None:
        """The place that is decoded."""
        self._cursor.setPos(z1, z2)

    def set_manifold_visible(self, visible: bool) -> None:
        """Show or hide the decoded tiles."""
        self._manifold.setVisible(visible)

    def make_room_for_map(self, shown: bool) -> None:
        """Let a map be seen between tiles and points, which are then faint."""
        self._manifold.fade(FAINT if shown else 1.0)
        self._points.setOpacity(MUTED if shown else 1.0)

    def set_points_visible(self, visible: bool) -> None:
        """Show or hide the encoded images."""
        self._points.setVisible(visible)

    def set_prior_visible(self, visible: bool) -> None:
        """Show or hide the prior's circles, or its components."""
        self._prior_wanted = visible
        self._redraw_prior()

    def set_posterior_visible(self, visible: bool) -> None:
        """Show or hide the ellipses."""
        self._ellipses_wanted = visible
        self._redraw_posterior()

    def restyle(self) -> None:
        """Take the colours of the theme."""
        super().restyle()
        theme = current_theme()
        self._circles.restyle(theme.prior)
        self._restyle_components()
        self._ellipses.restyle(theme.q)
        self._callout.restyle(theme.q, theme.card)
        self._cursor.restyle(theme.cursor, theme.card)
        self._manifold.set_inks(ink_table(theme, INK))

    def _restyle_components(self) -> None:
        """Those of a mixture as the points that they hold."""
        alone, count = current_theme().prior, len(self._components.rects)
        self._components.restyle([class_colour(place) for place in range(count)] if count > 1 else [alone])

    # --- the view

    def fit_tiles(self, image_shape: tuple[int, int, int]) -> None:
        """Draw tiles as large as the pixels of their pictures (C, H, W) ask for."""
        side = TILE_PIXELS * max(image_shape[1:]) / TILE_SIDE
        self._tile_pixels = min(max(side, LEAST_TILE), MOST_TILE)

    def request_tiles(self) -> None:
        """Ask for the tiles of what is in view, once more."""
        self._grid = None
        self._ask_for_tiles()

    def _redraw_view(self) -> None:
        self._ask_for_tiles()  # another thread decodes them meanwhile
        self._redraw_points()
        self._redraw_posterior()

    def _ask_for_tiles(self) -> None:
        view, (width, _) = self.view_rect(), self.size_in_pixels()
        tile_pixels, line = self._tile_pixels * self.devicePixelRatioF(), self._chart.line
        if line is not None:
            tile_pixels *= ROW_TILES
        grid = view_grid(view.left(), view.right(), view.top(), view.bottom(), width, tile_pixels)
        grid = grid if line is None else grid.under(line)
        if grid != self._grid:
            self._grid = grid
            self.tiles_wanted.emit(grid)

    def _redraw_points(self) -> None:
        self._points.draw(
            *(self._places, self._colours, self.view_rect(), self.size_in_pixels()),
            ratio=self.devicePixelRatioF(), of_line=self._chart.is_line,
        )  # fmt: skip

    def _redraw_prior(self) -> None:
        self._circles.setVisible(self._prior_wanted and self._circles.traced)
        self._components.setVisible(self._prior_wanted)

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
