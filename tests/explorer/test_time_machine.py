"""The run replayed on the real window: from the untrained model on, and back to what there is now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

import vae
from explorer.main_window import MainWindow
from explorer.messages import RunEnded
from explorer.session import Session
from vae import VAE
from vae.configuration import ModelConfig, TrainingConfig

PATIENCE = 60_000  # milliseconds
ENDLESS = TrainingConfig(epochs=100_000, batch_size=50, seed=7)
TINY = ModelConfig(encoder_widths=(16,), decoder_widths=(16,))

Open = Callable[[MainWindow, Path], None]


@pytest.fixture
def running(qtbot: QtBot, window: MainWindow) -> MainWindow:
    """A window with a run that has a few snapshots."""
    session = window.session
    session.start_run("default-2d", TINY, ENDLESS, "stroke-digits")
    wait_for_frames(qtbot, session, 4)
    return window


def wait_for_frames(qtbot: QtBot, session: Session, count: int) -> None:
    qtbot.waitUntil(lambda: len(session.time_machine.frames) >= count, timeout=PATIENCE)


def stop(qtbot: QtBot, session: Session) -> RunEnded:
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
        session.stop_run()
    ended: RunEnded = signal.args[0]
    return ended


def assert_shows(window: MainWindow, model: VAE) -> None:
    """The picture under the cursor, and the terms of the input, are this model's."""
    exploration, inputs = window.session.exploration, window.session.inputs
    shown = window.explore.decoded_card.picture.picture
    expected = vae.decode_images(model, exploration.z[None])[0].astype(int)
    assert np.abs(shown - expected).max() <= 1
    posterior = vae.posterior_of(model, inputs.selection.picture)
    assert exploration.posterior.terms.elbo == pytest.approx(posterior.terms.elbo, abs=1e-3)


def untrained() -> VAE:
    return vae.build(TINY.fitted((1, 28, 28), 10), ENDLESS.seed).eval()


def replay(qtbot: QtBot, window: MainWindow, step: int) -> None:
    """Move the slider, and wait until the plane has answered."""
    with qtbot.waitSignals(
        [window.session.exploration.posterior_changed, window.session.encoded_data.changed], timeout=PATIENCE
    ):
        window.explore.time_bar.slider.setValue(step)


def test_the_slider_is_there_for_a_run_alone(
    qtbot: QtBot, running: MainWindow, open_in: Open, small_model: Path
) -> None:
    bar = running.explore.time_bar
    assert bar.isVisible()
    open_in(running, small_model)
    assert not bar.isVisible()
    ended = stop(qtbot, running.session)
    assert not bar.isVisible()
    open_in(running, ended.path)
    assert bar.isVisible()
    replay(qtbot, running, 0)
    assert_shows(running, untrained())


def test_there_is_nothing_to_replay_before_a_run(window: MainWindow) -> None:
    assert not window.explore.time_bar.isVisible()
    window.session.time_machine.go_to(0)
    assert not window.session.time_machine.replaying


def test_the_run_is_replayed_from_the_untrained_model_while_it_goes_on(
    qtbot: QtBot, running: MainWindow
) -> None:
    session, bar = running.session, running.explore.time_bar
    session.inputs.select_test_image(5)
    replay(qtbot, running, 0)
    assert session.inputs.selection.index == 5
    assert running.windowTitle() == "Run 1, untrained – Latent Explorer"
    assert running.boxes.model_box.currentText() == "Run 1, untrained"
    assert bar.text.text().startswith("untrained · epoch 0.0 · ELBO −")
    assert_shows(running, untrained())
    kept = len(session.time_machine.frames)
    wait_for_frames(qtbot, session, kept + 2)  # the run goes on, the plane stays
    assert_shows(running, untrained())
    qtbot.mouseClick(bar.now, Qt.MouseButton.LeftButton)
    assert running.windowTitle() == "Run 1, in training – Latent Explorer"
    newest = session.time_machine.frames[-1].weights
    shown = session.workspace.model.checkpoint.model.state_dict()
    assert all(weights.equal(shown[name]) for name, weights in newest.items())
    with qtbot.waitSignal(session.workspace.weights_changed, timeout=PATIENCE):  # it follows again
        pass
    assert not bar.now.isEnabled()


def test_any_step_is_shown_with_its_own_weights(qtbot: QtBot, running: MainWindow) -> None:
    session = running.session
    frame = session.time_machine.frames[2]
    replay(qtbot, running, frame.step)
    model = untrained()
    model.load_state_dict(frame.weights)
    assert running.windowTitle() == f"Run 1 at step {frame.step:,} – Latent Explorer"
    assert_shows(running, model)
    expected = vae.encode_images(model, session.workspace.dataset.test_images, np.zeros(300, np.int64))
    shown = session.encoded_data.points.encodings
    np.testing.assert_allclose(shown.z_loc, expected.z_loc, atol=1e-4)


