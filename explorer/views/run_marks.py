"""Marks on the ELBO plot: where the loss was lost, and the run went back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPen

from explorer.theme import current_theme

if TYPE_CHECKING:
    from explorer.views.run_panel import Panel
    from vae import RollbackReport

HEIGHTS = (0.12, 0.24, 0.36)  # of the labels, as shares of the panel: neighbours do not cover each other


class RollbackMarks:
    """A line across each panel for each rollback; the uppermost panel tells what happened."""

    def __init__(self, panels: Sequence[Panel]) -> None:
        self._panels = panels
        self._lines: list[tuple[RollbackReport, list[pg.InfiniteLine]]] = []

    def draw(self, rollbacks: Sequence[RollbackReport], axis: str) -> None:
        """Show these, over ``axis``."""
        if [report for report, _ in self._lines] != list(rollbacks):
            self._make(rollbacks)
        for report, lines in self._lines:
            place = {"step": report.step, "epoch": report.epoch, "time": report.seconds}[axis]
            for line in lines:
                line.setValue(place)

    def restyle(self, font: QFont) -> None:
        """Wear the present theme and font."""
        colour = QColor(current_theme().exact)
        for _, lines in self._lines:
            for line in lines:
                line.setPen(QPen(colour, 0, Qt.PenStyle.DotLine))
            lines[0].label.setColor(colour)
            lines[0].label.setFont(font)

    def _make(self, rollbacks: Sequence[RollbackReport]) -> None:
        for _, lines in self._lines:
            for panel, line in zip(self._panels, lines, strict=True):
                panel.plot.removeItem(line)
        self._lines = [(report, self._across(number, report)) for number, report in enumerate(rollbacks)]
        self.restyle(self._panels[0].plot.getAxis("left").font())

    def _across(self, number: int, report: RollbackReport) -> list[pg.InfiniteLine]:
        lines = []
        for panel in self._panels:
            options = {"position": HEIGHTS[number % len(HEIGHTS)], "anchors": [(0, 1), (1, 1)]}
            label = told(report) if panel is self._panels[0] else None
            line = pg.InfiniteLine(angle=90, label=label, labelOpts=options)
            panel.plot.addItem(line, ignoreBounds=True)
            lines.append(line)
        return lines


def told(report: RollbackReport) -> str:
    """What happened."""
    return (
        f"loss lost at step {report.lost_step:,}: back to step {report.step:,}, "
        f"learning rate {report.learning_rate:.3g}"
    )
