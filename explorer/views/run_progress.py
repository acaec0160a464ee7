"""How far the run has come: a bar, and a line of words."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from explorer.messages import Downloading, Failure, Progress, ReadingImages, RunEnded
from explorer.run import RunState
from explorer.session import Session
from explorer.views.card import styled_label
from vae.datasets import info_of

READABLE = 250  # milliseconds between two changes of the words
FINE = 10_000  # parts of the bar
LOADING = (None, "Loading the data set …")
SLIM = """
    QProgressBar { min-height: 8px; max-height: 8px; border-radius: 4px; }
    QProgressBar::chunk { border-radius: 3px; background: palette(highlight); }
"""


class RunProgress(QWidget):
    """Tells what the training thread does, what it waits for, and how the last run ended."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._latest: Progress | None = None
        self._given_up = False  # a run that waited for its data was given up just now
        self.bar = QProgressBar()
        self.bar.setObjectName("trainingProgress")
        self.bar.setAccessibleName("Progress of the training run")
        self.bar.setTextVisible(False)  # words across the bar's edge are hard to read: they stand beneath it
        self.bar.setStyleSheet(SLIM)
        self.words = styled_label("", "muted")
        self.words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.bar)
        layout.addWidget(self.words)
        self._timer = QTimer(self, singleShot=True, interval=READABLE)
        self._timer.timeout.connect(self._tell_progress)
        run = session.run
        run.began.connect(self._began)
        run.progressed.connect(self._progressed)
        run.state_changed.connect(self._state_changed)
        run.ended.connect(self._ended)
        session.waiting_changed.connect(self._waiting_changed)
        session.workspace.download_changed.connect(self._download_changed)
        session.failed.connect(self._failed)
        self._show(*LOADING if session.waiting else (0.0, "No run yet."))

    def _show(self, fraction: float | None, words: str) -> None:
        """Fill the bar so far, or have it move to and fro if nobody knows how far."""
        self.bar.setRange(0, FINE if fraction is not None else 0)
        if fraction is not None:
            self.bar.setValue(round(FINE * fraction))
        self.bar.setFormat(words.replace("%", "%%"))
        self.words.setText(words)

    # --- before the run

    @Slot(bool)
    def _waiting_changed(self, waiting: bool) -> None:
        self._given_up = not waiting
        self._show(*LOADING if waiting else (0.0, "The run was not begun."))
        QTimer.singleShot(0, self._forget)

    @Slot()
    def _forget(self) -> None:
        self._given_up = False

    @Slot(object)
    def _download_changed(self, message: Downloading | ReadingImages | None) -> None:
        if message is None or not self._session.waiting:
            return
        progress, doing = message.progress, "Reading" if isinstance(message, ReadingImages) else "Downloading"
        fraction = progress.done / progress.total if progress.total else None
        self._show(fraction, f"{doing} {info_of(message.name).title}: {message.so_far}")

    @Slot(object)
    def _failed(self, failure: Failure) -> None:
        if self._given_up:
            self._show(0.0, str(failure))

    # --- the run

    @Slot()
    def _began(self) -> None:
        self._latest = None
        self._show(self._fraction(), "Starting …")

    @Slot(object)
    def _progressed(self, message: Progress) -> None:
        self._latest = message
        if not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _tell_progress(self) -> None:
        if self._session.run.active and not self._session.waiting:
            self._show(self._fraction(), self._so_far())

    @Slot(object)
    def _state_changed(self, state: RunState) -> None:
        if state is RunState.STOPPING:
            self._show(None, "Stopping: encoding the test set, keeping the model …")
        elif state is RunState.PAUSED or (state is RunState.RUNNING and self._latest is not None):
            self._tell_progress()

    @Slot(object)
    def _ended(self, message: RunEnded) -> None:
        if message.run != self._session.run.number:
            return
        if message.failure is not None:
            self._show(self._fraction(), str(message.failure))
        elif message.checkpoint is None:
            self._show(0.0, "Stopped before the first step.")
        else:
            self._show(self._fraction(), _account(message))

    def _fraction(self) -> float:
        """How much of the run is done."""
        if self._latest is not None:
            last = self._latest.steps[-1]
            return last.step / last.steps
        request = self._session.run.request
        resumed = request.resumed if request is not None else None
        return resumed.header.epoch / resumed.header.training.epochs if resumed is not None else 0.0

    def _so_far(self) -> str:
        """For example "epoch 6 of 12 · 92 steps/s · 31 s left"."""
        run = self._session.run
        parts = ["Paused"] if run.state is RunState.PAUSED else []
        if self._latest is not None and run.training is not None:
            last = self._latest.steps[-1]
            epoch = min(int(last.epoch) + 1, run.training.epochs)
            if run.state is RunState.PAUSED:
                parts.append(f"step {last.step:,} of {last.steps:,}")
            parts.append(f"epoch {epoch:,} of {run.training.epochs:,}")
            rate = run.steps_per_second
            if rate:
                parts += [f"{rate:,.0f} steps/s", f"{duration((last.steps - last.step) / rate)} left"]
        return " · ".join(parts)


def _account(message: RunEnded) -> str:
    """What came of the run."""
    assert message.checkpoint is not None
    how = "Stopped" if message.stopped else "Finished"
    parts = [f"{how} after {message.epoch:.3g} epochs, {duration(message.seconds)}"]
    if message.checkpoint.history:
        elbo = f"{message.checkpoint.history[-1].test.elbo:.1f}".replace("-", "−")
        parts.append(f"test ELBO {elbo} nats")
    if message.path is not None:
        parts.append(f"kept as {message.path.name}")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """For people: "31 s", "4 min 5 s", "2 h 10 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
