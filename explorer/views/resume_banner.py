"""Offers to go on with a run that was cut off."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from explorer.cut_off_runs import CutOffRun
from explorer.session import Session
from explorer.views.card import button, styled_label
from vae.datasets import find_info
from vae.presets import PRESETS


class ResumeBanner(QWidget):
    """A sentence across the window, until something is chosen."""

    resumed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("resumeBanner")
        self._session = session
        self._offered: CutOffRun | None = None
        self.sentence = styled_label("", "notice")
        self.sentence.setWordWrap(True)
        self._resume = button("Resume", "Go on where it was cut off", "resumeButton", role="primary")
        self._discard = button("Discard", "Delete what it has learned", "discardButton")
        self._later = button("Not now", "Ask again at the next start")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 0)
        row.addWidget(self.sentence, 1)
        for choice, act in (
            (self._resume, self._go_on),
            (self._discard, self._delete),
            (self._later, self.hide),
        ):
            choice.clicked.connect(act)
            row.addWidget(choice)
        session.cut_off_runs.changed.connect(self._offer)
        self.hide()

    @Slot()
    def _offer(self) -> None:
        run = self._session.cut_off_runs.latest
        self._offered = run
        if run is not None:
            self.sentence.setText(account(run))
            self._resume.setVisible(run.header is not None)
        self.setVisible(run is not None)

    @Slot()
    def _go_on(self) -> None:
        if self._offered is not None:
            self._session.resume_run(self._offered)
            self.hide()
            self.resumed.emit()

    @Slot()
    def _delete(self) -> None:
        if self._offered is not None:
            self._session.cut_off_runs.discard(self._offered)


def account(run: CutOffRun) -> str:
    """For example "A run was cut off: MNIST, 2-D, quick, epoch 4.2 of 12"."""
    header = run.header
    if header is None:
        return f"A run was cut off, and cannot be resumed. {run.failure}"
    info = find_info(header.dataset)
    data = info.title if info else header.dataset
    preset = PRESETS[header.preset].title if header.preset in PRESETS else header.preset
    return f"A run was cut off: {data}, {preset}, epoch {header.epoch:.1f} of {header.training.epochs:,}."
