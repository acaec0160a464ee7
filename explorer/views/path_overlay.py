"""The path from A to B on the latent plane: the straight line, the geodesic, and both ends."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPen

from explorer.session import Session
from explorer.theme import Theme, current_theme
from explorer.views.latent_plane import LatentPlane
from explorer.views.plane_items import cosmetic_pen
from vae.chart import Chart

STRAIGHT_DASH, GEODESIC_DASH = Qt.PenStyle.DashLine, Qt.PenStyle.SolidLine
WIDTH = 2.2  # pixels
HALO = 5.0  # around it, so that it stands out from points and tiles
BENT = 1_000  # pieces of a line that the chart bends: so many that it is smooth however near one looks
NOWHERE = np.zeros((0, 2), np.float32)


def way_pen(theme: Theme, *, straight: bool) -> QPen:
    """What one of the ways is drawn with, on the plane and beside its name."""
    return (
        cosmetic_pen(theme.cursor, WIDTH, STRAIGHT_DASH)
        if straight
        else cosmetic_pen(theme.geodesic, WIDTH, GEODESIC_DASH)
    )


class PathOverlay(QObject):
    """Wires what is drawn of the path to the session; nothing while the path is not shown."""

    def __init__(self, session: Session, plane: LatentPlane) -> None:
        super().__init__(plane)
        self._paths, self._exploration = session.paths, session.exploration
        self.straight, self.geodesic = pg.PlotCurveItem(), pg.PlotCurveItem()
        self.marks = tuple(pg.TextItem(name, anchor=(0.5, 1.25)) for name in "AB")
        for level, item in enumerate((self.geodesic, self.straight, *self.marks)):
            item.setZValue(12 + level)
            plane.plane.addItem(item, ignoreBounds=True)
        plane.installEventFilter(self)
        self._restyle()
        self._show()
        session.paths.changed.connect(self._show)
        session.exploration.chart_changed.connect(self._show)

    def _show(self) -> None:
        paths, chart = self._paths, self._exploration.chart
        a, b = paths.ends
        for mark, end in zip(self.marks, (a, b), strict=True):
            mark.setVisible(paths.shown and end is not None)
            if end is not None:
                mark.setPos(*chart.places(end.z[None])[0].tolist())
        line = geodesic = NOWHERE
        if paths.shown and a is not None and b is not None:
            line = _places(chart, np.stack((a.z, b.z)))
            film = paths.found.geodesic if paths.found is not None else None
            geodesic = NOWHERE if film is None else _places(chart, film.curve.codes)
        _draw(self.straight, line)
        _draw(self.geodesic, geodesic)

    def _restyle(self) -> None:
        theme = current_theme()
        for curve, straight in ((self.straight, True), (self.geodesic, False)):
            curve.setPen(way_pen(theme, straight=straight))
            curve.setShadowPen(cosmetic_pen(theme.card, HALO))
        for mark in self.marks:
            mark.setColor(theme.ink)
            mark.fill, mark.border = pg.mkBrush(theme.card), pg.mkPen(theme.border)
            mark.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the plane's palette."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.Show):
            self._restyle()
        return super().eventFilter(watched, event)


def _places(chart: Chart, codes: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the straight pieces between codes (K, D) look like: (N, 2), bent in a chart of quantiles."""
    if not chart.quantiles:
        return chart.places(codes)
    pieces = len(codes) - 1
    along = np.linspace(0, pieces, pieces * -(-BENT // pieces) + 1)  # through each of the codes
    return chart.places(np.stack([np.interp(along, np.arange(pieces + 1), axis) for axis in codes.T], 1))


def _draw(curve: pg.PlotCurveItem, places: NDArray[np.float32]) -> None:
    curve.setData(places[:, 0], places[:, 1])
