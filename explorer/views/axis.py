"""Axes that print numbers as books do."""

from __future__ import annotations

import math

import pyqtgraph as pg


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
        rounded = [round(value, places) + 0.0 for value in values]  # no minus before a zero
        return [f"{value:,.{places}f}".replace("-", "−") for value in rounded]
