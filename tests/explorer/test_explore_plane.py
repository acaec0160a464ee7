"""The latent plane under mouse and keyboard, on the real window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import vae
from explorer.exploration import Exploration
from explorer.main_window import MainWindow
from explorer.plane_messages import Manifold
from explorer.views.latent_plane import HOME, LatentPlane
from explorer.views.picture_view import PictureView
from explorer.views.point_raster import margin
from explorer.views.points_layer import RADIUS
from vae import Checkpoint
from vae.tiles import tiles_of

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds
PIXEL = 0.02  # a pixel's width on the plane at home, with room to round: 6.4 over some 560

Mouse = Any  # of conftest.py
Under = Callable[[QPoint], NDArray[np.float64]]


@pytest.fixture
def plane(window: MainWindow) -> LatentPlane:
    plane = window.explore.plane_card.plane
    plane.setFocus()
    return plane


@pytest.fixture
def surface(plane: LatentPlane) -> QWidget:
    return plane.viewport()


@pytest.fixture
def exploration(window: MainWindow) -> Exploration:
    return window.session.exploration


def decoded_image(window: MainWindow) -> PictureView:
    view = window.findChild(QWidget, "decodedImage")
    assert isinstance(view, PictureView)
    return view


def assert_decoded(window: MainWindow, small: Checkpoint, z: NDArray[np.floating]) -> None:
    """The window shows what ``z`` decodes to, but for the rounding of a grey value."""
    shown = decoded_image(window).picture
    assert shown is not None
    expected = vae.decode_images(small.model, z[None])[0]
    assert np.abs(shown.astype(int) - expected).max() <= 1


# --- the beginning


def test_it_opens_on_the_first_image_and_decodes_its_mean(
    window: MainWindow, exploration: Exploration, small: Checkpoint
) -> None:
    assert window.tabs.currentWidget() is window.explore
    mean = small.encodings.z_loc[0]
    np.testing.assert_allclose(exploration.pin, mean, atol=1e-5)
    assert_decoded(window, small, mean)


def test_the_picture_on_the_screen_is_the_one_that_was_decoded(window: MainWindow) -> None:
    view = decoded_image(window)
    drawn = view.grab().toImage()
    side = min(view.width(), view.height()) // 28 * 28
    left, top = (view.width() - side) / 2, (view.height() - side) / 2
    assert side >= 4 * 28
    for row, column in np.ndindex(28, 28):
        x, y = ((at + 0.5) * side / 28 + start for at, start in ((column, left), (row, top)))
        assert drawn.pixelColor(int(x), int(y)).red() == view.picture[0, row, column]


# --- the mouse


def test_dragging_decodes_the_place_under_the_mouse(
    qtbot: QtBot, window: MainWindow, exploration: Exploration, surface: QWidget, mouse: Mouse, under: Under,
    small: Checkpoint,
) -> None:  # fmt: skip
    pixels = [QPoint(200, 200), QPoint(230, 190), QPoint(330, 150), QPoint(400, 420)]
    mouse.press(surface, pixels[0])
    for pixel in pixels:
        mouse.move(surface, pixel)
        np.testing.assert_allclose(exploration.z, under(pixel), atol=PIXEL)
        assert np.array_equal(exploration.pin, exploration.z)
        assert_decoded(window, small, exploration.z)
    mouse.release(surface, pixels[-1])
    boxes = window.explore.decoded_card.z1_box, window.explore.decoded_card.z2_box
    there = pytest.approx(exploration.z.tolist(), abs=6e-4)
    qtbot.waitUntil(lambda: [box.value() for box in boxes] == there)


def test_the_cursor_is_drawn_at_the_place_that_is_decoded(
    plane: LatentPlane, exploration: Exploration, surface: QWidget, mouse: Mouse
) -> None:
    mouse.click(surface, QPoint(250, 300))
    assert [plane._cursor.pos().x(), plane._cursor.pos().y()] == pytest.approx(exploration.z.tolist())
    on_screen = plane.mapFromScene(plane.plane.mapViewToScene(plane._cursor.pos()))
    assert (on_screen - QPoint(250, 300)).manhattanLength() <= 1


def test_hovering_previews_and_leaving_restores_the_pin(
    window: MainWindow, exploration: Exploration, surface: QWidget, mouse: Mouse, under: Under,
    small: Checkpoint,
) -> None:  # fmt: skip
    pin = exploration.pin
    mouse.move(surface, QPoint(300, 120))
    np.testing.assert_allclose(exploration.z, under(QPoint(300, 120)), atol=PIXEL)
    assert_decoded(window, small, exploration.z)
    assert np.array_equal(exploration.pin, pin)
    mouse.leave()
    assert np.array_equal(exploration.z, pin)
    assert_decoded(window, small, pin)


def test_the_axis_is_not_the_plane(exploration: Exploration, surface: QWidget, mouse: Mouse) -> None:
    pin = exploration.pin
    mouse.move(surface, QPoint(300, 120))
    assert not np.array_equal(exploration.z, pin)
    mouse.move(surface, QPoint(3, 120))
    assert np.array_equal(exploration.z, pin)
    mouse.click(surface, QPoint(3, 120))
    assert np.array_equal(exploration.pin, pin)


def test_the_wheel_zooms_around_the_mouse_and_asks_for_finer_tiles(
    qtbot: QtBot, plane: LatentPlane, exploration: Exploration, surface: QWidget, mouse: Mouse, under: Under
) -> None:
    pixel, before = QPoint(180, 400), plane._grid
    place = under(pixel)

    def finer(manifold: Manifold) -> bool:
        return manifold.grid.step < before.step and not manifold.level

    with qtbot.waitSignal(exploration.manifold_ready, check_params_cb=finer, timeout=PATIENCE):
        for _ in range(6):
            mouse.wheel(surface, pixel, 1)
    assert plane.view_rect().width() < HOME.width() / 2
    np.testing.assert_allclose(under(pixel), place, atol=PIXEL)
    mouse.wheel(surface, pixel, -40)
    assert plane.view_rect().width() > HOME.width()


def test_the_right_button_takes_the_plane_along(
    plane: LatentPlane, exploration: Exploration, surface: QWidget, mouse: Mouse, under: Under
) -> None:
    pin, start, end = exploration.pin, QPoint(200, 200), QPoint(320, 260)
    place, width = under(start), plane.view_rect().width()
    mouse.drag(surface, [start, QPoint(250, 220), end], Qt.MouseButton.RightButton)
    np.testing.assert_allclose(under(end), place, atol=PIXEL)
    assert plane.view_rect().width() == pytest.approx(width)
    assert np.array_equal(exploration.pin, pin)


# --- the keyboard


def test_arrows_nudge_the_pin(
    qtbot: QtBot, window: MainWindow, plane: LatentPlane, exploration: Exploration, small: Checkpoint
) -> None:
    expected, width = exploration.pin.copy(), plane.view_rect().width()
    for key, right, up in (("Left", -1, 0), ("Right", 1, 0), ("Up", 0, 1), ("Down", 0, -1)):
        for modifier, share in (("NoModifier", 50), ("ShiftModifier", 10)):
            qtbot.keyClick(plane, Qt.Key[f"Key_{key}"], Qt.KeyboardModifier[modifier])
            expected += np.array((right, up), np.float32) * width / share
            np.testing.assert_allclose(exploration.pin, expected, atol=1e-5)
    qtbot.keyClick(plane, Qt.Key.Key_Right)
    assert_decoded(window, small, exploration.pin)


def test_home_shows_the_prior_again(qtbot: QtBot, plane: LatentPlane, surface: QWidget, mouse: Mouse) -> None:
    mouse.wheel(surface, QPoint(180, 400), 10)
    assert not plane.view_rect().contains(HOME)
    qtbot.keyClick(plane, Qt.Key.Key_Home)
    assert plane.view_rect().contains(HOME.adjusted(1e-6, 1e-6, -1e-6, -1e-6))
    assert plane.view_rect().width() == pytest.approx(HOME.width(), rel=0.1)


@pytest.mark.parametrize("place", [0, 1])
def test_typing_a_coordinate_decodes_there(
    qtbot: QtBot, window: MainWindow, exploration: Exploration, small: Checkpoint, place: int
) -> None:
    card = window.explore.decoded_card
    box = (card.z1_box, card.z2_box)[place]
    exploration.pin_code(np.array((0.123456, 0.654321), np.float32))
    expected = exploration.pin.copy()
    expected[place] = -1.25
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, "-1.25")
    assert exploration.pin[place] != pytest.approx(-1.25)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    np.testing.assert_array_equal(exploration.pin, expected)  # the other one to more digits than are shown
    assert_decoded(window, small, exploration.pin)


# --- what is drawn


def test_each_tile_shows_what_its_centre_decodes_to(
    qtbot: QtBot, plane: LatentPlane, small: Checkpoint
) -> None:
    shown = plane._manifold.patches[-1]
    assert shown.grid == plane._grid
    tiles = tiles_of(shown.picture, shown.grid).reshape(-1, 28, 28)
    visible = [
        (centre, tile)
        for centre, tile in zip(shown.grid.centres(), tiles, strict=True)
        if plane.view_rect().contains(*centre.tolist())
    ]
    assert len(visible) > 100
    for centre, tile in visible[::17]:
        expected = vae.decode_images(small.model, centre[None])[0, 0]
        assert np.abs(tile.astype(int) - expected).max() <= 1


def test_the_points_lie_at_the_means_of_the_test_set(
    window: MainWindow, plane: LatentPlane, small: Checkpoint
) -> None:
    window.session.exploration.pin_at(3.0, -3.0)  # out of the way
    plane._redraw_points()
    picture, edge, view = plane._points.words, margin(RADIUS), plane.view_rect()
    picture = picture[::-1][edge:-edge, edge:-edge]  # what is in view, from the lowest row on
    height, width = picture.shape
    seen = 0
    for z1, z2 in small.encodings.z_loc.tolist():
        if view.adjusted(0.1, 0.1, -0.1, -0.1).contains(z1, z2):
            column = int((z1 - view.left()) / view.width() * width)
            row = int((z2 - view.top()) / view.height() * height)
            assert picture[row, column]
            seen += 1
    assert seen > 150
    assert (picture > 0).mean() < 0.2
