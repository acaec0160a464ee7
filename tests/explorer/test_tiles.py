"""Deep zoom: which tiles are decoded, in what order, and what is drawn meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot
from torch import Tensor, nn

import vae
from explorer.main_window import MainWindow
from explorer.plane_jobs.tile_cache import NOWHERE, TileCache
from explorer.plane_jobs.tiles import TilesJob
from explorer.plane_messages import Manifold, ManifoldRequest, Surroundings
from explorer.theme import LIGHT, apply_theme
from explorer.views.latent_plane import FAINT, INK, LatentPlane
from explorer.views.manifold_dialog import QUANTILES, ManifoldDialog
from explorer.views.plane_items import ink_table
from vae import Checkpoint
from vae.chart import Chart, axis_chart
from vae.configuration import ModelConfig
from vae.tiles import TileGrid, enlarge, mosaic, tiles_of

PATIENCE = 60_000  # milliseconds
TINY = ModelConfig((1, 6, 8), 2, (8,), (8,), classes=3)
GRID = TileGrid(-1.0, -1.0, 0.25, 8, 8)
NOTHING_BEYOND = np.zeros(2, np.float32)


class Decoder:
    """A job, a model, and the codes that the model was asked to decode, batch by batch."""

    def __init__(self, seconds: float = 0.0, **fields: object) -> None:
        self.job = TilesJob()
        self.model = vae.build(replace(TINY, **fields)).eval()
        self.codes: list[NDArray[np.float32]] = []
        self._seconds = seconds
        self.model.decoder.register_forward_pre_hook(self._note)

    def _note(self, module: nn.Module, given: tuple[Tensor, ...]) -> None:
        self.codes.append(given[0].numpy().copy())
        busy_until = time.perf_counter() + self._seconds * len(given[0])
        while time.perf_counter() < busy_until:
            pass

    def ask(self, grid: TileGrid, version: int = 1, **fields: Any) -> Iterator[object]:
        request = ManifoldRequest(version, grid, axis_chart(2), NOTHING_BEYOND, None, (0.0, 0.0))
        return self.job.serve(self.model, replace(request, **fields))

    def answers(self, grid: TileGrid, version: int = 1, **fields: Any) -> list[Manifold]:
        self.codes.clear()
        return [answer for answer in self.ask(grid, version, **fields) if isinstance(answer, Manifold)]

    def decoded_in(self, grid: TileGrid) -> int:
        """How many of the codes are at the centres of this grid's tiles."""
        centres = {tuple(centre) for centre in grid.centres().tolist()}
        return sum(tuple(code) in centres for batch in self.codes for code in batch.tolist())


def assert_shows(answer: Manifold, decoder: Decoder, grid: TileGrid = GRID) -> None:
    """All tiles, each as its centre decodes by itself."""
    assert (answer.grid, answer.level) == (grid, 0)
    direct = mosaic(vae.decode_images(decoder.model, grid.centres()), grid)
    assert np.abs(answer.picture.astype(int) - direct).max() <= 1


# --- what is decoded


def test_the_mosaic_is_what_the_centres_decode_to() -> None:
    decoder = Decoder()
    assert_shows(decoder.answers(GRID)[-1], decoder)


def test_a_tile_is_decoded_once() -> None:
    decoder = Decoder()
    decoder.answers(GRID)
    assert decoder.decoded_in(GRID) == GRID.count
    again = decoder.answers(GRID)[-1]
    assert not decoder.codes
    assert_shows(again, decoder)


def test_panning_decodes_the_new_tiles_alone() -> None:
    decoder = Decoder()
    decoder.answers(GRID)
    moved = replace(GRID, left=GRID.left + GRID.step)
    answer = decoder.answers(moved)[-1]
    assert sum(map(len, decoder.codes)) == GRID.rows
    assert (np.concatenate(decoder.codes)[:, 0] == 1.125).all()
    assert_shows(answer, decoder, moved)


@pytest.mark.parametrize(
    "other",
    [
        {"version": 2},
        {"label": 1},
        {"chart": Chart(np.zeros(2, np.float32), np.eye(2, dtype=np.float32)[::-1], ("z₂", "z₁"))},
    ],
)
def test_what_other_weights_labels_or_charts_decode_to_is_not_mistaken(other: dict[str, Any]) -> None:
    decoder = Decoder(family="conditional")
    first = decoder.answers(GRID, label=0)[-1]
    second = decoder.answers(GRID, **({"label": 0} | other))[-1]
    assert len(np.concatenate(decoder.codes)) >= GRID.count
    assert (first.version, first.source) != (second.version, second.source)
    third = decoder.answers(GRID, label=0)[-1]
    assert third.source == first.source


