"""The chip that spaces the plane by the quantiles of the prior."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QPushButton

from explorer.session import Session
from explorer.views.latent_plane import LatentPlane

TIP = (
    "Space z by the quantiles of the prior N(0, I): equal areas are equally probable "
    "(Kingma & Welling 2013, figure 4)"
)


class SpacingChip(QPushButton):
    """Offered where the prior is N(0, I)."""

    def __init__(self, session: Session, plane: LatentPlane) -> None:
        super().__init__("Quantiles")
        self._session, self._plane = session, plane
        self.setObjectName("quantiles")
        self.setToolTip(TIP)
        self.setCheckable(True)
        self.hide()
        self.toggled.connect(self._space)
        session.workspace.model_changed.connect(self._follow_model)
        session.exploration.chart_changed.connect(self._follow_chart)

    def _space(self, quantiles: bool) -> None:
        exploration = self._session.exploration
        if quantiles != exploration.chart.quantiles:
            exploration.set_chart(replace(exploration.chart, quantiles=quantiles))
            self._plane.go_home()

    def _follow_model(self) -> None:
        """The plane of another prior, or of another latent space, is spaced evenly."""
        prior = self._session.exploration.prior
        offered = prior is not None and prior.is_standard
        self.setVisible(offered)
        self._space(offered and self.isChecked())
        self._follow_chart()

    def _follow_chart(self) -> None:
        self.setChecked(self._session.exploration.chart.quantiles)
