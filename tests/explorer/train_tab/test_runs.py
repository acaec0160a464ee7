"""Runs as the Train tab starts, holds and ends them, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QMetaObject, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import vae
from explorer.messages import RunEnded
from explorer.places import Places
from explorer.run import RunState
from explorer.session import Session
from explorer.tabs.train import TrainTab

PATIENCE = 60_000  # milliseconds; a machine that trains for others too may be slow

Fill = Callable[..., None]  # of conftest.py
Press = Callable[[], None]
Stop = Callable[[], RunEnded]


def let_the_worker_answer(session: Session) -> None:
    """Return after the worker has been through its events a few times, and its messages are read."""
    for _ in range(10):
        QMetaObject.invokeMethod(session.run._worker, "warm_up", Qt.ConnectionType.BlockingQueuedConnection)
        QApplication.processEvents()


# --- a run


def test_a_run_shows_reconstructions_and_samples(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    with qtbot.waitSignal(session.run.snapshot_taken, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    for grid, last in ((tab.pictures.reconstructions, 27), (tab.pictures.samples, 7)):
        assert grid.place_at(grid.cell(last).center()) == last


def test_the_buttons_follow_the_run(tab: TrainTab, press_start: Press, press_stop: Stop) -> None:
    def enabled() -> tuple[bool, bool, bool]:
        controls = tab.controls
        buttons = controls.start_button, controls.pause_button, controls.stop_button
        return tuple(button.isEnabled() for button in buttons)

    assert enabled() == (True, False, False)
    press_start()
    assert enabled() == (True, True, True)
    assert tab.controls.start_button.text() == "&Start anew"
    press_stop()
    assert enabled() == (True, False, False)
    assert tab.controls.start_button.text() == "&Start"


def test_pause_holds_the_run_and_resume_goes_on(
    qtbot: QtBot, tab: TrainTab, session: Session, press_start: Press
) -> None:
    press_start()
    qtbot.mouseClick(tab.controls.pause_button, Qt.MouseButton.LeftButton)
    assert session.run.state is RunState.PAUSED
    assert tab.progress.words.text().startswith("Paused")
    let_the_worker_answer(session)
    held = len(tab.plot.curves.steps)
    let_the_worker_answer(session)
    assert len(tab.plot.curves.steps) == held
    qtbot.mouseClick(tab.controls.pause_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(tab.plot.curves.steps) > held, timeout=PATIENCE)


def test_stop_ends_the_run_and_keeps_its_model(
    qtbot: QtBot, tab: TrainTab, session: Session, press_start: Press, press_stop: Stop
) -> None:
    press_start()
    qtbot.waitUntil(lambda: len(tab.plot.curves.tests) > 0, timeout=PATIENCE)
    ended = press_stop()
    assert session.run.state is RunState.IDLE
    assert ended.stopped
    assert ended.path is not None
    checkpoint = vae.load(ended.path)
    assert checkpoint.dataset == "stroke-digits"
    assert checkpoint.model.config.encoder_widths == (16,)
    assert tab.progress.words.text().startswith("Stopped after")
    assert ended.path.name in tab.progress.words.text()


def test_closing_in_mid_run_keeps_the_model(
    tab: TrainTab, session: Session, places: Places, press_start: Press
) -> None:
    press_start()
    session.close()
    (path,) = places.models.iterdir()
    assert vae.load(path).preset == tab.form.preset.name


def test_the_curves_of_a_run_stay_when_its_model_opens(
    tab: TrainTab, session: Session, press_start: Press, press_stop: Stop
) -> None:
    press_start()
    ended = press_stop()
    model = session.workspace.model
    assert model is not None
    assert model.path == ended.path
    assert len(tab.plot.curves.steps) > 0
    assert tab._shown.text().startswith("Run 1")


def test_a_finished_run_fills_the_bar(qtbot: QtBot, tab: TrainTab, session: Session, fill: Fill) -> None:
    fill(epochs="2")
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    assert tab.progress.bar.value() == tab.progress.bar.maximum() > 0
    assert tab.progress.words.text().startswith("Finished after 2 epochs")
    assert tab.progress.bar.format() == tab.progress.words.text()


def test_start_anew_keeps_the_first_model_and_clears_the_plot(
    qtbot: QtBot, tab: TrainTab, session: Session, fill: Fill, press_start: Press
) -> None:
    press_start()
    fill(seed="1", epochs="1")
    kept = []
    session.run.ended.connect(lambda message: kept.append((message.run, message.path)))
    qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [run for run, _ in kept] == [1, 2], timeout=PATIENCE)
    assert len(tab.plot.curves.steps) == 10  # those of the second run alone
    assert all(path.is_file() for _, path in kept)


def test_a_run_that_breaks_tells_why(qtbot: QtBot, tab: TrainTab, session: Session, fill: Fill) -> None:
    box = tab.form.preset_box
    box.setCurrentIndex(box.findData("lecture"))  # its scale is an exponential, which overflows
    box.activated.emit(box.currentIndex())
    fill(learning_rate="10")
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    words = tab.progress.words.text()
    assert "3 times in a row" in words
    assert "A lower learning rate usually cures this." in words
    assert tab.controls.start_button.isEnabled()
    assert len(tab.plot.curves.rollbacks) == 2


# --- the keyboard


def test_space_pauses_and_resumes(qtbot: QtBot, tab: TrainTab, session: Session, press_start: Press) -> None:
    press_start()
    tab.plot.setFocus()
    qtbot.keyClick(tab, Qt.Key.Key_Space)
    assert session.run.state is RunState.PAUSED
    qtbot.keyClick(tab, Qt.Key.Key_Space)
    assert session.run.state is RunState.RUNNING


def test_space_after_start_pauses_rather_than_starts_anew(
    qtbot: QtBot, tab: TrainTab, session: Session
) -> None:
    tab.controls.start_button.setFocus()
    with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
        qtbot.keyClick(tab.controls.start_button, Qt.Key.Key_Space)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert session.run.state is RunState.PAUSED
    assert session.run.number == 1


def test_space_types_in_a_field_and_presses_a_chip(
    qtbot: QtBot, tab: TrainTab, session: Session, press_start: Press
) -> None:
    press_start()
    field = tab.form.fields["encoder_widths"]
    field.setFocus()
    field.end(False)
    qtbot.keyClick(field, Qt.Key.Key_Space)
    assert field.text() == "16 "
    chip = tab.plot.chips["kl"]
    chip.setFocus()
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert not chip.isChecked()
    assert session.run.state is RunState.RUNNING
