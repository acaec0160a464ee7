"""The ways from A to B, on the real window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

import vae
from explorer.exploration import Exploration
from explorer.main_window import MainWindow
from explorer.paths import ANIMATED, Paths
from explorer.plane_jobs.paths import FRAMES
from explorer.plane_messages import PathFound
from explorer.theme import DARK, apply_theme
from explorer.views.path_card import TICKS, PathCard
from explorer.views.pictures import to_image
from vae import Checkpoint

PATIENCE = 60_000  # milliseconds

Mouse = Any  # of conftest.py
Ends = tuple[NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture
def exploration(window: MainWindow) -> Exploration:
    return window.session.exploration


@pytest.fixture
def paths(window: MainWindow) -> Paths:
    return window.session.paths


@pytest.fixture
def card(window: MainWindow, mouse: Mouse) -> PathCard:
    mouse.click(window.explore.plane_card.path_button)
    return window.explore.path_card


@pytest.fixture
def wait_until_found(qtbot: QtBot) -> Callable[[MainWindow], None]:
    """Wait until no shorter path is looked for."""

    def wait(window: MainWindow) -> None:
        paths = window.session.paths
        qtbot.waitUntil(lambda: paths.found is not None and paths.found.done, timeout=PATIENCE)

    return wait


@pytest.fixture
def ends(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, card: PathCard, exploration: Exploration, paths: Paths
) -> Ends:
    """Set A and B by mouse, as a user does, and wait for the straight line."""
    surface, places = window.explore.plane_card.plane.viewport(), []
    for pixel, button in ((QPoint(255, 205), card.set_a), (QPoint(327, 65), card.set_b)):
        mouse.click(surface, pixel)
        places.append(exploration.pin)
        mouse.click(button)
    qtbot.waitUntil(lambda: paths.found is not None, timeout=PATIENCE)
    return places[0], places[1]


@pytest.fixture
def found(
    window: MainWindow, ends: Ends, paths: Paths, wait_until_found: Callable[[MainWindow], None]
) -> PathFound:
    """What is found between them in the end."""
    wait_until_found(window)
    assert paths.found is not None
    return paths.found


def decoded(small: Checkpoint, z: NDArray[np.float32]) -> QImage:
    return to_image(vae.decode_images(small.model, z[None])[0])


def drawn(window: MainWindow, way: str) -> NDArray[np.float64]:
    """The places (N, 2) through which a way is drawn on the plane."""
    x, y = getattr(window.explore.path_overlay, way).getData()
    return np.zeros((0, 2)) if x is None else np.stack((x, y), axis=1)


def lengths(small: Checkpoint, codes: NDArray[np.float32]) -> tuple[float, float]:
    """∫‖dz‖ and ∫‖dg‖ along a path, by a ruler of our own."""
    fine = np.concatenate([np.linspace(a, b, 300, dtype=np.float32) for a, b in pairwise(codes)])
    images = vae.mean_images(small.model)(torch.from_numpy(fine)).detach().numpy()
    return tuple(np.linalg.norm(np.diff(steps, axis=0), axis=1).sum() for steps in (fine, images))


def test_without_ends_there_is_nothing_to_play(card: PathCard, window: MainWindow, mouse: Mouse) -> None:
    assert card.isVisible()
    for widget in (card.play, card.slider, card.export):
        assert not widget.isEnabled()
    assert "Set a place" in card._hint.text()
    mouse.click(card.set_a)
    assert "A is set" in card._hint.text()
    assert not card.play.isEnabled()
    a, b = window.explore.path_overlay.marks
    assert a.isVisible()
    assert not b.isVisible()


def test_the_strips_run_from_a_to_b(
    window: MainWindow, card: PathCard, ends: Ends, found: PathFound, small: Checkpoint
) -> None:
    a, b = ends
    straight, geodesic = (card.strips[way].grid._images for way in ("straight", "geodesic"))
    for strip in (straight, geodesic):
        assert len(strip) == FRAMES
        assert strip[0] == decoded(small, a)
        assert strip[-1] == decoded(small, b)
    assert straight[FRAMES // 2] == decoded(small, (a + b) / 2)
    assert straight[0] != straight[FRAMES // 2] != straight[-1]
    codes = found.geodesic.curve.codes
    assert geodesic[FRAMES // 2] == decoded(small, codes[len(codes) // 2])
    np.testing.assert_allclose(drawn(window, "straight"), ends, atol=1e-6)
    np.testing.assert_array_equal(drawn(window, "geodesic"), codes)


def test_a_chart_of_quantiles_bends_both_ways(
    window: MainWindow, ends: Ends, found: PathFound, exploration: Exploration
) -> None:
    exploration.set_chart(replace(exploration.chart, quantiles=True))
    for way, codes in (("straight", np.stack(ends)), ("geodesic", found.geodesic.curve.codes)):
        fine = np.concatenate([np.linspace(a, b, 300) for a, b in pairwise(codes)])
        places = drawn(window, way)
        true = np.vectorize(NormalDist().cdf)(fine)
        away = np.linalg.norm(places[:, None] - true, axis=2).min(1)
        assert away.max() < np.linalg.norm(np.diff(true, axis=0), axis=1).max()
        assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() < 0.002
        np.testing.assert_allclose(places[[0, -1]], true[[0, -1]], atol=1e-6)


def test_both_lengths_of_both_ways_are_told(
    card: PathCard, ends: Ends, found: PathFound, small: Checkpoint
) -> None:
    in_images = []
    for way, codes in (("straight", np.stack(ends)), ("geodesic", found.geodesic.curve.codes)):
        latent, images = lengths(small, codes)
        words = card.strips[way].lengths.text().split()
        assert float(words[0]) == pytest.approx(latent, abs=0.006)
        assert float(words[4]) == pytest.approx(images, rel=0.01)
        in_images.append(images)
    assert in_images[1] < in_images[0]
    assert f"{1 - in_images[1] / in_images[0]:.0%} less" in card._hint.text()


def test_the_path_is_drawn_until_it_is_put_away(
    window: MainWindow, mouse: Mouse, card: PathCard, ends: Ends
) -> None:
    button, marks = window.explore.plane_card.path_button, window.explore.path_overlay.marks
    for shown in (True, False, True):
        assert card.isVisible() == shown
        for way in ("straight", "geodesic"):
            assert bool(len(drawn(window, way))) == shown
        assert all(mark.isVisible() == shown for mark in marks)
        mouse.click(button)


def test_the_ways_wear_the_theme(window: MainWindow, qapp: QApplication, ends: Ends) -> None:
    apply_theme(qapp, DARK)
    overlay = window.explore.path_overlay
    colours = [curve.opts["pen"].color().name() for curve in (overlay.straight, overlay.geodesic)]
    assert colours == [DARK.cursor, DARK.geodesic]
    assert overlay.straight.opts["pen"].style() != overlay.geodesic.opts["pen"].style()


def test_the_slider_walks_along(card: PathCard, ends: Ends, exploration: Exploration, paths: Paths) -> None:
    a, b = ends
    strip = card.strips["straight"]
    for tick in (TICKS // 4, TICKS, 0):
        card.slider.setValue(tick)
        np.testing.assert_allclose(exploration.pin, a + (b - a) * tick / TICKS, atol=1e-5)
        assert np.array_equal(exploration.z, exploration.pin)
        assert strip.grid._marked == round(tick * (FRAMES - 1) / TICKS)
        assert card.strips["geodesic"].grid._marked is None


def test_the_way_that_is_chosen_is_walked(
    mouse: Mouse, card: PathCard, ends: Ends, exploration: Exploration, found: PathFound
) -> None:
    codes = found.geodesic.curve.codes
    card.slider.setValue(TICKS // 2)
    mouse.click(card.strips["geodesic"].choose)
    np.testing.assert_allclose(exploration.pin, codes[len(codes) // 2], atol=1e-5)  # steps over
    mouse.click(card.strips["straight"].choose)
    np.testing.assert_allclose(exploration.pin, (ends[0] + ends[1]) / 2, atol=1e-5)
    exploration.pin_at(0.1, 0.2)
    mouse.click(card.strips["geodesic"].choose)
    np.testing.assert_allclose(exploration.pin, [0.1, 0.2], atol=1e-6)  # it was not on the path
    for tick in (TICKS, TICKS // 4):
        card.slider.setValue(tick)
        np.testing.assert_allclose(exploration.pin, codes[tick * (len(codes) - 1) // TICKS], atol=1e-5)
    assert card.strips["straight"].grid._marked is None


@pytest.mark.parametrize("way", ["straight", "geodesic"])
def test_a_click_on_a_strip_goes_there(
    mouse: Mouse, card: PathCard, ends: Ends, exploration: Exploration, found: PathFound, way: str
) -> None:
    strip = card.strips[way]
    mouse.click(strip.grid, strip.grid.cell(0).center())
    np.testing.assert_allclose(exploration.pin, ends[0], atol=1e-5)
    mouse.click(strip.grid, strip.grid.cell(FRAMES // 2).center())
    curve = getattr(found, way).curve
    np.testing.assert_allclose(exploration.pin, curve.at(np.array([0.5]))[0], atol=1e-5)
    assert strip.choose.isChecked()
    assert card.slider.value() == TICKS // 2


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
    mouse.click(card.play)  # again, from A
    assert card.slider.value() == 0
    np.testing.assert_allclose(exploration.pin, ends[0], atol=1e-5)


# --- images as ends, other models, other weights


def test_an_image_stands_for_the_mean_of_its_posterior(
    window: MainWindow, mouse: Mouse, card: PathCard, exploration: Exploration, paths: Paths
) -> None:
    thumbnails, means = window.explore.data_card.grid, []
    for place, button in ((3, card.image_a), (7, card.image_b)):
        mouse.click(thumbnails, thumbnails.cell(place).center())
        means.append(exploration.posterior.z_loc)
        exploration.pin_at(0.0, 0.0)
        mouse.click(button)
    np.testing.assert_array_equal([end.z for end in paths.ends], means)
    np.testing.assert_allclose(drawn(window, "straight"), means, atol=1e-6)


def test_another_model_has_other_places(
    window: MainWindow, card: PathCard, ends: Ends, open_in: Any, small_model: Any
) -> None:
    assert card.play.isEnabled()
    open_in(window, small_model)
    assert not card.play.isEnabled()
    assert not len(drawn(window, "straight"))
    assert not len(drawn(window, "geodesic"))


def test_images_are_encoded_by_another_model(
    window: MainWindow, card: PathCard, paths: Paths, open_in: Any, save_model: Any, wait_until_found: Any
) -> None:
    inputs = window.session.inputs
    pictures = window.session.workspace.dataset.test_images[[2, 5]]
    for index, button in ((2, card.image_a), (5, card.image_b)):
        inputs.select_test_image(index)
        button.click()
    path = save_model("five", latent_dim=5)
    open_in(window, path)
    expected = vae.encode_images(vae.load(path).model, pictures, np.array([-1, -1])).z_loc
    np.testing.assert_allclose([end.z for end in paths.ends], expected, atol=1e-6)
    wait_until_found(window)
    codes, axes = paths.found.geodesic.curve.codes, list(window.session.exploration.chart.axes)
    assert codes.shape[1] == 5
    np.testing.assert_allclose(drawn(window, "geodesic"), codes[:, axes], atol=1e-6)


def test_other_weights_have_other_ways(
    qtbot: QtBot, window: MainWindow, ends: Ends, found: PathFound, paths: Paths, small: Checkpoint
) -> None:
    weights = {name: 0.5 * value for name, value in small.model.state_dict().items()}
    window.session.workspace.show_weights(weights)
    assert paths.found is found  # until there is something better to show
    qtbot.waitUntil(lambda: paths.found is not found and paths.found.done, timeout=PATIENCE)
    line, geodesic = paths.found.straight.curve, paths.found.geodesic.curve
    assert geodesic.image_length <= line.image_length < 0.9 * found.straight.curve.image_length
    np.testing.assert_array_equal([end.z for end in paths.ends], ends)


@pytest.mark.parametrize("latent_dim", [1])
def test_in_one_dimension_there_is_one_way(
    window: MainWindow,
    card: PathCard,
    open_in: Any,
    save_model: Any,
    exploration: Exploration,
    paths: Paths,
    wait_until_found: Any,
    latent_dim: int,
) -> None:
    card.strips["geodesic"].choose.click()
    open_in(window, save_model("line", latent_dim=latent_dim))
    for z1, button in ((-1.0, card.set_a), (2.0, card.set_b)):
        exploration.pin_at(z1, 0.0)
        button.click()
    wait_until_found(window)
    assert paths.found.geodesic is None
    assert not card.strips["geodesic"].isVisible()
    assert "one dimension" in card._hint.text()
    assert card.strips["straight"].choose.isChecked()
    card.slider.setValue(TICKS // 2)
    assert exploration.pin.tolist() == pytest.approx([0.5])
    assert card.strips["straight"].lengths.text().startswith("3.00 in z")


def test_a_label_that_is_told_has_its_own_ways(
    window: MainWindow,
    card: PathCard,
    open_in: Any,
    save_model: Any,
    exploration: Exploration,
    paths: Paths,
    qtbot: QtBot,
) -> None:
    path = save_model("told", family="conditional")
    open_in(window, path)
    for z1, button in ((-1.0, card.set_a), (1.0, card.set_b)):
        exploration.pin_at(z1, 0.0)
        button.click()
    model, ends = vae.load(path).model, [end.z for end in paths.ends]
    for label in (3, 8):
        exploration.tell_label(label)
        qtbot.waitUntil(
            lambda label=label: (
                paths.found is not None and paths.found.request.label == label and paths.found.done
            ),
            timeout=PATIENCE,
        )
        line = vae.straight_line(vae.mean_images(model, label), *ends)
        assert paths.found.straight.curve.image_length == pytest.approx(line.image_length, rel=1e-4)


def test_nothing_is_looked_for_while_it_is_hidden(
    window: MainWindow, card: PathCard, ends: Ends, paths: Paths, mouse: Mouse, small: Checkpoint
) -> None:
    mouse.click(window.explore.plane_card.path_button)
    asked = paths._asked
    window.session.workspace.show_weights(small.model.state_dict())
    assert paths._asked is asked
    mouse.click(window.explore.plane_card.path_button)
    assert paths._asked.version == window.session.workspace.model.version


# --- files


@pytest.mark.parametrize("way", ["straight", "geodesic"])
def test_the_path_is_saved_as_a_gif_and_as_a_strip(
    qtbot: QtBot,
    window: MainWindow,
    card: PathCard,
    found: PathFound,
    small: Checkpoint,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    card.strips[way].choose.click()
    for action, name in ((card.save_gif, "walk.gif"), (card.save_strip, "walk.png")):
        chosen = str(tmp_path / name)
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, chosen=chosen: (chosen, ""))
        with qtbot.waitSignal(window.session.noted, timeout=PATIENCE) as noted:
            action.trigger()
        assert chosen in noted.args[0]
        assert chosen in window.statusBar().currentMessage()
    pictures = vae.decode_images(small.model, getattr(found, way).curve.at(np.linspace(0, 1, ANIMATED)))
    with Image.open(tmp_path / "walk.gif") as animation:
        durations, shown = [], []
        for frame in range(animation.n_frames):
            animation.seek(frame)
            durations.append(animation.info["duration"])
            shown.append(np.asarray(animation.convert("L"))[4::9, 4::9])
        assert sum(durations) == 60 * (2 * ANIMATED - 2)  # three seconds forth, and back
        assert animation.info["loop"] == 0
    assert any(np.array_equal(frame, pictures[-1, 0]) for frame in shown)
    np.testing.assert_array_equal(shown[0], pictures[0, 0])
    with Image.open(tmp_path / "walk.png") as strip:
        assert strip.size == (FRAMES * 116 - 4, 112)
        last = np.asarray(strip)[::4, -112::4]
    np.testing.assert_array_equal(last, pictures[-1, 0])


def test_what_cannot_be_saved_is_told(
    qtbot: QtBot,
    window: MainWindow,
    card: PathCard,
    ends: Ends,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = str(tmp_path / "nowhere" / "walk.gif")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (chosen, ""))
    with qtbot.waitSignal(window.session.failed, timeout=PATIENCE) as failed:
        card.save_gif.trigger()
    assert chosen in failed.args[0].sentence
    assert window.banner.isVisible()


def test_no_name_saves_nothing(
    card: PathCard, ends: Ends, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    card.save_gif.trigger()
    assert paths._writing is None
