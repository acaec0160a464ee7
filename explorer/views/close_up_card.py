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
        self.heading.addWidget(styled_label("1σ, 2σ", "muted"))
        self.view = PosteriorView()
        self.view.setMinimumHeight(150)
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.view.setToolTip(
            "q(z|x) at one and two standard deviations, to true scale. "
            "The pictures are one standard deviation apart."
        )
        self.body.addWidget(self.view, 1)
        exploration = session.exploration
        self.view.hovered.connect(exploration.preview)
        self.view.dragged.connect(exploration.pin_at)
        self.view.departed.connect(exploration.return_to_pin)
        exploration.posterior_changed.connect(self._show)
        exploration.cursor_moved.connect(self._show_cursor)

    def _show(self) -> None:
        exploration = self._session.exploration
        if exploration.posterior is None:
            self.view.show_posterior(None, None, exploration.decode_places)
            return
        place = on_plane(exploration.posterior.z_loc, exploration.posterior.z_scale)
        self.view.show_posterior(*place, exploration.decode_places)
        self._show_cursor()

    def _show_cursor(self) -> None:
        z = self._session.exploration.z
        self.view.show_cursor(float(z[0]), float(z[1]) if len(z) > 1 else 0.0)
