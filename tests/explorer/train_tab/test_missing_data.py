"""Runs whose data set is not on this computer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from explorer.messages import RunEnded
from explorer.run import RunState
from explorer.session import Session
from explorer.tabs.train import TrainTab
from vae import datasets
from vae.datasets import Dataset, DownloadProgress

PATIENCE = 60_000  # milliseconds; a machine that trains for others too may be slow

Press = Callable[[], None]  # of conftest.py
Stop = Callable[[], RunEnded]


def test_data_sets_that_are_not_here_say_what_they_cost(tab: TrainTab) -> None:
    box = tab.form.dataset_box
    texts = [box.itemText(index) for index in range(box.count())]
    assert "MNIST (download 12 MB)" in texts
    assert "Stroke digits" in texts
    assert tab.form.dataset == "stroke-digits"
    assert not tab.form._cost.isVisible()
    box.setCurrentIndex(box.findData("mnist"))
    box.activated.emit(box.currentIndex())
    assert tab.form._cost.isVisible()
    assert tab.form._cost.text() == "Start will download 12 MB."


def test_stop_cancels_the_download_that_a_run_waits_for(
    qtbot: QtBot, tab: TrainTab, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(name: str, folder: Path) -> Iterator[DownloadProgress]:
        while True:
            yield DownloadProgress("file.gz", 3_000_000, 12_000_000)

    monkeypatch.setattr(datasets, "download", endless)
    tab.form.dataset_box.setCurrentIndex(tab.form.dataset_box.findData("mnist"))
    qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: tab.progress.words.text() == "Downloading MNIST: 3.0 of 12.0 MB", timeout=PATIENCE
    )
    assert 4 * tab.progress.bar.value() == tab.progress.bar.maximum()
    assert not tab.controls.start_button.isEnabled()
    over = session.workspace.download_changed
    with qtbot.waitSignal(over, check_params_cb=lambda message: message is None, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.stop_button, Qt.MouseButton.LeftButton)
    assert not session.waiting
    assert session.run.state is RunState.IDLE
    assert tab.controls.start_button.isEnabled()
    assert tab.progress.words.text() == "The run was not begun."


def test_a_run_that_waits_for_its_data_begins_though_a_model_is_opened(
    qtbot: QtBot,
    tab: TrainTab,
    session: Session,
    digits: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    press_start: Press,
    press_stop: Stop,
) -> None:
    press_start()
    path = press_stop().path
    assert path is not None
    opened = []

    def download(name: str, folder: Path) -> Iterator[DownloadProgress]:
        while not opened:
            yield DownloadProgress("file.gz", 1, 2)

    def load(name: str, folder: Path) -> Dataset:
        return replace(digits, info=datasets.DATASETS[name])

    monkeypatch.setattr(datasets, "download", download)
    monkeypatch.setattr(datasets, "load", load)
    tab.form.dataset_box.setCurrentIndex(tab.form.dataset_box.findData("mnist"))
    qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(session.workspace.model_changed, timeout=PATIENCE):
        session.workspace.open_model(path)
    with qtbot.waitSignal(session.run.began, timeout=PATIENCE):
        opened.append(path)
    assert session.run.request is not None
    assert session.run.request.dataset.info.name == "mnist"


def test_a_download_that_fails_tells_why(
    qtbot: QtBot, tab: TrainTab, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(name: str, folder: Path) -> Iterator[DownloadProgress]:
        raise datasets.DatasetMissingError("No server answers. Connect to a network.")
        yield

    monkeypatch.setattr(datasets, "download", offline)
    tab.form.dataset_box.setCurrentIndex(tab.form.dataset_box.findData("mnist"))
    with qtbot.waitSignal(session.failed, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    assert tab.progress.words.text() == "No server answers. Connect to a network."
