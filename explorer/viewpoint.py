"""How the plane is looked at: which part of it, which layers, what colours tell, and the page beside it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

View = tuple[float, float, float, float]  # left, bottom, width and height on the plane
BY_CLASS = "class"


@dataclass(frozen=True)
class Colouring:
    """What the colour of a point tells."""

    by: str = BY_CLASS  # or another word that the plane's card offers, if it does
    alone: int | None = None  # what is not faint, of classes or components; None for all


class Viewpoint(QObject):
    """What draws the plane tells it here, and follows when others do."""

    changed = Signal()
    sought = Signal(float, float)  # a place that is to be in view

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view: View | None = None
        self._layers: frozenset[str] = frozenset()
        self._colouring = Colouring()
        self._page = ""

    @property
    def view(self) -> View | None:
        """The part that was chosen; None for the whole plane, however large that is."""
        return self._view

    @property
    def layers(self) -> frozenset[str]:
        """The names of the layers that are switched on."""
        return self._layers

    @property
    def colouring(self) -> Colouring:
        """What the colour of a point is to tell."""
        return self._colouring

    @property
    def page(self) -> str:
        """The name of the open page."""
        return self._page

    def look_at(self, view: View | None) -> None:
        """Look at another part of the plane."""
        if view != self._view:
            self._view = view
            self.changed.emit()

    def show_layers(self, layers: frozenset[str]) -> None:
        """Switch these layers on, and the others off."""
        if layers != self._layers:
            self._layers = layers
            self.changed.emit()

    def colour_points(self, colouring: Colouring) -> None:
        """Let the colour of a point tell something else."""
        if colouring != self._colouring:
            self._colouring = colouring
            self.changed.emit()

    def open_page(self, page: str) -> None:
        """Open the page of this name, if there is one."""
        if page != self._page:
            self._page = page
            self.changed.emit()

    def bring_into_view(self, x: float, y: float) -> None:
        """Look where this place is, unless it is in view."""
        self.sought.emit(x, y)
