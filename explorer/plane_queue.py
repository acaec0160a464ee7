"""Which of the plane's questions is answered next: the most urgent, and of each kind the latest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

import vae
from explorer.plane_jobs import make_jobs


class PlaneQueue(QObject):
    """Answers requests slice by slice, whenever its thread's event queue is empty.

    A later request takes the place of an earlier one of its kind, done or not. Those of another version of
    the model are dropped.
    """

    answered = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._model: vae.VAE | None = None
        self._version = 0
        self._jobs = {job.asked: job for job in make_jobs()}
        self._under_way: dict[type, Iterator[object]] = {}
        self._wanted: dict[type, Any] = {}
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._do_slice)

    def use(self, version: int, model: vae.VAE) -> None:
        """Answer with this model from now on, or with other weights in it."""
        self._model, self._version = model, version
        self._under_way.clear()

    def ask(self, request: Any) -> None:
        """Note what is wanted, in the place of an earlier request of its kind."""
        kind = type(request)
        assert kind in self._jobs, f"no job answers {kind.__name__}"
        self._wanted[kind] = request
        self._under_way.pop(kind, None)
        self._turn.start()

    @Slot()
    def _do_slice(self) -> None:
        """One slice of the most urgent."""
        for kind in self._jobs:
            answers = self._begun(kind)
            if answers is not None:
                self._go_on(kind, answers)
                return
        self._turn.stop()

    def _begun(self, kind: type) -> Iterator[object] | None:
        request = self._wanted.get(kind)
        if request is None or self._model is None:
            return None
        if request.version != self._version:
            del self._wanted[kind]
            return None
        if kind not in self._under_way:
            self._under_way[kind] = self._jobs[kind].serve(self._model, request)
        return self._under_way[kind]

    def _go_on(self, kind: type, answers: Iterator[object]) -> None:
        try:
            answer = next(answers, self)  # itself: there are no more
        except Exception:
            self._forget(kind)
            raise
        if answer is self:
            self._forget(kind)
        elif answer is not None:
            self.answered.emit(answer)

    def _forget(self, kind: type) -> None:
        self._under_way.pop(kind, None)
        self._wanted.pop(kind, None)