def test_a_code_beyond_the_plane_is_part_of_what_is_decoded() -> None:
    decoder = Decoder(latent_dim=3)
    chart = axis_chart(3)
    for beyond in (0.0, 1.5):
        z = np.array([7.0, 8.0, beyond], np.float32)
        answer = decoder.answers(GRID, chart=chart, z=z)[-1]
        direct = mosaic(vae.decode_images(decoder.model, chart.codes(GRID.centres(), z)), GRID)
        assert np.abs(answer.picture.astype(int) - direct).max() <= 1
    decoder.answers(GRID, chart=chart, z=np.array([-3.0, 2.0, 1.5], np.float32))
    assert not decoder.codes


def test_the_nearest_to_the_cursor_are_decoded_first() -> None:
    decoder = Decoder(seconds=2e-3)
    decoder.answers(GRID, cursor=(0.6, -0.4))
    sharp = [code for batch in decoder.codes for code in batch.tolist()]
    centres = GRID.centres().tolist()
    away = [np.hypot(x - 0.6, y + 0.4) for x, y in sharp if [x, y] in centres]
    assert len(away) == GRID.count
    assert away == sorted(away)


def test_a_slow_decoder_shows_larger_tiles_first_and_sharpens_them() -> None:
    decoder = Decoder(seconds=2e-3)
    answers = decoder.answers(GRID)
    assert len(answers) > 2
    assert answers[0].level > 0
    assert [answer.level for answer in answers[1:]] == [answers[0].level] * (len(answers) - 2) + [0]
    known = [sharp_tiles(answer, answers[-1]) for answer in answers]
    assert known == sorted(known)
    assert known[0] < known[1] < known[-1] == GRID.count
    coarse = GRID.coarser(2 ** answers[0].level)
    larger = mosaic(vae.decode_images(decoder.model, coarse.centres()), coarse)
    assert np.abs(answers[0].picture.astype(int) - enlarge(larger, coarse, GRID)).max() <= 1
    assert_shows(answers[-1], decoder)


def sharp_tiles(answer: Manifold, final: Manifold) -> int:
    tiles, last = tiles_of(answer.picture, GRID), tiles_of(final.picture, GRID)
    return int((tiles == last).all(axis=(2, 3, 4)).sum())


def test_zooming_in_shows_the_tiles_that_were_there_at_once() -> None:
    decoder = Decoder(seconds=5e-3)
    before = decoder.answers(GRID)[-1]
    finer = TileGrid(-1.0, -1.0, 0.125, 8, 8)
    decoder.codes.clear()
    first = next(answer for answer in decoder.ask(finer) if answer is not None)
    assert isinstance(first, Manifold)
    assert first.level == 1
    assert not decoder.codes
    old, new = tiles_of(before.picture, GRID), first.picture
    enlarged = old[-1, 0].repeat(2, axis=1).repeat(2, axis=2)
    assert np.array_equal(new[:, -enlarged.shape[1] :, : enlarged.shape[2]], enlarged)


def test_a_request_that_is_overtaken_ends_and_leaves_its_work() -> None:
    decoder = Decoder(seconds=2e-3)
    overtaken = decoder.ask(GRID)
    while decoder.decoded_in(GRID) < 10:
        next(overtaken)
    overtaken.close()
    done = decoder.decoded_in(GRID)
    assert done < GRID.count / 2
    assert_shows(decoder.answers(GRID)[-1], decoder)
    assert decoder.decoded_in(GRID) == GRID.count - done + GRID.count  # and all once more, to compare


def test_the_surroundings_reach_beyond_the_view_and_are_not_made_for_every_step() -> None:
    decoder = Decoder()
    around = [answer for answer in decoder.ask(GRID) if isinstance(answer, Surroundings)]
    assert len(around) == 1
    assert around[0].grid.covers(GRID.grown(0.4))
    direct = mosaic(vae.decode_images(decoder.model, around[0].grid.centres()), around[0].grid)
    assert np.abs(around[0].picture.astype(int) - direct).max() <= 1
    moved = replace(GRID, left=GRID.left + GRID.step)
    assert not [answer for answer in decoder.ask(moved) if isinstance(answer, Surroundings)]


