"""Start, pause, stop and reset a run on points, and how far it has come."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QGridLayout, QProgressBar, QWidget

from explorer.points_run import PointsRun
from explorer.run import RunState
from explorer.views.card import button


class PointsControls(QWidget):
    """Four buttons, each enabled when it means something."""

    def __init__(self, run: PointsRun) -> None:
        super().__init__()
        self._run = run
        self.start_button = button(
            "&Start", "Train the autoencoder and the VAE side by side", "startPointsButton", "primary"
        )
        self.pause_button = button("Pa&use", "Hold the run, or go on (Space)", "pausePointsButton")
        self.stop_button = button("St&op", "End the run; what it has learned stays", "stopPointsButton")
        self.reset_button = button("&Reset", "Forget what was learned", "resetPointsButton")
        self.progress = QProgressBar()
        self.progress.setObjectName("pointsProgress")
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(6)
        layout.addWidget(self.start_button, 0, 0, 1, 3)
        for column, made in enumerate((self.pause_button, self.stop_button, self.reset_button)):
            layout.addWidget(made, 1, column)
        layout.addWidget(self.progress, 2, 0, 1, 3)
        self.start_button.clicked.connect(self._start)
        self.pause_button.clicked.connect(self.toggle_pause)
        self.stop_button.clicked.connect(run.stop)
        self.reset_button.clicked.connect(run.reset)
        for signal in (run.state_changed, run.learned, run.cloud_changed):
            signal.connect(self._refresh)
        self._refresh()

    @Slot()
    def _start(self) -> None:
        self._run.start()
        self.pause_button.setFocus()  # Space is for pausing, and must not start anew

    @Slot()
    def toggle_pause(self) -> None:
        """Pause the run, or go on."""
        self._run.resume() if self._run.state is RunState.PAUSED else self._run.pause()

    @Slot()
    def _refresh(self) -> None:
        state, snapshot = self._run.state, self._run.snapshot
        going = state in (RunState.RUNNING, RunState.PAUSED)
        if self.pause_button.hasFocus() and not going:
            self.setFocus()  # else Qt hands it on to Reset, and Space would forget what was learned
        self.start_button.setText("&Start anew" if going or snapshot else "&Start")
        self.pause_button.setText("Res&ume" if state is RunState.PAUSED else "Pa&use")
        self.pause_button.setEnabled(going)
        self.stop_button.setEnabled(going)
        trained = self._run.vae is not None or self._run.autoencoder is not None
        self.reset_button.setEnabled(going or trained)
        self.progress.setMaximum(snapshot.steps if snapshot else 1)
        self.progress.setValue(snapshot.step if snapshot else 0)
        self.progress.setFormat(
            "step %v of %m"
            if snapshot
            else "Starting …"
            if going
            else "From a file"
            if trained
            else "Not trained yet"
        )
