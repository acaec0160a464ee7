"""The Points tab: what a user chooses, paints, trains and hovers over, and what both plots then show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMetaObject, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QProgressBar
from pytestqt.qtbot import QtBot

import vae
from explorer.main_window import MainWindow
from explorer.messages import Failure, PointsModelOpened
from explorer.run import RunState
from explorer.session import Session
from explorer.tabs.points import PointsTab
from explorer.theme import DARK, LIGHT, apply_theme
from explorer.views.points_plot import PointsPlot, sample_colour
from vae import VAE
from vae.configuration import ModelConfig, TrainingConfig
from vae.points import CLOUDS, EXTENT, PAINTED, draw_cloud, energy_distance
from vae.presets import POINTS, POINTS_AUTOENCODER, preset_of

PATIENCE = 60_000  # milliseconds; a machine that is busy may be slow
LEFT = Qt.MouseButton.LeftButton
ENDLESS = TrainingConfig(epochs=100_000, batch_size=100)
TINY = ModelConfig(encoder_widths=(8,), decoder_widths=(8,))


@pytest.fixture
def tab(qtbot: QtBot, qapp: QApplication, session: Session) -> Iterator[PointsTab]:
    apply_theme(qapp, LIGHT)
    tab = PointsTab(session)
    qtbot.addWidget(tab)
    tab.resize(1280, 740)
    with qtbot.waitExposed(tab, timeout=PATIENCE):
        tab.show()
    yield tab
    tab.close()


@pytest.fixture
def learning(qtbot: QtBot, session: Session, tab: PointsTab) -> PointsTab:
    """A run that has taken its first steps, and is held."""
    qtbot.mouseClick(tab.controls.start_button, LEFT)
    qtbot.waitUntil(lambda: steps(session) > 0, timeout=PATIENCE)
    qtbot.mouseClick(tab.controls.pause_button, LEFT)
    let_the_worker_answer(session)
    return tab


def steps(session: Session) -> int:
    snapshot = session.points_run.snapshot
    return 0 if snapshot is None else snapshot.step


def let_the_worker_answer(session: Session) -> None:
    """Return after the training thread has been through its events a few times, and its messages are read."""
    for _ in range(5):
        QMetaObject.invokeMethod(session.run._worker, "warm_up", Qt.ConnectionType.BlockingQueuedConnection)
        QApplication.processEvents()


def pixel(plot: PointsPlot, x1: float, x2: float) -> QPoint:
    """Where on the viewport a place of the data lies."""
    return plot.mapFromScene(plot.plane.mapViewToScene(QPointF(x1, x2)))


def hover(plot: PointsPlot, x1: float, x2: float) -> None:
    QTest.mouseMove(plot.viewport(), pixel(plot, x1, x2))


def drag(plot: PointsPlot, *places: tuple[float, float]) -> None:
    first, *others = (pixel(plot, *place) for place in places)
    QTest.mousePress(plot.viewport(), LEFT, pos=first)
    for place in others:
        QTest.mouseMove(plot.viewport(), place)
    QTest.mouseRelease(plot.viewport(), LEFT, pos=(first, *others)[-1])


# --- before anything is trained


def test_it_begins_with_points_and_nothing_learned(tab: PointsTab, session: Session) -> None:
    assert len(session.points_run.points) == 2_000
    for plot in (tab.autoencoder.plot, tab.vae.plot):
        np.testing.assert_allclose(np.stack(plot._data.getData(), 1), session.points_run.points)
        assert not plot._samples.isVisible()
    assert {label.text() for label in (*tab.autoencoder.values, *tab.vae.values)} == {"–"}
    assert not tab.controls.pause_button.isEnabled()
    assert tab.findChild(QProgressBar, "pointsProgress").text() == "Not trained yet"


@pytest.mark.parametrize("size", [(1280, 740), (1024, 600), (1700, 900)])
def test_both_plots_have_the_same_equal_axes_and_hold_all_points(
    tab: PointsTab, size: tuple[int, int]
) -> None:
    tab.resize(*size)
    QApplication.processEvents()
    ranges = [np.array(plot.plane.viewRange()) for plot in (tab.autoencoder.plot, tab.vae.plot)]
    np.testing.assert_allclose(*ranges, atol=0.15)
    for plot, (across, up) in zip((tab.autoencoder.plot, tab.vae.plot), ranges, strict=True):
        assert across[0] <= -EXTENT
        assert across[1] >= EXTENT
        assert up[0] <= -EXTENT
        assert up[1] >= EXTENT
        unit = pixel(plot, 1, 1) - pixel(plot, 0, 0)
        assert abs(unit.x() + unit.y()) <= 1


def test_every_cloud_can_be_chosen(tab: PointsTab, session: Session) -> None:
    for place in range(tab.form.cloud_box.count()):
        tab.form.cloud_box.setCurrentIndex(place)
        tab.form.cloud_box.activated.emit(place)
        name = [*CLOUDS, PAINTED.name][place]
        assert session.points_run.cloud_name == name
        assert tab.form.brush.isChecked() == (name == PAINTED.name)
        assert len(tab.vae.plot._data.getData()[0]) == len(session.points_run.points)


# --- painting


def test_the_brush_leaves_points_under_the_mouse(qtbot: QtBot, tab: PointsTab, session: Session) -> None:
    qtbot.mouseClick(tab.form.brush, LEFT)
    drag(tab.autoencoder.plot, (-1.5, 1.0), (-1.5, 0.5), (-1.5, 0.0))
    drag(tab.vae.plot, (2.0, -2.0))
    points = session.points_run.points
    assert session.points_run.painting
    assert tab.form.cloud_box.currentData() == PAINTED.name
    left = points[points[:, 0] < 0]
    assert 0 < len(points) - len(left) < len(left)
    np.testing.assert_allclose(left.mean(0), (-1.5, 0.5), atol=0.4)
    np.testing.assert_allclose(points[points[:, 0] > 0].mean(0), (2.0, -2.0), atol=0.4)
    qtbot.mouseClick(tab.form.clear, LEFT)
    assert not len(session.points_run.points)
    assert not tab.form.clear.isEnabled()
    assert "Drag here" in tab.vae.plot._hint.toPlainText()


def test_without_the_brush_dragging_paints_nothing(tab: PointsTab, session: Session) -> None:
    before = session.points_run.points
    drag(tab.vae.plot, (0, 0), (1, 1))
    assert session.points_run.points is before


def test_too_few_painted_points_are_refused_in_a_sentence(
    qtbot: QtBot, tab: PointsTab, session: Session
) -> None:
    qtbot.mouseClick(tab.form.brush, LEFT)
    drag(tab.vae.plot, (0, 0))
    with qtbot.waitSignal(session.failed) as signal:
        qtbot.mouseClick(tab.controls.start_button, LEFT)
    failure: Failure = signal.args[0]
    assert "too few to learn from" in str(failure)
    assert session.points_run.state is RunState.IDLE


# --- a run


def test_a_run_on_painted_points_shows_both_models(qtbot: QtBot, tab: PointsTab, session: Session) -> None:
    qtbot.mouseClick(tab.form.brush, LEFT)
    for x in np.linspace(-2, 2, 20).tolist():
        drag(tab.vae.plot, (x, x))
    qtbot.mouseClick(tab.controls.start_button, LEFT)
    assert not tab.form.brush.isChecked()
    qtbot.waitUntil(lambda: steps(session) > 20, timeout=PATIENCE)
    qtbot.mouseClick(tab.controls.stop_button, LEFT)
    qtbot.waitUntil(lambda: not session.points_run.going, timeout=PATIENCE)
    snapshot, run = session.points_run.snapshot, session.points_run
    assert snapshot is not None
    assert run.vae is not None
    assert tab.vae.values[0].text() == f"{snapshot.distances.vae:.3f}"
    assert tab.autoencoder.values[0].text() == f"{snapshot.distances.autoencoder:.3f}"
    assert tab.vae.plot._samples.isVisible()
    shown = np.stack(tab.vae.plot._samples.getData(), 1)
    assert energy_distance(shown, run.vae.sample(1_000)) < 0.05


def test_space_forgets_nothing_once_the_run_is_over(
    qtbot: QtBot, learning: PointsTab, session: Session
) -> None:
    learning.activateWindow()
    learning.controls.pause_button.setFocus()
    qtbot.waitUntil(learning.controls.pause_button.hasFocus)
    session.points_run.stop()
    qtbot.waitUntil(lambda: not session.points_run.going, timeout=PATIENCE)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert session.points_run.snapshot is not None


def test_it_pauses_goes_on_and_forgets(qtbot: QtBot, learning: PointsTab, session: Session) -> None:
    held = steps(session)
    assert session.points_run.state is RunState.PAUSED
    let_the_worker_answer(session)
    assert steps(session) == held
    qtbot.mouseClick(learning.controls.pause_button, LEFT)
    qtbot.waitUntil(lambda: steps(session) > held, timeout=PATIENCE)
    qtbot.mouseClick(learning.controls.reset_button, LEFT)
    let_the_worker_answer(session)
    assert session.points_run.state is RunState.IDLE
    assert session.points_run.snapshot is None
    assert learning.vae.values[0].text() == "–"
    assert not learning.vae.plot._samples.isVisible()


def test_other_points_or_dimensions_end_the_run(qtbot: QtBot, learning: PointsTab, session: Session) -> None:
    qtbot.mouseClick(learning.form.latent[2], LEFT)
    assert session.points_run.state is RunState.IDLE
    assert session.points_run.vae is None
    qtbot.mouseClick(learning.controls.start_button, LEFT)
    qtbot.waitUntil(lambda: steps(session) > 0, timeout=PATIENCE)
    assert session.points_run.vae is not None
    assert session.points_run.vae.latent_dim == 2
    session.points_run.choose_cloud("ring")
    assert not session.points_run.going


def test_space_pauses_and_goes_on(qtbot: QtBot, learning: PointsTab, session: Session) -> None:
    learning.activateWindow()
    learning.pad.setFocus()
    for expected in (RunState.RUNNING, RunState.PAUSED):
        qtbot.keyClick(learning.pad, Qt.Key.Key_Space)
        assert session.points_run.state is expected


# --- looking at codes and points


def test_dragging_along_z_shows_where_it_decodes_to(
    qtbot: QtBot, learning: PointsTab, session: Session
) -> None:
    pad, run = learning.pad, session.points_run
    area = pad._area()
    qtbot.mouseClick(pad, LEFT, pos=QPointF(area.left() + 5 / 6 * area.width(), area.center().y()).toPoint())
    assert session.points_exploration.u == pytest.approx([2.0], abs=0.05)
    for plot, model in ((learning.autoencoder.plot, run.autoencoder), (learning.vae.plot, run.vae)):
        assert model is not None
        expected = model.decode(session.points_exploration.u[None]).mean[0]
        mark = plot._cursor_mark.pos()
        np.testing.assert_allclose((mark.x(), mark.y()), expected, atol=1e-6)
    qtbot.keyClick(pad, Qt.Key.Key_Left)
    assert session.points_exploration.u == pytest.approx([1.9], abs=0.05)


def test_hovering_over_a_point_shows_its_posterior_and_draws(learning: PointsTab, session: Session) -> None:
    run, plot = session.points_run, learning.vae.plot
    x = run.points[0]
    hover(plot, *x.tolist())
    assert session.points_exploration.looking
    assert run.vae is not None
    look = session.points_exploration.look(run.vae)
    assert look is not None
    assert np.hypot(*(look.x - x)) < 0.1
    z_loc, z_scale = (part[0] for part in run.vae.encode(look.x[None]))
    np.testing.assert_allclose(look.draws.mean(0), z_loc, atol=float(z_scale.max()))
    np.testing.assert_allclose(np.stack(plot._draws.getData(), 1), run.vae.decode(look.draws).mean)
    assert len(learning.autoencoder.plot._draws.getData()[0]) == 1
    assert learning.pad._look is not None
    hover(plot, 2.9, -2.9)
    assert not session.points_exploration.looking
    assert not plot._draws.isVisible()


def test_layers_are_hidden_and_shown(qtbot: QtBot, learning: PointsTab) -> None:
    plot = learning.vae.plot
    for layer, item in (("curve", plot._lines), ("ellipses", plot._ellipses), ("samples", plot._samples)):
        assert item.isVisible()
        learning.form.layers[layer].click()
        assert not item.isVisible()
        learning.form.layers[layer].click()
        assert item.isVisible()


def test_the_colours_follow_the_theme(qapp: QApplication, learning: PointsTab) -> None:
    for theme in (DARK, LIGHT):
        apply_theme(qapp, theme)
        QApplication.processEvents()
        brush = learning.vae.plot._samples.opts["brush"]
        assert brush.color().name() == sample_colour(theme)
        assert learning.vae.plot.backgroundBrush().color().name() == theme.card


# --- beside a run of images


def test_points_and_images_are_never_trained_at_once(qtbot: QtBot, session: Session, tab: PointsTab) -> None:
    notes: list[str] = []
    session.noted.connect(notes.append)
    with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
        session.start_run("default-2d", TINY, ENDLESS, "stroke-digits")
    qtbot.mouseClick(tab.controls.start_button, LEFT)
    assert session.run.state is RunState.PAUSED
    assert session.points_run.state is RunState.RUNNING
    assert "images is paused" in notes[-1]
    qtbot.waitUntil(lambda: steps(session) > 0, timeout=PATIENCE)
    session.run.resume()
    assert session.points_run.state is RunState.PAUSED
    assert "points is paused" in notes[-1]
    with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
        pass
    session.points_run.resume()
    assert session.run.state is RunState.PAUSED


def test_the_window_has_the_tab_and_closes_in_mid_training(
    qtbot: QtBot, open_window: type[MainWindow]
) -> None:
    window = open_window()
    window.tabs.setCurrentWidget(window.points)
    qtbot.mouseClick(window.points.controls.start_button, LEFT)
    qtbot.waitUntil(lambda: steps(window.session) > 0, timeout=PATIENCE)
    window.close()
    assert not window.session.run.training_thread.isRunning()


# --- model files


def save_points(path: Path, preset: str, latent_dim: int = 1) -> VAE:
    """A model of points as the command line keeps it, hardly trained."""
    chosen, cloud = preset_of(preset), draw_cloud("ring")
    model = vae.build(replace(chosen.model, latent_dim=latent_dim))
    training = replace(chosen.training, epochs=1)
    history = tuple(r for r in vae.Training(model, training, cloud) if isinstance(r, vae.EpochReport))
    encodings = vae.encode_images(model, cloud.test_images, cloud.test_labels)
    vae.save(path, vae.Checkpoint(model, preset, "ring", training, history, encodings))
    return model


def test_a_file_with_a_model_of_points_is_shown_here_and_what_was_open_stays(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    shown, run = window.session.workspace.model, window.session.points_run
    saved = save_points(tmp_path / "ring.safetensors", POINTS)
    with qtbot.waitSignal(run.learned, timeout=PATIENCE):
        window.open_path(tmp_path / "ring.safetensors")
    assert window.tabs.currentWidget() is window.points
    assert window.session.workspace.model is shown
    assert run.cloud_name == window.points.form.cloud_box.currentData() == "ring"
    assert run.autoencoder is None
    assert run.vae is not None
    expected = vae.evaluate(saved, draw_cloud("ring").test_images)
    assert run.test is not None
    assert run.test.elbo == pytest.approx(expected.elbo)
    assert window.points.vae.values[0].text() != "–"
    assert window.points.autoencoder.values[0].text() == "–"


def test_an_autoencoder_of_points_is_shown_on_its_side(
    session: Session, tab: PointsTab, tmp_path: Path
) -> None:
    path = tmp_path / "ring.safetensors"
    save_points(path, POINTS_AUTOENCODER, latent_dim=2)
    session.points_run.show_model(PointsModelOpened(1, path, vae.load(path)))
    assert session.points_run.vae is None
    assert session.points_run.autoencoder is not None
    assert tab.form.latent[2].isChecked()
    assert tab.autoencoder.plot._lines.isVisible()
    tab.controls.reset_button.click()
    assert session.points_run.autoencoder is None


def test_a_model_of_points_with_many_dimensions_is_refused(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "ring.safetensors"
    save_points(path, POINTS, latent_dim=5)
    with qtbot.waitSignal(session.failed) as signal:
        session.points_run.show_model(PointsModelOpened(1, path, vae.load(path)))
    assert "5 latent dimensions" in str(signal.args[0])
