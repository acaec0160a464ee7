"""The card around the latent plane: which layers are drawn, how the points are coloured, the legend."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton

from explorer.messages import Manifold
from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.flow_layout import FlowLayout
from explorer.views.latent_plane import LatentPlane
from explorer.views.legend import ClassLegend, FactorLegend, class_colours, factor_colours
from explorer.views.plane_items import on_plane
from vae.datasets import DATASETS

BY_CLASS = "class"


class PlaneCard(Card):
    """Wires the plane to the session."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._alone: int | None = None
        self._beyond = np.zeros(0, np.float32)  # the pin's dimensions from the third on
        self.plane = LatentPlane()
        self.layers = {
            "Manifold": self._layer(
                "Manifold", "Pictures decoded across the plane", self.plane.set_manifold_visible
            ),
            "Points": self._layer("Points", "Means of q(z|x) of the test set", self.plane.set_points_visible),
            "q(z|x)": self._layer(
                "q(z|x)", "One and two standard deviations of q(z|x)", self.plane.set_posterior_visible
            ),
            "Prior": self._layer(
                "Prior", "The prior at one, two and three standard deviations", self.plane.set_prior_visible
            ),
        }
        self.path_button = button("Path", "Walk along a line between two places", "pathButton")
        self.path_button.setCheckable(True)
        self.home_button = button("Home", "Show the prior's three circles again (Home)", "homeButton")
        self.home_button.clicked.connect(self.plane.go_home)
        self.zoom_button = button("Zoom to q", "Show the surroundings of q(z|x)", "zoomButton")
        self.zoom_button.clicked.connect(self._zoom_to_posterior)
        row = FlowLayout()
        for widget in (*self.layers.values(), self.path_button, self.zoom_button, self.home_button):
            widget.setProperty("role", "layer")
            row.addWidget(widget)
        self.body.addLayout(row)
        self.body.addWidget(self.plane, 1)
        self._build_legend()
        self._connect()

    def _layer(self, name: str, tip: str, show: Callable[[bool], None]) -> QPushButton:
        layer = button(name, tip, f"layer{name}")
        layer.setCheckable(True)
        layer.setChecked(True)
        layer.toggled.connect(show)
        return layer

    def _build_legend(self) -> None:
        self.colour_box = QComboBox()
        self.colour_box.setObjectName("colourBox")
        self.colour_box.setToolTip("What the colour of a point tells")
        self.colour_box.currentTextChanged.connect(self._colour_points)
        self._classes, self._factor = ClassLegend(), FactorLegend()
        self._factor.hide()
        self._classes.isolated.connect(self._isolate)
        self._source = styled_label("", "muted")
        row = QHBoxLayout()
        row.addWidget(self._source, 1)
        row.addWidget(self.colour_box)
        self.body.addWidget(self._classes)
        self.body.addWidget(self._factor)
        self.body.addLayout(row)

    def _connect(self) -> None:
        exploration, workspace, plane = self._session.exploration, self._session.workspace, self.plane
        plane.hovered.connect(exploration.preview)
        plane.dragged.connect(exploration.pin_at)
        plane.departed.connect(exploration.return_to_pin)
        plane.nudged.connect(exploration.nudge)
        plane.tiles_wanted.connect(exploration.request_manifold)
        workspace.model_changed.connect(plane.request_tiles)
        workspace.weights_changed.connect(plane.request_tiles)
        exploration.manifold_ready.connect(self._show_manifold)
        exploration.points_changed.connect(self._show_points)
        exploration.posterior_changed.connect(self._show_posterior)
        exploration.cursor_moved.connect(self._show_cursor)
        exploration.pin_moved.connect(self._show_dimensions_beyond)

    def _show_manifold(self, manifold: Manifold) -> None:
        self.plane.show_manifold(manifold.grid, manifold.picture)

    def _show_cursor(self) -> None:
        z = self._session.exploration.z
        self.plane.show_cursor(float(z[0]), float(z[1]) if len(z) > 1 else 0.0)

    def _show_dimensions_beyond(self) -> None:
        """The tiles take from the pin what the plane does not show."""
        beyond = self._session.exploration.pin[2:]
        if not np.array_equal(beyond, self._beyond):
            self._beyond = beyond
            self.plane.request_tiles()

    def _show_posterior(self) -> None:
        posterior = self._session.exploration.posterior
        self.zoom_button.setEnabled(posterior is not None)
        if posterior is None:
            self.plane.show_posterior(None, None)
        else:
            self.plane.show_posterior(*on_plane(posterior.z_loc, posterior.z_scale))

    def _zoom_to_posterior(self) -> None:
        self.plane.zoom_to_posterior()
        self.plane.setFocus()

    # --- points and their colours

    def _show_points(self) -> None:
        points, data = self._session.exploration.points, self._session.workspace.dataset
        if points is None:
            self._source.setText("")
            self.plane.show_points(np.zeros((0, 2), np.float32), np.zeros((0, 4), np.uint8))
            return
        known = data is not None and data.info.name == points.dataset
        factors = list(data.test_factors) if known and data is not None else []
        if [self.colour_box.itemText(n) for n in range(self.colour_box.count())] != [BY_CLASS, *factors]:
            self.colour_box.clear()
            self.colour_box.addItems([BY_CLASS, *factors])
            self.colour_box.setVisible(bool(factors))
            info = DATASETS.get(points.dataset)
            self._classes.show_classes(info.classes if info else ())
        title = DATASETS[points.dataset].title if points.dataset in DATASETS else points.dataset
        self._source.setText(f"{len(points.encodings.labels):,} test images of {title}")
        self._colour_points()

    def _colour_points(self) -> None:
        points, data = self._session.exploration.points, self._session.workspace.dataset
        if points is None:
            return
        places = points.encodings.z_loc[:, :2]
        if places.shape[1] < 2:
            places = np.pad(places, ((0, 0), (0, 1)))
        factor = self.colour_box.currentText()
        values = data.test_factors.get(factor) if data is not None else None
        if values is None:
            colours = class_colours(points.encodings.labels, self._alone)
        else:
            colours, low, high = factor_colours(values[: len(places)])
            self._factor.show_range(low, high)
        self._classes.setVisible(values is None)
        self._factor.setVisible(values is not None)
        self.plane.show_points(places, colours)

    def _isolate(self, label: int | None) -> None:
        self._alone = label
        self._colour_points()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._colour_points()
