"""The card around the latent plane: which layers are drawn, and what is done with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QPushButton

from explorer.session import Session
from explorer.views.card import Card, button
from explorer.views.exact_layer import ExactChip
from explorer.views.flow_layout import FlowLayout
from explorer.views.latent_plane import LatentPlane
from explorer.views.model_words import plane as words_of_plane
from explorer.views.plane_bounds import (
    component_outlines,
    posterior_frame,
    posterior_shapes,
    prior_circles,
    whole_plane,
)
from explorer.views.plane_chooser import PlaneChooser
from explorer.views.plane_legend import PlaneLegend
from explorer.views.plane_map import MapChooser, PlaneMap
from explorer.views.plane_viewpoint import PlaneViewpoint
from explorer.views.posteriors_layer import PosteriorsChip
from explorer.views.spacing_chip import SpacingChip

TILES = "Pictures decoded across the plane"
PRIOR = "The prior at one, two and three standard deviations"
COMPONENTS = "The prior's components at one standard deviation"
ZOOM = "Zoom to the posterior: q(z|x), and p(z|x) once it is known, wherever it lies (Z)"


class PlaneCard(Card):
    """Wires the plane to the session."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._beyond = np.zeros(0, np.float32)  # the pin's part that the plane does not show
        self.plane = LatentPlane()
        self._shared = True  # whether the prior is N(0, I): the view is then kept for the next model
        self.layers = {
            "Manifold": self._layer("Manifold", TILES, self.plane.set_manifold_visible),
            "Points": self._layer("Points", "Means of q(z|x) of the images", self.plane.set_points_visible),
            "q(z|x)": self._layer(
                "q(z|x)", "One and two standard deviations of q(z|x)", self.plane.set_posterior_visible
            ),
            "Prior": self._layer("Prior", PRIOR, self.plane.set_prior_visible),
        }
        self.path_button = button("Path", "Walk along a line between two places", "pathButton")
        self.path_button.setCheckable(True)
        self.home_button = button("Home", "Show the whole plane again (Home)", "homeButton")
        self.home_button.clicked.connect(self.plane.go_home)
        self.zoom_button = button("Zoom", ZOOM, "zoomButton")
        self.zoom_button.setAccessibleName("Zoom to the posterior")
        self.zoom_button.clicked.connect(self.zoom_to_posterior)
        self.map_box, self.map = MapChooser(session), PlaneMap(session, self.plane)
        self.exact_layer = ExactChip(session, self.plane)
        self.all_posteriors = PosteriorsChip(session, self.plane)
        row = FlowLayout(spacing=4)  # two lines, in the smallest window
        for widget in (
            *(*self.layers.values(), self.exact_layer, self.all_posteriors),
            *(self.map_box, PlaneChooser(session, self.plane), SpacingChip(session, self.plane)),
            *(self.path_button, self.zoom_button, self.home_button),
        ):
            widget.setProperty("role", "layer")
            row.addWidget(widget)
        self.body.addLayout(row)
        self.body.addWidget(self.plane, 1)
        self.body.addWidget(self.map)
        self.legend = PlaneLegend(session, self.plane, self.all_posteriors)
        self.body.addWidget(self.legend)
        self._connect()
        switches = (*self.layers.values(), self.exact_layer, self.all_posteriors, self.path_button)
        PlaneViewpoint(session, self.plane, {switch.text(): switch for switch in switches})

    def _layer(self, name: str, tip: str, show: Callable[[bool], None]) -> QPushButton:
        layer = button(name, tip, f"layer{name}")
        layer.setCheckable(True)
        layer.setChecked(True)
        layer.toggled.connect(show)
        return layer

    def _connect(self) -> None:
        exploration, workspace, plane = self._session.exploration, self._session.workspace, self.plane
        plane.hovered.connect(exploration.preview)
        plane.dragged.connect(exploration.pin_at)
        plane.departed.connect(exploration.return_to_pin)
        plane.nudged.connect(exploration.nudge)
        plane.tiles_wanted.connect(exploration.request_manifold)
        workspace.model_changed.connect(self._model_changed)
        workspace.weights_changed.connect(self._show_prior)
        workspace.model_changed.connect(plane.request_tiles)
        workspace.weights_changed.connect(plane.request_tiles)
        exploration.manifold_ready.connect(plane.show_manifold)
        exploration.surroundings_ready.connect(plane.show_surroundings)
        exploration.label_changed.connect(plane.request_tiles)
        self._session.encoded_data.changed.connect(self._set_home)
        exploration.posterior_changed.connect(self._show_posterior)
        exploration.cursor_moved.connect(self._show_cursor)
        exploration.pin_moved.connect(self._show_dimensions_beyond)
        exploration.chart_changed.connect(self._chart_changed)

    def _model_changed(self) -> None:
        """Offer the layers that the model has, and show the whole of its plane."""
        exploration, model = self._session.exploration, self._session.workspace.model
        shared = exploration.prior is not None and exploration.prior.is_standard
        self.layers["Prior"].setVisible(self._components() > 0)
        self.layers["Prior"].setToolTip(PRIOR if shared else COMPONENTS)
        if model is not None:
            self.plane.fit_tiles(model.image_shape)
        words = words_of_plane(model.checkpoint.model.config) if model is not None else ""
        self.layers["Manifold"].setToolTip(f"{TILES}. {words}" if words else TILES)
        self.legend.source.explain(words)
        self.plane.follow_chart(exploration.chart)
        self._show_prior()
        if not (shared and self._shared):
            self.plane.go_home()
        self._shared = shared

    def _show_prior(self) -> None:
        exploration = self._session.exploration
        prior, chart = exploration.prior, exploration.chart
        self.plane.show_prior(prior_circles(prior, chart), component_outlines(prior, chart))
        self._set_home()

    def _set_home(self) -> None:
        exploration = self._session.exploration
        self.plane.set_home(whole_plane(exploration.prior, self.legend.places(), exploration.chart))

    def _show_cursor(self) -> None:
        self.plane.show_cursor(*self._session.exploration.cursor)

    def _show_dimensions_beyond(self) -> None:
        """The tiles take from the pin what the plane does not show."""
        exploration = self._session.exploration
        beyond = exploration.chart.codes(np.zeros((1, 2), np.float32), exploration.pin)[0]
        if not np.array_equal(beyond, self._beyond):
            self._beyond = beyond
            self.plane.request_tiles()

    def _chart_changed(self) -> None:
        """The plane stands for other codes: all is drawn anew."""
        chart = self._session.exploration.chart
        self.plane.follow_chart(chart)
        self._show_prior()
        self.legend.colour_points()
        self._show_posterior()
        self._show_cursor()
        self.plane.request_tiles()

    def _show_posterior(self) -> None:
        posterior = self._session.exploration.posterior
        self.zoom_button.setEnabled(posterior is not None)
        if posterior is None:
            self.plane.show_posterior(None)
        else:
            chart = self._session.exploration.chart
            self.plane.show_posterior(*posterior_shapes(posterior, chart))

    def zoom_to_posterior(self) -> None:
        """Show all of q(z|x), and of p(z|x) and q* as far as they are drawn."""
        posterior = self._session.exploration.posterior
        if posterior is not None:
            chart = self._session.exploration.chart
            self.plane.zoom_to(posterior_frame(posterior, chart, self.exact_layer.places()))
            self.plane.setFocus()

    def _components(self) -> int:
        prior = self._session.exploration.prior
        return 0 if prior is None else len(prior.loc)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._show_prior()
