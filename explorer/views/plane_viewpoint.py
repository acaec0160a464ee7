"""Ties the plane's widget to the session's viewpoint: what is in view, and which layers are drawn."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Slot
from PySide6.QtWidgets import QPushButton

from explorer.session import Session
from explorer.views.latent_plane import LatentPlane


class PlaneViewpoint(QObject):
    """Tells the viewpoint what the user looks at, and shows what others want to be looked at."""

    def __init__(self, session: Session, plane: LatentPlane, layers: Mapping[str, QPushButton]) -> None:
        super().__init__(plane)
        self._viewpoint, self._plane, self._layers = session.viewpoint, plane, layers
        plane.plane.sigRangeChanged.connect(self._looked)
        plane.plane.sigRangeChangedManually.connect(self._looked)  # by the wheel, and not before the other
        for layer in layers.values():
            layer.toggled.connect(self._switched)
        self._switched()
        self._viewpoint.changed.connect(self._follow)
        self._viewpoint.sought.connect(self._seek)
        session.exploration.chart_changed.connect(self._stay_at_home)

    @Slot()
    def _looked(self) -> None:
        view = self._plane.chosen_view
        self._viewpoint.look_at(
            None if view is None else (view.left(), view.top(), view.width(), view.height())
        )

    @Slot()
    def _switched(self) -> None:
        self._viewpoint.show_layers(
            frozenset(name for name, layer in self._layers.items() if layer.isChecked())
        )

    @Slot()
    def _follow(self) -> None:
        """Change what differs; a layer that the model does not have is left alone."""
        wanted, view = self._viewpoint.layers, self._viewpoint.view
        for name, layer in self._layers.items():
            if not layer.isHidden():
                layer.setChecked(name in wanted)
        rect = None if view is None else QRectF(*view)
        if rect != self._plane.chosen_view:
            self._plane.show_view(rect)

    @Slot()
    def _stay_at_home(self) -> None:
        """The whole plane is another one where it stands for other codes."""
        if self._plane.chosen_view is None:
            self._plane.go_home()

    @Slot(float, float)
    def _seek(self, x: float, y: float) -> None:
        view = self._plane.view_rect()
        if not view.contains(x, y):
            view.moveCenter(QPointF(x, y))
            self._plane.show_view(view)
