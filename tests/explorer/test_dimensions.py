"""More latent dimensions than two, and fewer: which plane is shown, and a slider for each dimension."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot

import vae
from explorer.dimensions import FRAMES
from explorer.exploration import Exploration
from explorer.main_window import MainWindow
from explorer.plane_messages import Manifold
from explorer.views.dimension_list import DimensionList
from explorer.views.dimensions_card import DimensionsCard
from explorer.views.latent_plane import LatentPlane
from explorer.views.point_raster import margin
from explorer.views.points_layer import RADIUS
from tests.explorer.conftest import PATIENCE, Mouse
from vae.chart import PEAK
from vae.tiles import tiles_of

pytestmark = pytest.mark.usefixtures("unhurried")

PAGE = "Dimensions"


@pytest.fixture
def window(
    request: pytest.FixtureRequest,
    open_window: Callable[[], MainWindow],
    open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
) -> MainWindow:
    """A window on an untrained model of five dimensions, or as many as a test asks for."""
    window = open_window()
    open_in(window, save_model("model", **getattr(request, "param", {"latent_dim": 5})))
    return window


@pytest.fixture
def exploration(window: MainWindow) -> Exploration:
    return window.session.exploration


@pytest.fixture
def plane(window: MainWindow) -> LatentPlane:
    return window.explore.plane_card.plane


@pytest.fixture
def page(window: MainWindow, mouse: Mouse) -> DimensionsCard:
    (chip,) = (chip for chip in window.explore.pages.findChildren(QPushButton) if chip.text() == PAGE)
    mouse.click(chip)
    card = window.explore.pages.findChild(DimensionsCard)
    assert card is not None
    return card


@pytest.fixture
def choose_principal(window: MainWindow, mouse: Mouse) -> Callable[[], None]:
    return lambda: mouse.click(window.findChild(QPushButton, "principalPlane"))


def decoded(window: MainWindow, z: np.ndarray) -> np.ndarray:
    return vae.decode_images(window.session.workspace.model.checkpoint.model, z)


def pixels(image: QImage) -> np.ndarray:
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return rows[:, : grey.width()].astype(int)


def encodings(window: MainWindow) -> vae.Encodings:
    return window.session.encoded_data.points.encodings


def wait_for_tile(qtbot: QtBot, window: MainWindow, code_of: Callable[[np.ndarray], np.ndarray]) -> None:
    """Wait until a tile shows what the code (D,) of its centre (2,) decodes to."""
    plane = window.explore.plane_card.plane
    plane.request_tiles()

    def shows() -> bool:
        patch = plane._manifold.patches[-1]
        tile = tiles_of(patch.picture, patch.grid).reshape(-1, 28, 28)[7].astype(int)
        expected = decoded(window, code_of(patch.grid.centres()[7])[None])[0, 0]
        return not patch.level and bool(np.abs(tile - expected).max() <= 1)

    qtbot.waitUntil(shows, timeout=PATIENCE)


# --- the plane


def test_any_two_axes_are_shown(
    qtbot: QtBot, window: MainWindow, exploration: Exploration, plane: LatentPlane
) -> None:
    right, up = (window.findChild(QComboBox, f"{side}AxisBox") for side in ("right", "up"))
    pin = exploration.pin.copy()
    for box, place in ((right, 3), (up, 4)):
        box.setCurrentIndex(place)
        box.activated.emit(place)
    assert exploration.chart.axes == (3, 4)
    assert exploration.cursor == pytest.approx(pin[[3, 4]].tolist())
    assert np.array_equal(plane._places, encodings(window).z_loc[:, [3, 4]])
    wait_for_tile(qtbot, window, lambda centre: np.concatenate((pin[:3], centre)))
    exploration.pin_at(1.5, -0.5)
    assert exploration.pin.tolist() == pytest.approx([*pin[:3].tolist(), 1.5, -0.5])
    assert "3 other directions" in window.explore.decoded_card._beyond.text()


def test_an_axis_that_is_chosen_twice_changes_places(window: MainWindow, exploration: Exploration) -> None:
    up, (first, second) = window.findChild(QComboBox, "upAxisBox"), exploration.chart.axes
    up.activated.emit(first)
    assert exploration.chart.axes == (second, first)


def test_all_layers_follow_the_principal_plane(
    qtbot: QtBot, window: MainWindow, exploration: Exploration, plane: LatentPlane,
    choose_principal: Callable[[], None],
) -> None:  # fmt: skip
    pin = exploration.pin.copy()
    choose_principal()
    codes, chart = encodings(window).z_loc, exploration.chart
    middle = codes.mean(0)
    rows = np.linalg.svd(codes - middle, full_matrices=False)[2][:2]
    rows *= np.sign(rows[[0, 1], np.abs(rows).argmax(1)])[:, None]
    np.testing.assert_allclose(chart.directions, rows, atol=1e-4)
    np.testing.assert_allclose(plane._places, (codes - middle) @ rows.T, atol=1e-4)
    assert np.array_equal(exploration.pin, pin)
    assert exploration.cursor == pytest.approx(((pin - middle) @ rows.T).tolist(), abs=1e-4)
    posterior = exploration.posterior
    spread = np.sqrt(np.diagonal(rows @ np.diag(posterior.z_scale**2) @ rows.T))
    around = plane._ellipses.scales()
    assert (around.width(), around.height()) == pytest.approx((4 * spread).tolist(), rel=1e-2)
    wait_for_tile(qtbot, window, lambda centre: pin + (centre - (pin - middle) @ rows.T) @ rows)
    assert plane.view_rect().contains(*np.median(plane._places, axis=0).tolist())


def test_the_boxes_beneath_the_picture_are_the_planes_directions(
    qtbot: QtBot, window: MainWindow, exploration: Exploration, choose_principal: Callable[[], None]
) -> None:
    choose_principal()
    card, pin = window.explore.decoded_card, exploration.pin.copy()
    assert [label.text() for label in card._names] == ["PC 1", "PC 2"]
    there = pytest.approx(exploration.cursor, abs=6e-4)
    qtbot.waitUntil(lambda: (card.z1_box.value(), card.z2_box.value()) == there)
    before = exploration.cursor
    card.z2_box.setValue(1.25)
    assert exploration.cursor == pytest.approx((before[0], 1.25), abs=1e-4)
    off_plane = np.eye(5) - exploration.chart.directions.T @ exploration.chart.directions
    np.testing.assert_allclose(off_plane @ exploration.pin, off_plane @ pin, atol=1e-5)


def test_the_principal_plane_is_left_for_the_axes(
    window: MainWindow, exploration: Exploration, choose_principal: Callable[[], None]
) -> None:
    opened_on = exploration.chart.axes
    for axes in (None, opened_on):
        choose_principal()
        assert exploration.chart.axes == axes


def test_another_model_has_a_principal_plane_of_its_own(
    window: MainWindow, exploration: Exploration, choose_principal: Callable[[], None],
    open_in: Callable[[MainWindow, Path], None], save_model: Callable[..., Path], small_model: Path,
) -> None:  # fmt: skip
    choose_principal()
    before = exploration.chart
    open_in(window, save_model("other", latent_dim=5))
    assert exploration.chart is not before
    open_in(window, small_model)
    assert exploration.chart.axes == (0, 1)
    assert not window.findChild(QPushButton, "principalPlane").isVisible()


# --- the axes that a model opens on


@pytest.fixture
def save_active(tmp_path: Path, save_model: Callable[..., Path]) -> Callable[..., Path]:
    """Save a model of five dimensions whose codes tell of the images in some of them alone."""

    def save(name: str, *active: int) -> Path:
        path = save_model(name, latent_dim=5)
        kept = vae.load(path)
        z_loc, z_scale = kept.encodings.z_loc * 0.01, np.ones_like(kept.encodings.z_scale)
        z_loc[:, active], z_scale[:, active] = kept.encodings.z_loc[:, active], 0.1
        vae.save(path, replace(kept, encodings=replace(kept.encodings, z_loc=z_loc, z_scale=z_scale)))
        return path

    return save


@pytest.fixture
def train(window: MainWindow) -> Callable[[vae.Checkpoint], None]:
    """Show a model as it is shown in training: nobody has encoded anything yet."""

    def show(checkpoint: vae.Checkpoint) -> None:
        nothing = np.zeros((0, 5), np.float32)
        untold = vae.Encodings(nothing, nothing, np.zeros(0, np.int64))
        window.session.workspace.show_model(replace(checkpoint, encodings=untold), "Run 1, in training", None)

    return show


def test_a_model_opens_on_its_two_most_active_dimensions(
    window: MainWindow, exploration: Exploration, plane: LatentPlane,
    open_in: Callable[[MainWindow, Path], None], save_active: Callable[..., Path],
) -> None:  # fmt: skip
    for active in ((1, 3), (2, 4), (3, 0)):
        axes = sorted(active)
        open_in(window, save_active(f"active in {active}", *active))
        assert exploration.chart.axes == tuple(axes)
        assert np.array_equal(plane._places, encodings(window).z_loc[:, axes])
        names = [plane.getAxis(side).labelText for side in ("bottom", "left")]
        assert names == [f"z{'₁₂₃₄₅'[axis]}" for axis in axes]
        cursor = plane._cursor.pos()
        assert (cursor.x(), cursor.y()) == pytest.approx(exploration.pin[axes].tolist())


def test_a_model_in_training_stays_on_the_axes_that_are_there(
    window: MainWindow, exploration: Exploration, open_in: Callable[[MainWindow, Path], None],
    save_active: Callable[..., Path], train: Callable[[vae.Checkpoint], None],
) -> None:  # fmt: skip
    open_in(window, save_active("before", 1, 3))
    kept = vae.load(save_active("kept", 2, 4))
    train(kept)
    assert exploration.chart.axes == (1, 3)
    window.session.workspace.show_model(kept, "kept", None)
    assert exploration.chart.axes == (2, 4)
    train(kept)
    window.session.dimensions.choose_axes(0, 4)
    window.session.workspace.show_model(kept, "kept", None)
    assert exploration.chart.axes == (0, 4)  # as it was chosen for this run
    open_in(window, save_active("after", 1, 3))
    assert exploration.chart.axes == (1, 3)


def test_the_axes_of_a_saved_view_come_back(
    qtbot: QtBot, window: MainWindow, exploration: Exploration, tmp_path: Path,
    open_in: Callable[[MainWindow, Path], None], save_active: Callable[..., Path],
) -> None:  # fmt: skip
    open_in(window, save_active("one", 1, 3))
    window.session.moves.begin()
    window.session.dimensions.choose_axes(0, 4)
    window.session.view_files.save(tmp_path / "view.json")
    window.session.moves.undo()
    assert exploration.chart.axes == (1, 3)
    open_in(window, save_active("two", 2, 3))
    with qtbot.waitSignal(window.session.view_files.opened, timeout=PATIENCE):
        window.open_path(tmp_path / "view.json")
    assert exploration.chart.axes == (0, 4)


# --- the page


def test_each_row_tells_the_kl_of_its_dimension(window: MainWindow, page: DimensionsCard) -> None:
    codes, posterior = encodings(window), window.session.exploration.posterior
    closed_form = 0.5 * (codes.z_loc**2 + codes.z_scale**2 - 1 - 2 * np.log(codes.z_scale))
    means = closed_form.mean(0)
    of_x = 0.5 * (posterior.z_loc**2 + posterior.z_scale**2 - 1 - 2 * np.log(posterior.z_scale))
    rows = page.list.rows
    assert [row.dimension for row in rows] == np.argsort(-means).tolist()
    for row in rows:
        assert row.lines == (f"KL {means[row.dimension]:.2f}", f"of x {of_x[row.dimension]:.2f}")


@pytest.mark.parametrize(
    "window",
    [{"latent_dim": 2, "family": "mixture"}, {"latent_dim": 2, "family": "hierarchical"}],
    indirect=True,
)
def test_the_rows_and_what_is_beyond_them_add_up_to_the_kl(
    qtbot: QtBot, window: MainWindow, page: DimensionsCard
) -> None:
    qtbot.waitUntil(lambda: "come to" in page.legend.text(), timeout=PATIENCE)
    beyond, beyond_of_x, whole, whole_of_x = map(float, re.findall(r"\d+\.\d\d", page.legend.text()))
    kl, of_x = ([float(row.lines[place].split()[-1]) for row in page.list.rows] for place in (0, 1))
    assert whole == pytest.approx(sum(kl) + beyond, abs=0.02)
    assert whole_of_x == pytest.approx(sum(of_x) + beyond_of_x, abs=0.02)
    assert whole_of_x == pytest.approx(window.session.exploration.posterior.terms.kl, abs=0.01)


def test_strips_show_what_lies_along_each_dimension(
    qtbot: QtBot, window: MainWindow, page: DimensionsCard
) -> None:
    pin = window.session.exploration.pin
    shown = page.list.visible_dimensions
    assert len(shown) >= 2
    qtbot.waitUntil(lambda: all(page.list.pictures(dimension) for dimension in shown), timeout=PATIENCE)
    for dimension in shown:
        codes = np.repeat(pin[None], FRAMES, axis=0)
        codes[:, dimension] = np.linspace(-3, 3, FRAMES)
        for image, expected in zip(page.list.pictures(dimension), decoded(window, codes), strict=True):
            assert np.abs(pixels(image) - expected[0]).max() <= 1


def test_a_click_on_a_picture_goes_there(
    window: MainWindow, page: DimensionsCard, mouse: Mouse, exploration: Exploration
) -> None:
    pin, row = exploration.pin.copy(), page.list.rows[0]
    mouse.click(page.list.viewport(), page.list.frame_rect(0, 1).center())
    pin[row.dimension] = -2.0
    assert exploration.pin.tolist() == pytest.approx(pin.tolist())
    assert np.abs(exploration.picture.astype(int) - decoded(window, pin[None])[0]).max() <= 1


def test_a_slider_is_dragged(
    qtbot: QtBot, window: MainWindow, page: DimensionsCard, mouse: Mouse, exploration: Exploration
) -> None:
    axes = list(exploration.chart.axes)
    place = next(place for place, row in enumerate(page.list.rows) if row.dimension not in axes)
    dimension, pin = page.list.rows[place].dimension, exploration.pin.copy()
    off_axes = ~np.isin(np.arange(5), axes)
    track = [page.list.slider_point(place, value) for value in (0.0, 1.0, 2.5)]
    page.list.verticalScrollBar().setValue(0)
    mouse.drag(page.list.viewport(), track)
    assert exploration.pin[dimension] == pytest.approx(2.5, abs=0.05)
    pin[dimension] = exploration.pin[dimension]
    assert np.array_equal(exploration.pin, pin)
    wait_for_tile(qtbot, window, lambda centre: off_axes * pin + np.eye(5, dtype=np.float32)[axes].T @ centre)
    window.session.moves.undo()
    assert exploration.pin[dimension] != pin[dimension]


def test_keys_choose_a_row_and_move_its_slider(
    qtbot: QtBot, page: DimensionsCard, exploration: Exploration
) -> None:
    dimension = page.list.rows[1].dimension
    before = exploration.pin.copy()
    qtbot.keyClick(page.list, Qt.Key.Key_Down)
    qtbot.keyClick(page.list, Qt.Key.Key_Right)
    assert exploration.pin[dimension] == pytest.approx(before[dimension] + 0.1, abs=1e-5)
    qtbot.keyClick(page.list, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert exploration.pin[dimension] == pytest.approx(before[dimension] - 0.4, abs=1e-5)
    others = np.arange(5) != dimension
    assert np.array_equal(exploration.pin[others], before[others])


def test_back_to_the_mean(page: DimensionsCard, mouse: Mouse, exploration: Exploration) -> None:
    exploration.pin_code(np.full(5, 0.5, np.float32))
    mouse.click(page.to_mean)
    assert np.array_equal(exploration.pin, exploration.posterior.z_loc)


def test_nothing_is_decoded_for_a_page_that_nobody_sees(
    qtbot: QtBot, window: MainWindow, page: DimensionsCard, exploration: Exploration
) -> None:
    seen = page.list.visible_dimensions
    qtbot.waitUntil(lambda: all(len(page.list.pictures(d)) == FRAMES for d in seen), timeout=PATIENCE)
    window.explore.pages.show_page(0)
    answers: list[object] = []
    window.session.dimensions.traversed.connect(answers.append)
    for _ in range(2):  # what was asked for before comes in the first turn
        answers.clear()
        with qtbot.waitSignal(exploration.manifold_ready, timeout=PATIENCE):
            exploration.pin_code(exploration.pin + np.float32(0.5))
    assert not answers


@pytest.mark.parametrize("window", [{"latent_dim": 50}], indirect=True)
def test_of_fifty_dimensions_those_in_view_are_decoded(qtbot: QtBot, page: DimensionsCard) -> None:
    shown: DimensionList = page.list
    assert len(shown.rows) == 50
    assert len(shown.visible_dimensions) < 15
    shown.verticalScrollBar().setValue(shown.verticalScrollBar().maximum())
    last = shown.rows[-1].dimension
    assert last in shown.visible_dimensions
    qtbot.waitUntil(lambda: len(shown.pictures(last)) == FRAMES, timeout=PATIENCE)


@pytest.mark.parametrize("window", [{"latent_dim": 2}], indirect=True)
def test_a_plane_has_two_rows_and_no_choice(window: MainWindow, page: DimensionsCard) -> None:
    assert {row.dimension for row in page.list.rows} == {0, 1}
    assert not window.findChild(QComboBox, "rightAxisBox").isVisible()


def test_inactive_units_are_folded_away(
    window: MainWindow, page: DimensionsCard, mouse: Mouse, open_in: Callable[[MainWindow, Path], None],
    tmp_path: Path,
) -> None:  # fmt: skip
    assert page.fold.isHidden()
    checkpoint = window.session.workspace.model.checkpoint
    z_loc = checkpoint.encodings.z_loc.copy()
    z_loc[:, [0, 3]] = 0.0
    path = tmp_path / "collapsed.safetensors"
    idle = vae.Encodings(z_loc, checkpoint.encodings.z_scale, checkpoint.encodings.labels)
    vae.save(
        path, vae.Checkpoint(checkpoint.model, "default-2d", "stroke-digits", checkpoint.training, (), idle)
    )
    open_in(window, path)
    assert {row.dimension for row in page.list.rows} == {1, 2, 4}
    assert page.fold.text() == "2 inactive units"
    mouse.click(page.fold)
    assert [row.dimension for row in page.list.rows[3:]] in ([0, 3], [3, 0])
    assert not any(row.active for row in page.list.rows[3:])


# --- one dimension


@pytest.mark.parametrize("window", [{"latent_dim": 1}], indirect=True)
def test_a_line_has_one_row_of_tiles(
    window: MainWindow, exploration: Exploration, plane: LatentPlane, mouse: Mouse,
    wait_for_tiles: Callable[[MainWindow], Manifold],
) -> None:  # fmt: skip
    manifold = wait_for_tiles(window)
    grid = manifold.grid
    assert grid.rows == 1
    assert grid.bottom + grid.height == 0.0  # beneath the line
    tiles = tiles_of(manifold.picture, grid)[0, :, 0]
    expected = decoded(window, grid.centres()[:, :1])[:, 0]
    assert np.abs(tiles.astype(int) - expected).max() <= 1
    for _ in range(5):
        mouse.wheel(plane.viewport(), QPoint(200, 200), 1)
    zoomed = wait_for_tiles(window)
    assert zoomed.grid.rows == 1
    assert zoomed.grid.step < grid.step
    assert [patch.grid for patch in plane._manifold.patches] == [
        zoomed.grid
    ]  # none of the higher row is left
    mouse.click(plane.viewport(), QPoint(250, 120))
    assert exploration.cursor[1] == 0.0


@pytest.mark.parametrize("window", [{"latent_dim": 1}], indirect=True)
def test_on_a_line_stand_bells_and_points_above_it(
    window: MainWindow, exploration: Exploration, plane: LatentPlane
) -> None:
    q, posterior = plane._ellipses.scales(), exploration.posterior
    mean, sigma = float(posterior.z_loc[0]), float(posterior.z_scale[0])
    assert (q.left(), q.right()) == pytest.approx((mean - 2 * sigma, mean + 2 * sigma), abs=1e-4)
    assert (q.top(), q.bottom()) == pytest.approx((0.0, PEAK * sigma), rel=1e-2)
    plane._redraw_points()
    view, (_, height) = plane.view_rect(), plane.size_in_pixels()
    edge = margin(RADIUS)
    line = (0.0 - view.top()) / view.height() * height + edge
    drawn = np.flatnonzero(plane._points.words[::-1].any(1))  # from the lowest row on
    assert drawn.min() > line - 1
    assert drawn.max() - drawn.min() > 0.1 * height
    assert not plane.getAxis("left").isVisible()


@pytest.mark.parametrize("window", [{"latent_dim": 1}], indirect=True)
def test_a_plane_after_a_line_is_seen_whole_again(
    window: MainWindow, plane: LatentPlane, small_model: Path, open_in: Callable[[MainWindow, Path], None]
) -> None:
    open_in(window, small_model)
    assert plane.getAxis("left").isVisible()
    assert plane.view_rect().contains(plane.home.adjusted(1e-6, 1e-6, -1e-6, -1e-6))
    assert plane._grid.rows > 1
