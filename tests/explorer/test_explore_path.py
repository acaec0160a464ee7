"""The path from A to B, on the real window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

import vae
from explorer.exploration import Exploration
from explorer.main_window import MainWindow
from explorer.views.path_card import FRAMES, TICKS, PathCard
from explorer.views.pictures import to_image
from vae import Checkpoint

PATIENCE = 60_000  # milliseconds

Mouse = Any  # of conftest.py
Ends = tuple[NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture
def exploration(window: MainWindow) -> Exploration:
    return window.session.exploration


@pytest.fixture
def card(window: MainWindow, mouse: Mouse) -> PathCard:
    mouse.click(window.explore.plane_card.path_button)
    return window.explore.path_card


@pytest.fixture
def ends(window: MainWindow, mouse: Mouse, card: PathCard, exploration: Exploration) -> Ends:
    """Set A and B by mouse, as a user does."""
    surface, places = window.explore.plane_card.plane.viewport(), []
    for pixel, button in ((QPoint(200, 150), card.set_a), (QPoint(420, 330), card.set_b)):
        mouse.click(surface, pixel)
        places.append(exploration.pin)
        mouse.click(button)
    return places[0], places[1]


def decoded(small: Checkpoint, z: NDArray[np.float32]) -> QImage:
    return to_image(vae.decode_images(small.model, z[None])[0])


def test_without_ends_there_is_nothing_to_play(card: PathCard) -> None:
    assert card.isVisible()
    assert not card.play.isEnabled()
    assert not card.slider.isEnabled()
    assert "Click a place" in card._hint.text()


def test_the_strip_runs_from_a_to_b_in_equal_steps(card: PathCard, ends: Ends, small: Checkpoint) -> None:
    a, b = ends
    strip = card.strip._images
    assert len(strip) == FRAMES
    assert strip[0] == decoded(small, a)
    assert strip[-1] == decoded(small, b)
    assert strip[FRAMES // 2] == decoded(small, (a + b) / 2)
    assert strip[0] != strip[FRAMES // 2] != strip[-1]
    assert f"{np.linalg.norm(b - a):.2f}" in card._hint.text()


def test_the_path_is_drawn_on_the_plane_until_it_is_put_away(
    window: MainWindow, mouse: Mouse, card: PathCard, ends: Ends
) -> None:
    line = window.explore.plane_card.plane._path
    np.testing.assert_allclose(np.transpose(line.getData()), ends)
    mouse.click(window.explore.plane_card.path_button)
    assert not card.isVisible()
    assert len(line.getData()[0]) == 0
    mouse.click(window.explore.plane_card.path_button)
    np.testing.assert_allclose(np.transpose(line.getData()), ends)


def test_the_slider_walks_along(card: PathCard, ends: Ends, exploration: Exploration) -> None:
    a, b = ends
    for tick in (TICKS, TICKS // 4, 0):
        card.slider.setValue(tick)
        np.testing.assert_allclose(exploration.pin, a + (b - a) * tick / TICKS, atol=1e-5)
        assert np.array_equal(exploration.z, exploration.pin)
        assert card.strip._marked == round(tick * (FRAMES - 1) / TICKS)


def test_a_click_on_the_strip_goes_there(
    mouse: Mouse, card: PathCard, ends: Ends, exploration: Exploration
) -> None:
    mouse.click(card.strip, card.strip.cell(FRAMES - 1).center())
    np.testing.assert_allclose(exploration.pin, ends[1], atol=1e-5)


def test_play_reaches_b_and_stops(
    qtbot: QtBot, mouse: Mouse, card: PathCard, ends: Ends, exploration: Exploration, small: Checkpoint
) -> None:
    card.slider.setValue(TICKS - 5)
    passed: list[float] = []
    exploration.pin_moved.connect(lambda: passed.append(float(exploration.pin[0])))
    mouse.click(card.play)
    assert card.play.text() == "Pause"
    qtbot.waitUntil(lambda: not card.play.isChecked(), timeout=PATIENCE)
    assert passed == sorted(passed)
    assert len(passed) == 5
    np.testing.assert_allclose(exploration.pin, ends[1], atol=1e-5)
    assert to_image(exploration.picture) == decoded(small, ends[1])
    assert card.play.text() == "Play"


def test_another_model_has_another_path(
    window: MainWindow, card: PathCard, ends: Ends, open_in: Any, small_model: Any
) -> None:
    assert card.play.isEnabled()
    open_in(window, small_model)
    assert not card.play.isEnabled()
    assert len(window.explore.plane_card.plane._path.getData()[0]) == 0
