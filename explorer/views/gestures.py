"""Tells the session where one gesture of the user ends and the next begins."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QKeyEvent, QWheelEvent, QWindow

from explorer.moves import Moves

PAUSE = 1_000  # milliseconds between two turns of the wheel that are two gestures


class Gestures(QObject):
    """Watches what reaches a window from outside: presses, keys, and the wheel."""

    def __init__(self, moves: Moves, window: QWindow) -> None:
        super().__init__(window)
        self._moves = moves
        self._turned: int | None = None  # when the wheel was turned last, if nothing else was done since
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold nothing back."""
        kind = event.type()
        if kind is QEvent.Type.Wheel and isinstance(event, QWheelEvent):
            if self._turned is None or event.timestamp() - self._turned > PAUSE:
                self._moves.begin()
            self._turned = event.timestamp()
        elif kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick) or (
            kind is QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and not event.isAutoRepeat()
        ):
            self._turned = None
            self._moves.begin()
        return super().eventFilter(watched, event)
