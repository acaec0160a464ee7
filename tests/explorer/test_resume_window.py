"""In the window: a run is saved while it goes on, resumed, changed in mid-run, and taken step by step."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

import vae
from explorer.cut_off_runs import CutOffRun
from explorer.main_window import MainWindow
from explorer.messages import RunEnded
from explorer.places import Places
from explorer.run import RunState
from explorer.session import Session
from vae.configuration import ModelConfig, TrainingConfig

pytestmark = pytest.mark.usefixtures("saving_often")

PATIENCE = 60_000  # milliseconds
TINY = ModelConfig(encoder_widths=(16,), decoder_widths=(16,), input_dropout=0.2)
SHORT = TrainingConfig(epochs=4, batch_size=50, learning_rate=5e-3)  # twenty steps an epoch
ENDLESS = replace(SHORT, epochs=100_000)


@pytest.fixture
def finish(qtbot: QtBot) -> Callable[[Session], RunEnded]:
    def wait(session: Session, training: TrainingConfig = SHORT) -> RunEnded:
        with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
            session.start_run("default-2d", TINY, training, "stroke-digits", "cpu")
        ended: RunEnded = signal.args[0]
        return ended

    return wait


def timeless(ended: RunEnded) -> list[vae.EpochReport]:
    assert ended.checkpoint is not None
    history = ended.checkpoint.history
    return [replace(report, seconds=0.0, images_per_second=0.0) for report in history]


@pytest.fixture
def cut_off(qtbot: QtBot, session: Session, places: Places, tmp_path: Path) -> Path:
    """What a killed window would have left of a run in its second epoch or later."""
    session.start_run("default-2d", TINY, SHORT, "stroke-digits", "cpu")
    with qtbot.waitSignal(session.run.epoch_ended, timeout=PATIENCE):
        pass
    session.run.pause()
    (file,) = places.models.glob("*.unfinished")
    left = tmp_path / "left" / file.name
    left.parent.mkdir()
    shutil.copy(file, left)
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE):
        session.stop_run()
    return left


def test_a_run_is_saved_while_it_goes_on_and_not_beyond(cut_off: Path, places: Places) -> None:
    header = vae.read_run_header(cut_off)
    assert (header.preset, header.dataset, header.images) == ("default-2d", "stroke-digits", 1_000)
    assert 0 < header.step < 80
    (kept,) = places.models.iterdir()
    assert kept.suffix == ".safetensors"


def test_a_resumed_run_goes_on_to_the_last_digit(
    qtbot: QtBot, session: Session, cut_off: Path, finish: Callable[..., RunEnded]
) -> None:
    expected = finish(session)
    found = CutOffRun(cut_off, vae.read_run_header(cut_off), None)
    session.cut_off_runs._runs.append(found)
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
        session.resume_run(found)
    ended: RunEnded = signal.args[0]
    assert ended.failure is None
    assert timeless(ended) == timeless(expected)
    weights = expected.checkpoint.model.state_dict()
    assert all(torch.equal(weights[name], w) for name, w in ended.checkpoint.model.state_dict().items())
    assert ended.path == cut_off.with_suffix("")
    assert [path.name for path in cut_off.parent.iterdir()] == [ended.path.name]


def test_opening_models_and_exploring_in_mid_run_changes_nothing(
    qtbot: QtBot, session: Session, small_model: Path, finish: Callable[..., RunEnded]
) -> None:
    expected = finish(session)
    session.run.epoch_ended.connect(lambda: session.workspace.open_model(small_model))
    session.run.progressed.connect(lambda: vae.build(TINY, seed=5))
    assert timeless(finish(session)) == timeless(expected)


# --- the offer


@pytest.fixture
def window_after(
    open_window: Callable[[], MainWindow], cut_off: Path, places: Places, small_model: Path, qtbot: QtBot
) -> Iterator[MainWindow]:
    """A window that finds the run that was cut off."""
    shutil.rmtree(places.models)
    places.models.mkdir()
    shutil.copy(cut_off, places.models)
    window = open_window()
    with qtbot.waitSignal(window.session.workspace.model_changed, timeout=PATIENCE):
        window.open_path(small_model)
    return window


def press(window: MainWindow, name: str, qtbot: QtBot) -> None:
    qtbot.mouseClick(window.findChild(QPushButton, name), Qt.MouseButton.LeftButton)


def test_a_run_that_was_cut_off_is_offered_and_resumed(
    qtbot: QtBot, window_after: MainWindow, cut_off: Path, places: Places
) -> None:
    window, header = window_after, vae.read_run_header(cut_off)
    assert window.resume_banner.isVisible()
    assert window.resume_banner.sentence.text() == (
        f"A run was cut off: Stroke digits, 2-D, quick, epoch {header.epoch:.1f} of 4."
    )
    with qtbot.waitSignal(window.session.run.ended, timeout=PATIENCE):
        press(window, "resumeButton", qtbot)
    assert not window.resume_banner.isVisible()
    assert window.tabs.currentWidget() is window.train
    curves = window.train.plot.curves
    assert curves.tests.column("epoch").tolist() == [1.0, 2.0, 3.0, 4.0]
    assert curves.steps.column("step").tolist() == list(range(header.step + 1, 81))
    assert window.train.progress.words.text().startswith("Finished after 4 epochs")
    (kept,) = places.models.iterdir()
    assert kept.suffix == ".safetensors"


def test_a_run_that_was_cut_off_can_be_discarded(
    qtbot: QtBot, window_after: MainWindow, places: Places
) -> None:
    press(window_after, "discardButton", qtbot)
    assert not window_after.resume_banner.isVisible()
    assert not list(places.models.iterdir())


def test_the_run_of_another_window_is_not_offered(
    qtbot: QtBot, session: Session, open_window: Callable[[], MainWindow], small_model: Path
) -> None:
    session.start_run("default-2d", TINY, ENDLESS, "stroke-digits", "cpu")
    with qtbot.waitSignal(session.run.epoch_ended, timeout=PATIENCE):
        pass
    window = open_window()
    with qtbot.waitSignal(window.session.workspace.model_changed, timeout=PATIENCE):
        window.open_path(small_model)
    assert window.session.cut_off_runs.latest is None
    assert not window.resume_banner.isVisible()


def test_a_damaged_file_is_told_and_can_only_be_discarded(
    qtbot: QtBot, open_window: Callable[[], MainWindow], small_model: Path, places: Places
) -> None:
    places.models.mkdir()
    (places.models / "run.safetensors.unfinished").write_bytes(b"half a file")
    window = open_window()
    with qtbot.waitSignal(window.session.workspace.model_changed, timeout=PATIENCE):
        window.open_path(small_model)
    assert "cannot be resumed" in window.resume_banner.sentence.text()
    assert not window.findChild(QPushButton, "resumeButton").isVisible()
    press(window, "discardButton", qtbot)
    assert not list(places.models.iterdir())


# --- step by step, and changed in mid-run


def test_step_takes_one_step_a_click(qtbot: QtBot, window: MainWindow) -> None:
    run, tab = window.session.run, window.train
    window.tabs.setCurrentWidget(tab)
    for name, text in (("encoder_widths", "16"), ("decoder_widths", "16"), ("batch_size", "500")):
        tab.form.fields[name].setText(text)
    tab.form.fields["epochs"].setText("2")
    button, shown = window.findChild(QPushButton, "stepButton"), []
    run.snapshot_taken.connect(lambda snapshot: shown.append(snapshot.step))
    for count in (1, 2, 3):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda count=count: shown[-1:] == [count], timeout=PATIENCE)
        assert run.state is RunState.PAUSED
        assert tab.plot.curves.steps.column("step").tolist() == list(range(1, count + 1))
        assert len(tab.plot.curves.tests) == count // 2  # an epoch is scored with its last step
    assert run.number == 1
    with qtbot.waitSignal(run.ended, timeout=PATIENCE) as signal:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert signal.args[0].step == 4
    assert len(signal.args[0].checkpoint.history) == 2


def test_step_in_mid_run_pauses_it(qtbot: QtBot, session: Session) -> None:
    session.start_run("default-2d", TINY, ENDLESS, "stroke-digits", "cpu")
    with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
        pass
    session.run.step()
    assert session.run.state is RunState.PAUSED


def test_a_learning_rate_and_a_beta_typed_in_mid_run_count_and_are_kept(
    qtbot: QtBot, window: MainWindow
) -> None:
    session, changes = window.session, window.train.changes
    window.tabs.setCurrentWidget(window.train)
    assert not changes.isVisible()
    session.start_run("default-2d", TINY, replace(ENDLESS, schedule="constant"), "stroke-digits", "cpu")
    with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
        pass
    assert changes.isVisible()
    rate, beta = changes.edits["learning_rate"], changes.edits["beta"]
    assert (rate.text(), beta.text()) == ("0.005", "1")
    for edit, text in ((rate, "0.002"), (beta, "3.5")):
        edit.setFocus()
        edit.selectAll()
        qtbot.keyClicks(edit, text)
        with qtbot.waitSignal(session.run.training_changed, timeout=PATIENCE):
            qtbot.keyClick(edit, Qt.Key.Key_Return)
    with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE) as signal:
        pass
    last: vae.StepReport = signal.args[0].steps[-1]
    assert (last.learning_rate, last.beta) == (0.002, 3.5)
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
        session.stop_run()
    kept = vae.load(signal.args[0].path).training
    assert (kept.learning_rate, kept.beta) == (0.002, 3.5)
    assert not changes.isVisible()


def test_nonsense_typed_in_mid_run_is_told_and_changes_nothing(qtbot: QtBot, window: MainWindow) -> None:
    session, changes = window.session, window.train.changes
    window.tabs.setCurrentWidget(window.train)
    session.start_run("default-2d", TINY, ENDLESS, "stroke-digits", "cpu")
    with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
        pass
    beta = changes.edits["beta"]
    beta.setFocus()
    beta.selectAll()
    qtbot.keyClicks(beta, "-1")
    qtbot.keyClick(beta, Qt.Key.Key_Return)
    assert "Beta must be a number" in changes._error.text()
    assert changes._error.isVisible()
    assert session.run.training == ENDLESS
    changes.edits["learning_rate"].setFocus()
    assert beta.text() == "1"
    assert not changes._error.isVisible()
