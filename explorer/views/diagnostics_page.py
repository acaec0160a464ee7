"""How the latent units and the gradient of a model do: of the run as it trains, or of the open model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

import vae
from explorer.messages import Diagnosis, Progress
from explorer.session import Session
from explorer.views.card import Card, styled_label
from explorer.views.gradient_views import NormLine, VarianceBars, in_powers
from explorer.views.unit_bars import UnitBars

if TYPE_CHECKING:
    from explorer.workspace import OpenedModel
    from vae import GradientVariance, Judgement, Units

REDRAW_AFTER = 200  # milliseconds
GAP = 10
LATER = "while it trains"
NO_KL = {
    "autoencoder": "An autoencoder has no KL: its codes are points.",
    "mixture": "The KL to a mixture is told while it trains.",
}
UNITS_TIP = (
    "KL(q(z|x) ‖ p(z)) of each dimension, over test images; of a mixture to p(z|c), in the mean over q(c|x). "
    "A unit is active if the variance of its mean over images is above 0.01 (Burda et al. 2015)"
)
VARIANCE_TIP = (
    "Variance of the ELBO's gradient over draws of z, at one batch of 16 images; the mean over the encoder's "
    "weights, in (nats per image)². The expectation of both estimators is the same."
)


class DiagnosticsPage(QWidget):
    """Bars of the KL, the gradient's norm and variance; above them, what is odd and what to do about it."""

    told = Signal(str)  # a word on the units: "2 of 2 units active"
    warned = Signal(bool)  # whether something is odd

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.bars = UnitBars()
        self.norm = NormLine()
        self.variance = VarianceBars()
        self.notice = styled_label("", "notice")
        self.notice.setObjectName("diagnosticsNotice")
        self.notice.setWordWrap(True)
        self.notice.hide()
        self._norm, self._ratio = styled_label("", "muted"), styled_label("", "muted")
        self._lay_out()
        self._timer = QTimer(self, singleShot=True, interval=REDRAW_AFTER)
        self._timer.timeout.connect(self._redraw)
        session.run.began.connect(self._began)
        session.run.progressed.connect(self._progressed)
        session.run.diagnosed.connect(self._diagnosed)

    def _lay_out(self) -> None:
        units, gradient = Card("KL per dimension, nats"), Card("Gradient norm")
        scatter = Card("Gradient variance")
        gradient.heading.addWidget(self._norm)
        scatter.heading.addWidget(self._ratio)
        units.setToolTip(UNITS_TIP)
        scatter.setToolTip(VARIANCE_TIP)
        gradient.setToolTip("The norm of the gradient of the last steps, before it is clipped")
        units.body.addWidget(self.bars, 1)
        gradient.body.addWidget(self.norm, 1)
        scatter.body.addStretch(1)
        scatter.body.addWidget(self.variance)
        scatter.body.addStretch(1)
        self._cards = (units, gradient, scatter)
        self._row = row = QHBoxLayout()
        row.setSpacing(GAP)
        for card, share in zip(self._cards, (5, 3, 4), strict=True):
            row.addWidget(card, share)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.notice)
        layout.addLayout(row, 1)

    def minimumSizeHint(self) -> QSize:
        """As narrow as the widest card: where there is no room, they stand one beneath the other."""
        return QSize(max(self._widths()), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The cards side by side, if there is room."""
        super().resizeEvent(event)
        fits = sum(self._widths()) + GAP * (len(self._cards) - 1) <= self.width()
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom)

    def _widths(self) -> list[int]:
        return [card.minimumSizeHint().width() for card in self._cards]

    # --- the run

    @Slot(object)
    def _began(self) -> None:
        self.norm.clear()
        self.bars.say("appear here as the model learns")
        self._tell_units(None)
        self._tell_variance(None)
        self._warn(None)

    @Slot(object)
    def _progressed(self, message: Progress) -> None:
        self.norm.add(report.gradient_norm for report in message.steps)
        if not self._timer.isActive():
            self._timer.start()

    @Slot(object)
    def _diagnosed(self, diagnosis: Diagnosis) -> None:
        self._show(diagnosis.units, diagnosis.judgement)
        self._tell_variance(diagnosis.gradient_variance)

    @Slot()
    def _redraw(self) -> None:
        if self.isVisible() and self.norm.last is not None:  # showEvent asks again
            self._norm.setText(f"{self.norm.last:.3g}")
            self.norm.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what arrived while nobody looked."""
        super().showEvent(event)
        self._timer.start()

    # --- the open model, while there is no run

    def show_model(self, model: OpenedModel) -> None:
        """Show what the encodings in a model file tell."""
        checkpoint = model.checkpoint
        self.norm.clear()
        self._norm.setText(LATER)
        self._tell_variance(None)
        self._ratio.setText(LATER)
        if not len(checkpoint.encodings.labels):
            self.bars.say("This model keeps no encodings.")
            self._tell_units(None)
            self._warn(None)
            return
        units = vae.units_of_encodings(checkpoint.model, checkpoint.encodings)
        epoch = float(checkpoint.history[-1].epoch) if checkpoint.history else 0.0
        self._show(units, vae.judge(units, checkpoint.model.config, checkpoint.training, epoch))
        if units.kl is None:
            self.bars.say(NO_KL.get(checkpoint.model.config.family, ""))

    # --- what is told

    def _show(self, units: Units, judgement: Judgement | None) -> None:
        if units.kl is None:
            self.bars.say(NO_KL["autoencoder"])
        else:
            self.bars.show_units(units)
        self._tell_units(units)
        self._warn(judgement)

    def _tell_units(self, units: Units | None) -> None:
        self.told.emit("" if units is None else f"{units.active.sum()} of {len(units.active)} units active")

    def _tell_variance(self, variance: GradientVariance | None) -> None:
        self.variance.show_variance(variance)
        self._ratio.setText("" if variance is None else f"ratio {in_powers(variance.ratio)}")

    def _warn(self, judgement: Judgement | None) -> None:
        self.notice.setText(str(judgement or ""))
        self.notice.setVisible(judgement is not None)
        self.warned.emit(judgement is not None)
