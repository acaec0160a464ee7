"""The card around the latent plane: which layers are drawn, how the points are coloured, the legend."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton

from explorer.session import Session
from explorer.views.card import Card, button
from explorer.views.exact_layer import ExactChip
from explorer.views.flow_layout import FlowLayout
from explorer.views.latent_plane import LatentPlane
from explorer.views.legend import (
    ClassLegend,
    FactorLegend,
    class_colours,
    factor_colours,
)
from explorer.views.model_words import plane as words_of_plane
from explorer.views.part_chooser import PartChooser
from explorer.views.plane_bounds import component_outlines, posterior_shapes, prior_circles, whole_plane
from explorer.views.plane_chooser import PlaneChooser
from explorer.views.plane_map import MapChooser, PlaneMap
from explorer.views.plane_viewpoint import PlaneViewpoint
from explorer.views.posteriors_layer import PosteriorsChip
from explorer.views.spacing_chip import SpacingChip
from vae.dataset import Part

BY_CLASS, BY_COMPONENT = "class", "component"
TILES = "Pictures decoded across the plane"
PRIOR = "The prior at one, two and three standard deviations"
COMPONENTS = "The prior's components at one standard deviation"


class PlaneCard(Card):
    """Wires the plane to the session."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._alone: int | None = None
        self._names: tuple[str, ...] = ()  # in the legend
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
        self.zoom_button = button("Zoom to q", "Show the surroundings of q(z|x)", "zoomButton")
        self.zoom_button.clicked.connect(self._zoom_to_posterior)
        self.map_box, self.map = MapChooser(session), PlaneMap(session, self.plane)
        self.exact_layer = ExactChip(session, self.plane)
        self.all_posteriors = PosteriorsChip(session, self.plane)
        row = FlowLayout()
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
        self._build_legend()
        self._connect()
        switches = (*self.layers.values(), self.exact_layer, self.all_posteriors, self.path_button)
        PlaneViewpoint(session, self.plane, {switch.text(): switch for switch in switches})

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
        self._source = PartChooser(self._session)
        row = QHBoxLayout()
        row.addWidget(self._source)
        row.addStretch(1)
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
        workspace.model_changed.connect(self._model_changed)
        workspace.weights_changed.connect(self._show_prior)
        workspace.model_changed.connect(plane.request_tiles)
        workspace.weights_changed.connect(plane.request_tiles)
        exploration.manifold_ready.connect(plane.show_manifold)
        exploration.surroundings_ready.connect(plane.show_surroundings)
        exploration.label_changed.connect(plane.request_tiles)
        self._session.encoded_data.changed.connect(self._show_points)
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
        self._source.explain(words)
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
        self.plane.set_home(whole_plane(exploration.prior, self._places(), exploration.chart))

    def _places(self) -> NDArray[np.float32]:
        """(N, 2) where the points stand."""
        points = self._session.encoded_data.points
        if points is None:
            return np.zeros((0, 2), np.float32)
        return self._session.exploration.chart.places(points.encodings.z_loc)

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
        self._colour_points()
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

    def _zoom_to_posterior(self) -> None:
        self.plane.zoom_to_posterior()
        self.plane.setFocus()

    # --- points and their colours

    def _show_points(self) -> None:
        points = self._session.encoded_data.points
        if points is None:
            self.plane.show_points(np.zeros((0, 2), np.float32), np.zeros((0, 4), np.uint8))
            return
        factors = list(self._factors())
        self._offer_colours([BY_CLASS, *([BY_COMPONENT] if points.components is not None else []), *factors])
        self._set_home()
        self._colour_points()

    def _offer_colours(self, choices: list[str]) -> None:
        """Keep the choice, where it is still one."""
        if [self.colour_box.itemText(n) for n in range(self.colour_box.count())] != choices:
            chosen = self.colour_box.currentText()
            with QSignalBlocker(self.colour_box):
                self.colour_box.clear()
                self.colour_box.addItems(choices)
                self.colour_box.setCurrentIndex(max(0, self.colour_box.findText(chosen)))
            self.colour_box.setVisible(len(choices) > 1)

    def _colour_points(self) -> None:
        points = self._session.encoded_data.points
        if points is None:
            return
        colour = self.colour_box.currentText()
        values = self._factors().get(colour)
        if values is not None:
            colours, low, high = factor_colours(values[: len(points.encodings.labels)])
            self._factor.show_range(low, high)
        elif colour == BY_COMPONENT and points.components is not None:
            self._show_names(tuple(str(place + 1) for place in range(self._components())))
            colours = class_colours(points.components, self._alone)
        else:
            info = self._session.workspace.info_of(points.dataset)
            self._show_names(info.classes if info else ())
            colours = class_colours(points.encodings.labels, self._alone)
        self._classes.setVisible(values is None)
        self._factor.setVisible(values is not None)
        self.plane.show_points(self._places(), colours)
        self.all_posteriors.show_posteriors(colours)

    def _factors(self) -> Mapping[str, NDArray[np.float32]]:
        """What is known of the images behind the points, (N,) each."""
        points, data = self._session.encoded_data.points, self._session.workspace.dataset
        if points is None or data is None or data.info.name != points.dataset:
            return {}
        return data.test_factors if points.part is Part.TEST else {}

    def _components(self) -> int:
        prior = self._session.exploration.prior
        return 0 if prior is None else len(prior.loc)

    def _show_names(self, names: tuple[str, ...]) -> None:
        """The legend of classes or of components."""
        if names != self._names:
            self._names, self._alone = names, None
            self._classes.show_classes(names)

    def _isolate(self, label: int | None) -> None:
        self._alone = label
        self._colour_points()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._colour_points()
            self._show_prior()
