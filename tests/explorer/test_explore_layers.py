"""Layers, legend and colours of the plane, and its pictures as files, on the real window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from explorer.main_window import MainWindow
from explorer.theme import CLASSES
from explorer.views.legend import FAINT, FULL
from explorer.views.plane_card import PlaneCard
from vae import Checkpoint

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds

Mouse = Any  # of conftest.py


@pytest.fixture
def card(window: MainWindow) -> PlaneCard:
    return window.explore.plane_card


def drawn(card: PlaneCard) -> QImage:
    return card.plane.grab().toImage()


def test_each_layer_can_be_hidden_and_shown_again(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, card: PlaneCard
) -> None:
    grids: list[object] = []
    window.session.exploration.manifold_ready.connect(lambda manifold: grids.append(manifold.grid))
    card.zoom_to_posterior()
    card.plane.plane.scaleBy((4, 4))
    settle = card.plane._settle
    qtbot.waitUntil(lambda: not settle.isActive() and grids[-1:] == [card.plane._grid], timeout=PATIENCE)
    whole = drawn(card)
    without = []
    for layer in card.layers.values():
        mouse.click(layer)
        without.append(drawn(card))
        mouse.click(layer)
        assert drawn(card) == whole
    assert len(without) == 4
    for place, picture in enumerate(without):
        assert picture not in [whole, *without[:place]]


def test_the_posterior_is_pointed_at_where_its_ellipses_are_too_small(qtbot: QtBot, card: PlaneCard) -> None:
    assert not card.plane._callout.isVisible()
    card.plane.plane.scaleBy((12, 12))
    qtbot.waitUntil(card.plane._callout.isVisible, timeout=PATIENCE)
    card.layers["q(z|x)"].click()
    assert not card.plane._callout.isVisible()


def test_points_wear_the_colour_of_their_class(card: PlaneCard, small: Checkpoint) -> None:
    expected = np.array([QColor(CLASSES[label]).getRgb()[:3] for label in small.encodings.labels])
    assert np.array_equal(card.plane._colours[:, :3], expected)
    assert (card.plane._colours[:, 3] == FULL).all()
    assert "300 test images" in card.legend.source.text()


def test_the_legend_isolates_a_class(mouse: Mouse, card: PlaneCard, small: Checkpoint) -> None:
    labels, chips = small.encodings.labels, card.legend.classes._chips
    assert [chip.text() for chip in chips] == list("0123456789")
    everything = drawn(card)
    for label in (4, 7):
        mouse.click(chips[label])
        alphas = card.plane._colours[:, 3]
        assert np.array_equal(alphas, np.where(labels == label, FULL, FAINT))
        assert drawn(card) != everything
    mouse.click(chips[7])
    assert (card.plane._colours[:, 3] == FULL).all()


def test_points_can_be_coloured_by_a_factor(window: MainWindow, card: PlaneCard) -> None:
    slant = window.session.workspace.dataset.test_factors["slant"]
    card.legend.colour_box.setCurrentText("slant")
    assert card.legend.factor.isVisible()
    assert not card.legend.classes.isVisible()
    red, green, blue = card.plane._colours[np.argsort(slant), :3].astype(int).T
    assert (np.diff(green) >= 0).all()  # viridis grows greener all along
    assert green[-1] - green[0] > 200
    assert blue[-1] < blue[0] < red[-1]
    assert card.legend.factor._low < np.median(slant) < card.legend.factor._high
    card.legend.colour_box.setCurrentText("class")
    assert card.legend.classes.isVisible()
    assert not card.legend.factor.isVisible()


# --- as files


def test_the_decoded_image_is_saved_pixel_by_pixel(
    window: MainWindow, mouse: Mouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "a digit"), ""))
    mouse.click(window.explore.decoded_card.save)
    with Image.open(tmp_path / "a digit.png") as saved:
        assert np.array_equal(np.asarray(saved.convert("L")), window.session.exploration.picture[0])
    assert "a digit.png" in window.statusBar().currentMessage()


def test_the_plane_is_saved_as_it_is_seen(
    window: MainWindow, card: PlaneCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "plane.png"), ""))
    window.exports.save_plane()
    saved = QImage(str(tmp_path / "plane.png"))
    assert saved.convertToFormat(QImage.Format.Format_RGB32) == drawn(card).convertToFormat(
        QImage.Format.Format_RGB32
    )


def test_nothing_is_saved_when_no_name_is_given(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    window.exports.save_decoded()
    window.save_file()
    assert not list(tmp_path.glob("*.png"))
    assert not list(tmp_path.glob("*.safetensors"))


def test_a_folder_that_is_gone_is_said(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gone" / "plane.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.exports.save_plane()
    assert window.banner.isVisible()
    assert str(path) in window.banner.sentence.text()
