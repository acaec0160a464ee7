"""The latent plane of one of two models: what is drawn on it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRectF, Signal

from explorer.comparison import Comparison, Side
from explorer.views.latent_plane import LatentPlane
from explorer.views.legend import class_colours
from explorer.views.plane_bounds import component_outlines, posterior_shapes, prior_circles, whole_plane
from explorer.workspace import OpenedModel


class ComparePlane(LatentPlane):
    """Tiles, points, prior and q(z|x) of one side; its cursor is the cursor of both."""

    view_chosen = Signal(QRectF)  # by the user, on this plane

    def __init__(self, comparison: Comparison, side: Side, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._side = side
        self._placing = False  # whether the view is moved by somebody else than the user
        self._alone: int | None = None  # the class that is shown, if not all are
        self._standard = True  # whether the prior is N(0, I): the view is then kept for the next model
        self.hovered.connect(lambda z1, z2: comparison.preview(side, z1, z2))
        self.dragged.connect(lambda z1, z2: comparison.pin_at(side, z1, z2))
        self.nudged.connect(lambda right, up: comparison.nudge(side, right, up))
        self.departed.connect(comparison.return_to_pin)
        self.tiles_wanted.connect(side.exploration.request_manifold)
        self.plane.sigRangeChanged.connect(self._tell_of_view)
        side.workspace.model_changed.connect(self._model_changed)
        side.workspace.weights_changed.connect(self._weights_changed)
        side.exploration.chart_changed.connect(self._chart_changed)
        side.exploration.manifold_ready.connect(self.show_manifold)
        side.exploration.label_changed.connect(self.request_tiles)
        side.exploration.posterior_changed.connect(self._draw_posterior)
        side.exploration.cursor_moved.connect(lambda: self.show_cursor(*side.exploration.cursor))
        side.exploration.pin_moved.connect(self._pin_moved)
        side.encoded_data.changed.connect(self._draw_points)

    def see(self, view: QRectF) -> None:
        """Show the same part of the plane as the other does."""
        self._placing = True
        self._leave_home()
        self.plane.setRange(view, padding=0)
        self._placing = False

    def isolate(self, label: int | None) -> None:
        """Show the points of one class alone, or of all."""
        self._alone = label
        self._draw_points()

    def _tell_of_view(self) -> None:
        if not self._placing and self.isVisible():
            self.view_chosen.emit(self.view_rect())

    def _model_changed(self, model: OpenedModel) -> None:
        exploration = self._side.exploration
        self.follow_chart(exploration.chart)
        self.fit_tiles(model.image_shape)
        self._draw_prior()
        standard = exploration.prior is not None and exploration.prior.is_standard
        if not (standard and self._standard):
            self._placing = True
            self.go_home()
            self._placing = False
        self._standard = standard
        self.request_tiles()

    def _chart_changed(self) -> None:
        """The plane stands for other codes: all is drawn anew."""
        self.follow_chart(self._side.exploration.chart)
        self._draw_prior()
        self._draw_points()
        self._draw_posterior()
        self.show_cursor(*self._side.exploration.cursor)
        self.request_tiles()

    def _weights_changed(self) -> None:
        self._draw_prior()
        self.request_tiles()

    def _draw_prior(self) -> None:
        prior, chart = self._side.exploration.prior, self._side.exploration.chart
        self.show_prior(prior_circles(prior, chart), component_outlines(prior, chart))
        self._bound()

    def _bound(self) -> None:
        exploration, points = self._side.exploration, self._side.encoded_data.points
        places = (
            np.zeros((0, 2), np.float32)
            if points is None
            else exploration.chart.places(points.encodings.z_loc)
        )
        self._placing = True
        self.set_home(whole_plane(exploration.prior, places, exploration.chart))
        self._placing = False

    def _draw_points(self) -> None:
        points = self._side.encoded_data.points
        if points is None:
            self.show_points(np.zeros((0, 2), np.float32), np.zeros((0, 4), np.uint8))
            return
        places = self._side.exploration.chart.places(points.encodings.z_loc)
        self.show_points(places, class_colours(points.encodings.labels, self._alone))
        self._bound()

    def _draw_posterior(self) -> None:
        posterior = self._side.exploration.posterior
        if posterior is None:
            self.show_posterior(None)
        else:
            self.show_posterior(*posterior_shapes(posterior, self._side.exploration.chart))

    def _pin_moved(self) -> None:
        """Of more than two dimensions the tiles take the others from the pin."""
        if len(self._side.exploration.pin) > 2:
            self.request_tiles()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._draw_points()
