"""Other runs laid over the ELBO plot: thin, dashed, each in a colour of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from explorer.views.run_curves import STEEP, Curves, Table
from explorer.views.run_panel import Panel, thin_out
from vae.history import Measure

COLOURS = ("#33bbee", "#d1a90a", "#7a6fd0", "#a5682a", "#cc3311", "#7d8896")  # none of a concept's
IN_VIEW = 3  # points of an overlay that are in view from the beginning
DASHES = (5.0, 3.0)  # widths of the pen


@dataclass(frozen=True, eq=False)
class ShownRun:
    """A run that the plot shows, or might lay over another."""

    title: str
    measure: Measure
    beta: float  # as it was asked for; it may have been changed since
    curves: Curves
    path: Path | None = None  # of its model

    @property
    def key(self) -> str:
        """What tells it from others."""
        return str(self.path or self.title)


@dataclass(frozen=True, eq=False)
class Overlay:
    """One run and what draws it."""

    run: ShownRun
    colour: str
    items: Mapping[str, pg.PlotDataItem]  # by the term that they show

    @property
    def table(self) -> Table:
        """Of its numbers, those that are drawn: the tests, if they make a curve."""
        return self.run.curves.tests if self.tested else self.run.curves.trend

    @property
    def tested(self) -> bool:
        """Whether the tests are drawn, and not the training batches."""
        return len(self.run.curves.tests) > 1

    @property
    def account(self) -> str:
        """What the line is."""
        what = "on the test set, after each epoch" if self.tested else "on the training batches"
        return f"{self.run.title}: ELBO and KL {what}. Click to take it away."


class Overlays:
    """At most as many as there are colours, all of the same measure."""

    def __init__(self, panels: Mapping[str, Panel]) -> None:
        self._panels = panels  # by the term that each shows of an overlay
        self._overlays: dict[str, Overlay] = {}
        self._axis = ""  # that is drawn

    def __len__(self) -> int:
        return len(self._overlays)

    def __contains__(self, key: str) -> bool:
        return key in self._overlays

    @property
    def all(self) -> tuple[Overlay, ...]:
        """In the order in which they came."""
        return tuple(self._overlays.values())

    @property
    def full(self) -> bool:
        """Whether there is no colour left."""
        return len(self) == len(COLOURS)

    def add(self, run: ShownRun) -> None:
        """Lay a run over the plot."""
        taken = {overlay.colour for overlay in self.all}
        colour = next(colour for colour in COLOURS if colour not in taken)
        pen = pg.mkPen(QColor(colour), width=1.6, style=Qt.PenStyle.CustomDashLine)
        pen.setDashPattern(DASHES)
        items = {term: panel.plot.plot(pen=pen, antialias=True) for term, panel in self._panels.items()}
        for item in items.values():
            thin_out(item, "subsample", 0.3)
        self._overlays[run.key] = Overlay(run, colour, items)
        self._axis = ""

    def remove(self, key: str) -> None:
        """Take a run away."""
        for term, item in self._overlays.pop(key).items.items():
            self._panels[term].plot.removeItem(item)

    def draw(self, axis: str) -> None:
        """Hand the numbers to the items: they change with the axis alone."""
        if axis == self._axis:
            return
        self._axis = axis
        for overlay in self.all:
            for term, item in overlay.items.items():
                item.setData(overlay.table.column(axis), overlay.table.column(term), skipFiniteCheck=True)

    def heights(self, term: str, axis: str, end: float) -> list[NDArray[np.float64]]:
        """The values of ``term`` that a view up to ``end`` should hold: the steep start left out."""
        held = []
        for overlay in self.all:
            first, last = np.searchsorted(overlay.table.column(axis), (STEEP * end, end))
            held.append(overlay.table.column(term)[first:last])
        return held

    def start(self, axis: str) -> float:
        """Where the first points of each are in view along ``axis``."""
        places = (overlay.table.column(axis)[:IN_VIEW] for overlay in self.all)
        return max((float(place[-1]) for place in places if len(place)), default=0.0)
