"""The page on the latent dimensions: what each does, and a slider to move along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy

from explorer.plane_messages import TraversalFound
from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.dimension_list import DimensionList, DimensionRow
from explorer.views.unit_bars import name_of

if TYPE_CHECKING:
    from vae import Units

FOLD = "The units whose mean hardly depends on the image: its variance is 0.01 at most (Burda et al. 2015)"

MEANT = {"mixture": " given the component c", "hierarchical": " of the upper level"}  # by the KL of a row
BEYOND = {"mixture": "c", "hierarchical": "the lower level w"}  # whose KL is of no dimension of z
WITHOUT_IMAGES = "The KL is told where the images are open."


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
        self.body.addWidget(self.list, 1)
        self.fold = button("", FOLD, "inactiveUnits", "chip")
        self.fold.setCheckable(True)
        self.body.addWidget(self.fold)
        self.legend = styled_label("", "muted")
        self.legend.setObjectName("dimensionsLegend")
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
        units, count = dimensions.units, len(exploration.pin)
        of_input, of_input_beyond = dimensions.kl_of_input
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
        self.list.setMinimumHeight(self.list.minimumSizeHint().height())
        self.legend.setText(self._legend(units, of_input, of_input_beyond))
        self.legend.setVisible(bool(self.legend.text()))
        self._show_code()

    def _legend(self, units: Units | None, of_input: NDArray[np.float64] | None, beyond: float | None) -> str:
        """What the numbers are; where the rows are not all of the KL, what else it has and comes to."""
        dimensions = self._session.dimensions
        if units is None:
            return ""
        if units.kl is None:
            why = f" {WITHOUT_IMAGES}" if dimensions.family == "mixture" and dimensions.lacks_images else ""
            return f"var: variance of the means. Tick: μ.{why}"
        of_x = "" if of_input is None else ", and of x"
        meant = MEANT.get(dimensions.family, "")
        words = f"KL in nats{meant}: mean of the {dimensions.part.value} set{of_x}. Tick: μ."
        if units.kl_beyond is None:
            return words
        parts, sums = [units.kl_beyond], [units.kl.sum() + units.kl_beyond]
        if of_input is not None and beyond is not None:
            parts, sums = [*parts, beyond], [*sums, of_input.sum() + beyond]
        return f"{words} With KL {_nats(parts)} of {BEYOND[dimensions.family]} they come to {_nats(sums)}."

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

    def minimumSizeHint(self) -> QSize:
        """While it is seen, no more than its rows and words need at this width."""
        least = super().minimumSizeHint()
        needed = self.body.minimumHeightForWidth(self.width()) if self.isVisible() else 0
        return QSize(least.width(), needed) if needed > 0 else least

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrower is higher."""
        super().resizeEvent(event)
        self.updateGeometry()

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
        words.append(f"over the encoded images {kl}variance of its mean {units.variance[place]:.2g}")
    if of_input is not None:
        words.append(f"KL of x {of_input[place]:.3g} nats")
    return f"{name_of(place)}: {'; '.join(words)}" if words else name_of(place)


def _nats(values: list[float]) -> str:
    return " and ".join(f"{value:.2f}" for value in values)
