"""The training run: its state, and the way to the training worker."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from PySide6.QtCore import QMetaObject, QObject, Qt, QThread, Signal, Slot

from explorer.messages import (
    ChangeTraining,
    Diagnosis,
    EpochEnded,
    NotSaved,
    Progress,
    RolledBack,
    RunEnded,
    RunRequest,
    Snapshot,
    TrainingChanged,
)
from explorer.training_worker import TrainingWorker
from vae.configuration import TrainingConfig

RATE_WINDOW = 100  # messages that the steps per second are taken over: some four seconds


class RunState(Enum):
    """What the training thread is doing."""

    IDLE = auto()
    RUNNING = auto()
    PAUSED = auto()
    STOPPING = auto()


class Run(QObject):
    """At most one run at a time. What a former run still has to say is dropped."""

    state_changed = Signal(object)  # RunState
    began = Signal(object)  # RunRequest
    progressed = Signal(object)  # Progress
    epoch_ended = Signal(object)  # EpochReport
    rolled_back = Signal(object)  # RollbackReport
    training_changed = Signal(object)  # TrainingConfig
    not_saved = Signal(object)  # Failure: it goes on, but could not be resumed
    snapshot_taken = Signal(object)  # Snapshot
    diagnosed = Signal(object)  # Diagnosis
    ended = Signal(object)  # RunEnded

    _start = Signal(object)
    _pause = Signal()
    _resume = Signal()
    _step = Signal()
    _change = Signal(object)
    _stop = Signal()
    _warm_up = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = RunState.IDLE
        self._request: RunRequest | None = None
        self._training: TrainingConfig | None = None
        self._marks: deque[tuple[float, int]] = deque(maxlen=RATE_WINDOW)  # seconds, step
        self._thread = QThread()
        self._worker = TrainingWorker()
        self._worker.moveToThread(self._thread)
        self._thread.finished.connect(self._worker.deleteLater)
        self._worker.posted.connect(self._receive)
        self._start.connect(self._worker.start)
        self._pause.connect(self._worker.pause)
        self._resume.connect(self._worker.resume)
        self._step.connect(self._worker.step)
        self._change.connect(self._worker.change)
        self._stop.connect(self._worker.stop)
        self._warm_up.connect(self._worker.warm_up)
        self._thread.start()

    @property
    def state(self) -> RunState:
        """What the training thread is doing."""
        return self._state

    @property
    def training_thread(self) -> QThread:
        """The one thread that may enter Pyro; close() ends it."""
        return self._thread

    @property
    def active(self) -> bool:
        """Whether a run has begun and not ended."""
        return self._state is not RunState.IDLE

    @property
    def request(self) -> RunRequest | None:
        """What is, or was last, being trained."""
        return self._request

    @property
    def number(self) -> int:
        """The run's number, from 1; 0 before the first."""
        return self._request.run if self._request else 0

    @property
    def training(self) -> TrainingConfig | None:
        """How the current or last run is trained, with what was changed meanwhile."""
        return self._training

    @property
    def steps_per_second(self) -> float | None:
        """The rate over the last seconds; None before it can be told."""
        if len(self._marks) < 2 or self._marks[-1][0] <= self._marks[0][0]:
            return None
        (began, first), (now, last) = self._marks[0], self._marks[-1]
        return (last - first) / (now - began)

    def warm_up(self) -> None:
        """Have the worker import what the first run needs."""
        self._warm_up.emit()

    def start(self, request: RunRequest) -> None:
        """Begin a run. The one under way, if any, is ended and kept by the worker first."""
        self._request, self._training = request, request.training
        self._marks.clear()
        self._set_state(RunState.PAUSED if request.paused else RunState.RUNNING)
        self.began.emit(request)
        self._start.emit(request)

    def pause(self) -> None:
        """Hold the run after the present step."""
        if self._state is RunState.RUNNING:
            self._pause.emit()
            self._set_state(RunState.PAUSED)

    def resume(self) -> None:
        """Go on after pause()."""
        if self._state is RunState.PAUSED:
            self._resume.emit()
            self._set_state(RunState.RUNNING)

    def step(self) -> None:
        """Take one step, and hold the run after it."""
        if self._state in (RunState.RUNNING, RunState.PAUSED):
            self._step.emit()
            self._set_state(RunState.PAUSED)

    def change(self, name: str, value: float) -> None:
        """Train on with another learning rate or beta, which makes sense; training_changed follows."""
        if self._state in (RunState.RUNNING, RunState.PAUSED):
            self._change.emit(ChangeTraining(name, value))

    def stop(self) -> None:
        """End the run after the present step; what it has learned is kept."""
        if self._state in (RunState.RUNNING, RunState.PAUSED):
            self._set_state(RunState.STOPPING)
            self._stop.emit()

    def close(self) -> None:
        """End the run, keep what it has learned, and end the thread."""
        if self._thread.isRunning():
            # quit() would overtake a queued stop, and what was learned would be lost
            QMetaObject.invokeMethod(self._worker, "stop", Qt.ConnectionType.BlockingQueuedConnection)
        self._thread.quit()
        self._thread.wait()

    @Slot(object)
    def _receive(self, message: object) -> None:
        match message:
            case RunEnded(run=run) if run == self.number:
                self._set_state(RunState.IDLE)
                self.ended.emit(message)
            case RunEnded():  # a run that gave way to the next: its model was kept all the same
                self.ended.emit(message)
            case Progress(run=run, steps=steps) if run == self.number:
                self._marks.append((steps[-1].seconds, steps[-1].step))
                self.progressed.emit(message)
            case EpochEnded(run=run, report=report) if run == self.number:
                self.epoch_ended.emit(report)
            case RolledBack(run=run, report=report) if run == self.number:
                self._marks.clear()
                self.rolled_back.emit(report)
            case TrainingChanged(run=run, training=training) if run == self.number:
                self._training = training
                self.training_changed.emit(training)
            case NotSaved(run=run, failure=failure) if run == self.number:
                self.not_saved.emit(failure)
            case Snapshot(run=run) if run == self.number:
                self.snapshot_taken.emit(message)
            case Diagnosis(run=run) if run == self.number:
                self.diagnosed.emit(message)

    def _set_state(self, state: RunState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)
