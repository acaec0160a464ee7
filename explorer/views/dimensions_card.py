"""The page on the latent dimensions: what each does, and a slider to move along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy

from explorer.plane_messages import TraversalFound
from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.dimension_list import DimensionList, DimensionRow
from explorer.views.unit_bars import name_of

if TYPE_CHECKING:
    from vae import Units

FOLD = "The units whose mean hardly depends on the image: its variance is 0.01 at most (Burda et al. 2015)"


class DimensionsCard(Card):
    """The active units first, the one with the largest KL at the top; computes nothing while it is hidden."""

    def __init__(self, session: Session) -> None:
        super().__init__("Dimensions  z")
        self._session = session
        self._order: list[int] = []
        self.to_mean = button("To μ", "Set all sliders to the mean of q(z|x)", "dimensionsToMean", "layer")
        self.heading.addWidget(self.to_mean)
        self.list = DimensionList()
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.list.setMinimumHeight(130)
        self.body.addWidget(self.list, 1)
        self.fold = button("", FOLD, "inactiveUnits", "chip")
        self.fold.setCheckable(True)
        self.body.addWidget(self.fold)
        self.legend = styled_label("", "muted")
        self.legend.setWordWrap(True)
        self.body.addWidget(self.legend)
        self._connect()

    def _connect(self) -> None:
        dimensions, exploration = self._session.dimensions, self._session.exploration
        self.to_mean.clicked.connect(exploration.go_to_mean)
        self.fold.toggled.connect(self._show_rows)
        self.list.moved.connect(dimensions.move)
        self.list.scrolled.connect(self._watch)
        dimensions.changed.connect(self._show_rows)
        dimensions.input_changed.connect(self._show_rows)
        dimensions.traversed.connect(self._show_pictures)
        exploration.pin_moved.connect(self._show_code)
        self._session.workspace.model_changed.connect(self.list.forget_pictures)

    @Slot()
    def _show_rows(self) -> None:
        """All numbers anew."""
        if not self.isVisible():
            return
        dimensions, exploration = self._session.dimensions, self._session.exploration
        units, of_input, count = dimensions.units, dimensions.kl_of_input, len(exploration.pin)
        ranges = dimensions.ranges
        active = np.ones(count, bool) if units is None or not units.active.any() else units.active
        order = _most_telling_first(units, count)
        shown = [place for place in order if active[place] or self.fold.isChecked()]
        self.fold.setVisible(not active.all())
        idle = count - int(active.sum())
        self.fold.setText(f"{idle} inactive {'unit' if idle == 1 else 'units'}")
        rows = [
            DimensionRow(
                dimension=place,
                name=name_of(place),
                low=float(ranges[place, 0]),
                high=float(ranges[place, 1]),
                lines=_lines(place, units, of_input),
                active=bool(active[place]),
                tip=_tip(place, units, of_input),
            )
            for place in shown
        ]
        self.list.show_rows(rows)
        self.legend.setText(_legend(units, of_input))
        self.legend.setVisible(bool(self.legend.text()))
        self._show_code()

    @Slot()
    def _show_code(self) -> None:
        if self.isVisible():
            exploration = self._session.exploration
            posterior = exploration.posterior
            self.to_mean.setEnabled(posterior is not None)
            self.list.show_code(exploration.pin, None if posterior is None else posterior.z_loc)

    @Slot(object)
    def _show_pictures(self, found: TraversalFound) -> None:
        self.list.show_pictures(found.dimension, found.pictures)

    @Slot()
    def _watch(self) -> None:
        self._session.dimensions.watch(self.list.visible_dimensions if self.isVisible() else ())

    def showEvent(self, event: QShowEvent) -> None:
        """Show the present state."""
        super().showEvent(event)
        self._show_rows()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._session.dimensions.watch(())

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette and the font."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.list.viewport().update()


def _most_telling_first(units: Units | None, count: int) -> list[int]:
    """By KL, or by the variance of their means; in their own order where neither is known."""
    if units is None:
        return list(range(count))
    telling = units.variance if units.kl is None else units.kl
    order: list[int] = np.argsort(-telling, kind="stable").tolist()
    return order


def _lines(place: int, units: Units | None, of_input: NDArray[np.float64] | None) -> tuple[str, str]:
    mean = "" if units is None else f"var {units.variance[place]:.2f}"
    if units is not None and units.kl is not None:
        mean = f"KL {units.kl[place]:.2f}"
    return (mean, "" if of_input is None else f"of x {of_input[place]:.2f}")


def _tip(place: int, units: Units | None, of_input: NDArray[np.float64] | None) -> str:
    words = []
    if units is not None:
        kl = "" if units.kl is None else f"KL {units.kl[place]:.3g} nats, "
        words.append(f"over the test set {kl}variance of its mean {units.variance[place]:.2g}")
    if of_input is not None:
        words.append(f"KL of x {of_input[place]:.3g} nats")
    return f"{name_of(place)}: {'; '.join(words)}" if words else name_of(place)


def _legend(units: Units | None, of_input: NDArray[np.float64] | None) -> str:
    if units is None:
        return ""
    if units.kl is None:
        return "var: variance of the means. Tick: μ."
    of_x = "" if of_input is None else ", and of x"
    return f"KL in nats: mean of the test set{of_x}. Tick: μ."
