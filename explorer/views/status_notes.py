"""What stands in the status bar: a hint, how fast a place is decoded, how far a run has come, the model."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QStatusBar

from explorer.messages import Progress
from explorer.run import RunState
from explorer.session import Session
from explorer.views.card import styled_label
from explorer.views.numbers import number
from explorer.views.steady_label import SteadyLabel
from explorer.workspace import OpenedModel

MARGIN = 16  # pixels
SHORT = 6_000  # milliseconds that a message stays
READABLE = 200  # milliseconds between two speeds
HINT = "Drag to decode · scroll to zoom · right button to pan"


class StatusNotes:
    """Fills a status bar and keeps it up to date."""

    def __init__(self, bar: QStatusBar, session: Session) -> None:
        self._bar, self._session = bar, session
        self._hint, self._model = styled_label("", "muted"), styled_label("", "muted")
        self._run = SteadyLabel("muted", "training 1,000,000 of 1,000,000 steps")
        self._speed = SteadyLabel("muted", "decode 100.0 ms")
        self._hint.setText(HINT)
        self._hint.setContentsMargins(10, 0, 0, 0)
        bar.addWidget(self._hint)
        self._permanent = (self._run, self._speed, self._model)
        for label in self._permanent:
            label.setContentsMargins(8, 0, 8, 0)
            bar.addPermanentWidget(label)
        self._run.hide()
        self._speed.setToolTip("How long the picture under the cursor took to decode")
        session.noted.connect(self.show_message)
        self._now_and_then = QTimer(bar, singleShot=True, interval=READABLE)
        self._now_and_then.timeout.connect(self._show_speed)
        session.exploration.cursor_moved.connect(self._decoded)
        session.run.progressed.connect(self._show_progress)
        session.run.state_changed.connect(self._show_state)
        session.workspace.model_changed.connect(self._show_model)
        session.workspace.title_changed.connect(self._show_model)

    def set_hint_visible(self, visible: bool) -> None:
        """Show how to use the plane, where the plane is seen."""
        self._hint.setVisible(visible)

    def show_message(self, text: str) -> None:
        """A word that goes away by itself; a long path in it is cut in the middle."""
        room = min((label.x() for label in self._permanent if label.isVisible()), default=self._bar.width())
        metrics = self._bar.fontMetrics()
        self._bar.showMessage(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, room - MARGIN), SHORT)

    def _decoded(self) -> None:
        if not self._now_and_then.isActive():
            self._now_and_then.start()

    def _show_speed(self) -> None:
        self._speed.set_text(f"decode {1e3 * self._session.exploration.decode_seconds:.1f} ms")

    def _show_progress(self, progress: Progress) -> None:
        last = progress.steps[-1]
        self._run.set_text(f"training {last.step:,} of {last.steps:,} steps")

    def _show_state(self, state: RunState) -> None:
        """How far it has come matters while there is a run; else messages have the room."""
        self._run.setVisible(state is not RunState.IDLE)
        if state is RunState.IDLE:
            self._run.set_text("")

    def _show_model(self, model: OpenedModel) -> None:
        history = model.checkpoint.history
        notes = [f"{model.latent_dim}-D"]
        if history:
            bound = "reconstruction" if model.checkpoint.model.config.family == "autoencoder" else "ELBO"
            notes += [f"test {bound} {number(history[-1].test.elbo, 1)} nats", f"{len(history)} epochs"]
        elif self._session.run.active:
            notes.append("in training")
        self._model.setText(" · ".join(notes))
