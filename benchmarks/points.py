"""60,000 points on the plane: a redraw after a zoom or a pan, against pyqtgraph's scatter plot."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from benchmarks.table import Aim, Row
from explorer.app import make_application
from explorer.views.latent_plane import LatentPlane
from explorer.views.legend import class_colour, class_colours
from explorer.views.points_layer import PointsLayer

POINTS = 60_000
SIDE = 840  # pixels of the plot
SPREAD = 1.0  # standard deviation of the points on the plane
DISC = 3.8  # pixels, the diameter of a point
REPEATS = 30
LIMIT = 8.0  # milliseconds
SEED = 0


def measure(share: float) -> Iterator[Row]:
    """Look at all of them, a little farther to the right each time: a pan."""
    make_application()
    chance = np.random.default_rng(SEED)
    places = chance.normal(scale=SPREAD, size=(POINTS, 2)).astype(np.float32)
    labels = chance.integers(10, size=POINTS)
    layer, colours = PointsLayer(), class_colours(labels, None)
    ours, scatter = _our_plane(places, colours), _scatter_plot(places, labels)
    redraws, frames, peers = [], [], []
    for repeat in range(max(5, round(REPEATS * share))):
        view = QRectF(-3.2 + 0.05 * repeat, -3.2, 6.4, 6.4)
        ours.plane.setRange(view, padding=0)
        redraws.append(_milliseconds(partial(_redraw, layer, places, colours, view)))
        QApplication.processEvents()
        moved = view.translated(0.02, 0.0)
        frames.append(_milliseconds(partial(_frame, ours, moved)))
        peers.append(_milliseconds(partial(_frame, scatter, moved)))
    ours.close()
    scatter.close()
    what = f"{POINTS:,} points"
    peer, aim = float(np.median(peers)), Aim("ours", LIMIT)
    yield Row(f"{what}: a redraw", float(np.median(redraws)), "pyqtgraph scatter, a frame", peer, "ms", aim)
    yield Row(f"{what}: a pan, painted", float(np.median(frames)), "pyqtgraph scatter", peer, "ms", None)


def _our_plane(places: NDArray[np.float32], colours: NDArray[np.uint8]) -> LatentPlane:
    plane = LatentPlane()
    plane.show_points(places, colours)
    _show(plane)
    return plane


def _scatter_plot(places: NDArray[np.float32], labels: NDArray[np.int64]) -> pg.PlotWidget:
    """The same, as quick as it can be had: brushes that are shared, and no outlines."""
    plot = pg.PlotWidget()
    brushes = np.array([pg.mkBrush(QColor(class_colour(label))) for label in range(10)])
    plot.addItem(pg.ScatterPlotItem(*places.T, size=DISC, pen=None, brush=brushes[labels]))
    plot.getViewBox().disableAutoRange()
    _show(plot)
    return plot


def _show(plot: pg.PlotWidget) -> None:
    plot.resize(SIDE, SIDE)
    plot.show()
    QApplication.processEvents()


def _redraw(
    layer: PointsLayer, places: NDArray[np.float32], colours: NDArray[np.uint8], view: QRectF
) -> None:
    """What the window does for the points when the view has changed, up to the picture that Qt draws."""
    layer.draw(places, colours, view, (SIDE, SIDE), ratio=1.0, of_line=False)


def _frame(plot: pg.PlotWidget, view: QRectF) -> None:
    """Move, and wait until all is painted."""
    plot.getViewBox().setRange(view, padding=0)
    QApplication.processEvents()
    plot.viewport().repaint()


def _milliseconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)
