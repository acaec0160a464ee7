"""Undo and redo of every move, by mouse and keys on the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from explorer.main_window import MainWindow
from explorer.moves import Standpoint

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds

Mouse = Any  # of conftest.py
Key = Callable[..., None]
PLACES = [QPoint(200, 200), QPoint(230, 190), QPoint(330, 150), QPoint(400, 420)]


@pytest.fixture
def key(window: MainWindow) -> Key:
    """Press a key as the system does."""

    def press(key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(window.windowHandle(), key, modifiers)

    return press


@pytest.fixture
def undo(key: Key) -> Callable[[], None]:
    return lambda: key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


@pytest.fixture
def redo(key: Key) -> Callable[[], None]:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    return lambda: key(Qt.Key.Key_Z, both)


def standpoint(window: MainWindow) -> Standpoint:
    return window.session.moves.standpoint


def texts(window: MainWindow) -> list[str]:
    stack = window.session.moves.stack
    return [stack.text(place) for place in range(stack.count())]


def entry(window: MainWindow, place: int) -> str:
    edit = next(menu.menu() for menu in window.menuBar().actions() if menu.text() == "&Edit")
    return edit.actions()[place].text()


def drag(window: MainWindow, mouse: Mouse) -> None:
    mouse.drag(window.explore.plane_card.plane.viewport(), PLACES)


def pan(window: MainWindow, mouse: Mouse) -> None:
    mouse.drag(window.explore.plane_card.plane.viewport(), PLACES, Qt.MouseButton.RightButton)


def next_image(window: MainWindow, mouse: Mouse) -> None:
    mouse.click(window.explore.input_card.next)


def quantiles(window: MainWindow, mouse: Mouse) -> None:
    mouse.click(window.explore.plane_card.findChild(type(window.explore.plane_card.home_button), "quantiles"))


def hide_points(window: MainWindow, mouse: Mouse) -> None:
    mouse.click(window.explore.plane_card.layers["Points"])


@pytest.mark.parametrize(
    ("move", "text"),
    [
        (drag, "move to z"),
        (pan, "zoom and pan"),
        (next_image, "choice of x"),
        (quantiles, "choice of plane"),
        (hide_points, "choice of layers"),
    ],
)
def test_a_move_is_undone_and_redone(
    window: MainWindow, mouse: Mouse, undo: Callable[[], None], redo: Callable[[], None],
    move: Callable[[MainWindow, Mouse], None], text: str,
) -> None:  # fmt: skip
    before, view = standpoint(window), window.explore.plane_card.plane.view_rect()
    picture = window.session.exploration.picture
    move(window, mouse)
    after, there = standpoint(window), window.explore.plane_card.plane.view_rect()
    assert not before.same_as(after)
    assert texts(window) == [text]
    assert entry(window, 0) == f"Undo {text}"
    undo()
    assert before.same_as(standpoint(window))
    assert window.explore.plane_card.plane.view_rect() == view
    assert np.array_equal(window.session.exploration.picture, picture)
    assert entry(window, 1) == f"Redo {text}"
    redo()
    assert after.same_as(standpoint(window))
    assert window.explore.plane_card.plane.view_rect() == there


def test_zooming_by_wheel_is_one_move_and_each_key_another(
    window: MainWindow, mouse: Mouse, key: Key, undo: Callable[[], None]
) -> None:
    plane = window.explore.plane_card.plane
    plane.setFocus()
    home, z = plane.view_rect(), window.session.exploration.pin
    key(Qt.Key.Key_Plus)
    zoomed = plane.view_rect()
    for _ in range(2):
        key(Qt.Key.Key_Right)
    assert texts(window) == ["zoom and pan", "move to z", "move to z"]
    undo()
    undo()
    assert np.array_equal(window.session.exploration.pin, z)
    assert plane.view_rect() == zoomed
    window.session.moves.begin()
    for _ in range(5):
        mouse.wheel(plane.viewport(), QPoint(300, 300), 1)
    assert texts(window) == ["zoom and pan", "zoom and pan"]
    undo()
    assert plane.view_rect() == zoomed
    undo()
    assert plane.view_rect() == home


def test_hovering_is_no_move_and_home_is_one(window: MainWindow, mouse: Mouse, key: Key) -> None:
    surface = window.explore.plane_card.plane.viewport()
    mouse.move(surface, QPoint(300, 120))
    mouse.leave()
    assert texts(window) == []
    pan(window, mouse)
    key(Qt.Key.Key_Home)
    assert texts(window) == ["zoom and pan", "zoom and pan"]
    assert standpoint(window).view is None


def test_a_resized_window_is_no_move(window: MainWindow, mouse: Mouse) -> None:
    pan(window, mouse)
    before = standpoint(window)
    window.resize(window.width() + 100, window.height() + 40)
    assert before.same_as(standpoint(window))
    assert texts(window) == ["zoom and pan"]


def test_each_stroke_of_a_drawing_is_undone_on_the_pad(
    window: MainWindow, mouse: Mouse, undo: Callable[[], None], redo: Callable[[], None]
) -> None:
    card = window.explore.input_card
    mouse.click(card.draw)
    mouse.drag(card.pad, [QPoint(60, 40), QPoint(60, 100), QPoint(60, 160)])
    first = card.pad.ink()
    mouse.drag(card.pad, [QPoint(30, 100), QPoint(120, 100)])
    second, picture = card.pad.ink(), window.session.inputs.selection.picture
    assert not np.array_equal(first, second)
    assert texts(window) == ["drawing", "drawing"]
    undo()
    assert np.array_equal(card.pad.ink(), first)
    assert not np.array_equal(window.session.inputs.selection.picture, picture)
    redo()
    assert np.array_equal(card.pad.ink(), second)
    assert np.array_equal(window.session.inputs.selection.picture, picture)
    undo()
    undo()
    assert window.session.inputs.selection.index == 0


def test_the_label_that_is_told_is_undone(
    window: MainWindow, open_in: Callable[[MainWindow, Path], None], save_model: Callable[..., Path],
    mouse: Mouse, undo: Callable[[], None], redo: Callable[[], None],
) -> None:  # fmt: skip
    open_in(window, save_model("conditional", family="conditional"))
    exploration, chooser = window.session.exploration, window.explore.decoded_card.labels
    told, picture = exploration.label, exploration.picture
    window.session.moves.begin()
    chooser.chosen.emit((told + 3) % 10)
    assert texts(window) == ["choice of label"]
    undo()
    assert exploration.label == told
    assert np.array_equal(exploration.picture, picture)
    redo()
    assert exploration.label == (told + 3) % 10


def test_another_model_has_other_places(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
) -> None:  # fmt: skip
    drag(window, mouse)
    pan(window, mouse)
    assert len(texts(window)) == 2
    open_in(window, save_model("mixture", family="mixture"))  # whose home is elsewhere
    qtbot.waitUntil(lambda: window.session.encoded_data.points is not None, timeout=PATIENCE)
    assert texts(window) == []
    assert not window.session.moves.stack.canUndo()
