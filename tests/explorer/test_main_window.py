"""Files, messages, menus and settings of the real window."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPalette
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from safetensors.numpy import load_file, save_file

import vae
from explorer.app import UnforeseenErrors
from explorer.app import open_window as start
from explorer.failures import failure_of, log_file, report_unforeseen
from explorer.main_window import MainWindow
from explorer.places import Places
from explorer.theme import DARK, LIGHT, apply_theme
from vae.checkpoint import HEADER

PATIENCE = 60_000  # milliseconds

Mouse = Any  # of conftest.py
Open = Callable[[MainWindow, Path], None]


def shown(window: MainWindow) -> Path:
    model = window.session.workspace.model
    assert model is not None
    return model.path


def newer(source: Path, path: Path) -> None:
    save_file(load_file(source), path, {HEADER: json.dumps({"format_version": 99})})


# --- files that cannot be opened


@pytest.mark.parametrize("kind", ["text", "truncated", "newer", "missing", "folder"])
def test_a_bad_file_is_told_and_the_open_model_stays(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, small_model: Path, tmp_path: Path, kind: str
) -> None:
    bad = tmp_path / "bad.safetensors"
    if kind == "text":
        bad.write_text("Dear diary, this is no model.")
    elif kind == "truncated":
        bad.write_bytes(small_model.read_bytes()[:-1_000])
    elif kind == "newer":
        newer(small_model, bad)
    elif kind == "folder":
        bad.mkdir()
    model, picture = window.session.workspace.model, window.session.exploration.picture
    with qtbot.waitSignal(window.session.failed, timeout=PATIENCE):
        window.open_path(bad)
    assert window.banner.isVisible()
    sentence = window.banner.sentence.text()
    assert "bad.safetensors" in sentence
    assert sentence.endswith(".")
    assert "Error" not in sentence.split("(")[0]
    assert window.session.workspace.model is model
    assert np.array_equal(window.session.exploration.picture, picture)
    assert bad not in window._settings.recent
    surface = window.explore.plane_card.plane.viewport()
    with qtbot.waitSignal(window.session.exploration.manifold_ready, timeout=PATIENCE):
        mouse.wheel(surface, QPoint(200, 200), 12)  # the plane thread has the model still
    mouse.click(surface, QPoint(200, 200))
    assert not np.array_equal(window.session.exploration.picture, picture)
    mouse.click(window.banner._close)
    assert not window.banner.isVisible()


def test_a_bad_file_does_not_stop_a_good_one_that_is_being_opened(
    qtbot: QtBot, window: MainWindow, save_model: Callable[..., Path], tmp_path: Path
) -> None:
    good = save_model("good")
    with qtbot.waitSignals([window.session.failed, window.session.workspace.model_changed], timeout=PATIENCE):
        window.open_path(good)
        window.open_path(tmp_path / "missing.safetensors")
    assert shown(window) == good
    with qtbot.waitSignal(window.session.exploration.manifold_ready, timeout=PATIENCE):
        window.explore.plane_card.plane.request_tiles()


def test_of_two_files_the_last_stays_open(
    qtbot: QtBot, window: MainWindow, save_model: Callable[..., Path]
) -> None:
    first, last = save_model("first"), save_model("last")
    window.open_path(first)
    window.open_path(last)
    qtbot.waitUntil(lambda: shown(window) == last, timeout=PATIENCE)
    assert window.windowTitle() == "last – Latent Explorer"


# --- other ways to open and save


def test_a_dropped_file_is_opened(qtbot: QtBot, window: MainWindow, save_model: Callable[..., Path]) -> None:
    path, data = save_model("dropped"), QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    with qtbot.waitSignal(window.session.workspace.model_changed, timeout=PATIENCE):
        QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), copy, data, left, none))
    assert shown(window) == path


def test_text_cannot_be_dropped(window: MainWindow) -> None:
    data = QMimeData()
    data.setText("https://example.org/model.safetensors")
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()


def test_a_model_is_chosen_in_the_corner(
    qtbot: QtBot, window: MainWindow, open_in: Open, save_model: Callable[..., Path], small_model: Path
) -> None:
    open_in(window, save_model("other"))
    box = window.boxes.model_box
    titles = [box.itemText(place) for place in range(box.count())]
    assert titles[:2] == ["MNIST 2-D (built in)", "Stroke digits 2-D (built in)"]
    assert box.currentText() == "other"
    box.setCurrentIndex(titles.index("small"))
    with qtbot.waitSignal(window.session.workspace.model_changed, timeout=PATIENCE):
        box.activated.emit(box.currentIndex())
    assert shown(window) == small_model


def test_a_saved_model_loads_and_becomes_the_open_one(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    window.save_file()
    path = tmp_path / "mine.safetensors"
    assert vae.load(path).dataset == "stroke-digits"
    assert shown(window) == path
    assert window._settings.recent[0] == path
    assert window.boxes.model_box.currentText() == "mine"


def test_recent_files_survive_a_restart(
    qtbot: QtBot, open_window: Callable[[], MainWindow], open_in: Open, save_model: Callable[..., Path]
) -> None:
    first, second = save_model("first"), save_model("second")
    window = open_window()
    open_in(window, first)
    open_in(window, second)
    window.close()
    again = open_window()
    again._recent.aboutToShow.emit()
    actions = again._recent.actions()
    assert [action.text() for action in actions] == [str(second), str(first)]
    with qtbot.waitSignal(again.session.workspace.model_changed, timeout=PATIENCE):
        actions[1].trigger()
    assert shown(again) == first


def test_a_recent_file_that_is_gone_is_left_out(
    window: MainWindow, small_model: Path, open_in: Open, save_model: Callable[..., Path]
) -> None:
    gone = save_model("gone")
    open_in(window, gone)
    gone.unlink()
    window._recent.aboutToShow.emit()
    assert [action.text() for action in window._recent.actions()] == [str(small_model)]


def test_the_size_of_the_window_survives_a_restart(open_window: Callable[[], MainWindow]) -> None:
    window = open_window()
    window.resize(790, 590)
    window.close()
    assert open_window().size().toTuple() == (790, 590)


def test_the_application_starts_on_a_built_in_model(
    qtbot: QtBot, qapp: QApplication, places: Places, tmp_path: Path, small_model: Path
) -> None:
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    window = start(qapp, places, store, None)
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: window.session.workspace.model is not None, timeout=PATIENCE)
    assert window.session.workspace.model.title == "MNIST 2-D (built in)"


@pytest.mark.parametrize("readable", [True, False])
def test_garbage_waits_until_the_first_model_is_open_or_refused(
    qtbot: QtBot, qapp: QApplication, places: Places, tmp_path: Path, small_model: Path, *, readable: bool
) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_text("Dear diary, this is no model.")
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    window = start(qapp, places, store, small_model if readable else bad)
    qtbot.addWidget(window)
    assert not gc.isenabled()
    qtbot.waitUntil(gc.isenabled, timeout=PATIENCE)
    assert (window.session.workspace.model is not None) == readable


# --- keys, messages, appearance


def test_escape_cancels_and_never_quits(qtbot: QtBot, window: MainWindow, mouse: Mouse) -> None:
    explore = window.explore
    mouse.click(explore.plane_card.path_button)
    mouse.click(explore.input_card.draw)
    window.banner.show_failure(failure_of(vae.errors.CheckpointError("This went wrong.")))
    assert explore.path_card.isVisible()
    assert explore.input_card.pad.isVisible()
    for widget in (explore.plane_card.plane, window, explore.decoded_card.z1_box):
        widget.setFocus()
        qtbot.keyClick(widget, Qt.Key.Key_Escape)
        assert window.isVisible()
    assert not window.banner.isVisible()
    assert not explore.path_card.isVisible()
    assert not explore.input_card.pad.isVisible()


def test_letters_are_typed_where_there_is_a_field(qtbot: QtBot, window: MainWindow) -> None:
    window.tabs.setCurrentWidget(window.train)
    selection, field = window.session.inputs.selection, window.train.form.fields["encoder_widths"]
    field.setFocus()
    field.clear()
    qtbot.keyClicks(field, "nmrz")
    assert field.text() == "nmrz"
    assert window.session.inputs.selection is selection


def test_light_and_dark_dress_the_whole_window(window: MainWindow, qapp: QApplication) -> None:
    actions = {
        action.text(): action for menu in window.menuBar().actions() for action in menu.menu().actions()
    }
    plane, pictures = window.explore.plane_card.plane, []
    try:
        for name, theme in (("Dark", DARK), ("Light", LIGHT), ("System", None)):
            actions[name].trigger()
            assert actions[name].isChecked()
            assert window._settings.appearance == name.lower()
            for tab in range(window.tabs.count()):
                window.tabs.setCurrentIndex(tab)
                window.grab()
            window.tabs.setCurrentIndex(0)
            if theme is not None:
                assert qapp.palette().color(QPalette.ColorRole.Window).name() == theme.ground
                assert plane.backgroundBrush().color().name() == theme.card
                assert theme.q in {ellipse.pen().color().name() for ellipse in plane._ellipses._outlines}
                pictures.append(window.grab().toImage())
        assert pictures[0] != pictures[1]
    finally:
        apply_theme(qapp, LIGHT)


def test_the_appearance_survives_a_restart(
    qtbot: QtBot, qapp: QApplication, places: Places, tmp_path: Path, small_model: Path
) -> None:
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    store.setValue("appearance", "dark")
    try:
        window = start(qapp, places, store, small_model)
        qtbot.addWidget(window)
        assert qapp.palette().color(QPalette.ColorRole.Window).name() == DARK.ground
        qtbot.waitUntil(gc.isenabled, timeout=PATIENCE)
    finally:
        apply_theme(qapp, LIGHT)


# --- errors that nobody foresaw


def test_our_own_errors_are_told_and_not_logged() -> None:
    failure = failure_of(vae.errors.DatasetError("The disk is full. Free some space."))
    assert str(failure) == "The disk is full. Free some space."
    assert failure.log is None
    assert not log_file().exists()


def test_an_unforeseen_error_leaves_its_traceback_in_the_log_that_is_named(window: MainWindow) -> None:
    def stumble() -> None:
        raise ZeroDivisionError("a strange thing")

    for _ in range(2):
        try:
            stumble()
        except ZeroDivisionError as error:
            failure = report_unforeseen(type(error), error, error.__traceback__)
    window.banner.show_failure(failure)
    assert failure.log == log_file()
    assert str(log_file()) in window.banner.sentence.text()
    assert "ZeroDivisionError" in window.banner.sentence.text()
    assert "Traceback" not in window.banner.sentence.text()
    assert window.banner._log.isVisible()
    text = log_file().read_text(encoding="utf-8")
    assert text.count("Traceback") == 2  # each once: no handler is left behind
    assert "in stumble" in text
    assert "a strange thing" in text


def test_an_error_in_another_thread_is_told_in_the_windows_own(qtbot: QtBot, window: MainWindow) -> None:
    error = ZeroDivisionError("a strange thing")
    tell = UnforeseenErrors(window.banner).tell
    thread = threading.Thread(target=tell, args=(ZeroDivisionError, error, None))
    thread.start()
    thread.join()
    assert not window.banner.isVisible()  # the other thread touches no widget
    qtbot.waitUntil(window.banner.isVisible, timeout=PATIENCE)


def test_lack_of_memory_is_called_by_its_name() -> None:
    assert "the memory ran out" in str(failure_of(MemoryError()))
