"""How late a timer of the GUI thread comes while a model trains, and while the run is paused."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import Qt, QTimer

from benchmarks.table import Aim, Row
from benchmarks.window import let_run, opened_window, start_training
from explorer.run import Run

BEAT = 16  # milliseconds
TURN = 4.0  # seconds that are measured in a row
TURNS = 4
SETTLED = 0.5  # seconds until a pause, a resumption or another tab has come about
LIMIT = 20.0  # milliseconds, of the 99th percentile


def measure(share: float) -> Iterator[Row]:
    """Before either tab in turn: the plane that follows the run, and the curves of the run."""
    with opened_window() as window:
        start_training(window)
        for title, tab in (("Explore", window.explore), ("Train", window.train)):
            window.tabs.setCurrentWidget(tab)
            let_run(SETTLED)
            busy, idle = _delays(window.session.run, TURN * share)
            for percent in (50, 95, 99):
                name = f"heartbeat while training, {title} tab, p{percent}"
                ours, peer = (float(np.percentile(delays, percent)) for delays in (busy, idle))
                yield Row(name, ours, "paused", peer, "ms", Aim("ours", LIMIT) if percent == 99 else None)


def _delays(run: Run, seconds: float) -> tuple[list[float], list[float]]:
    """Milliseconds that the timer came late, with the run going on and with the run paused, in turns."""
    busy: list[float] = []
    idle: list[float] = []
    for _ in range(TURNS):
        busy += _listen(seconds)
        run.pause()
        let_run(SETTLED)
        idle += _listen(seconds)
        run.resume()
        let_run(SETTLED)
    return busy, idle


def _listen(seconds: float) -> list[float]:
    """How much longer than a beat it took from each beat to the next, in milliseconds."""
    beats: list[float] = []
    timer = QTimer(interval=BEAT, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: beats.append(1000 * time.perf_counter()))
    timer.start()
    let_run(seconds)
    timer.stop()
    return [max(0.0, float(interval) - BEAT) for interval in np.diff(beats)]