def test_the_first_frame_scores_as_the_untrained_model_does(qtbot: QtBot, running: MainWindow) -> None:
    replay(qtbot, running, 0)
    data = running.session.workspace.dataset
    expected = vae.evaluate(untrained(), data.train_images).elbo
    assert running.session.time_machine.frame.elbo == pytest.approx(expected, abs=10)  # of one batch


def test_going_back_shows_what_was_there_and_the_kept_model_is_untouched(
    qtbot: QtBot, running: MainWindow, tmp_path: Path
) -> None:
    session = running.session
    ended = stop(qtbot, session)
    session.inputs.select_test_image(3)
    session.exploration.pin_at(0.5, -0.25)
    picture, points = session.exploration.picture, session.encoded_data.points.encodings
    replay(qtbot, running, 0)
    assert not np.array_equal(session.exploration.picture, picture)
    with qtbot.waitSignal(session.exploration.posterior_changed, timeout=PATIENCE):
        running.cancel()
    assert np.array_equal(session.exploration.picture, picture)
    assert session.exploration.pin.tolist() == [0.5, -0.25]
    assert session.encoded_data.points.encodings is points
    assert session.inputs.selection.index == 3
    assert session.workspace.model.path == ended.path
    assert running.boxes.model_box.currentText() == ended.path.stem
    session.workspace.save_model(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == ended.path.read_bytes()


def test_a_run_that_ends_during_a_replay_waits_at_now(qtbot: QtBot, running: MainWindow) -> None:
    session, bar = running.session, running.explore.time_bar
    replay(qtbot, running, 0)
    ended = stop(qtbot, session)
    assert running.windowTitle().startswith("Run 1, untrained")
    assert bar.now.text() == "Now"
    qtbot.mouseClick(bar.now, Qt.MouseButton.LeftButton)
    assert session.workspace.model.path == ended.path
    qtbot.waitUntil(lambda: session.exploration.posterior is not None, timeout=PATIENCE)
    with qtbot.waitSignal(session.exploration.posterior_changed, timeout=PATIENCE):
        pass
    assert_shows(running, vae.load(ended.path).model)


def test_playing_ends_at_now(qtbot: QtBot, running: MainWindow) -> None:
    session, bar = running.session, running.explore.time_bar
    stop(qtbot, session)
    titles: list[str] = []
    session.workspace.title_changed.connect(lambda model: titles.append(model.title))
    qtbot.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    assert bar.slider.value() == 0
    qtbot.waitUntil(lambda: not bar.play.isChecked(), timeout=PATIENCE)
    between = session.time_machine.frames[1:-1]
    assert titles[:-1] == ["Run 1, untrained", *(f"Run 1 at step {frame.step:,}" for frame in between)]
    assert not session.time_machine.replaying
    assert bar.slider.value() == bar.slider.maximum()


def test_of_the_places_that_the_slider_runs_through_the_last_is_shown(
    qtbot: QtBot, running: MainWindow
) -> None:
    session, slider = running.session, running.explore.time_bar.slider
    stop(qtbot, session)
    versions: list[int] = []
    session.workspace.weights_changed.connect(lambda model: versions.append(model.version))
    last = session.time_machine.frames[1].step
    for step in range(slider.maximum() - 1, last - 1, -1):
        slider.setValue(step)
    assert len(versions) <= 1  # the plane has not answered yet
    qtbot.waitUntil(lambda: session.time_machine.frame.step == last, timeout=PATIENCE)
    assert len(versions) <= 2


def test_a_model_that_is_opened_during_a_replay_stays(
    qtbot: QtBot, running: MainWindow, open_in: Open, small_model: Path
) -> None:
    replay(qtbot, running, 0)
    open_in(running, small_model)
    assert not running.session.time_machine.replaying
    with qtbot.waitSignal(running.session.run.snapshot_taken, timeout=PATIENCE):
        pass
    assert running.session.workspace.model.path == small_model


def test_a_plane_that_no_longer_follows_can_go_live_again(qtbot: QtBot, running: MainWindow) -> None:
    session, bar = running.session, running.explore.time_bar
    session.live_model.set_following(False)
    step = session.time_machine.frame.step
    with qtbot.waitSignal(session.run.snapshot_taken, timeout=PATIENCE):
        pass
    assert f"step {step:,} " in bar.text.text()
    qtbot.mouseClick(bar.now, Qt.MouseButton.LeftButton)
    assert session.live_model.following
    assert not session.time_machine.replaying


def test_the_next_run_takes_the_place_of_the_last(qtbot: QtBot, running: MainWindow) -> None:
    session = running.session
    replay(qtbot, running, 0)
    session.live_model.set_following(False)
    with qtbot.waitSignal(session.run.began, timeout=PATIENCE):
        session.start_run("default-2d", TINY, ENDLESS, "stroke-digits")
    assert not running.explore.time_bar.isVisible()
    assert not session.time_machine.replaying
