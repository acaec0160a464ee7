"""Choosing or drawing an image, and its posterior, on the real window."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QGraphicsPolygonItem, QWidget
from pytestqt.qtbot import QtBot

import vae
from explorer.exploration import Exploration
from explorer.inputs import Inputs
from explorer.main_window import MainWindow
from explorer.views.data_card import PAGE, DataCard
from explorer.views.input_card import InputCard
from explorer.views.picture_view import PictureView
from explorer.views.pictures import to_image
from vae import Checkpoint
from vae.datasets import Dataset

pytestmark = pytest.mark.usefixtures("unhurried")

Mouse = Any  # of conftest.py
Codes = NDArray[np.float32]


@pytest.fixture
def exploration(window: MainWindow) -> Exploration:
    return window.session.exploration


@pytest.fixture
def inputs(window: MainWindow) -> Inputs:
    return window.session.inputs


@pytest.fixture
def input_card(window: MainWindow) -> InputCard:
    return window.explore.input_card


@pytest.fixture
def data_card(window: MainWindow) -> DataCard:
    return window.explore.data_card


@pytest.fixture
def data(window: MainWindow) -> Dataset:
    data = window.session.workspace.dataset
    assert data is not None
    return data


@pytest.fixture
def encode(small: Checkpoint) -> Callable[[NDArray[np.uint8]], tuple[Codes, Codes]]:
    """The small model's q(z|x) of a picture, from the network itself."""

    def encode_picture(picture: NDArray[np.uint8]) -> tuple[Codes, Codes]:
        with torch.no_grad():
            z_loc, z_scale = small.model.encode(torch.from_numpy(picture[None] / 255.0).float())
        return z_loc[0].numpy(), z_scale[0].numpy()

    return encode_picture


Encode = Callable[[NDArray[np.uint8]], tuple[Codes, Codes]]


def input_picture(window: MainWindow) -> NDArray[np.uint8]:
    view = window.findChild(QWidget, "inputImage")
    assert isinstance(view, PictureView)
    assert view.picture is not None
    return view.picture


def assert_encoded(window: MainWindow, encode: Encode, small: Checkpoint, picture: NDArray[np.uint8]) -> None:
    """The window shows this picture as x, its posterior, its reconstruction, and stands at its mean."""
    exploration = window.session.exploration
    assert np.array_equal(input_picture(window), picture)
    z_loc, z_scale = encode(picture)
    assert exploration.posterior is not None
    np.testing.assert_allclose(exploration.posterior.z_loc, z_loc, atol=1e-5)
    np.testing.assert_allclose(exploration.posterior.z_scale, z_scale, atol=1e-5)
    np.testing.assert_allclose(exploration.pin, z_loc, atol=1e-5)
    reconstruction = vae.decode_images(small.model, z_loc[None])[0].astype(int)
    for shown in (window.explore.input_card.reconstruction.picture, exploration.picture):
        assert shown is not None
        assert np.abs(shown - reconstruction).max() <= 1


# --- an image of the test set


def test_a_click_on_a_thumbnail_encodes_it(
    window: MainWindow, mouse: Mouse, data_card: DataCard, data: Dataset, encode: Encode, small: Checkpoint
) -> None:
    grid = data_card.grid
    assert grid._images == [to_image(picture) for picture in data.test_images[:PAGE]]
    mouse.click(grid, grid.cell(7).center())
    assert window.session.inputs.selection.index == 7
    assert grid._marked == 7
    assert f"label {data.test_labels[7]}" in window.explore.input_card._caption.text()
    assert_encoded(window, encode, small, data.test_images[7])


def test_next_and_previous_step_through_the_test_set(
    mouse: Mouse, input_card: InputCard, inputs: Inputs, data: Dataset
) -> None:
    def index_after(button: QWidget) -> int:
        mouse.click(button)
        return inputs.selection.index

    assert index_after(input_card.next) == 1
    assert index_after(input_card.next) == 2
    assert index_after(input_card.previous) == 1
    assert index_after(input_card.previous) == 0
    assert index_after(input_card.previous) == len(data.test_images) - 1
    assert index_after(input_card.next) == 0


def test_random_chooses_any_image(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, input_card: InputCard, data: Dataset
) -> None:
    indices = set()
    for _ in range(5):
        mouse.click(input_card.random)
        indices.add(window.session.inputs.selection.index)
        qtbot.keyClick(window, Qt.Key.Key_N)
        indices.add(window.session.inputs.selection.index)
    assert len(indices) > 4  # of ten draws among 300
    assert indices <= set(range(len(data.test_images)))


