"""Which runs are laid over the ELBO plot, each with a chip that takes it away, and which are refused."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFontMetrics

from explorer.views.flow_layout import FlowLayout
from explorer.views.run_legend import Chip
from explorer.views.run_lines import Line
from explorer.views.run_overlays import COLOURS, Overlays, ShownRun
from explorer.views.run_panel import Panel

CHIP_WIDTH = 190  # pixels, of a title


class Comparison(QObject):
    """Adds to a row of chips; only runs of one measure are ever laid over each other."""

    changed = Signal()

    def __init__(self, panels: Mapping[str, Panel], row: FlowLayout) -> None:
        super().__init__()
        self.overlays = Overlays(panels)
        self.chips: dict[str, Chip] = {}
        self.refusal = ""  # why the last run was not laid over, if it was not
        self._row = row
        self._shown: ShownRun | None = None  # the run beneath

    def compare_with(self, shown: ShownRun) -> None:
        """Another run is beneath: what does not compare with it goes."""
        self._shown, self.refusal = shown, ""
        for overlay in self.overlays.all:
            if overlay.run.key == shown.key or overlay.run.measure != shown.measure:
                self._remove(overlay.run.key)
            if overlay.run.measure != shown.measure:
                self.refusal = _refused(overlay.run, shown)
        self.changed.emit()

    def add(self, run: ShownRun) -> None:
        """Lay a run over the one that is shown, or say in ``refusal`` why not."""
        assert self._shown is not None
        self.refusal = ""
        if run.measure != self._shown.measure:
            self.refusal = _refused(run, self._shown)
        elif self.overlays.full:
            self.refusal = f"No more than {len(COLOURS)} runs are laid over: take one away first."
        else:
            self.overlays.add(run)
            self._add_chip(run)
        self.changed.emit()

    def take_away(self, key: str) -> None:
        """Draw a run no longer."""
        self.refusal = ""
        self._remove(key)
        self.changed.emit()

    def _remove(self, key: str) -> None:
        self.overlays.remove(key)
        chip = self.chips.pop(key)
        self._row.removeWidget(chip)
        chip.deleteLater()

    def _add_chip(self, run: ShownRun) -> None:
        overlay = self.overlays.all[-1]
        chip = Chip(Line("overlay", run.title, overlay.account, "elbo", overlay.colour, dashed=True))
        metrics = QFontMetrics(chip.font())
        chip.setText(metrics.elidedText(run.title, Qt.TextElideMode.ElideMiddle, CHIP_WIDTH) + " ×")
        chip.clicked.connect(lambda: self.take_away(run.key))
        self.chips[run.key] = chip
        self._row.addWidget(chip)


def _refused(run: ShownRun, shown: ShownRun) -> str:
    """Why a run may not share the axes."""
    difference = shown.measure.difference(run.measure)
    return f"{run.title} does not compare: {difference}."
