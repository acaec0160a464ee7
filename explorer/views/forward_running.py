"""The estimates of the ELBO draw by draw, and their running means, which agree in the long run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from explorer.theme import current_theme
from explorer.views.axis import Axis
from explorer.views.card import styled_label
from explorer.views.forward_words import number, tinted

if TYPE_CHECKING:
    from vae import Scores

MOST_DOTS = 600  # of each estimate: more cannot be told apart
DOT = 4  # pixels
FAINT = 90  # of 255
INNER = (1.0, 99.0)  # percentiles of the draws that are in view: a rare one must not flatten the rest


class RunningMeans(QWidget):
    """One dot a draw and estimate; a line for the mean so far."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("runningMeans")
        self.setAccessibleName("Estimates of the ELBO and their running means, in nats")
        self.legend = styled_label("", "muted")  # whoever shows the plot finds a place for it
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.legend.setWordWrap(True)
        self._plot = pg.PlotWidget(axisItems={side: Axis(side) for side in ("left", "bottom")})
        self._plot.setMouseEnabled(False, False)
        self._plot.setMenuEnabled(False)
        self._plot.hideButtons()
        self._plot.setFrameShape(QFrame.Shape.NoFrame)
        self._exact = True  # whether there are estimates with the KL in closed form
        names = ("elbo", "kl")
        self._dots = {name: self._plot.plot(pen=None, symbol="o", symbolSize=DOT) for name in names}
        self._means = {name: self._plot.plot() for name in names}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self._restyle()

    @property
    def means(self) -> dict[str, NDArray[np.float64]]:
        """The running means, (N,) each: "elbo" of the single draws, "kl" of those with the closed form."""
        return {name: item.getOriginalDataset()[1] for name, item in self._means.items()}

    def show_scores(self, scores: Scores) -> None:
        """Draw the estimates of N draws, in the order that they were made."""
        estimates = {"elbo": scores.elbo.astype(np.float64)}
        if scores.elbo_by_kl is not None:
            estimates["kl"] = scores.elbo_by_kl.astype(np.float64)
        if self._exact != ("kl" in estimates):
            self._exact = "kl" in estimates
            self._restyle()
        draws = np.arange(1, len(scores.log_q) + 1)
        step = -(-len(draws) // MOST_DOTS)
        for name, values in estimates.items():
            self._dots[name].setData(draws[::step], values[::step])
            self._means[name].setData(draws, values.cumsum() / draws)
        for name in self._dots.keys() - estimates.keys():
            self._dots[name].clear()
            self._means[name].clear()
        low, high = np.percentile(np.concatenate(list(estimates.values())), INNER)
        widest = self.fontMetrics().horizontalAdvance(number(float(low), 1))
        self._plot.getAxis("left").setWidth(widest + self.fontMetrics().height())
        margin = max(0.08 * (high - low), 0.05)
        self._plot.setYRange(low - margin, high + margin, padding=0)
        self._plot.setXRange(0, max(10, len(draws)), padding=0.02)

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        line = self.fontMetrics().height()
        return QSize(16 * line, 8 * line)

    def sizeHint(self) -> QSize:
        """It takes what is left."""
        return self.minimumSizeHint()

    def changeEvent(self, event: QEvent) -> None:
        """Follow palette and font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._restyle()

    def _restyle(self) -> None:
        theme = current_theme()
        self._plot.setBackground(theme.card)
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(QColor(theme.border))
            axis.setTextPen(QColor(theme.muted))
            axis.setStyle(tickFont=self.font())
        self._plot.getAxis("bottom").setHeight(self.fontMetrics().height() + 6)
        colours = {"elbo": theme.elbo, "kl": theme.kl}
        for name, colour in colours.items():
            faint = QColor(colour)
            faint.setAlpha(FAINT)
            self._dots[name].setSymbolBrush(faint)
            self._dots[name].setSymbolPen(None)
            self._means[name].setPen(pg.mkPen(colour, width=2))
        exact = f"{tinted('●', theme.kl)} exact KL &nbsp; " if self._exact else ""
        self.legend.setText(f"{tinted('●', theme.elbo)} one draw &nbsp; {exact}lines: running means &nbsp;")
