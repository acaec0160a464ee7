"""Start, pause, step, stop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QWidget

from explorer.run import RunState
from explorer.session import Session


class RunControls(QWidget):
    """The buttons of a run, each enabled when it means something."""

    started = Signal()  # Start was pressed; whether a run begins is for the form to say
    started_paused = Signal()  # Step was pressed while there is no run

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.start_button = _button("startButton", "&Start anew", self.started.emit, role="primary")
        self.pause_button = _button("pauseButton", "Res&ume", self.toggle_pause)
        self.step_button = _button("stepButton", "St&ep", self.step)
        self.step_button.setToolTip("Take one step of SVI, and pause")
        self.stop_button = _button("stopButton", "St&op", session.stop_run)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.start_button, 3)
        layout.addWidget(self.pause_button, 2)
        layout.addWidget(self.step_button, 2)
        layout.addWidget(self.stop_button, 2)
        session.run.state_changed.connect(self._refresh)
        session.waiting_changed.connect(self._refresh)
        self._refresh()

    @Slot()
    def toggle_pause(self) -> None:
        """Pause the run, or go on."""
        run = self._session.run
        run.resume() if run.state is RunState.PAUSED else run.pause()

    @Slot()
    def step(self) -> None:
        """Take one step; where there is no run, the first of another."""
        self._session.run.step() if self._session.run.active else self.started_paused.emit()

    @Slot()
    def _refresh(self) -> None:
        state, waiting = self._session.run.state, self._session.waiting
        going = state in (RunState.RUNNING, RunState.PAUSED)
        focus = QApplication.focusWidget()
        held = focus is not None and (focus is self or self.isAncestorOf(focus))
        self.start_button.setText("&Start anew" if going else "&Start")
        self.start_button.setToolTip(
            "End the present run, which keeps its model, and begin another" if going else "Train a new model"
        )
        self.start_button.setEnabled(not waiting and state is not RunState.STOPPING)
        self.pause_button.setText("Res&ume" if state is RunState.PAUSED else "Pa&use")
        self.pause_button.setToolTip("Go on (Space)" if state is RunState.PAUSED else "Hold the run (Space)")
        self.pause_button.setEnabled(going)
        self.step_button.setEnabled(self.start_button.isEnabled())
        self.stop_button.setToolTip(
            "Do not wait for the data" if waiting else "End the run; what it has learned is kept"
        )
        self.stop_button.setEnabled(going or waiting)
        # Space is for pausing: it must not find itself on Start or Stop when the run's state changes
        if held and not (going and focus is self.step_button):
            (self.pause_button if going else self).setFocus()


def _button(name: str, longest: str, pressed: Callable[[], None], role: str = "") -> QPushButton:
    """A button with room for the longest of its texts, so that the others do not move it."""
    button = QPushButton(longest)
    button.setObjectName(name)
    button.setProperty("role", role)
    button.clicked.connect(pressed)
    button.ensurePolished()
    button.setMinimumWidth(button.sizeHint().width())
    return button