def test_a_class_is_shown_alone_and_page_by_page(
    mouse: Mouse, data_card: DataCard, inputs: Inputs, data: Dataset
) -> None:
    data_card.class_box.setCurrentIndex(data_card.class_box.findText("3"))
    threes = np.flatnonzero(data.test_labels == 3)
    pages = [threes[start : start + PAGE] for start in range(0, len(threes), PAGE)]
    assert len(pages) == 2
    for page in (*pages, pages[0]):
        assert data_card.grid._images == [to_image(data.test_images[index]) for index in page]
        assert data_card._place.text().endswith(f"of {len(threes)}")
        mouse.click(data_card.grid, data_card.grid.cell(2).center())
        assert inputs.selection.index == page[2]
        assert inputs.selection.label == 3
        mouse.click(data_card._forth)
    mouse.click(data_card._back)
    assert data_card.grid._images[0] == to_image(data.test_images[threes[0]])


def test_next_previous_and_random_stay_in_the_chosen_class(
    mouse: Mouse, input_card: InputCard, data_card: DataCard, inputs: Inputs, data: Dataset
) -> None:
    threes = np.flatnonzero(data.test_labels == 3).tolist()
    between = next(index for index in range(threes[1], threes[2]) if data.test_labels[index] != 3)
    inputs.select_test_image(between)
    data_card.class_box.setCurrentIndex(data_card.class_box.findText("3"))
    for button, index in (
        (input_card.next, threes[2]),
        (input_card.previous, threes[1]),
        (input_card.previous, threes[0]),
        (input_card.previous, threes[-1]),
        (input_card.next, threes[0]),
    ):
        mouse.click(button)
        assert inputs.selection.index == index
    for _ in range(5):
        mouse.click(input_card.random)
        assert inputs.selection.label == 3


def test_arrows_choose_the_neighbouring_thumbnail(
    qtbot: QtBot, mouse: Mouse, data_card: DataCard, inputs: Inputs
) -> None:
    mouse.click(data_card.grid, data_card.grid.cell(7).center())
    for key, index in (("Right", 8), ("Down", 14), ("Left", 13), ("Up", 7)):
        qtbot.keyClick(data_card.grid, Qt.Key[f"Key_{key}"])
        assert inputs.selection.index == index


# --- its posterior


def test_the_ellipses_are_the_posterior_to_true_scale(
    window: MainWindow, inputs: Inputs, data: Dataset, encode: Encode
) -> None:
    inputs.select_test_image(11)
    (x, y), (across, up) = (values.tolist() for values in encode(data.test_images[11]))
    for plot in (window.explore.plane_card.plane, window.explore.close_up_card.view):
        ellipses = [item for item in plot.scene().items() if isinstance(item, QGraphicsPolygonItem)]
        drawn = [
            rect.getRect()
            for item in ellipses
            if item.isVisible()
            and (rect := item.mapRectToItem(plot.plane.childGroup, item.polygon().boundingRect()))
        ]
        for sigmas in (1, 2):
            true = QRectF(x - sigmas * across, y - sigmas * up, 2 * sigmas * across, 2 * sigmas * up)
            assert any(rect == pytest.approx(true.getRect(), abs=1e-5) for rect in drawn)


def test_the_numbers_are_those_of_the_formulas(
    window: MainWindow, inputs: Inputs, data: Dataset, encode: Encode, small: Checkpoint
) -> None:
    inputs.select_test_image(11)
    z_loc, z_scale = (values.astype(float) for values in encode(data.test_images[11]))
    kl = float(np.sum((z_loc**2 + z_scale**2 - 1) / 2 - np.log(z_scale)))
    x = data.test_images[11] / 255
    noise = np.random.default_rng(0).standard_normal((4_000, 2))
    with torch.no_grad():
        decoded = small.model.decode(torch.from_numpy(z_loc + z_scale * noise).float()).double().numpy()
    log_likelihoods = (x * np.log(decoded) + (1 - x) * np.log1p(-decoded)).sum((1, 2, 3))
    text = QTextDocumentFragment.fromHtml(window.explore.posterior_card.terms.text()).toPlainText()
    shown = [float(number.replace("−", "-")) for number in re.findall(r"(?<=[LO)] )−?[\d.]+", text)]
    error = log_likelihoods.std() / np.sqrt(len(noise))
    assert shown[0] == pytest.approx(log_likelihoods.mean(), abs=5 * error)
    assert shown[1] == pytest.approx(kl, abs=6e-3)
    assert shown[2] == pytest.approx(shown[0] - shown[1], abs=0.011)
    columns = [[label.text() for label in column] for column in window.explore.posterior_card._columns[:2]]
    means = [float(column[1].replace("−", "-")) for column in columns]
    assert means == pytest.approx(z_loc.tolist(), abs=6e-4)
    assert [float(column[2]) for column in columns] == pytest.approx(z_scale.tolist(), abs=6e-4)


