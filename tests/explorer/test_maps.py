"""Maps of the plane, chosen and read on the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

import vae
from explorer.main_window import MainWindow
from explorer.maps import Maps
from explorer.plane_jobs.maps import COARSE
from explorer.theme import DARK, apply_theme
from explorer.views.map_bar import in_words
from explorer.views.map_colours import Scale, coloured, ramp
from explorer.views.plane_card import PlaneCard
from vae.maps import MapKind, cell_at

PATIENCE = 60_000  # milliseconds
NEED_A_PRIOR = (MapKind.AGGREGATE, MapKind.KL, MapKind.ELBO, MapKind.GAP)

Mouse = Any  # of conftest.py


@pytest.fixture
def maps(window: MainWindow) -> Maps:
    return window.session.maps


@pytest.fixture
def card(window: MainWindow) -> PlaneCard:
    return window.explore.plane_card


@pytest.fixture
def choose(qtbot: QtBot, card: PlaneCard, maps: Maps) -> Callable[[MapKind], None]:
    """Choose a map in the box, and wait for it to be fine."""

    def fine(kind: MapKind) -> bool:
        found = maps.found
        view = card.plane.view_rect()
        if found is None or found.request.kind is not kind or found.grid.left > view.left():
            return False  # none, or of the view before the bar took its place beneath the plane
        if found.images is not None:
            return kind is MapKind.GAP or found.images[0] == found.images[1]
        return found.grid.columns > COARSE + 2

    def choose_and_wait(kind: MapKind) -> None:
        card.map_box.setCurrentIndex(card.map_box.findData(kind))
        qtbot.waitUntil(lambda: fine(kind), timeout=PATIENCE)

    return choose_and_wait


@pytest.mark.parametrize("kind", [kind for kind in MapKind if kind not in (MapKind.GAP, MapKind.CLASSES)])
def test_a_map_is_drawn_read_and_taken_away(
    card: PlaneCard, maps: Maps, choose: Callable[[MapKind], None], kind: MapKind
) -> None:
    assert not card.map.isVisible()
    bare = card.plane.grab().toImage()
    choose(kind)
    assert card.map.isVisible()
    assert card.map.sentence.text().endswith(".")
    assert card.plane.grab().toImage() != bare
    view, grid = card.plane.view_rect(), maps.found.grid
    assert grid.left <= view.left() < view.right() <= grid.left + grid.width
    card.map_box.setCurrentIndex(0)
    assert not card.map.isVisible()
    assert maps.found is None


def test_the_bar_marks_the_value_under_the_cursor(
    card: PlaneCard, maps: Maps, choose: Callable[[MapKind], None], mouse: Mouse, window: MainWindow
) -> None:
    choose(MapKind.ENTROPY)
    model = window.session.workspace.model.checkpoint.model
    for pixel in (QPoint(200, 150), QPoint(300, 250)):
        mouse.move(card.plane.viewport(), pixel)
        row, column = cell_at(maps.found.grid, *window.session.exploration.cursor)
        centre = maps.found.grid.centres()[row * maps.found.grid.columns + column]
        with torch.no_grad():
            mean = model.decode(torch.from_numpy(centre[None])).double()
        expected = torch.special.entr(mean).sum() + torch.special.entr(1.0 - mean).sum()
        assert card.map.bar.value == pytest.approx(float(expected), rel=1e-3)
        assert card.map.bar.text == in_words(card.map.bar.value)


def test_the_map_follows_the_view(
    qtbot: QtBot, card: PlaneCard, maps: Maps, choose: Callable[[MapKind], None], mouse: Mouse
) -> None:
    choose(MapKind.NEAREST)
    before = maps.found.grid
    for _ in range(5):
        mouse.wheel(card.plane.viewport(), QPoint(200, 200), 1)
    view = card.plane.view_rect()
    qtbot.waitUntil(
        lambda: maps.found.grid.step < before.step and maps.found.grid.columns > 64, timeout=PATIENCE
    )
    grid = maps.found.grid
    assert grid.left == pytest.approx(view.left(), abs=2 * grid.step)


def test_the_nearest_labels_are_those_of_the_points(
    window: MainWindow, card: PlaneCard, maps: Maps, choose: Callable[[MapKind], None]
) -> None:
    choose(MapKind.NEAREST)
    encodings = window.session.encoded_data.points.encodings
    centres = maps.found.grid.centres()
    gaps = np.linalg.norm(centres[:, None] - encodings.z_loc, axis=2)
    expected = encodings.labels[gaps.argmin(1)].reshape(maps.found.labels.shape)
    assert (maps.found.labels == expected).mean() > 0.999
    cell = cell_at(maps.found.grid, *window.session.exploration.cursor)
    assert card.map.bar.text == str(expected[cell])


def test_the_numbers_of_q_against_p_add_up_on_the_screen(
    qtbot: QtBot, card: PlaneCard, maps: Maps, choose: Callable[[MapKind], None]
) -> None:
    choose(MapKind.AGGREGATE)
    qtbot.waitUntil(
        lambda: maps.numbers is not None and maps.numbers.surgery.draws >= 4_000, timeout=PATIENCE
    )
    surgery, text = maps.numbers.surgery, card.map.numbers.text()
    assert f"mean KL(q(z|x) ‖ p(z)) {surgery.mean_kl:.2f} = I(x; z) {surgery.information:.2f}" in text
    assert surgery.mean_kl == pytest.approx(surgery.information + surgery.marginal_kl)
    assert f"{surgery.images:,} = {np.log(surgery.images):.2f}" in text
    assert "Holes: " in text


def test_the_data_around_a_place_are_averaged(
    card: PlaneCard, maps: Maps, choose: Callable[[MapKind], None], window: MainWindow
) -> None:
    choose(MapKind.ELBO)
    data, model = window.session.workspace.dataset, window.session.workspace.model.checkpoint.model
    assert maps.found.images == (len(data.test_images),) * 2
    known = maps.found.values[np.isfinite(maps.found.values)]
    assert abs(known.mean() - vae.evaluate(model, data.test_images).elbo) < 25.0
    choose(MapKind.GAP)
    assert (maps.found.values[np.isfinite(maps.found.values)] >= 0.0).all()
    assert "images" in card.map.numbers.text()


def test_what_nobody_sees_is_not_computed(
    qtbot: QtBot, window: MainWindow, card: PlaneCard, maps: Maps, choose: Callable[[MapKind], None]
) -> None:
    choose(MapKind.ENTROPY)
    window.tabs.setCurrentWidget(window.train)
    assert maps._asked is None
    window.tabs.setCurrentWidget(window.explore)
    assert maps._asked is not None


def test_an_autoencoder_says_which_maps_it_cannot_have(
    qtbot: QtBot,
    window: MainWindow,
    card: PlaneCard,
    maps: Maps,
    save_model: Callable[..., Path],
    open_in: Callable[[MainWindow, Path], None],
    choose: Callable[[MapKind], None],
) -> None:
    choose(MapKind.AGGREGATE)
    open_in(window, save_model("ae", family="autoencoder"))
    assert "neither a prior nor noise" in card.map.sentence.text()
    assert not card.map.bar.isVisible()
    for kind in MapKind:
        item = card.map_box.model().item(card.map_box.findData(kind))
        assert item.isEnabled() == (kind not in (*NEED_A_PRIOR, MapKind.CLASSES))
        if not item.isEnabled():
            assert item.data(Qt.ItemDataRole.ToolTipRole).endswith(".")
    choose(MapKind.NEAREST)


@pytest.mark.parametrize("latent_dim", [1, 5])
@pytest.mark.parametrize("kind", [MapKind.AGGREGATE, MapKind.KL, MapKind.MAGNIFICATION, MapKind.NEAREST])
def test_lines_and_slices_of_more_dimensions_have_maps_too(
    window: MainWindow,
    maps: Maps,
    save_model: Callable[..., Path],
    open_in: Callable[[MainWindow, Path], None],
    choose: Callable[[MapKind], None],
    latent_dim: int,
    kind: MapKind,
    card: PlaneCard,
) -> None:
    open_in(window, save_model("other", latent_dim=latent_dim))
    choose(kind)
    values = maps.found.values
    assert np.isfinite(values).any()
    if latent_dim == 1:
        np.testing.assert_array_equal(values, np.broadcast_to(values[:1], values.shape))
    assert ("other dimensions" in card.map.sentence.text()) == (latent_dim == 5)


def test_the_colours_of_a_ratio_are_even_to_both_sides_and_follow_the_theme(
    qapp: QApplication, card: PlaneCard
) -> None:
    scale = Scale.of(MapKind.AGGREGATE, np.float32([[-1.0, 0.0, 3.0]]))
    assert scale.low == -scale.high
    assert float(scale.shares(np.array(0.0))) == 0.5

    light = ramp(MapKind.AGGREGATE, 3)
    apply_theme(qapp, DARK)
    dark = ramp(MapKind.AGGREGATE, 3)
    assert tuple(dark[1]) == QColor(DARK.card).getRgb()[:3] != tuple(light[1])


def test_a_scale_of_gaps_is_logarithmic_and_says_what_is_beyond_its_ends() -> None:
    values = np.float32([[0.001, *np.geomspace(0.1, 10.0, 98), 500.0]])
    scale = Scale.of(MapKind.GAP, values)
    assert scale.less
    assert scale.more
    assert scale.steps == pytest.approx((0.2, 0.5, 1.0, 2.0, 5.0))
    middle = np.sqrt(scale.low * scale.high)
    assert float(scale.shares(np.array(middle))) == pytest.approx(0.5)
    even = Scale.of(MapKind.GAP, np.full((4, 4), 2.0, np.float32))
    assert not even.less
    assert not even.more
    assert Scale.of(MapKind.KL, values).steps == ()


def test_what_is_unknown_is_clear() -> None:
    values = np.float32([[1.0, np.nan], [2.0, 3.0]])
    drawn = coloured(Scale(MapKind.KL, 1.0, 3.0), values)
    assert drawn[0, -1, 3] == 0
    assert drawn[0, 0, 3] > 100
    np.testing.assert_array_equal(drawn[0, 0, :3], ramp(MapKind.KL)[0])


def test_dragging_goes_on_while_a_map_is_shown(
    card: PlaneCard, choose: Callable[[MapKind], None], mouse: Mouse, window: MainWindow
) -> None:
    choose(MapKind.MAGNIFICATION)
    surface: QWidget = card.plane.viewport()
    mouse.drag(surface, [QPoint(200, 200), QPoint(230, 220), QPoint(260, 180)])
    assert card.map.bar.value is not None
    assert window.session.exploration.picture is not None
