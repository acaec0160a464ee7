"""Every move on the plane, to be undone and redone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from explorer.exploration import Exploration
from explorer.inputs import Inputs, Selection
from explorer.maps import Maps
from explorer.viewpoint import View, Viewpoint
from explorer.workspace import Workspace
from vae.chart import Chart

if TYPE_CHECKING:
    from vae.maps import MapKind

MOST = 100  # moves that are remembered


@dataclass(frozen=True, eq=False)
class Standpoint:
    """Where one stands, and what one looks at. The cursor's place is none: hovering is no move."""

    selection: Selection | None
    noise: float
    label: int | None
    chart: Chart
    z: NDArray[np.float32] | None  # (D,) what is pinned; None for the mean of q(z|x), wherever that lies
    map: MapKind | None
    view: View | None
    layers: frozenset[str]

    def same_as(self, other: Standpoint) -> bool:
        """Whether there is no move between the two."""
        return not self.difference(other)

    def difference(self, other: Standpoint) -> str:
        """The most telling of what differs, in words; nothing where nothing does."""
        if self.selection is not other.selection:
            drawn = other.selection is not None and other.selection.index is None
            return "drawing" if drawn else "choice of x"
        if self.noise != other.noise:
            return "noise"
        if self.chart is not other.chart:
            return "choice of plane"
        if self.label != other.label:
            return "choice of label"
        if not _same_code(self.z, other.z):
            return "move to z"
        if self.map != other.map:
            return "choice of map"
        if self.layers != other.layers:
            return "choice of layers"
        return "zoom and pan" if self.view != other.view else ""


class Moves(QObject):
    """Remembers where one stood before each gesture: a press and what is dragged, a key, a turn of the wheel.

    What changes without a gesture, because a run goes on, is no move. Another model or other data have other
    places, so that none of them can be gone back to.
    """

    def __init__(
        self,
        workspace: Workspace,
        inputs: Inputs,
        exploration: Exploration,
        maps: Maps,
        viewpoint: Viewpoint,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._inputs, self._exploration, self._maps, self._viewpoint = inputs, exploration, maps, viewpoint
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(MOST)
        self._gestures = 0
        self._under_way = False  # whether a gesture has begun since the model was opened
        self._going = False  # whether one is being taken somewhere
        self._last = self.standpoint
        for changed in (
            *(inputs.selection_changed, inputs.noise_changed, maps.chosen_changed, viewpoint.changed),
            *(exploration.pin_moved, exploration.label_changed, exploration.chart_changed),
        ):
            changed.connect(self._note)
        workspace.model_changed.connect(self._forget)
        workspace.dataset_changed.connect(self._forget)
        workspace.weights_changed.connect(self._take_for_granted)

    @property
    def standpoint(self) -> Standpoint:
        """Where one stands."""
        exploration, viewpoint = self._exploration, self._viewpoint
        pin, posterior = exploration.pin, exploration.posterior
        at_mean = posterior is not None and np.array_equal(pin, posterior.z_loc)
        return Standpoint(
            *(self._inputs.selection, self._inputs.noise, exploration.label, exploration.chart),
            *(None if at_mean else pin, self._maps.chosen, viewpoint.view, viewpoint.layers),
        )

    @Slot()
    def begin(self) -> None:
        """A gesture begins: what changes until the next one is one move."""
        self._gestures += 1
        self._under_way = True

    def go_to(self, standpoint: Standpoint) -> None:
        """Stand there; all that changes is one move."""
        self._stand_at(standpoint)
        self._note()

    def undo(self) -> None:
        """Go back to where one stood before the last move."""
        self.stack.undo()

    def redo(self) -> None:
        """Make the move again that was undone last."""
        self.stack.redo()

    def _stand_at(self, to: Standpoint) -> None:
        self._going = True
        exploration = self._exploration
        if to.selection is not None and to.selection is not self._inputs.selection:
            self._inputs.select(to.selection)
        self._inputs.set_noise(to.noise)
        if to.label is not None:
            exploration.tell_label(to.label)
        if to.chart is not exploration.chart:
            exploration.set_chart(to.chart)
        exploration.go_to_mean() if to.z is None else exploration.pin_code(to.z)
        self._maps.choose(to.map)
        self._viewpoint.show_layers(to.layers)
        self._viewpoint.look_at(to.view)
        self._going = False

    @Slot()
    def _note(self) -> None:
        if self._going:
            return
        before, self._last = self._last, self.standpoint
        if self._under_way and not before.same_as(self._last):
            self.stack.push(_Move(self, before, self._last, self._gestures))

    @Slot()
    def _forget(self) -> None:
        self._under_way = False
        self.stack.clear()
        self._take_for_granted()

    @Slot()
    def _take_for_granted(self) -> None:
        self._last = self.standpoint

    def _take_back(self, to: Standpoint) -> None:
        """For the moves."""
        self._stand_at(to)
        self._take_for_granted()


class _Move(QUndoCommand):
    """From one standpoint to another, in one gesture."""

    def __init__(self, moves: Moves, before: Standpoint, after: Standpoint, gesture: int) -> None:
        super().__init__(before.difference(after))
        self._moves, self.before, self.after, self.gesture = moves, before, after, gesture
        self._made = True  # by the user, before the stack hears of it

    def id(self) -> int:
        """All are of one kind."""
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802 - Qt's name
        """The rest of the same gesture."""
        if not isinstance(other, _Move) or other.gesture != self.gesture:
            return False
        self.after = other.after
        self.setText(self.before.difference(self.after))
        self.setObsolete(self.before.same_as(self.after))
        return True

    def undo(self) -> None:
        """Go back."""
        self._moves._take_back(self.before)

    def redo(self) -> None:
        """Go there again."""
        if not self._made:
            self._moves._take_back(self.after)
        self._made = False


def _same_code(z: NDArray[np.float32] | None, other: NDArray[np.float32] | None) -> bool:
    if z is None or other is None:
        return z is other
    return np.array_equal(z, other)
