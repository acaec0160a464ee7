"""Models of one dimension, of five, and of pictures in colour, on the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QStandardItemModel
from pytestqt.qtbot import QtBot

import vae
from explorer.main_window import MainWindow
from explorer.plane_messages import Manifold
from explorer.views.latent_plane import LatentPlane
from vae import VAE
from vae.tiles import tiles_of

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds
PLACE = QPoint(220, 180)
COLOUR = {"image_shape": (3, 32, 32), "dataset": "photographs"}

Mouse = Any  # of conftest.py


@pytest.fixture
def window(
    open_window: Callable[[], MainWindow],
    open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
    request: pytest.FixtureRequest,
) -> MainWindow:
    """A window on the model whose fields the test names."""
    window = open_window()
    open_in(window, save_model("other", **request.param))
    return window


def network(window: MainWindow) -> VAE:
    model = window.session.workspace.model
    assert model is not None
    return vae.load(model.path).model


def assert_decoded(window: MainWindow, z: np.ndarray) -> None:
    expected = vae.decode_images(network(window), z[None])[0].astype(int)
    shown = window.explore.decoded_card.picture.picture
    assert shown is not None
    assert shown.shape == expected.shape
    assert np.abs(shown - expected).max() <= 1


def shows_its_tiles(plane: LatentPlane) -> bool:
    """Whether the tiles that were last asked for are those that are drawn."""
    patches = plane._manifold.patches
    sharp = bool(patches) and not patches[-1].level and patches[-1].grid == plane._grid
    return sharp and not plane._settle.isActive()


def assert_tiles(qtbot: QtBot, window: MainWindow, rest: np.ndarray) -> None:
    """Each tile shows its centre decoded, the dimensions beyond the plane's being ``rest``."""
    qtbot.waitUntil(lambda: shows_its_tiles(window.explore.plane_card.plane), timeout=PATIENCE)
    shown, model = window.explore.plane_card.plane._manifold.patches[-1], network(window)
    tiles = tiles_of(shown.picture, shown.grid).reshape(-1, *model.config.image_shape)
    for centre, tile in list(zip(shown.grid.centres(), tiles, strict=True))[::101]:
        z = np.concatenate((centre, rest)).astype(np.float32)[: model.config.latent_dim]
        expected = vae.decode_images(model, z[None])[0].astype(int)
        assert np.abs(tile - expected).max() <= 1


@pytest.mark.parametrize("window", [{"latent_dim": 1}], indirect=True)
def test_a_model_of_one_dimension_is_explored_along_a_line(
    qtbot: QtBot, window: MainWindow, mouse: Mouse
) -> None:
    exploration, card = window.session.exploration, window.explore.decoded_card
    mouse.click(window.explore.plane_card.plane.viewport(), PLACE)
    assert exploration.pin.shape == (1,)
    assert_decoded(window, exploration.pin)
    assert card.z2_box.isHidden()
    assert_tiles(qtbot, window, np.zeros(0))
    assert (window.explore.plane_card.plane._places[:, 1] == 0).all()
    assert len(window.explore.plane_card.plane._places) == 20
    exploration.sample_posterior()
    assert exploration.pin.shape == (1,)


