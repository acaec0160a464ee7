"""One model of points on the plane of the data: the points, what z decodes to, samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QColor

from explorer.points_exploration import REACH, Look
from explorer.theme import Theme, current_theme
from explorer.views.draggable_plot import DraggablePlot
from explorer.views.plane_items import Mark
from explorer.views.points_items import Gaussians, Line, Lines, ramp_colour
from vae.points import EXTENT, Points

if TYPE_CHECKING:
    from vae.point_models import Normals, PointModel

CURVE_STEPS = 120  # of a curve of z, from -REACH to REACH
GRID_LINES = 13  # of each dimension of a grid
GRID_STEPS = 40  # of each line
SAMPLES = 500
ELLIPSES = {1: 9, 2: 5}  # of each dimension, by the number of dimensions, over two thirds of REACH
LAYERS = ("curve", "ellipses", "samples")


class PointsPlot(DraggablePlot):
    """Equal axes of x. What is shown of a model is asked of it anew with each of its weights."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, description)
        self._model: PointModel | None = None
        self._points: Points = np.zeros((0, 2), np.float32)
        self._look: Look | None = None
        self._cursor: Normals | None = None
        self._shown = dict.fromkeys(LAYERS, True)
        self._data, self._samples, self._draws = (_scatter(level) for level in (1, 2, 8))
        self._lines, self._ellipses = Lines(4), Gaussians(3)
        self._cursor_ellipse, self._cursor_mark = Gaussians(6, bold=True), Mark(6.0, dot=True, level=9)
        self._look_line, self._look_mark = Lines(7), Mark(7.0, dot=False, level=9)
        for item in (
            *(self._data, self._samples, self._draws, self._lines, self._ellipses),
            *(self._cursor_ellipse, self._cursor_mark, self._look_line, self._look_mark),
        ):
            self.addItem(item)
        self._hint = pg.TextItem(anchor=(0.5, 0.5))
        self.addItem(self._hint)
        self.go_home()
        self.plane.sigResized.connect(self.go_home)

    @Slot()
    def go_home(self) -> None:
        """Show the whole square of the data."""
        self.plane.setRange(QRectF(-EXTENT, -EXTENT, 2 * EXTENT, 2 * EXTENT), padding=0.02)

    # --- what is shown

    def show_points(self, points: Points) -> None:
        """The data (N, 2)."""
        self._points = points
        self._draw_data(current_theme())

    def show_hint(self, text: str) -> None:
        """A word in the middle of the plot; none if empty."""
        self._hint.setText(text, color=current_theme().muted)

    def show_model(self, model: PointModel | None) -> None:
        """Another model, or other weights in it; None for none."""
        self._model = model
        self._draw_model(current_theme())

    def show_cursor(self, decoded: Normals | None) -> None:
        """What the code under the cursor decodes to."""
        self._cursor = decoded
        self._draw_cursor(current_theme())

    def show_look(self, look: Look | None) -> None:
        """The point that is looked at, and what its codes decode to."""
        self._look = look
        self._draw_look(current_theme())

    def set_layer(self, layer: str, shown: bool) -> None:
        """Show or hide one of LAYERS."""
        self._shown[layer] = shown
        self._draw_model(current_theme())

    # --- drawing

    def restyle(self) -> None:
        """Take the colours of the theme."""
        super().restyle()
        theme = current_theme()
        self._cursor_mark.restyle(theme.cursor, theme.card)
        self._look_mark.restyle(theme.q, theme.card)
        self._hint.setColor(theme.muted)
        for draw in (self._draw_data, self._draw_model, self._draw_cursor, self._draw_look):
            draw(theme)

    def _draw_data(self, theme: Theme) -> None:
        self._data.setData(*self._points.T, size=3.5, brush=_faint(theme.ink, 0.34), pen=None)

    def _draw_model(self, theme: Theme) -> None:
        model = self._model
        for item, layer in ((self._lines, "curve"), (self._ellipses, "ellipses"), (self._samples, "samples")):
            item.setVisible(self._shown[layer] and model is not None)
        if model is None:
            return
        if self._shown["curve"]:
            self._lines.show_lines(_curve(model, theme) if model.latent_dim == 1 else _grid(model, theme))
        if self._shown["ellipses"] and not model.is_autoencoder:  # which has no p(x|z) to speak of
            u = _codes(model.latent_dim)
            decoded = model.decode(u)
            self._ellipses.show_gaussians(
                decoded.mean, decoded.sigma, [ramp_colour(theme, code) for code in u[:, 0].tolist()]
            )
        if self._shown["samples"]:
            wide = model.is_autoencoder and model.latent_dim == 1  # to be seen beneath the curve
            brush = _faint(sample_colour(theme), 0.6)
            self._samples.setData(*model.sample(SAMPLES).T, size=8 if wide else 4.5, brush=brush, pen=None)

    def _draw_cursor(self, theme: Theme) -> None:
        decoded = self._cursor
        for item in (self._cursor_mark, self._cursor_ellipse):
            item.setVisible(decoded is not None)
        if decoded is None:
            return
        self._cursor_mark.setPos(*decoded.mean[0].tolist())
        if self._model is not None and not self._model.is_autoencoder:
            self._cursor_ellipse.show_gaussians(decoded.mean, decoded.sigma, [QColor(theme.cursor)])

    def _draw_look(self, theme: Theme) -> None:
        look = self._look
        for item in (self._look_mark, self._look_line, self._draws):
            item.setVisible(look is not None)
        if look is None:
            return
        self._look_mark.setPos(*look.x.tolist())
        thread = Line(np.stack((look.x, look.decoded.mean(0))), _faint(theme.q, 0.8), 1.4)
        self._look_line.show_lines([thread])
        self._draws.setData(*look.decoded.T, size=7, brush=_faint(theme.q, 0.85), pen=pg.mkPen(theme.card))


