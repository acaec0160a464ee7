"""Images that a script has given: they are trained on like others, and no file promises more than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torch import Tensor, nn

import explorer
import vae
from explorer import launcher
from explorer.main_window import MainWindow
from explorer.messages import Failure, RunEnded
from explorer.places import default_places
from explorer.run_keeper import unfinished_file
from vae.configuration import ModelConfig, TrainingConfig
from vae.dataset import IN_MEMORY

PATIENCE = 60_000  # milliseconds
Command = Callable[..., Any]


class Own(nn.Module):
    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z_loc = x.flatten(1)[:, 100:102]
        return z_loc, 0.0 * z_loc + 0.1

    def decode(self, z: Tensor) -> Tensor:
        return (z.sum(1) / 10.0).sigmoid()[:, None, None].expand(-1, 28, 28)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the settings and the models of whoever runs the tests alone."""
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))


@pytest.fixture
def pictures(stroke_pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return stroke_pictures[:40, 0]


@pytest.fixture
def launch(qapp: QApplication, pictures: NDArray[np.uint8]) -> Iterator[Callable[..., MainWindow]]:
    """On 40 images, of two classes unless they are given other labels."""
    yield lambda labels=("a", "b") * 20: explorer.launch(Own(), pictures, labels)
    for window in list(launcher._windows):
        window.close()


@pytest.fixture
def window(launch: Callable[..., MainWindow]) -> MainWindow:
    return launch()


def train(qtbot: QtBot, window: MainWindow) -> RunEnded:
    form = window.train.form
    form.choose_dataset(IN_MEMORY)
    assert form.dataset == IN_MEMORY
    for name, text in {"epochs": "2", "encoder_widths": "16", "decoder_widths": "16"}.items():
        form.fields[name].setText(text)
    with qtbot.waitSignal(window.session.run.ended, timeout=PATIENCE) as signal:
        window.train.controls.start_button.click()
    ended: RunEnded = signal.args[0]
    return ended


def test_they_are_trained_on(
    qtbot: QtBot, window: MainWindow, pictures: NDArray[np.uint8], command: Command
) -> None:
    ended = train(qtbot, window)
    assert ended.failure is None
    assert ended.path is not None
    kept = vae.load(ended.path)
    assert kept.dataset == IN_MEMORY
    assert kept.model.config.image_shape == (1, 28, 28)
    assert kept.model.config.classes == 2
    assert [report.epoch for report in kept.history] == [1, 2]
    assert vae.evaluate(kept.model, pictures[:, None]) == kept.history[-1].test
    workspace = window.session.workspace
    qtbot.waitUntil(lambda: workspace.model.path == ended.path, timeout=PATIENCE)
    assert workspace.class_names == ("a", "b")
    assert workspace.dataset.info.name == IN_MEMORY
    assert command("info", ended.path).code == 0


def test_they_are_trained_on_while_others_are_looked_at(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.session.workspace.dataset_changed, timeout=PATIENCE):
        window.session.workspace.open_dataset("stroke-digits")
    ended = train(qtbot, window)
    assert ended.checkpoint is not None
    assert ended.checkpoint.dataset == IN_MEMORY
    assert len(ended.checkpoint.encodings.labels) == 40


@pytest.mark.parametrize("preset", ["conditional", "labels"])
def test_without_labels_no_run_begins_that_needs_them(
    qtbot: QtBot, launch: Callable[..., MainWindow], preset: str
) -> None:
    window = launch(None)
    form, session = window.train.form, window.session
    form.choose_dataset(IN_MEMORY)
    form.preset_box.choose(preset, "default-2d")
    form.use_preset()
    with qtbot.waitSignal(session.failed, timeout=PATIENCE) as signal:
        window.train.controls.start_button.click()
    failure: Failure = signal.args[0]
    assert f"family '{preset}' learn from labels" in failure.sentence
    assert "Choose another" in failure.sentence
    assert failure.log is None
    assert not session.waiting
    assert not session.run.active


def test_a_run_on_them_is_resumed_only_where_they_are(
    qtbot: QtBot, launch: Callable[..., MainWindow], pictures: NDArray[np.uint8], command: Command
) -> None:
    config, labels = ModelConfig((1, 28, 28), 2, (16,), (16,), classes=2), np.arange(40) % 2
    data = vae.Arrays(pictures[:, None], labels, pictures[:, None], labels)
    training = vae.Training(vae.build(config), TrainingConfig(epochs=2), data)
    next(training)
    header = vae.RunHeader(
        *("default-2d", IN_MEMORY, 40, config, training.config, ()), step=1, epoch=1.0, device="cpu"
    )
    folder = default_places().models
    folder.mkdir(parents=True)
    file = unfinished_file(folder / "given.safetensors")
    vae.save_run(file, vae.UnfinishedRun(header, training.state()))
    command("train", "--resume", file).assert_refused("explorer.launch()", "in memory only")

    session = launch().session
    assert session.cut_off_runs.latest is not None
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
        session.resume_run(session.cut_off_runs.latest)
    assert signal.args[0].failure is None
    assert signal.args[0].step == 2


def test_a_model_of_them_says_elsewhere_that_they_were_in_memory_only(
    qtbot: QtBot, open_window: Callable[[], MainWindow], save_model: Callable[..., Path]
) -> None:
    elsewhere = open_window()
    with qtbot.waitSignal(elsewhere.session.failed, timeout=PATIENCE) as signal:
        elsewhere.open_path(save_model("given", dataset=IN_MEMORY))
    failure: Failure = signal.args[0]
    assert "in memory only" in failure.sentence
    assert failure.log is None
    qtbot.waitUntil(lambda: elsewhere.session.workspace.dataset is not None, timeout=PATIENCE)
