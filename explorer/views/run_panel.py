"""One of the ELBO plot's panels: curves of the same scale, one above the other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPen

from explorer.theme import current_theme
from explorer.views.run_curves import Curves, round_outward
from explorer.views.run_lines import Line

NOISE_ALPHA = 70  # of 255: the single steps behind their moving average


class Panel:
    """A pyqtgraph plot and the items that draw its lines."""

    def __init__(self, plot: pg.PlotItem, label: str, lines: Iterable[Line]) -> None:
        self.plot = plot
        self.lines = {line.name: line for line in lines}
        self._label = label
        self._shown = dict.fromkeys(self.lines, True)
        self._steps = {name: plot.plot(antialias=False) for name, line in self.lines.items() if line.train}
        self._trends = {name: plot.plot(antialias=True) for name, line in self.lines.items() if line.train}
        self._tests = {name: plot.plot(antialias=True) for name, line in self.lines.items() if line.test}
        for item in self._steps.values():
            thin_out(item, "peak", 0.3)
        for item in self._trends.values():
            thin_out(item, "subsample", 0.3)
        plot.disableAutoRange()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.showGrid(y=True, alpha=0.25)
        plot.getAxis("left").setStyle(maxTickLevel=0)  # finer lines cannot be seen, but cost time
        self._mark = pg.InfiniteLine(angle=90)
        self._mark.hide()
        plot.addItem(self._mark, ignoreBounds=True)

    @property
    def any_shown(self) -> bool:
        """Whether a curve is shown."""
        return any(self._shown.values())

    def shows(self, name: str) -> bool:
        """Whether the curve of that name is shown."""
        return self._shown[name]

    def show_line(self, name: str, shown: bool) -> None:
        """Show or hide a curve."""
        self._shown[name] = shown
        for items in (self._steps, self._trends, self._tests):
            if name in items:
                items[name].setVisible(shown)

    def draw(self, curves: Curves, axis: str) -> None:
        """Hand the numbers to the items that are shown."""
        for items, table in (
            (self._steps, curves.steps),
            (self._trends, curves.trend),
            (self._tests, curves.tests),
        ):
            x = table.column(axis)
            for name, item in items.items():
                if self._shown[name]:
                    item.setData(x, table.column(self.lines[name].term), skipFiniteCheck=True)

    def fit(self, curves: Curves, others: Iterable[NDArray[np.float64]] = ()) -> None:
        """Let the height hold what is shown, and ``others``."""
        heights = [
            *others,
            *(
                curves.heights(line.term, train=line.train, test=line.test)
                for line in self.lines.values()
                if self._shown[line.name]
            ),
        ]
        values = np.concatenate(heights) if heights else np.empty(0)
        if len(values):
            self.plot.setYRange(*round_outward(values.min(), values.max()), padding=0.02)

    def mark(self, place: float | None) -> None:
        """Draw a line across the curves at ``place`` on the horizontal axis, or none."""
        self._mark.setVisible(place is not None)
        if place is not None:
            self._mark.setValue(place)

    def restyle(self, font: QFont) -> None:
        """Wear the present theme and font."""
        theme = current_theme()
        metrics = QFontMetrics(font)
        style = {"color": theme.muted, "font-size": f"{font.pointSizeF()}pt"}
        self.plot.getAxis("left").setLabel(self._label, **style)
        self.plot.getAxis("left").setWidth(metrics.horizontalAdvance("−0.0e00") + metrics.height() // 2)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(QColor(theme.border))
            axis.setTextPen(QColor(theme.muted))
            axis.setStyle(tickFont=font)
        self._mark.setPen(QPen(QColor(theme.muted), 0, Qt.PenStyle.DashLine))
        for name, line in self.lines.items():
            self._colour(name, line, QColor(getattr(theme, line.colour)))

    def _colour(self, name: str, line: Line, colour: QColor) -> None:
        faint = QColor(colour)
        faint.setAlpha(NOISE_ALPHA)
        if line.train:
            self._steps[name].setPen(pg.mkPen(faint, width=1))
            self._trends[name].setPen(pg.mkPen(colour, width=line.width))
        if line.test:
            item = self._tests[name]
            item.setPen(pg.mkPen(colour, width=line.width) if line.joined else None)
            item.setSymbol(line.marker)
            item.setSymbolSize(8 if line.joined else 6)
            item.setSymbolBrush(colour)
            item.setSymbolPen(None)


def thin_out(item: pg.PlotDataItem, method: str, points_per_pixel: float) -> None:
    """Draw no more points than the eye can tell apart, however many steps there are."""
    item.setDownsampling(auto=True, method=method)
    item.opts["autoDownsampleFactor"] = points_per_pixel
    item.setClipToView(True)
