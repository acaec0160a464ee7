"""From a move of the mouse over the plane to the painted picture, against a bare decode of one point."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

import vae
from benchmarks.table import Aim, Row
from benchmarks.window import opened_window, start_training
from explorer.main_window import MainWindow

MOVES = 1_000
TICK = 8  # milliseconds from one move to the next: a mouse of 125 Hz
STRIDE = 5.0  # pixels a move
REACH = 0.35  # radius of the circle that is drawn, in shares of the plane's smaller side
LIMITS = {"idle": 5.0, "while training": 16.0}  # milliseconds, of the 95th percentile


def measure(share: float) -> Iterator[Row]:
    """Drag with nothing else to do, then while a model trains and the plane follows it."""
    moves = max(20, round(MOVES * share))
    with opened_window() as window:
        yield from _rows("idle", *_drag(window, moves))
        start_training(window)
        yield from _rows("while training", *_drag(window, moves))


def _rows(state: str, moves: list[float], decodes: list[float]) -> Iterator[Row]:
    for percent in (50, 95):
        ours, peer = (float(np.percentile(times, percent)) for times in (moves, decodes))
        aim = Aim("ours", LIMITS[state]) if percent == 95 else None
        yield Row(f"drag, {state}, p{percent}", ours, "bare decode", peer, "ms", aim)


def _drag(window: MainWindow, count: int) -> tuple[list[float], list[float]]:
    """Milliseconds of so many moves, and of as many bare decodes in turns with them."""
    hand = Hand(window)
    moves, decodes = [], []
    for _ in range(count):
        moves.append(hand.move())
        decodes.append(_decode(window))
    hand.let_go()
    return moves, decodes


def _decode(window: MainWindow) -> float:
    opened = window.session.workspace.model
    assert opened is not None
    z = window.session.exploration.z[None]
    began = time.perf_counter()
    vae.decode_images(opened.checkpoint.model, z)
    return 1000 * (time.perf_counter() - began)


class Hand:
    """Drags along a circle with the left button down, and times each move.

    A move counts from when it was due: where the window is busy then, the hand waits too. It ends when
    the decoded picture and the plane have both been painted after the plane has taken the move.
    """

    def __init__(self, window: MainWindow) -> None:
        self._plane, self._picture = window.explore.plane_card.plane, window.explore.decoded_card.picture
        self._surface = self._plane.viewport()
        self._places = self._circle()
        self._loop = QEventLoop()
        self._unpainted: set[object] = set()
        self._painted_at = 0.0
        self._plane.dragged.connect(self._taken)
        self._plane.painted.connect(self._plane_painted)
        self._picture.painted.connect(self._picture_painted)
        self._tick = QTimer(singleShot=True, interval=TICK, timerType=Qt.TimerType.PreciseTimer)
        self._tick.timeout.connect(self._post_move)
        self._post(QEvent.Type.MouseButtonPress, Qt.MouseButton.LeftButton)
        self._loop.exec()

    def move(self) -> float:
        """Wait for the next tick, move, and return the milliseconds until all is painted."""
        due = time.perf_counter() + TICK / 1000
        self._tick.start()
        self._loop.exec()
        return 1000 * (self._painted_at - due)

    def let_go(self) -> None:
        """Release the button, and stop watching."""
        self._plane.dragged.disconnect(self._taken)
        self._plane.painted.disconnect(self._plane_painted)
        self._picture.painted.disconnect(self._picture_painted)
        self._post(QEvent.Type.MouseButtonRelease, Qt.MouseButton.LeftButton)

    def _circle(self) -> Iterator[QPointF]:
        middle = QPointF(self._surface.rect().center())
        radius = REACH * min(self._surface.width(), self._surface.height())
        for step in itertools.count():
            angle = step * STRIDE / radius
            yield middle + radius * QPointF(math.cos(angle), math.sin(angle))

    def _post_move(self) -> None:
        self._post(QEvent.Type.MouseMove, Qt.MouseButton.NoButton)

    def _post(self, kind: QEvent.Type, button: Qt.MouseButton) -> None:
        place = next(self._places)
        held = (
            Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else Qt.MouseButton.LeftButton
        )
        on_screen = QPointF(self._surface.mapToGlobal(place))
        event = QMouseEvent(kind, place, on_screen, button, held, Qt.KeyboardModifier.NoModifier)
        QApplication.postEvent(self._surface, event)

    def _taken(self) -> None:
        self._unpainted = {self._plane, self._picture}

    def _plane_painted(self) -> None:
        self._painted(self._plane)

    def _picture_painted(self) -> None:
        self._painted(self._picture)

    def _painted(self, view: object) -> None:
        if view in self._unpainted:
            self._unpainted.remove(view)
            if not self._unpainted:
                self._painted_at = time.perf_counter()
                self._loop.quit()
