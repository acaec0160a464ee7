"""A Train tab that is shown and filled in, and the hand on its buttons."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from explorer.messages import RunEnded
from explorer.session import Session
from explorer.tabs.train import TrainTab

PATIENCE = 60_000  # milliseconds; a machine that trains for others too may be slow
ENDLESS = "100000"  # epochs


@pytest.fixture
def tab(qtbot: QtBot, session: Session, settings: QSettings) -> TrainTab:
    """A shown tab, filled in for a tiny network and a run that nobody will see the end of."""
    tab = TrainTab(session, settings)
    qtbot.addWidget(tab)
    tab.resize(1240, 700)
    with qtbot.waitExposed(tab, timeout=PATIENCE):
        tab.show()
    tab.activateWindow()
    _fill(tab, encoder_widths="16", decoder_widths="16", batch_size="100", epochs=ENDLESS)
    return tab


def _fill(tab: TrainTab, **texts: str) -> None:
    for name, text in texts.items():
        tab.form.fields[name].setText(text)


@pytest.fixture
def fill(tab: TrainTab) -> Callable[..., None]:
    """Type into fields, by their names."""
    return functools.partial(_fill, tab)


@pytest.fixture
def press_start(qtbot: QtBot, tab: TrainTab, session: Session) -> Callable[[], None]:
    """Start, and wait for the first steps."""

    def press() -> None:
        with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
            qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)

    return press


@pytest.fixture
def press_stop(qtbot: QtBot, tab: TrainTab, session: Session) -> Callable[[], RunEnded]:
    """Stop, and wait for the end."""

    def press() -> RunEnded:
        with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
            qtbot.mouseClick(tab.controls.stop_button, Qt.MouseButton.LeftButton)
        ended: RunEnded = signal.args[0]
        return ended

    return press
