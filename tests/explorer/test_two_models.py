"""The Compare tab: two models, one cursor, one input image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import vae
from explorer.comparison import Choice, Comparison, Side, What
from explorer.main_window import MainWindow
from explorer.tabs.compare import CompareTab
from vae import VAE, Checkpoint
from vae.configuration import ModelConfig, TrainingConfig

PATIENCE = 60_000  # milliseconds
ENDLESS = TrainingConfig(epochs=100_000, batch_size=50)
TINY = ModelConfig(encoder_widths=(16,), decoder_widths=(16,))

Save = Callable[..., Path]


@pytest.fixture
def tab(qtbot: QtBot, window: MainWindow) -> CompareTab:
    """The tab on the open model and its untrained twin, both with their points."""
    window.tabs.setCurrentWidget(window.compare)
    right = window.session.comparison.right
    qtbot.waitUntil(lambda: points_of(right) == 300, timeout=PATIENCE)
    return window.compare


@pytest.fixture
def comparison(window: MainWindow, tab: CompareTab) -> Comparison:
    return window.session.comparison


def points_of(side: Side) -> int:
    points = side.encoded_data.points
    return 0 if points is None else len(points.encodings.labels)


def model_of(side: Side) -> VAE:
    return side.workspace.model.checkpoint.model


def weights_equal(one: VAE, other: VAE) -> bool:
    weights = other.state_dict()
    return all(tensor.equal(weights[name]) for name, tensor in one.state_dict().items())


def choose(qtbot: QtBot, comparison: Comparison, side: Side, choice: Choice) -> None:
    with qtbot.waitSignal(side.workspace.model_changed, timeout=PATIENCE):
        comparison.choose(side, choice)


def test_it_opens_on_the_open_model_and_its_untrained_twin(
    comparison: Comparison, small: Checkpoint, tab: CompareTab
) -> None:
    assert weights_equal(model_of(comparison.left), small.model)
    assert weights_equal(model_of(comparison.right), vae.build(small.model.config, small.training.seed))
    assert not weights_equal(model_of(comparison.left), model_of(comparison.right))
    assert tab.left.box.currentText() == "Open: small"
    assert tab.right.box.currentText() == "The same as beside, untrained"


def test_the_planes_show_tiles_points_and_posteriors(
    qtbot: QtBot, comparison: Comparison, tab: CompareTab, window: MainWindow
) -> None:
    for side, view in ((comparison.left, tab.left), (comparison.right, tab.right)):
        with qtbot.waitSignal(side.exploration.manifold_ready, timeout=PATIENCE):
            view.plane.request_tiles()
        data = window.session.workspace.dataset
        expected = vae.encode_images(model_of(side), data.test_images, data.test_labels)
        np.testing.assert_allclose(side.encoded_data.points.encodings.z_loc, expected.z_loc, atol=1e-4)
        assert view.plane._ellipses.isVisible()


def test_the_terms_beneath_are_those_of_the_same_image(
    comparison: Comparison, tab: CompareTab, window: MainWindow
) -> None:
    window.session.inputs.select_test_image(17)
    picture = window.session.workspace.dataset.test_images[17]
    assert np.array_equal(tab.input.image.picture, picture)
    terms = []
    for side, view in ((comparison.left, tab.left), (comparison.right, tab.right)):
        expected = vae.posterior_of(model_of(side), picture)
        terms.append(expected.terms)
        shown = view.terms.text().replace("−", "-")
        for value in (expected.terms.elbo, expected.terms.reconstruction, expected.terms.kl):
            assert f"{value:.2f}" in shown
        assert np.abs(view.reconstruction.picture.astype(int) - expected.picture).max() <= 1
    difference = tab.input.difference.text().replace("−", "-")
    assert f"ELBO {terms[1].elbo - terms[0].elbo:+.1f}" in difference


def test_a_cursor_over_one_plane_moves_on_both(
    comparison: Comparison, tab: CompareTab, window: MainWindow
) -> None:
    plane = tab.left.plane
    surface, pixel = plane.viewport(), QPoint(180, 140)
    QTest.mousePress(surface, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixel)
    QTest.mouseRelease(surface, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, pixel)
    left, right = comparison.left.exploration, comparison.right.exploration
    place = plane.plane.mapSceneToView(plane.mapToScene(pixel))
    np.testing.assert_allclose(left.z, (place.x(), place.y()), atol=1e-4)
    assert np.array_equal(left.z, right.z)
    for side, view in ((comparison.left, tab.left), (comparison.right, tab.right)):
        expected = vae.decode_images(model_of(side), left.z[None])[0].astype(int)
        assert np.abs(view.decoded.picture - expected).max() <= 1
        cursor = view.plane._cursor.pos()
        assert (cursor.x(), cursor.y()) == pytest.approx(left.z.tolist())


def test_leaving_the_plane_returns_both_to_their_pins(comparison: Comparison) -> None:
    left, right = comparison.left.exploration, comparison.right.exploration
    comparison.go_to_means()
    means = left.posterior.z_loc, right.posterior.z_loc
    comparison.preview(comparison.right, 1.0, -0.5)
    assert left.z.tolist() == right.z.tolist() == [1.0, -0.5]
    comparison.return_to_pin()
    assert np.array_equal(left.z, means[0])
    assert np.array_equal(right.z, means[1])
    assert not np.array_equal(*means)


def test_of_spaces_of_unlike_dimensions_the_place_is_shared(
    qtbot: QtBot, comparison: Comparison, save_model: Save
) -> None:
    choose(qtbot, comparison, comparison.right, save_model("wide", latent_dim=5))
    comparison.pin_at(comparison.left, 0.5, -1.5)
    right = comparison.right.exploration
    assert len(right.z) == 5
    assert right.cursor == pytest.approx((0.5, -1.5))


def test_codes_of_more_dimensions_are_the_same_on_both(
    qtbot: QtBot, comparison: Comparison, save_model: Save
) -> None:
    choose(qtbot, comparison, comparison.left, save_model("wide", latent_dim=5))
    left, right = comparison.left.exploration, comparison.right.exploration
    assert len(right.pin) == 5  # the twin is built anew
    comparison.nudge(comparison.right, 0.25, 0.5)
    assert np.array_equal(left.z, right.z)
    comparison.preview(comparison.left, -1.0, 1.0)
    assert np.array_equal(left.z, right.z)


def test_each_opens_on_its_most_active_dimensions_and_a_twin_on_those_of_the_other(
    qtbot: QtBot, comparison: Comparison, tab: CompareTab, save_model: Save
) -> None:
    for side, active in ((comparison.left, [1, 3]), (comparison.right, [2, 4])):
        path = save_model(f"active in {active}", latent_dim=5)
        kept = vae.load(path)
        silent = np.full((20, 5), 0.5, np.float32)
        silent[:, active] = kept.encodings.z_loc[:, active] * 10.0
        vae.save(path, replace(kept, encodings=replace(kept.encodings, z_loc=silent)))
        choose(qtbot, comparison, side, path)
        shown = (comparison.left, comparison.right) if side is comparison.left else (side,)
        assert [one.exploration.chart.axes for one in shown] == [tuple(active)] * len(shown)
    assert [tab.right.plane.getAxis(side).labelText for side in ("bottom", "left")] == ["z₃", "z₅"]
    comparison.pin_at(comparison.left, 0.5, -1.5)
    right = comparison.right.exploration
    assert tab.right._place.text() == "z₃ = 0.50,\nz₅ = −1.50"
    assert right.cursor == pytest.approx((0.5, -1.5))  # a dimension of the one is none of the other
    cursor = tab.right.plane._cursor.pos()
    assert (cursor.x(), cursor.y()) == pytest.approx((0.5, -1.5))


def test_an_image_that_does_not_fit_is_told_in_a_sentence(
    qtbot: QtBot, comparison: Comparison, tab: CompareTab, save_model: Save
) -> None:
    choose(qtbot, comparison, comparison.right, save_model("colour", image_shape=(3, 32, 32)))
    assert tab.right.box.currentText() == "colour"
    assert tab.right.terms.text() == "The image is 1 × 28 × 28, this model takes 3 × 32 × 32."
    assert tab.right.reconstruction.picture is None
    assert tab.input.difference.isHidden()
    assert comparison.left.exploration.posterior is not None


def test_an_autoencoder_has_no_kl_to_compare(
    qtbot: QtBot, comparison: Comparison, tab: CompareTab, save_model: Save
) -> None:
    choose(qtbot, comparison, comparison.right, save_model("plain", family="autoencoder"))
    assert "no KL" in tab.right.terms.text()
    assert "KL" not in tab.input.difference.text()


def test_two_cannot_be_each_others_twin(qtbot: QtBot, comparison: Comparison, tab: CompareTab) -> None:
    choose(qtbot, comparison, comparison.left, What.UNTRAINED)
    assert comparison.right.choice is What.OPEN
    assert tab.right.box.currentText() == "Open: small"
    qtbot.waitUntil(lambda: not comparison.left.workspace.model.checkpoint.history, timeout=PATIENCE)
    assert comparison.right.workspace.model.checkpoint.history


def test_a_file_that_cannot_be_read_leaves_what_is_there(
    qtbot: QtBot, comparison: Comparison, tab: CompareTab, window: MainWindow, tmp_path: Path
) -> None:
    with qtbot.waitSignal(window.session.failed, timeout=PATIENCE):
        comparison.choose(comparison.left, tmp_path / "missing.safetensors")
    assert comparison.left.choice is What.OPEN
    assert comparison.left.workspace.model.title == "small"
    assert window.banner.isVisible()


def test_the_zoom_can_be_linked(comparison: Comparison, tab: CompareTab) -> None:
    left, right = tab.left.plane, tab.right.plane
    left.plane.setRange(QRectF(0.0, 0.0, 1.0, 1.0), padding=0)
    assert right.view_rect().width() > 5
    tab.input.linked.setChecked(True)
    assert right.view_rect().center().x() == pytest.approx(left.view_rect().center().x(), abs=0.01)
    right.plane.setRange(QRectF(-2.0, -2.0, 0.5, 0.5), padding=0)
    assert left.view_rect().width() == pytest.approx(right.view_rect().width(), rel=0.05)


def test_the_run_in_training_is_followed_beside_its_untrained_self(
    qtbot: QtBot, comparison: Comparison, window: MainWindow, small_model: Path
) -> None:
    session = window.session
    session.live_model.set_following(False)
    session.start_run("default-2d", TINY, ENDLESS, "stroke-digits")
    with qtbot.waitSignal(session.run.snapshot_taken, timeout=PATIENCE):
        pass
    choose(qtbot, comparison, comparison.left, What.LIVE)
    with qtbot.waitSignal(session.run.snapshot_taken, timeout=PATIENCE):
        pass
    shown, newest = model_of(comparison.left).state_dict(), session.time_machine.frames[-1].weights
    assert all(weights.equal(shown[name]) for name, weights in newest.items())
    fitted = TINY.fitted((1, 28, 28), 10)
    assert weights_equal(model_of(comparison.right), vae.build(fitted, ENDLESS.seed))
    assert session.workspace.model.path == small_model
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
        session.stop_run()
    qtbot.waitUntil(lambda: comparison.left.workspace.model.path == signal.args[0].path, timeout=PATIENCE)


def test_nothing_is_computed_while_the_tab_is_not_seen(
    qtbot: QtBot, comparison: Comparison, tab: CompareTab, window: MainWindow
) -> None:
    window.tabs.setCurrentWidget(window.explore)
    before: Any = comparison.left.exploration.posterior
    window.session.inputs.select_test_image(9)
    assert comparison.left.exploration.posterior is before
    window.tabs.setCurrentWidget(tab)
    assert comparison.left.inputs.selection.index == 9
    assert comparison.left.exploration.posterior is not before


def test_the_explored_model_is_not_touched(comparison: Comparison, window: MainWindow) -> None:
    exploration = window.session.exploration
    pin, z = exploration.pin, exploration.z
    comparison.pin_at(comparison.left, 2.0, 2.0)
    assert exploration.pin is pin
    assert exploration.z is z


def test_both_share_the_one_plane_thread(comparison: Comparison, window: MainWindow) -> None:
    planes = (window.session._plane, comparison.left.exploration._plane, comparison.right.exploration._plane)
    assert len({plane._thread for plane in planes}) == 1
    assert len({plane._worker for plane in planes}) == 3
