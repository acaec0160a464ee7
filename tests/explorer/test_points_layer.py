"""The points of the plane: which images, very many of them, and all their posteriors."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

import vae
from explorer.main_window import MainWindow
from explorer.plane_jobs.points import PointsJob
from explorer.plane_messages import Points, PointsProgress, PointsRequest
from explorer.views import points_layer
from explorer.views.point_raster import SINGLE, densities, margin
from explorer.views.points_layer import PointsLayer
from vae import Checkpoint
from vae.dataset import Part

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds


def choose(qtbot: QtBot, window: MainWindow, part: Part) -> None:
    """By the menu beneath the plane, and wait until all is encoded."""
    encoded = window.session.encoded_data
    window.explore.plane_card.legend.source._actions[part].trigger()
    count = len(window.session.workspace.dataset.labels_of(part))
    qtbot.waitUntil(
        lambda: encoded.points.part is part and len(encoded.points.encodings.labels) == count,
        timeout=PATIENCE,
    )


# --- very many points


def colours_of(words: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """RGBA, (rows, columns, 4), as Qt reads them."""
    rows, columns = words.shape
    drawn = QImage(words.data, columns, rows, 4 * columns, QImage.Format.Format_ARGB32_Premultiplied)
    seen = drawn.convertToFormat(QImage.Format.Format_RGBA8888)
    return np.array(seen.constBits(), np.uint8).reshape(rows, columns, 4)


def test_a_cell_shows_how_many_points_it_holds_and_their_mean_colour() -> None:
    chance = np.random.default_rng(0)
    cells = chance.uniform(-2, 9, (1_500, 2)).astype(np.float32)
    colours = chance.integers(0, 256, (1_500, 4)).astype(np.uint8)
    picture = colours_of(densities(cells, colours, (7, 5)))[::-1]  # from the lowest row on
    assert picture.shape == (5, 7, 4)
    for row, column in np.ndindex(5, 7):
        held = colours[(np.floor(cells) == (column, row)).all(1)].astype(float)
        opacity = held[:, 3] / 255
        alpha = 255 * (1 - (1 - SINGLE) ** opacity.sum())
        assert picture[row, column, 3] == pytest.approx(alpha, abs=1)
        mean = (opacity[:, None] * held[:, :3]).sum(0) / opacity.sum()
        assert picture[row, column, :3] == pytest.approx(mean, abs=2)


def test_cells_without_points_stay_clear() -> None:
    places = np.array(((2.5, 1.5), (-1.0, 2.0), (4.0, 2.0), (1.0, 7.0)), np.float32)
    picture = densities(places, np.full((4, 4), 255, np.uint8), (4, 3))
    assert np.argwhere(picture[::-1]).tolist() == [[1, 2]]


@pytest.mark.parametrize("left", [-1.0, -0.987, 0.333])
def test_many_points_are_drawn_where_they_are(left: float) -> None:
    layer, view = PointsLayer(), QRectF(left, -1.0, 2.0, 2.0)
    places = np.tile(np.array(((left + 0.5, 0.25), (left + 1.9, -0.75)), np.float32), (6_000, 1))
    layer.draw(places, np.full((12_000, 4), 255, np.uint8), view, (200, 200), ratio=1.0, of_line=False)
    rows, columns = np.nonzero(layer.words)
    rows = len(layer.words) - 1 - rows  # from the lowest on
    assert len(rows) == 2
    corner, size = layer.boundingRect().topLeft(), layer.boundingRect().width() / layer.words.shape[1]
    assert size == pytest.approx(0.02)
    for row, column, place in zip(rows, columns, places[[0, 1]], strict=True):
        low = np.array((corner.x() + column * size, corner.y() + row * size))
        assert (low <= place + 1e-5).all()
        assert (place <= low + size + 1e-5).all()


def test_points_are_discs_while_there_are_few_in_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points_layer, "MOST_DISCS", 50)
    layer = PointsLayer()
    places = np.random.default_rng(0).uniform(0, 1, (60, 2)).astype(np.float32)
    colours = np.full((60, 4), 255, np.uint8)
    shapes = []
    for side in (1.0, 0.5):
        layer.draw(places, colours, QRectF(0, 0, side, side), (100, 100), ratio=1.0, of_line=False)
        shapes.append(layer.words.shape[1])
    assert shapes == [50, 100 + 2 * margin(points_layer.RADIUS)]


# --- which images


def test_images_are_encoded_in_slices_that_tell_how_far_they_are(small: Checkpoint) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4_500, 1, 28, 28), np.uint8)
    request = PointsRequest(1, "any", Part.TRAINING, pictures, np.arange(4_500) % 10)
    *said, points = PointsJob().serve(small.model, request)
    assert len(said) > 20
    assert [word.share for word in said if isinstance(word, PointsProgress)] == [2_000 / 4_500, 4_000 / 4_500]
    assert isinstance(points, Points)
    assert points.part is Part.TRAINING
    expected = vae.encode_images(small.model, pictures, request.labels)
    np.testing.assert_allclose(points.encodings.z_loc, expected.z_loc, atol=1e-4)
    np.testing.assert_allclose(points.encodings.z_scale, expected.z_scale, atol=1e-4)


def test_the_training_set_can_be_shown_in_place_of_the_test_set(
    qtbot: QtBot, window: MainWindow, small: Checkpoint
) -> None:
    card, data = window.explore.plane_card, window.session.workspace.dataset
    assert "300 test images" in card.legend.source.text()
    choose(qtbot, window, Part.TRAINING)
    assert "1,000 training images" in card.legend.source.text()
    expected = vae.encode_images(small.model, data.train_images, data.train_labels)
    np.testing.assert_allclose(card.plane._places, expected.z_loc, atol=1e-4)
    assert window.session.encoded_data.images is not None
    assert np.array_equal(window.session.encoded_data.images, data.train_images)
    choose(qtbot, window, Part.TEST)
    assert np.array_equal(card.plane._places, small.encodings.z_loc)


def test_factors_are_known_of_the_test_set_alone(qtbot: QtBot, window: MainWindow) -> None:
    box = window.explore.plane_card.legend.colour_box
    offered = box.count()
    assert offered > 1
    choose(qtbot, window, Part.TRAINING)
    assert [box.itemText(place) for place in range(box.count())] == ["class"]
    choose(qtbot, window, Part.TEST)
    assert box.count() == offered


# --- all posteriors


def shown_image(qtbot: QtBot, window: MainWindow) -> QImage:
    """The ellipses, once they are painted."""
    chip = window.explore.plane_card.all_posteriors
    chip._draw()
    qtbot.waitUntil(lambda: not chip._turn.isActive() and not chip._settle.isActive(), timeout=PATIENCE)
    image: QImage = chip._picture.image
    return image


def test_every_posterior_in_view_is_an_ellipse_of_one_standard_deviation(
    qtbot: QtBot, window: MainWindow, small: Checkpoint
) -> None:
    card, codes = window.explore.plane_card, small.encodings
    card.all_posteriors.setChecked(True)
    alone = int(np.linalg.norm(codes.z_loc, axis=1).argmax())
    (x, y), (across, up) = codes.z_loc[alone].tolist(), codes.z_scale[alone].tolist()
    side = 3 * max(across, up)
    card.plane.show_view(QRectF(x - side, y - side, 2 * side, 2 * side))
    qtbot.waitUntil(lambda: not card.plane._settle.isActive(), timeout=PATIENCE)
    image, view = shown_image(qtbot, window), card.plane.view_rect()
    for angle in np.linspace(0, 2 * math.pi, 12, endpoint=False):
        place = x + across * math.cos(angle), y + up * math.sin(angle)
        column = int((place[0] - view.left()) / view.width() * image.width())
        row = int((place[1] - view.top()) / view.height() * image.height())
        around = [image.pixelColor(column + i, row + j).alpha() for i in (-1, 0, 1) for j in (-1, 0, 1)]
        assert max(around) > 60, f"nothing at {angle:.1f}"
    places = codes.z_loc
    inside = (places[:, 0] >= view.left()) & (places[:, 0] <= view.right())
    inside &= (places[:, 1] >= view.top()) & (places[:, 1] <= view.bottom())
    assert f": {np.count_nonzero(inside):,} in view" in card.all_posteriors.toolTip()


def test_the_tool_tip_says_how_many_of_how_many_are_drawn(qtbot: QtBot, window: MainWindow) -> None:
    chip = window.explore.plane_card.all_posteriors
    choose(qtbot, window, Part.TRAINING)
    window.explore.plane_card.plane.show_view(QRectF(-20, -20, 40, 40))
    chip.setChecked(True)
    assert not shown_image(qtbot, window).isNull()
    assert "300 of the 1,000 in view" in chip.toolTip()
    chip.setChecked(False)
    assert chip._picture.image.isNull()


def test_a_code_without_extent_has_no_posteriors_to_show(
    window: MainWindow,
    open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
) -> None:
    assert window.explore.plane_card.all_posteriors.isVisible()
    open_in(window, save_model("points", family="autoencoder"))
    assert not window.explore.plane_card.all_posteriors.isVisible()
