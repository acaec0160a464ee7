"""The plane around q(z|x), enlarged."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QSizePolicy

from explorer.session import Session
from explorer.views.card import Card, styled_label
from explorer.views.exact_layer import ExactLayer, contour_lines
from explorer.views.model_words import given_label
from explorer.views.plane_bounds import posterior_shapes
from explorer.views.posterior_view import REACH, PosteriorView

NEAR = 2.5  # times the reach around q(z|x) within which p(z|x) is taken into the frame
REST = 0.5  # seconds between two pictures of it while the weights move


class CloseUpCard(Card):
    """Wires the close look at the posterior to the session."""

    def __init__(self, session: Session) -> None:
        super().__init__("Around  q(z|x)")
        self._session = session
        self._reach = 0.0
        self._sigmas = styled_label("1σ, 2σ", "muted")
        self.heading.addWidget(self._sigmas)
        self.view = PosteriorView()
        ExactLayer(session, self.view)
        self.view.setMinimumHeight(130)
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.body.addWidget(self.view, 1)
        exploration = session.exploration
        self.view.hovered.connect(exploration.preview)
        self.view.dragged.connect(exploration.pin_at)
        self.view.departed.connect(exploration.return_to_pin)
        self._version, self._due = 0, 0.0  # of the weights that are shown, and when others may be
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._show)
        exploration.posterior_changed.connect(self._posterior_changed)
        exploration.label_changed.connect(self._show)
        exploration.chart_changed.connect(self._show)
        session.encoded_data.changed.connect(self._points_changed)
        exploration.cursor_moved.connect(self._show_cursor)
        session.evidence.changed.connect(self._evidence_changed)

    def _posterior_changed(self) -> None:
        """Another image is shown at once; other weights, which a run brings again and again, now and then."""
        model, wait = self._session.workspace.model, self._due - time.monotonic()
        if model is None or model.version == self._version or wait <= 0:
            self._show()
        elif not self._rest.isActive():
            self._rest.start(round(1000 * wait))

    def _show(self) -> None:
        exploration, model = self._session.exploration, self._session.workspace.model
        self._version = 0 if model is None else model.version
        self._due = time.monotonic() + REST
        posterior = exploration.posterior
        if posterior is None:
            self.view.show_posterior(None, (), 0.0, 0.0, exploration.decode_places)
            return
        self.view.follow_chart(exploration.chart)
        place, outlines = posterior_shapes(posterior, exploration.chart)
        step = self._spread() / 20 if posterior.is_point else float(np.ptp(outlines[0], axis=0).max()) / 2
        self._reach = self._find_reach(place, step)
        self.view.show_posterior(place, outlines, step, self._reach, exploration.decode_places)
        whole = given_label("q(z|x)", exploration.label)
        self.title.setText("Around  z" if posterior.is_point else f"Around  {whole}")
        self._sigmas.setVisible(not posterior.is_point)
        self.view.setToolTip(
            f"The surroundings of the code. The pictures are {step:.3g} apart, a twentieth of the "
            "standard deviation of all codes."
            if posterior.is_point
            else "q(z|x) at one and two standard deviations, to true scale, and p(z|x) where it lies near. "
            "The pictures are one standard deviation apart."
        )
        self._show_cursor()

    def _evidence_changed(self) -> None:
        """Widen the frame, or leave it as it is."""
        posterior, exact = self._session.exploration.posterior, self._session.evidence.exact
        if posterior is None or exact is None or not exact.refined or posterior.is_point:
            return
        place, outlines = posterior_shapes(posterior, self._session.exploration.chart)
        if self._find_reach(place, float(np.ptp(outlines[0], axis=0).max()) / 2) != self._reach:
            self._show()

    def _find_reach(self, place: NDArray[np.float32], step: float) -> float:
        """From the mean to the edge: what holds q(z|x), and p(z|x) as well where it lies near."""
        exact, usual = self._session.evidence.exact, REACH * step
        if exact is None or not exact.refined:
            return usual
        lines = contour_lines(exact, self._session.exploration.chart)[-1]
        needed = 1.1 * max((float(np.abs(line - place).max()) for line in lines), default=0.0)
        return max(usual, needed) if needed < NEAR * usual else usual

    def _points_changed(self) -> None:
        posterior = self._session.exploration.posterior
        if posterior is not None and posterior.is_point:
            self._show()

    def _spread(self) -> float:
        """The standard deviation of the codes on the plane; 1 where they are not known."""
        points, chart = self._session.encoded_data.points, self._session.exploration.chart
        if points is None or points.encodings.z_loc.shape[1] != len(chart.origin):  # of the model before
            return 1.0
        return float(chart.places(points.encodings.z_loc).std(0).max()) or 1.0

    def _show_cursor(self) -> None:
        self.view.show_cursor(*self._session.exploration.cursor)