def sample_colour(theme: Theme) -> str:
    """Of points that a model has made."""
    return theme.classes[2]


def _curve(model: PointModel, theme: Theme) -> list[Line]:
    """What z decodes to along its one dimension."""
    u = np.linspace(-REACH, REACH, CURVE_STEPS + 1)
    places = model.decode(u[:, None]).mean
    middles = 0.5 * (u[1:] + u[:-1])
    pieces = np.stack((places[:-1], places[1:]), axis=1)
    return [
        Line(piece, ramp_colour(theme, middle), 3.2)
        for piece, middle in zip(pieces, middles.tolist(), strict=True)
    ]


def _grid(model: PointModel, theme: Theme) -> list[Line]:
    """What a grid of z decodes to: lines of equal z1 in its colour, those of equal z2 in grey."""
    levels = np.linspace(-REACH, REACH, GRID_LINES)
    along = np.linspace(-REACH, REACH, GRID_STEPS + 1)
    first = np.stack(np.broadcast_arrays(levels[:, None], along), axis=-1)  # z1, z2
    places = model.decode(np.concatenate((first[..., ::-1], first)).reshape(-1, 2)).mean
    across, up = places.reshape(2, GRID_LINES, GRID_STEPS + 1, 2)
    grey = _faint(theme.muted, 0.6)
    return [
        *(Line(line, grey, 1.0) for line in across),
        *(Line(line, ramp_colour(theme, u), 2.0) for line, u in zip(up, levels.tolist(), strict=True)),
    ]


def _codes(dimensions: int) -> NDArray[np.float64]:
    """(N, D) where ellipses are drawn."""
    steps = np.linspace(-2.0 * REACH / 3.0, 2.0 * REACH / 3.0, ELLIPSES[dimensions])
    return np.stack(np.meshgrid(*(steps,) * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)


def _scatter(level: float) -> pg.ScatterPlotItem:
    item = pg.ScatterPlotItem(pxMode=True)
    item.setZValue(level)
    return item


def _faint(colour: str, opacity: float) -> QColor:
    faint = QColor(colour)
    faint.setAlphaF(opacity)
    return faint
