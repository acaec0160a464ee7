"""Where the panels of the ELBO plot stand: one above the other, with axes that print numbers as books do."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Signal

UNLIMITED = 2**24 - 1  # Qt's QWIDGETSIZE_MAX


class Canvas(pg.GraphicsLayoutWidget):
    """A column of plots."""

    left = Signal()  # by the mouse

    def __init__(self) -> None:
        super().__init__()
        self.ci.setContentsMargins(0, 0, 0, 0)
        self.ci.setSpacing(4)

    def add_plot(self, row: int, share: int) -> pg.PlotItem:
        """A plot that takes its share of the height."""
        plot = self.addPlot(row, 0, axisItems={side: Axis(side) for side in ("left", "bottom")})
        self.ci.layout.setRowStretchFactor(row, share)
        return plot

    def show_row(self, row: int, shown: bool) -> None:
        """Show a plot, or give its height to the others."""
        self.getItem(row, 0).setVisible(shown)
        self.ci.layout.setRowMaximumHeight(row, UNLIMITED if shown else 0)

    def sizeHint(self) -> QSize:
        """Comfortable; it takes what is left."""
        return QSize(400, 220)

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(240, 12 * self.fontMetrics().height())

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is elsewhere."""
        super().leaveEvent(event)
        self.left.emit()


class Axis(pg.AxisItem):
    """A true minus, commas between thousands, and a label only where it fits."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self.enableAutoSIPrefix(False)

    def resizeEvent(self, event: object = None) -> None:
        """Leave the label out where it does not fit."""
        super().resizeEvent(event)
        room = self.size().height() if self.orientation == "left" else self.size().width()
        self.label.setVisible(bool(self.labelText) and self.label.boundingRect().width() <= room)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The labels of the ticks; those of a run that went astray must fit as well."""
        if self.orientation == "left" and max(map(abs, values), default=0.0) >= 10_000:
            short = [f"{value:.2g}".replace("e+0", "e").replace("e+", "e") for value in values]
            return [text.replace("-", "−") for text in short]
        places = max(0, math.ceil(-math.log10(spacing) - 1e-9))  # enough to tell neighbours apart
        return [f"{value:,.{places}f}".replace("-", "−") for value in values]