@pytest.mark.parametrize("window", [{"latent_dim": 1}], indirect=True)
def test_the_path_and_the_close_up_of_one_dimension(window: MainWindow, mouse: Mouse) -> None:
    explore, exploration = window.explore, window.session.exploration
    mouse.click(explore.plane_card.path_button)
    for z1, button in ((-1.0, explore.path_card.set_a), (2.0, explore.path_card.set_b)):
        exploration.pin_at(z1, 0.0)
        mouse.click(button)
    explore.path_card.slider.setValue(explore.path_card.slider.maximum() // 2)
    assert exploration.pin.tolist() == pytest.approx([0.5])
    mouse.click(explore.close_up_card.view.viewport())
    assert_decoded(window, exploration.pin)


@pytest.mark.parametrize("window", [{"latent_dim": 5}], indirect=True)
def test_of_five_dimensions_the_plane_moves_two_and_keeps_the_others(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, wait_for_tiles: Callable[[MainWindow], Manifold]
) -> None:
    exploration, plane = window.session.exploration, window.explore.plane_card.plane
    card, mean = window.explore.posterior_card, exploration.posterior.z_loc
    window.session.dimensions.choose_axes(1, 3)
    assert [labels[0].text() for labels in card._columns] == ["z₂", "z₄", ""]
    assert float(card._columns[1][1].text().replace("−", "-")) == pytest.approx(mean[3], abs=5e-4)
    assert "3 more dimensions" in card.terms.text()
    window.session.dimensions.choose_axes(0, 1)
    before = exploration.pin.copy()
    assert np.abs(before[2:]).min() > 0
    mouse.click(plane.viewport(), PLACE)
    assert np.array_equal(exploration.pin[2:], before[2:])
    assert not np.array_equal(exploration.pin[:2], before[:2])
    assert_decoded(window, exploration.pin)
    assert "z₃ to z₅" in window.explore.decoded_card._beyond.text()
    wait_for_tiles(window)
    assert_tiles(qtbot, window, exploration.pin[2:])


@pytest.mark.parametrize("window", [{"latent_dim": 5}], indirect=True)
def test_the_tiles_follow_the_dimensions_that_are_not_shown(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, wait_for_tiles: Callable[[MainWindow], Manifold]
) -> None:
    exploration = window.session.exploration
    window.session.dimensions.choose_axes(0, 1)
    wait_for_tiles(window)
    with qtbot.waitSignal(exploration.manifold_ready, timeout=PATIENCE):
        mouse.click(window.explore.posterior_card.sample)
    assert_tiles(qtbot, window, exploration.pin[2:])


@pytest.mark.parametrize("window", [COLOUR], indirect=True)
def test_a_model_of_colours_is_explored_though_no_data_fit_it(
    qtbot: QtBot, window: MainWindow, mouse: Mouse
) -> None:
    exploration = window.session.exploration
    mouse.click(window.explore.plane_card.plane.viewport(), PLACE)
    assert_decoded(window, exploration.pin)
    image = window.explore.decoded_card.picture.image
    for x, y in ((0, 0), (31, 0), (5, 20)):
        colour = image.pixelColor(x, y)
        assert [colour.red(), colour.green(), colour.blue()] == exploration.picture[:, y, x].tolist()
    assert_tiles(qtbot, window, np.zeros(0))
    assert exploration.posterior is None
    assert not window.explore.posterior_card.sample.isEnabled()
    assert not window.explore.plane_card.zoom_button.isEnabled()
    entries = window.boxes.data_box.model()
    assert isinstance(entries, QStandardItemModel)
    offered = [entries.item(row).text() for row in range(entries.rowCount()) if entries.item(row).isEnabled()]
    assert offered == ["Open images …"]
    mouse.click(window.explore.input_card.next)
    assert exploration.posterior is None


@pytest.mark.parametrize("window", [COLOUR], indirect=True)
def test_where_no_data_fit_the_plane_shows_the_points_of_the_file(window: MainWindow) -> None:
    points = window.session.encoded_data.points
    assert points is not None
    assert len(points.encodings.labels) == 20
    assert len(window.explore.plane_card.plane._places) == 20


@pytest.mark.parametrize("window", [COLOUR], indirect=True)
def test_a_drawing_is_encoded_in_colour(window: MainWindow, mouse: Mouse) -> None:
    mouse.click(window.explore.input_card.draw)
    pad = window.explore.input_card.pad
    mouse.drag(pad, [QPoint(40, 40), QPoint(80, 40), QPoint(60, 90)])
    exploration = window.session.exploration
    assert window.session.inputs.selection.picture.shape == (3, 32, 32)
    assert exploration.posterior is not None
    np.testing.assert_array_equal(exploration.pin, exploration.posterior.z_loc)


@pytest.mark.parametrize("window", [{"image_shape": (3, 32, 32)}], indirect=True)
def test_a_file_that_names_data_of_another_size_is_explored(window: MainWindow) -> None:
    assert window.session.workspace.dataset.info.name == "stroke-digits"
    assert window.session.exploration.posterior is None
    assert_decoded(window, window.session.exploration.pin)
