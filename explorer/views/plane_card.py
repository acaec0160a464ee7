"""The card around the latent plane: which layers are drawn, how the points are coloured, the legend."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton

from explorer.messages import ClassMap, Manifold
from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.flow_layout import FlowLayout
from explorer.views.latent_plane import LatentPlane
from explorer.views.legend import (
    ClassLegend,
    FactorLegend,
    class_colours,
    factor_colours,
    map_colours,
)
from explorer.views.model_words import plane as words_of_plane
from explorer.views.plane_bounds import codes_on_plane, component_rects, whole_plane
from explorer.views.plane_items import on_plane

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
        self._class_map: ClassMap | None = None
        self._names: tuple[str, ...] = ()  # in the legend
        self._beyond = np.zeros(0, np.float32)  # the pin's dimensions from the third on
        self.plane = LatentPlane()
        self._shared = True  # whether the prior is N(0, I): the view is then kept for the next model
        self.layers = {
            "Manifold": self._layer("Manifold", TILES, self.plane.set_manifold_visible),
            "Points": self._layer("Points", "Means of q(z|x) of the test set", self.plane.set_points_visible),
            "q(z|x)": self._layer(
                "q(z|x)", "One and two standard deviations of q(z|x)", self.plane.set_posterior_visible
            ),
            "Prior": self._layer("Prior", PRIOR, self.plane.set_prior_visible),
        }
        self.class_layer = self._layer(
            "p(y|z)",
            "The most probable label at each place; the fuller, the surer",
            self.plane.set_classes_visible,
        )
        self.class_layer.hide()
        self.path_button = button("Path", "Walk along a line between two places", "pathButton")
        self.path_button.setCheckable(True)
        self.home_button = button("Home", "Show the whole plane again (Home)", "homeButton")
        self.home_button.clicked.connect(self.plane.go_home)
        self.zoom_button = button("Zoom to q", "Show the surroundings of q(z|x)", "zoomButton")
        self.zoom_button.clicked.connect(self._zoom_to_posterior)
        row = FlowLayout()
        for widget in (
            *(*self.layers.values(), self.class_layer),
            *(self.path_button, self.zoom_button, self.home_button),
        ):
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
        workspace.model_changed.connect(self._model_changed)
        workspace.weights_changed.connect(self._show_prior)
        workspace.model_changed.connect(plane.request_tiles)
        workspace.weights_changed.connect(plane.request_tiles)
        exploration.manifold_ready.connect(self._show_manifold)
        exploration.classes_ready.connect(self._show_classes)
        exploration.label_changed.connect(plane.request_tiles)
        self._session.encoded_data.changed.connect(self._show_points)
        exploration.posterior_changed.connect(self._show_posterior)
        exploration.cursor_moved.connect(self._show_cursor)
        exploration.pin_moved.connect(self._show_dimensions_beyond)

    def _show_manifold(self, manifold: Manifold) -> None:
        self.plane.show_manifold(manifold.grid, manifold.picture)

    def _show_classes(self, classes: ClassMap) -> None:
        self._class_map = classes
        self.plane.show_classes(classes.grid, map_colours(classes.labels, classes.probabilities))

    def _model_changed(self) -> None:
        """Offer the layers that the model has, and show the whole of its plane."""
        exploration, model = self._session.exploration, self._session.workspace.model
        self._class_map = None
        known = exploration.decoded is not None and exploration.decoded.label_probabilities is not None
        self.class_layer.setVisible(known)
        self.plane.set_classes_visible(known and self.class_layer.isChecked())
        self.layers["Prior"].setVisible(exploration.prior is not None)
        mixture = exploration.prior is not None and exploration.prior.is_mixture
        self.layers["Prior"].setToolTip(COMPONENTS if mixture else PRIOR)
        words = words_of_plane(model.checkpoint.model.config) if model is not None else ""
        self.layers["Manifold"].setToolTip(f"{TILES}. {words}" if words else TILES)
        self._source.setToolTip(words)
        self._show_prior()
        shared = exploration.prior is not None and not mixture
        if not (shared and self._shared):
            self.plane.go_home()
        self._shared = shared

    def _show_prior(self) -> None:
        self.plane.show_prior(component_rects(self._session.exploration.prior))
        self._set_home()

    def _set_home(self) -> None:
        points, latent_dim = self._session.encoded_data.points, len(self._session.exploration.pin)
        z_loc = np.zeros((0, latent_dim), np.float32) if points is None else points.encodings.z_loc
        self.plane.set_home(whole_plane(self._session.exploration.prior, codes_on_plane(z_loc)))

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
        points, workspace = self._session.encoded_data.points, self._session.workspace
        if points is None:
            self._source.setText("")
            self.plane.show_points(np.zeros((0, 2), np.float32), np.zeros((0, 4), np.uint8))
            return
        data, info = workspace.dataset, workspace.info_of(points.dataset)
        factors = list(data.test_factors) if data is not None and data.info.name == points.dataset else []
        self._offer_colours([BY_CLASS, *([BY_COMPONENT] if points.components is not None else []), *factors])
        title, count = info.title if info is not None else points.dataset, len(points.encodings.labels)
        self._source.setText(
            f"{count:,} test images of {title}"
            if points.accuracy is None
            else f"{title}: label right for {points.accuracy:.1%} of {count:,}"
        )
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
        points, data = self._session.encoded_data.points, self._session.workspace.dataset
        if points is None:
            return
        colour = self.colour_box.currentText()
        values = data.test_factors.get(colour) if data is not None else None
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
        self.plane.show_points(codes_on_plane(points.encodings.z_loc), colours)

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
            if self._class_map is not None:
                self._show_classes(self._class_map)
