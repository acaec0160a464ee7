"""Where the panels of the ELBO plot stand: one above the other."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Signal

from explorer.views.axis import Axis

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