def test_of_a_chart_of_quantiles_only_what_stands_for_codes_is_decoded() -> None:
    decoder, chart = Decoder(), replace(axis_chart(2), quantiles=True)
    answer = decoder.answers(GRID, chart=chart)[-1]
    inside = TileGrid(0.0, 0.0, 0.25, 4, 4)
    assert answer.grid == inside
    direct = mosaic(vae.decode_images(decoder.model, chart.codes(inside.centres(), NOTHING_BEYOND)), inside)
    assert np.abs(answer.picture.astype(int) - direct).max() <= 1
    assert not decoder.answers(TileGrid(2.0, 2.0, 0.25, 4, 4), chart=chart)
    assert decoder.answers(TileGrid(-8.0, -8.0, 4.0, 4, 4), chart=chart)[-1].grid == TileGrid(0, 0, 1.0, 1, 1)


# --- what is remembered


def test_the_cache_forgets_what_was_used_the_longest_ago() -> None:
    cache, pictures = TileCache(most=4 * 6), np.arange(6 * 6, dtype=np.uint8).reshape(6, 1, 2, 3)
    cache.make_room(2, (1, 2, 3))
    cache.keep("abcd", pictures[:4])
    assert NOWHERE not in cache.find("ab")
    cache.keep("ef", pictures[4:])
    assert (cache.find("abcdef") == NOWHERE).tolist() == [False, False, True, True, False, False]
    assert np.array_equal(cache.at(cache.find("abef")), pictures[[0, 1, 4, 5]])
    assert len(cache) == 4
    cache.clear()
    assert (cache.find("abef") == NOWHERE).all()


def test_the_cache_has_room_for_what_is_needed_at_once() -> None:
    cache = TileCache(most=1)
    cache.make_room(5, (1, 2, 3))
    cache.keep("abcde", np.zeros((5, 1, 2, 3), np.uint8))
    assert NOWHERE not in cache.find("abcde")


# --- what is drawn


@pytest.fixture
def plane(window: MainWindow) -> LatentPlane:
    return window.explore.plane_card.plane


def is_sharp(plane: LatentPlane) -> bool:
    patches = plane._manifold.patches
    known = bool(patches) and not patches[-1].level and patches[-1].grid == plane._grid
    return known and not plane._settle.isActive()


def test_each_pixel_of_a_tile_is_painted_where_it_lies(
    qtbot: QtBot, plane: LatentPlane, small: Checkpoint
) -> None:
    for set_visible in (plane.set_points_visible, plane.set_posterior_visible, plane.set_prior_visible):
        set_visible(False)
    plane.show_cursor(9.0, 9.0)
    width = 0.0625 * plane.size_in_pixels()[0] / 39  # each tile 39 pixels wide, near the most
    plane.plane.setRange(QRectF(0.3, 0.45, width, width / 9), padding=0)
    qtbot.waitUntil(lambda: is_sharp(plane) and plane._grid.step == 0.0625, timeout=PATIENCE)
    screen, inks = plane.grab().toImage(), ink_table(LIGHT, INK).astype(int)
    wrong = []
    for centre in plane._grid.centres():
        tile = vae.decode_images(small.model, centre[None])[0, 0]
        for row, column in ((3, 4), (14, 14), (20, 9), (9, 22)):
            offset = ((np.array((column, row)) + 0.5) / 28 - 0.5) * (1, -1)
            place = QPointF(*(centre + plane._grid.step * offset).tolist())
            if plane.view_rect().contains(place):
                at = plane.viewportTransform().map(plane.plane.mapViewToScene(place))
                drawn = screen.pixelColor(int(at.x()), int(at.y())).red()
                wrong.append(abs(drawn - inks[tile[row, column], 0]) > 1)
    assert len(wrong) > 300
    assert np.mean(wrong) < 0.05  # where a pixel's edge falls is rounded


