"""Marked places: made, shown, gone to, renamed, forgotten, and kept with their model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import vae
from explorer.bookmarks import Bookmark
from explorer.main_window import MainWindow
from explorer.views.bookmarks_card import SIDE, BookmarksCard

pytestmark = pytest.mark.usefixtures("unhurried")

Mouse = Any  # of conftest.py
Open = Callable[[MainWindow, Path], None]
PLACES = [QPoint(200, 200), QPoint(330, 150), QPoint(400, 420)]


@pytest.fixture
def card(window: MainWindow) -> BookmarksCard:
    """The page, shown."""
    pages = window.explore.pages
    chip = next(button for button in pages._group.buttons() if button.text() == "Places")
    chip.click()
    card = pages.findChild(BookmarksCard)
    assert isinstance(card, BookmarksCard)
    return card


def marks(window: MainWindow) -> tuple[Bookmark, ...]:
    return window.session.bookmarks.marks


def mark(window: MainWindow, mouse: Mouse, *places: QPoint) -> None:
    for place in places:
        mouse.click(window.explore.plane_card.plane.viewport(), place)
        QTest.keyClick(window.windowHandle(), Qt.Key.Key_B)


def test_a_place_is_marked_and_gone_to(window: MainWindow, mouse: Mouse, card: BookmarksCard) -> None:
    assert card.empty.isVisible()
    mark(window, mouse, *PLACES)
    exploration = window.session.exploration
    assert [bookmark.name for bookmark in marks(window)] == ["Place 1", "Place 2", "Place 3"]
    assert marks(window)[-1].z == tuple(exploration.pin.tolist())
    assert not card.empty.isVisible()
    item = card.list.item(0)
    shown = item.icon().pixmap(SIDE, SIDE).toImage()
    decoded = vae.decode_images(
        window.session.workspace.model.checkpoint.model, np.array([marks(window)[0].z])
    )
    for row, column in np.ndindex(28, 28):
        grey = shown.pixelColor(2 * column, 2 * row).red()
        assert grey == decoded[0, 0, row, column]
    mouse.click(card.list.viewport(), card.list.visualItemRect(item).center())
    assert np.array_equal(exploration.pin, np.array(marks(window)[0].z, np.float32))
    window.session.moves.undo()
    assert np.array_equal(exploration.pin, np.array(marks(window)[-1].z, np.float32))


def test_a_place_out_of_view_is_brought_into_view(
    window: MainWindow, mouse: Mouse, card: BookmarksCard
) -> None:
    mark(window, mouse, PLACES[0])
    plane = window.explore.plane_card.plane
    plane.show_view(QRectF(1.0, -2.0, 0.5, 0.5))
    size = plane.view_rect().size()
    window.session.bookmarks.go_to(0)
    x, y = marks(window)[0].z
    assert plane.view_rect().contains(x, y)
    assert plane.view_rect().width() == pytest.approx(size.width())


def test_a_bookmark_is_renamed_and_deleted(window: MainWindow, mouse: Mouse, card: BookmarksCard) -> None:
    mark(window, mouse, *PLACES)
    card.list.item(1).setText("between 4 and 9")
    assert [bookmark.name for bookmark in marks(window)] == ["Place 1", "between 4 and 9", "Place 3"]
    card.list.item(0).setText("  ")
    assert marks(window)[0].name == "Place 1"
    card.list.setCurrentRow(0)
    mouse.click(card.delete)
    card.list.setFocus()
    QTest.keyClick(card.list, Qt.Key.Key_Delete)
    assert [bookmark.name for bookmark in marks(window)] == ["Place 3"]
    mark(window, mouse, PLACES[0])
    assert [bookmark.name for bookmark in marks(window)] == ["Place 3", "Place 1"]


def test_they_are_kept_with_their_model(
    window: MainWindow, mouse: Mouse, card: BookmarksCard, open_window: Callable[[], MainWindow],
    open_in: Open, small_model: Path, save_model: Callable[..., Path],
) -> None:  # fmt: skip
    mark(window, mouse, *PLACES)
    kept = marks(window)
    other = save_model("other")
    open_in(window, other)
    assert marks(window) == ()
    assert card.empty.isVisible()
    mark(window, mouse, PLACES[0])
    again = open_window()
    open_in(again, small_model)
    assert marks(again) == kept
    open_in(again, other)
    assert len(marks(again)) == 1


def test_a_model_saved_under_another_name_keeps_them(
    window: MainWindow, mouse: Mouse, open_in: Open, small_model: Path, tmp_path: Path
) -> None:
    mark(window, mouse, *PLACES)
    kept = marks(window)
    window.session.workspace.save_model(tmp_path / "copy.safetensors")
    open_in(window, small_model)
    assert marks(window) == kept
    open_in(window, tmp_path / "copy.safetensors")
    assert marks(window) == kept


@pytest.mark.parametrize("content", ["no JSON", "[]", '{"format": 2}', '{"format": 1, "models": {"a": 3}}'])
def test_bookmarks_that_cannot_be_read_are_left_alone(
    window: MainWindow, mouse: Mouse, open_in: Open, small_model: Path, content: str
) -> None:
    file = window.session.workspace.places.bookmarks
    file.write_text(content)
    open_in(window, small_model)
    sentence = window.banner.sentence.text()
    assert str(file) in sentence
    assert sentence.endswith("remove it to begin anew.")
    mark(window, mouse, PLACES[0])
    assert len(marks(window)) == 1
    assert file.read_text() == content


def test_a_conditional_model_decodes_each_with_its_label(
    qtbot: QtBot, window: MainWindow, card: BookmarksCard, open_in: Open, save_model: Callable[..., Path]
) -> None:
    open_in(window, save_model("conditional", family="conditional"))
    session = window.session
    for label in (3, 8):
        session.exploration.tell_label(label)
        session.bookmarks.add_pin()
    pictures = session.bookmarks.pictures()
    assert not np.array_equal(pictures[0], pictures[1])
    session.bookmarks.go_to(0)
    assert session.exploration.label == 3
    assert np.array_equal(session.exploration.picture, pictures[0])
    stored = json.loads(session.workspace.places.bookmarks.read_text())
    assert [bookmark["label"] for bookmark in next(iter(stored["models"].values()))] == [3, 8]