def test_zoom_to_q_shows_its_ellipses_large(
    window: MainWindow, mouse: Mouse, exploration: Exploration
) -> None:
    mouse.click(window.explore.plane_card.zoom_button)
    plane, posterior = window.explore.plane_card.plane, exploration.posterior
    assert plane.view_rect().contains(*posterior.z_loc.tolist())
    assert plane.view_rect().width() < 20 * posterior.z_scale.max()
    assert plane.view_rect().width() > 4 * posterior.z_scale[0]


def test_draws_from_q_spread_as_it_does_and_are_pinned(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, exploration: Exploration, small: Checkpoint
) -> None:
    posterior, draws = exploration.posterior, []
    for _ in range(250):
        mouse.click(window.explore.posterior_card.sample)
        draws.append(exploration.pin)
        qtbot.keyClick(window, Qt.Key.Key_R)
        draws.append(exploration.pin)
    noise = (np.array(draws) - posterior.z_loc) / posterior.z_scale
    assert np.abs(noise.mean(0)).max() < 5 / np.sqrt(len(draws))  # five standard errors
    assert np.abs(noise.std(0) - 1).max() < 5 / np.sqrt(2 * len(draws))
    expected = vae.decode_images(small.model, draws[-1][None])[0].astype(int)
    assert np.abs(exploration.picture - expected).max() <= 1


@pytest.mark.parametrize("way", ["button", "key"])
def test_go_to_the_mean(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, exploration: Exploration, way: str
) -> None:
    exploration.pin_at(1.5, 1.5)
    if way == "button":
        mouse.click(window.explore.posterior_card.to_mean)
    else:
        qtbot.keyClick(window, Qt.Key.Key_M)
    assert np.array_equal(exploration.pin, exploration.posterior.z_loc)
    assert np.array_equal(exploration.z, exploration.pin)


def test_the_close_up_decodes_under_the_mouse(
    window: MainWindow, mouse: Mouse, exploration: Exploration
) -> None:
    view = window.explore.close_up_card.view
    surface, posterior = view.viewport(), exploration.posterior
    mouse.click(surface)
    middle = view.plane.mapSceneToView(view.mapToScene(surface.rect().center()))
    assert exploration.pin.tolist() == pytest.approx([middle.x(), middle.y()])
    assert not np.array_equal(exploration.pin, posterior.z_loc)
    assert np.all(np.abs(exploration.pin - posterior.z_loc) < 3 * posterior.z_scale.max())


# --- a drawing


SEVEN = ((0.2, 0.1), (0.5, 0.1), (0.3, 0.5))  # in shares of the pad: above and left of its middle


@pytest.fixture
def drawn(mouse: Mouse, input_card: InputCard) -> NDArray[np.uint8]:
    """Draw a seven; the ink on the pad."""
    mouse.click(input_card.draw)
    pad = input_card.pad
    mouse.drag(pad, [QPoint(round(x * pad.width()), round(y * pad.height())) for x, y in SEVEN])
    return pad.ink()


def test_a_drawing_is_centred_and_encoded(
    window: MainWindow, drawn: NDArray[np.uint8], encode: Encode, small: Checkpoint
) -> None:
    picture = input_picture(window)
    assert picture.shape == (1, 28, 28)
    assert picture.max() > 200
    rows, columns = np.nonzero(picture[0])
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == pytest.approx(20, abs=1)
    weights = picture[0] / picture.sum()
    assert (weights.sum(1) @ np.arange(28), weights.sum(0) @ np.arange(28)) == pytest.approx(
        (13.5, 13.5), abs=0.6
    )
    assert np.array_equal(picture, vae.centre_like_mnist(drawn, (1, 28, 28)))
    assert_encoded(window, encode, small, picture)


def test_the_ink_follows_the_mouse(drawn: NDArray[np.uint8]) -> None:
    side = len(drawn)
    for x, y in (*SEVEN, (0.35, 0.1), (0.4, 0.3)):
        assert drawn[round(y * side), round(x * side)] == 255
    assert drawn[round(0.5 * side) :, round(0.5 * side) :].max() == 0
    assert 0.02 < (drawn > 0).mean() < 0.15


def test_the_right_button_clears_the_pad(
    mouse: Mouse, input_card: InputCard, drawn: NDArray[np.uint8]
) -> None:
    assert drawn.any()
    mouse.press(input_card.pad, QPoint(20, 20), Qt.MouseButton.RightButton)
    mouse.release(input_card.pad, QPoint(20, 20), Qt.MouseButton.RightButton)
    assert not input_card.pad.ink().any()


def test_choosing_an_image_ends_the_drawing(
    window: MainWindow, mouse: Mouse, input_card: InputCard, data: Dataset, drawn: NDArray[np.uint8]
) -> None:
    assert drawn.any()
    assert input_card.pad.isVisible()
    assert input_card._caption.text() == "drawn"
    mouse.click(input_card.next)
    assert not input_card.pad.isVisible()
    assert np.array_equal(input_picture(window), data.test_images[0])
