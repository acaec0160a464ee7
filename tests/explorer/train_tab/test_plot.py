"""The plot of a run: its curves, its axes, and what is told under the mouse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import vae
from explorer.messages import RunEnded
from explorer.session import Session
from explorer.tabs.train import TrainTab
from explorer.theme import DARK, LIGHT, apply_theme

PATIENCE = 60_000  # milliseconds; a machine that trains for others too may be slow

Fill = Callable[..., None]  # of conftest.py
Press = Callable[[], None]
Stop = Callable[[], RunEnded]


def drawn(tab: TrainTab, name: str) -> tuple[np.ndarray, np.ndarray]:
    """What pyqtgraph was given for the line of that name."""
    panel = tab.plot.kl if name == "kl" else tab.plot.elbo
    item = panel._tests[name] if name == "elboTest" else panel._trends[name]
    x, y = item.getOriginalDataset()
    return (np.empty(0), np.empty(0)) if x is None else (x, y)


def test_a_run_draws_curves_that_grow(qtbot: QtBot, tab: TrainTab, press_start: Press) -> None:
    press_start()
    qtbot.waitUntil(lambda: len(drawn(tab, "elboTrain")[0]) > 0, timeout=PATIENCE)
    before = len(drawn(tab, "elboTrain")[0])
    qtbot.waitUntil(lambda: len(drawn(tab, "elboTrain")[0]) > before, timeout=PATIENCE)
    qtbot.waitUntil(lambda: len(drawn(tab, "elboTest")[0]) > 1, timeout=PATIENCE)
    steps = tab.plot.curves.steps
    assert np.array_equal(steps.column("step"), np.arange(1, len(steps) + 1))
    np.testing.assert_allclose(
        steps.column("elbo"), steps.column("reconstruction") - steps.column("kl"), atol=1e-6
    )


def test_chips_hide_curves(qtbot: QtBot, tab: TrainTab) -> None:
    for name, chip in tab.plot.chips.items():
        panel = tab.plot.kl if name == "kl" else tab.plot.elbo
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
        assert not panel.shows(name)
        items = [items[name] for items in (panel._steps, panel._trends, panel._tests) if name in items]
        assert not any(item.isVisible() for item in items)
    assert not tab.plot.kl.plot.isVisible()
    qtbot.mouseClick(tab.plot.chips["kl"], Qt.MouseButton.LeftButton)
    assert tab.plot.kl.plot.isVisible()
    assert tab.plot.kl._trends["kl"].isVisible()


@pytest.mark.parametrize("axis", ["step", "epoch", "time"])
def test_the_axis_can_be_chosen(qtbot: QtBot, tab: TrainTab, session: Session, axis: str, fill: Fill) -> None:
    fill(epochs="3")
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    tab.plot.axis_box.setCurrentText(axis)
    places = tab.plot.curves.tests.column(axis)
    qtbot.waitUntil(lambda: np.array_equal(drawn(tab, "elboTest")[0], places), timeout=PATIENCE)
    (low, high), _ = tab.plot.elbo.plot.viewRange()
    assert low <= 0.0 < places[-1] <= high
    assert tab.plot.kl.plot.viewRange()[0] == pytest.approx([low, high])


def test_zooming_by_hand_stops_the_plot_from_following_until_fit(
    qtbot: QtBot, tab: TrainTab, press_start: Press
) -> None:
    press_start()
    qtbot.waitUntil(lambda: len(drawn(tab, "elboTrain")[0]) > 0, timeout=PATIENCE)
    view = tab.plot.elbo.plot.getViewBox()
    view.setRange(xRange=(0.0, 0.25), padding=0.0)
    view.sigRangeChangedManually.emit([True, True])  # as the wheel does
    seen = len(drawn(tab, "elboTrain")[0])
    qtbot.waitUntil(lambda: len(drawn(tab, "elboTrain")[0]) > seen, timeout=PATIENCE)
    assert view.viewRange()[0] == [0.0, 0.25]
    assert tab.plot.fit_button.isEnabled()
    qtbot.mouseClick(tab.plot.fit_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: view.viewRange()[0][1] > 0.25, timeout=PATIENCE)
    assert not tab.plot.fit_button.isEnabled()


def test_the_steep_start_and_outliers_do_not_squash_the_rest(qtbot: QtBot, tab: TrainTab) -> None:
    elbos = [-550.0 + 4.0 * step for step in range(100)] + [-150.0 + step / 90 for step in range(900)]
    elbos[500] = -2_000.0
    tab.plot.add_steps(
        vae.StepReport(step, 1_000, step / 100, step / 10, vae.Terms(elbo, elbo + 5.0, 5.0), 1e-3, 1.0, 9.0)
        for step, elbo in enumerate(elbos, start=1)
    )
    qtbot.waitUntil(lambda: len(drawn(tab, "elboTrain")[0]) > 0, timeout=PATIENCE)
    _, (low, high) = tab.plot.elbo.plot.viewRange()
    assert -240.0 < low < -150.0
    assert -135.0 < high < -120.0


def test_the_step_under_the_mouse_is_told(qtbot: QtBot, tab: TrainTab) -> None:
    tab.plot.add_steps(
        vae.StepReport(step, 3, step / 3, 2.0 * step, terms, 1e-3 * step, 4.0, 12.5)
        for step in (1, 2, 3)
        for terms in (vae.Terms(-140.0 - step, -135.0 - step, 5.0),)
    )
    tab.plot.axis_box.setCurrentText("step")
    qtbot.waitUntil(lambda: tab.plot.elbo.plot.viewRange()[0][1] > 3.0, timeout=PATIENCE)
    view = tab.plot.elbo.plot.getViewBox()
    tab.plot._canvas.scene().sigMouseMoved.emit(view.mapViewToScene(QPointF(2.2, -142.0)))
    assert tab.plot._readout.isVisible()
    assert tab.plot._readout.text() == (
        "step 2 · epoch 0.67 · 4.0 s\n"
        "ELBO −142.0 nats = −137.0 (reconstruction) − 5.0 (KL)\n"
        "learning rate 0.002 · gradient norm 12.5 · beta 4"
    )
    tab.plot._canvas.left.emit()
    assert not tab.plot._readout.isVisible()


def test_an_opened_model_shows_how_it_was_trained(
    qtbot: QtBot, tab: TrainTab, session: Session, settings: QSettings, fill: Fill
) -> None:
    fill(epochs="3")
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    path = signal.args[0].path
    fresh = TrainTab(session, settings)
    qtbot.addWidget(fresh)
    with qtbot.waitSignal(session.workspace.model_changed, timeout=PATIENCE):
        session.workspace.open_model(path)
    history = vae.load(path).history
    assert fresh.plot.curves.tests.column("elbo").tolist() == [report.test.elbo for report in history]
    assert fresh.plot.curves.trend.column("epoch").tolist() == [0.5, 1.5, 2.5]
    assert len(fresh.plot.curves.steps) == 0
    assert path.stem in fresh._shown.text()
    assert len(tab.plot.curves.steps) == 30  # where the run itself was seen, every step stays


def test_opening_another_model_in_mid_run_leaves_the_plot_alone(
    qtbot: QtBot, tab: TrainTab, session: Session, press_start: Press, press_stop: Stop
) -> None:
    press_start()
    path = press_stop().path
    assert path is not None
    press_start()
    steps = len(tab.plot.curves.steps)
    with qtbot.waitSignal(session.workspace.model_changed, timeout=PATIENCE):
        session.workspace.open_model(path)
    qtbot.waitUntil(lambda: len(tab.plot.curves.steps) > steps, timeout=PATIENCE)
    assert tab._shown.text().startswith("Run 2")


def test_the_plot_wears_the_theme(tab: TrainTab, qapp: QApplication) -> None:
    try:
        for theme in (DARK, LIGHT):
            apply_theme(qapp, theme)
            assert tab.plot._canvas.backgroundBrush().color().name() == theme.card
            assert tab.plot.kl._trends["kl"].opts["pen"].color().name() == theme.kl
    finally:
        apply_theme(qapp, LIGHT)
