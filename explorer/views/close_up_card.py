"""The plane around q(z|x), enlarged."""

from __future__ import annotations

from PySide6.QtWidgets import QSizePolicy

from explorer.session import Session
from explorer.views.card import Card, styled_label
from explorer.views.plane_items import on_plane
from explorer.views.posterior_view import PosteriorView


class CloseUpCard(Card):
    """Wires the close look at the posterior to the session."""

    def __init__(self, session: Session) -> None:
        super().__init__("Around  q(z|x)")
        self._session = session
        self._sigmas = styled_label("1σ, 2σ", "muted")
        self.heading.addWidget(self._sigmas)
        self.view = PosteriorView()
        self.view.setMinimumHeight(150)
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.body.addWidget(self.view, 1)
        exploration = session.exploration
        self.view.hovered.connect(exploration.preview)
        self.view.dragged.connect(exploration.pin_at)
        self.view.departed.connect(exploration.return_to_pin)
        exploration.posterior_changed.connect(self._show)
        exploration.label_changed.connect(self._show)
        session.encoded_data.changed.connect(self._points_changed)
        exploration.cursor_moved.connect(self._show_cursor)

    def _show(self) -> None:
        exploration = self._session.exploration
        posterior = exploration.posterior
        if posterior is None:
            self.view.show_posterior(None, None, 0.0, exploration.decode_places)
            return
        z_loc, z_scale = on_plane(posterior.z_loc, posterior.z_scale)
        step = self._spread() / 20 if posterior.is_point else float(z_scale.max())
        self.view.show_posterior(z_loc, z_scale, step, exploration.decode_places)
        self.title.setText("Around  z" if posterior.is_point else "Around  q(z|x)")
        self._sigmas.setVisible(not posterior.is_point)
        self.view.setToolTip(
            f"The surroundings of the code. The pictures are {step:.3g} apart, a twentieth of the "
            "standard deviation of all codes."
            if posterior.is_point
            else "q(z|x) at one and two standard deviations, to true scale. "
            "The pictures are one standard deviation apart."
        )
        self._show_cursor()

    def _points_changed(self) -> None:
        posterior = self._session.exploration.posterior
        if posterior is not None and posterior.is_point:
            self._show()

    def _spread(self) -> float:
        """The standard deviation of the codes on the plane; 1 where they are not known."""
        points = self._session.encoded_data.points
        if points is None or len(points.encodings.labels) < 2:
            return 1.0
        return float(points.encodings.z_loc[:, :2].std(0).max()) or 1.0

    def _show_cursor(self) -> None:
        z = self._session.exploration.z
        self.view.show_cursor(float(z[0]), float(z[1]) if len(z) > 1 else 0.0)
