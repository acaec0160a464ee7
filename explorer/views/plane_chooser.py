"""Which two directions of a larger latent space the plane shows."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from explorer.session import Session
from explorer.views.card import button
from explorer.views.latent_plane import LatentPlane
from explorer.views.unit_bars import name_of

PRINCIPAL = "The two directions along which the encoded test set varies most: its first principal plane"


class PlaneChooser(QWidget):
    """A box an axis, and a chip for the principal plane; offered where there are more than two dimensions."""

    def __init__(self, session: Session, plane: LatentPlane) -> None:
        super().__init__()
        self._session, self._plane = session, plane
        self.right = _box("rightAxisBox", "The dimension that runs to the right")
        self.up = _box("upAxisBox", "The dimension that runs upwards")
        self.principal = button("PCA", PRINCIPAL, "principalPlane", "layer")
        self.principal.setCheckable(True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.right, self.up, self.principal):
            layout.addWidget(widget)
        self.hide()
        self.right.activated.connect(lambda place: self._choose(place, self.up))
        self.up.activated.connect(lambda place: self._choose(place, self.right))
        self.principal.clicked.connect(self._choose_principal)
        session.workspace.model_changed.connect(self._follow)
        session.dimensions.changed.connect(self._follow)
        session.exploration.chart_changed.connect(self._follow)

    def _choose(self, chosen: int, other: QComboBox) -> None:
        """The other stays, unless it is the same: then the two change places."""
        beside = max(other.currentIndex(), 0)
        if beside == chosen:
            axes = self._session.exploration.chart.axes
            beside = sum(axes) - chosen if axes is not None else (chosen + 1) % other.count()
        pair = (beside, chosen) if other is self.right else (chosen, beside)
        self._session.dimensions.choose_axes(*pair)
        self._plane.go_home()

    def _choose_principal(self, chosen: bool) -> None:
        if chosen:
            self._session.dimensions.choose_principal_plane()
        else:
            self._session.dimensions.choose_most_active()
        self._plane.go_home()

    def _follow(self) -> None:
        chart = self._session.exploration.chart
        count = len(chart.origin)
        self.setVisible(count > 2)
        if count <= 2:
            return
        self.principal.setEnabled(self._session.dimensions.has_principal_plane or chart.axes is None)
        self.principal.setChecked(chart.axes is None)
        for place, box in enumerate((self.right, self.up)):
            with QSignalBlocker(box):
                if box.count() != count:
                    box.clear()
                    box.addItems([f"{'→↑'[place]} {name_of(dimension)}" for dimension in range(count)])
                box.setPlaceholderText(f"{'→↑'[place]} {chart.short_names[place]}")
                box.setCurrentIndex(-1 if chart.axes is None else chart.axes[place])


def _box(name: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setObjectName(name)
    box.setToolTip(tip)
    box.setProperty("role", "layer")
    return box