def test_nothing_in_view_is_ever_blank_after_zooming(qtbot: QtBot, plane: LatentPlane) -> None:
    def is_surrounded() -> bool:
        """Whether the larger tiles reach as far beyond the view as they always do in the end."""
        view = plane.view_rect()
        across, up = 0.2 * view.width(), 0.2 * view.height()
        beyond = view.adjusted(-across, -up, across, up)
        return is_sharp(plane) and any(patch.rect.contains(beyond) for patch in plane._manifold._beneath)

    qtbot.waitUntil(is_surrounded, timeout=PATIENCE)
    blank: list[QRectF] = []

    def look() -> None:
        view, shown = plane.view_rect(), plane._manifold._all
        corners = (view.topLeft(), view.topRight(), view.bottomLeft(), view.bottomRight(), view.center())
        if not all(any(patch.rect.contains(corner) for patch in shown) for corner in corners):
            blank.append(view)

    plane.painted.connect(look)
    for factor in (0.5, 0.5, 0.4, 1.4, 1.3, 1.4, 1.4, 1.3, 1.4):
        plane.plane.scaleBy((factor, factor))
        qtbot.waitUntil(is_surrounded, timeout=PATIENCE)
    assert not blank


def test_older_tiles_stay_until_the_new_are_there_and_no_longer(window: MainWindow) -> None:
    layer = window.explore.plane_card.plane._manifold
    picture = np.zeros((1, 8, 8), np.uint8)
    coarse, fine = TileGrid(0, 0, 1.0, 4, 4), TileGrid(0, 0, 0.5, 4, 4)
    layer.show_tiles(coarse, picture, 0, "a")
    layer.show_tiles(fine, picture, 1, "a")
    layer.show_tiles(fine, picture, 0, "a")
    assert [(patch.grid, patch.level) for patch in layer.patches] == [(coarse, 0), (fine, 0)]
    layer.show_tiles(coarse, picture, 2, "a")
    assert [patch.level for patch in layer.patches] == [2, 0, 0]  # beneath what is sharper
    layer.show_tiles(coarse, picture, 0, "a")
    assert [(patch.grid, patch.level) for patch in layer.patches] == [(coarse, 0)]
    layer.show_tiles(fine, picture, 0, "b")
    assert [patch.grid for patch in layer.patches] == [fine]


@pytest.mark.parametrize("channels", [1, 3])
def test_faded_tiles_hide_those_beneath_them(qtbot: QtBot, channels: int) -> None:
    apply_theme(QApplication.instance(), LIGHT)
    plane = LatentPlane()
    qtbot.addWidget(plane)
    with qtbot.waitExposed(plane, timeout=PATIENCE):
        plane.show()
    plane.show_cursor(90.0, 90.0)
    plane.plane.setRange(QRectF(0, 0, 4, 4), padding=0)
    layer, half = plane._manifold, np.zeros((channels, 8, 8), np.uint8)
    half[:, :, 4:] = 255
    layer.show_beneath(TileGrid(-10, -10, 1.0, 24, 24), 255 - half, "test")
    layer.show_tiles(TileGrid(-4, -4, 1.0, 12, 12), np.full_like(half, 100), 0, "test")
    layer.show_tiles(TileGrid(0, 0, 1.0, 4, 4), half, 0, "test")

    def colours() -> list[tuple[int, ...]]:
        screen = plane.grab().toImage()
        places = [plane.plane.mapViewToScene(QPointF(x, 1.0)) for x in (0.5, 3.5)]
        at = [plane.viewportTransform().map(place).toPoint() for place in places]
        return [screen.pixelColor(pixel).getRgb()[:3] for pixel in at]

    paper = np.array(QColor(LIGHT.card).getRgb()[:3])
    before = colours()
    plane.make_room_for_map(True)
    for strong, faint in zip(before, colours(), strict=True):
        np.testing.assert_allclose(faint, paper + FAINT * (np.array(strong) - paper), atol=2)
    plane.make_room_for_map(False)
    assert colours() == before
    assert before[0] != before[1]


# --- spaced by quantiles


@pytest.fixture
def chip(window: MainWindow) -> QPushButton:
    return window.findChild(QPushButton, "quantiles")


def test_the_plane_is_spaced_by_quantiles_and_says_so(
    qtbot: QtBot, window: MainWindow, plane: LatentPlane, chip: QPushButton, small: Checkpoint
) -> None:
    exploration = window.session.exploration
    pin = exploration.pin
    chip.click()
    assert "quantiles" in plane.getAxis("bottom").labelText
    assert "quantiles" in plane.getAxis("left").labelText
    assert plane.view_rect().contains(QRectF(0, 0, 1, 1))
    assert np.array_equal(exploration.pin, pin)
    shares = exploration.chart.places(small.encodings.z_loc)
    np.testing.assert_array_equal(plane._places, shares)
    inner, *_ = [circle.polygon().boundingRect() for circle in plane._circles._circles]
    assert (inner.left(), inner.right()) == pytest.approx((0.1587, 0.8413), abs=1e-4)  # Φ(−1), Φ(1)
    exploration.pin_at(0.975, 0.5)
    assert exploration.pin.tolist() == pytest.approx([1.96, 0.0], abs=1e-3)
    qtbot.waitUntil(lambda: bool(plane._manifold.patches), timeout=PATIENCE)
    chip.click()
    assert not exploration.chart.quantiles
    assert "quantiles" not in plane.getAxis("bottom").labelText


