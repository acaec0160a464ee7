"""The slider through the snapshots of a run, from the untrained model on."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider

from explorer.session import Session
from explorer.views.card import Card, button
from explorer.views.numbers import number
from explorer.views.steady_label import SteadyLabel

FRAME_MS = 90  # milliseconds between two frames while it plays, if the plane is as fast
TIP = (
    "The plane as it was at a step of this run: drag to the left for earlier. "
    "The ELBO is that of the training images around this step, in nats per image"
)


class TimeBar(Card):
    """Shown while the open model is a run with snapshots; it listens only while it is shown."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._machine = session, session.time_machine
        self.play = button("▶", "Replay the run from the untrained model on", "timePlay", "layer")
        self.play.setCheckable(True)
        self.play.setAccessibleName("Replay the run")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("timeSlider")
        self.slider.setAccessibleName("Step of the run that is shown")
        self.slider.setToolTip(TIP)
        self.text = SteadyLabel("muted", "step 100,000 · epoch 100.0 · reconstruction −1,000.0")
        self.text.setToolTip(TIP)
        self.now = button("Now", "Show the run as it is now", "timeNow", "layer")
        row = QHBoxLayout()
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        row.addWidget(self.now)
        self.body.addLayout(row)
        self.body.addWidget(self.text)
        self.body.setContentsMargins(10, 6, 10, 6)
        self.body.setSpacing(2)
        self._timer = QTimer(self, interval=FRAME_MS)
        self._timer.timeout.connect(self._advance)
        self.play.toggled.connect(self._set_playing)
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(self._show)
        self.now.clicked.connect(self._return)
        self._machine.changed.connect(self._changed)
        self.hide()

    def stop(self) -> None:
        """Play no longer, and show the run as it is now."""
        self.play.setChecked(False)
        self._machine.return_to_now()

    @Slot()
    def _changed(self) -> None:
        self.setVisible(self._machine.available)
        if self._machine.available:
            self._show()

    @Slot()
    def _show(self) -> None:
        machine = self._machine
        if not machine.available:
            return
        frame, newest = machine.frame, machine.frames[-1].step
        if not self.slider.isSliderDown():  # else the handle would slip from under the mouse
            with QSignalBlocker(self.slider):
                self.slider.setMaximum(newest)
                self.slider.setSingleStep(max(1, newest // 64))
                self.slider.setPageStep(max(1, newest // 8))
                self.slider.setValue(frame.step if machine.replaying else newest)
        words = [f"step {frame.step:,}" if frame.step else "untrained", f"epoch {frame.epoch:.1f}"]
        if frame.elbo is not None:
            words.append(f"{self._bound()} {number(frame.elbo, 1)}")
        self.text.set_text(" · ".join(words))
        self.now.setText("Live" if machine.going_on else "Now")
        self.now.setEnabled(machine.replaying)
        if not machine.replaying and not self.slider.isSliderDown():
            self.play.setChecked(False)

    def _bound(self) -> str:
        model = self._session.workspace.model
        family = model.checkpoint.model.config.family if model is not None else ""
        return "reconstruction" if family == "autoencoder" else "ELBO"

    @Slot(int)
    def _moved(self, step: int) -> None:
        """At the end of the slider is now."""
        if step == self.slider.maximum():
            self._machine.return_to_now()
        else:
            self._machine.go_to(step)

    @Slot()
    def _return(self) -> None:
        """Follow the run again where somebody has stopped that."""
        self.play.setChecked(False)
        if self._machine.going_on and not self._session.live_model.following:
            self._session.live_model.set_following(True)
        else:
            self._machine.return_to_now()

    @Slot(bool)
    def _set_playing(self, playing: bool) -> None:
        self.play.setText("❚❚" if playing else "▶")
        if not playing:
            self._timer.stop()
            return
        if not self._machine.replaying:
            self._machine.go_to(0)
        self._timer.start()

    @Slot()
    def _advance(self) -> None:
        self._machine.advance()

    def hideEvent(self, event: QHideEvent) -> None:
        """What nobody sees is not played."""
        super().hideEvent(event)
        self.play.setChecked(False)
