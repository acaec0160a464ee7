"""The window while a model is in training: the plane follows, models are switched, windows are closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

import vae
from explorer.main_window import MainWindow
from explorer.messages import RunEnded, Snapshot
from explorer.places import Places
from explorer.plane_messages import Manifold
from explorer.run import RunState
from explorer.session import Session
from vae import Checkpoint
from vae.configuration import ModelConfig, TrainingConfig

PATIENCE = 60_000  # milliseconds
ENDLESS = TrainingConfig(epochs=100_000, batch_size=50)
TINY = ModelConfig(encoder_widths=(16,), decoder_widths=(16,))

Open = Callable[[MainWindow, Path], None]
Tiles = Callable[[MainWindow], Manifold]


@pytest.fixture
def train(qtbot: QtBot) -> Callable[..., None]:
    """Begin a run, and wait for its first steps."""

    def begin(session: Session, training: TrainingConfig = ENDLESS) -> None:
        with qtbot.waitSignal(session.run.began, timeout=PATIENCE):
            session.start_run("default-2d", TINY, training, "stroke-digits")
        with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
            pass

    return begin


@pytest.fixture
def stop(qtbot: QtBot) -> Callable[[Session], RunEnded]:
    def end(session: Session) -> RunEnded:
        with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
            session.stop_run()
        return signal.args[0]

    return end


Train = Callable[..., None]
Stop = Callable[[Session], RunEnded]


def assert_shows(window: MainWindow, checkpoint: Checkpoint) -> None:
    """The picture is what this model decodes at the cursor."""
    exploration = window.session.exploration
    expected = vae.decode_images(checkpoint.model, exploration.z[None])[0].astype(int)
    shown = window.explore.decoded_card.picture.picture
    assert shown is not None
    assert np.abs(shown - expected).max() <= 1


def wait_for_snapshots(qtbot: QtBot, session: Session, count: int) -> Snapshot:
    """The last of so many more snapshots."""
    for _ in range(count):
        with qtbot.waitSignal(session.run.snapshot_taken, timeout=PATIENCE) as signal:
            pass
    snapshot: Snapshot = signal.args[0]
    return snapshot


def test_the_plane_follows_the_run(qtbot: QtBot, window: MainWindow, train: Train) -> None:
    session, exploration = window.session, window.session.exploration
    train(session)
    assert window.windowTitle() == "Run 1, in training – Latent Explorer"
    exploration.pin_at(1.0, 1.0)
    before, version = exploration.picture, session.workspace.model.version
    with qtbot.waitSignal(session.workspace.weights_changed, timeout=PATIENCE):
        pass
    with qtbot.waitSignal(
        exploration.manifold_ready, check_params_cb=lambda m: m.version > version, timeout=PATIENCE
    ):
        pass
    assert exploration.pin.tolist() == [1.0, 1.0]
    assert not np.array_equal(exploration.picture, before)
    assert_shows(window, session.workspace.model.checkpoint)
    qtbot.waitUntil(lambda: len(window.session.encoded_data.points.encodings.labels) == 300, timeout=PATIENCE)


def test_the_plane_shows_the_newest_snapshot(qtbot: QtBot, window: MainWindow, train: Train) -> None:
    session = window.session
    train(session)
    snapshot = wait_for_snapshots(qtbot, session, 2)
    shown = session.workspace.model.checkpoint.model.state_dict()
    assert all(weights.equal(shown[name]) for name, weights in snapshot.weights.items())


def test_a_run_that_ends_leaves_its_kept_model_on_the_plane(
    window: MainWindow, train: Train, stop: Stop, places: Places, wait_for_tiles: Tiles
) -> None:
    train(window.session)
    ended = stop(window.session)
    assert ended.path.parent == places.models
    assert window.session.workspace.model.path == ended.path
    assert_shows(window, vae.load(ended.path))
    assert ended.path.stem in window.windowTitle()
    assert window.boxes.model_box.currentText() == ended.path.stem
    wait_for_tiles(window)


def test_the_plane_stays_where_it_need_not_follow(
    qtbot: QtBot, window: MainWindow, train: Train, stop: Stop, small: Checkpoint, small_model: Path
) -> None:
    window.session.live_model.set_following(False)
    picture = window.session.exploration.picture
    train(window.session)
    wait_for_snapshots(qtbot, window.session, 2)
    stop(window.session)
    assert window.session.workspace.model.path == small_model
    assert np.array_equal(window.session.exploration.picture, picture)
    assert_shows(window, small)


def test_following_can_be_taken_up_in_mid_run(qtbot: QtBot, window: MainWindow, train: Train) -> None:
    session = window.session
    session.live_model.set_following(False)
    train(session)
    snapshot = wait_for_snapshots(qtbot, session, 1)
    session.live_model.set_following(True)
    assert session.workspace.model.title == "Run 1, in training"
    shown = session.workspace.model.checkpoint.model.state_dict()
    assert all(weights.equal(shown[name]) for name, weights in snapshot.weights.items())


def test_a_model_chosen_in_mid_run_stays_while_the_run_goes_on(
    qtbot: QtBot, window: MainWindow, train: Train, stop: Stop, open_in: Open, small: Checkpoint,
    small_model: Path,
) -> None:  # fmt: skip
    session = window.session
    train(session)
    open_in(window, small_model)
    first = wait_for_snapshots(qtbot, session, 1)
    last = wait_for_snapshots(qtbot, session, 2)
    assert last.step > first.step
    assert session.run.state is RunState.RUNNING
    assert session.workspace.model.path == small_model
    session.exploration.pin_at(0.5, -1.0)
    assert_shows(window, small)
    assert stop(session).path.is_file()
    assert session.workspace.model.path == small_model


def test_a_snapshot_that_comes_while_a_model_is_being_opened_does_not_undo_the_choice(
    qtbot: QtBot,
    window: MainWindow,
    train: Train,
    wait_for_tiles: Tiles,
    small: Checkpoint,
    small_model: Path,
) -> None:
    session = window.session
    train(session)
    snapshot = wait_for_snapshots(qtbot, session, 1)
    with qtbot.waitSignal(session.workspace.model_changed, timeout=PATIENCE):
        window.open_path(small_model)
        session.run.snapshot_taken.emit(snapshot)
    assert session.workspace.model.path == small_model
    manifold = wait_for_tiles(window)
    expected = vae.decode_images(small.model, manifold.grid.centres()[:1])[0].astype(int)
    assert np.abs(manifold.picture[:, :28, :28] - expected).max() <= 1


def test_a_bad_file_in_mid_run_lets_the_plane_follow_on(
    qtbot: QtBot, window: MainWindow, train: Train, tmp_path: Path
) -> None:
    session = window.session
    train(session)
    with qtbot.waitSignal(session.failed, timeout=PATIENCE):
        window.open_path(tmp_path / "missing.safetensors")
    with qtbot.waitSignal(session.workspace.weights_changed, timeout=PATIENCE):
        pass
    assert session.run.state is RunState.RUNNING


def test_a_new_run_keeps_the_model_of_the_one_under_way(
    qtbot: QtBot, window: MainWindow, train: Train, stop: Stop
) -> None:
    session, ends = window.session, []
    session.run.ended.connect(ends.append)
    train(session)
    train(session)
    assert session.run.number == 2
    assert [end.run for end in ends] == [1]
    assert session.workspace.model.title == "Run 2, in training"
    assert stop(session).run == 2
    kept = [vae.load(end.path) for end in ends]
    assert len({end.path for end in ends}) == 2
    fitted = TINY.fitted((1, 28, 28), 10)
    assert all(checkpoint.model.config == fitted for checkpoint in kept)


def test_closing_the_window_in_mid_run_keeps_the_model_and_ends_the_threads(
    qtbot: QtBot, window: MainWindow, places: Places
) -> None:
    form = window.train.form
    window.tabs.setCurrentWidget(window.train)
    for name, text in (("encoder_widths", "16"), ("decoder_widths", "16"), ("epochs", "100000")):
        form.fields[name].setText(text)
    button = window.findChild(QPushButton, "startButton")
    with qtbot.waitSignal(window.session.run.progressed, timeout=PATIENCE):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    window.close()
    (kept,) = places.models.iterdir()
    assert vae.load(kept).model.config.encoder_widths == (16,)
    assert not window.session.run._thread.isRunning()
    assert not window.session._plane._thread.isRunning()


def test_a_run_of_images_of_another_size_is_not_overtaken(
    qtbot: QtBot, window: MainWindow, train: Train, open_in: Open, save_model: Any
) -> None:
    train(window.session)
    open_in(window, save_model("colour", image_shape=(3, 32, 32)))
    wait_for_snapshots(qtbot, window.session, 2)
    assert window.session.workspace.model.image_shape == (3, 32, 32)
    assert window.session.exploration.picture.shape == (3, 32, 32)