def test_the_ticks_tell_z_at_its_quantiles(plane: LatentPlane, chip: QPushButton) -> None:
    chip.click()
    axis = plane.getAxis("bottom")
    [(step, places)] = axis.tickValues(-0.02, 1.02, 560.0)
    told = dict(zip(axis.tickStrings(places, 1.0, step), places, strict=True))
    expected = {"−2": 0.02275, "−1": 0.15866, "0": 0.5, "1": 0.84134, "2": 0.97725}
    assert told == pytest.approx(expected, abs=1e-4)
    [(step, places)] = axis.tickValues(0.80, 0.82, 560.0)
    assert len(places) >= 4
    assert all(0.80 <= place <= 0.82 for place in places)
    assert axis.tickValues(1.5, 2.5, 560.0) == []


def test_quantiles_are_offered_where_the_prior_is_a_standard_normal(
    window: MainWindow, chip: QPushButton, save_model: Callable[..., Path],
    open_in: Callable[[MainWindow, Path], None],
) -> None:  # fmt: skip
    assert chip.isVisible()
    chip.click()
    open_in(window, save_model("mixture", family="mixture"))
    assert not chip.isVisible()
    assert not window.session.exploration.chart.quantiles


# --- as a file


@pytest.fixture
def dialog(window: MainWindow) -> ManifoldDialog:
    window.exports.save_manifold()
    found = window.findChild(QDialog, "manifoldDialog")
    assert isinstance(found, ManifoldDialog)
    return found


def test_the_manifold_is_saved_as_large_as_is_said(
    qtbot: QtBot, window: MainWindow, dialog: ManifoldDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    small: Checkpoint,
) -> None:  # fmt: skip
    path = tmp_path / "manifold.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    dialog.region.setCurrentText(QUANTILES)
    dialog.across.setValue(4)
    assert "112 × 112" in dialog.pixels.text()
    with qtbot.waitSignal(dialog.saved, timeout=PATIENCE):
        dialog.save.click()
    assert "manifold.png" in window.statusBar().currentMessage()
    with Image.open(path) as image:
        corner = np.asarray(image)[:28, :28].astype(int)
    z = np.array([[-1.15035, 1.15035]])  # Φ⁻¹(1/8) and Φ⁻¹(7/8)
    assert np.abs(corner - vae.decode_images(small.model, z)[0, 0]).max() <= 1


def test_what_is_in_view_is_saved(window: MainWindow, dialog: ManifoldDialog, plane: LatentPlane) -> None:
    dialog.across.setValue(10)
    view, plan = plane.view_rect(), dialog.plan
    assert plan.grid.left == pytest.approx(view.left())
    assert plan.grid.width == pytest.approx(view.width())
    assert abs(plan.grid.height - view.height()) <= plan.grid.step / 2 + 1e-6


def test_saving_can_be_cancelled(
    qtbot: QtBot, window: MainWindow, dialog: ManifoldDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "manifold.png"), ""))
    dialog.across.setValue(dialog.across.maximum())
    with qtbot.waitSignal(window.session.manifold_export.progressed, timeout=PATIENCE):
        dialog.save.click()
    assert dialog.progress.isVisible()
    dialog.close_button.click()
    assert dialog.isVisible()
    qtbot.waitUntil(lambda: not list(tmp_path.glob("*manifold*")), timeout=PATIENCE)
    dialog.close_button.click()
    assert not dialog.isVisible()


def test_a_folder_that_is_gone_is_said_in_the_dialog(
    qtbot: QtBot, dialog: ManifoldDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "gone" / "manifold.png"), "")
    )
    dialog.save.click()
    qtbot.waitUntil(dialog.notice.isVisible, timeout=PATIENCE)
    assert "could not be saved" in dialog.notice.text()
    dialog.reject()
