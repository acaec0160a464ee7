from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMetaObject, QPointF, QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import vae
from explorer.messages import RunEnded
from explorer.places import Places
from explorer.run import RunState
from explorer.session import Session
from explorer.tabs.train import TrainTab
from explorer.theme import DARK, LIGHT, apply_theme
from explorer.views.run_fields import FIELDS
from explorer.views.run_form import OFFERED
from vae import datasets, strokes
from vae.datasets import Dataset, DownloadProgress
from vae.presets import PRESETS

PATIENCE = 60_000  # milliseconds; a machine that trains for others too may be slow
ENDLESS = "100000"  # epochs

NONSENSE = [
    (name, text)
    for name, texts in {
        "encoder_widths": ["wide", "", "64, many", "0", "1.5"],
        "decoder_widths": ["narrow", "", "-3"],
        "latent_dim": ["two", "", "0", "2.5", "99999"],
        "beta": ["lots", "", "-1", "nan", "inf"],
        "learning_rate": ["slow", "", "0", "-0.1", "1e9"],
        "batch_size": ["some", "", "0", "1e3"],
        "epochs": ["12 or so", "", "0"],
        "seed": ["apple", "", "-1", str(2**63)],
    }.items()
    for text in texts
]


@pytest.fixture(scope="module")
def digits() -> Dataset:
    drawn = strokes.generate(1_100, seed=1)
    return Dataset(
        info=datasets.DATASETS["stroke-digits"],
        train_images=drawn.images[:1_000],
        train_labels=drawn.labels[:1_000],
        test_images=drawn.images[1_000:],
        test_labels=drawn.labels[1_000:],
        test_factors={},
    )


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(data=tmp_path / "data", models=tmp_path / "models")


@pytest.fixture
def session(
    qapp: QApplication, places: Places, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Session]:
    monkeypatch.setattr(datasets, "load", lambda name, folder: digits)
    session = Session(places)
    yield session
    session.close()


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def tab(qtbot: QtBot, session: Session, settings: QSettings) -> TrainTab:
    """A shown tab, filled in for a tiny network and a run that nobody will see the end of."""
    tab = TrainTab(session, settings)
    qtbot.addWidget(tab)
    tab.resize(1240, 700)
    with qtbot.waitExposed(tab):
        tab.show()
    tab.activateWindow()
    fill(tab, encoder_widths="16", decoder_widths="16", batch_size="100", epochs=ENDLESS)
    return tab


def fill(tab: TrainTab, **texts: str) -> None:
    for name, text in texts.items():
        tab.form.fields[name].setText(text)


def press_start(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    """Start, and wait for the first steps."""
    with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)


def press_stop(qtbot: QtBot, tab: TrainTab, session: Session) -> RunEnded:
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as signal:
        qtbot.mouseClick(tab.controls.stop_button, Qt.MouseButton.LeftButton)
    ended: RunEnded = signal.args[0]
    return ended


def let_the_worker_answer(session: Session) -> None:
    """Return after the worker has been through its events a few times, and its messages are read."""
    for _ in range(10):
        QMetaObject.invokeMethod(session.run._worker, "warm_up", Qt.ConnectionType.BlockingQueuedConnection)
        QApplication.processEvents()


def drawn(tab: TrainTab, name: str) -> tuple[np.ndarray, np.ndarray]:
    """What pyqtgraph was given for the line of that name."""
    panel = tab.plot.kl if name == "kl" else tab.plot.elbo
    item = panel._tests[name] if name == "elboTest" else panel._trends[name]
    x, y = item.getOriginalDataset()
    return (np.empty(0), np.empty(0)) if x is None else (x, y)


# --- a run


def test_a_run_draws_curves_that_grow(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    press_start(qtbot, tab, session)
    qtbot.waitUntil(lambda: len(drawn(tab, "elboTrain")[0]) > 0, timeout=PATIENCE)
    before = len(drawn(tab, "elboTrain")[0])
    qtbot.waitUntil(lambda: len(drawn(tab, "elboTrain")[0]) > before, timeout=PATIENCE)
    qtbot.waitUntil(lambda: len(drawn(tab, "elboTest")[0]) > 1, timeout=PATIENCE)
    steps = tab.plot.curves.steps
    assert np.array_equal(steps.column("step"), np.arange(1, len(steps) + 1))
    np.testing.assert_allclose(
        steps.column("elbo"), steps.column("reconstruction") - steps.column("kl"), atol=1e-6
    )


def test_a_run_shows_reconstructions_and_samples(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    with qtbot.waitSignal(session.run.snapshot_taken, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    for grid, last in ((tab.pictures.reconstructions, 27), (tab.pictures.samples, 7)):
        assert grid.place_at(grid.cell(last).center()) == last


def test_the_buttons_follow_the_run(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    def enabled() -> tuple[bool, bool, bool]:
        controls = tab.controls
        buttons = controls.start_button, controls.pause_button, controls.stop_button
        return tuple(button.isEnabled() for button in buttons)

    assert enabled() == (True, False, False)
    press_start(qtbot, tab, session)
    assert enabled() == (True, True, True)
    assert tab.controls.start_button.text() == "&Start anew"
    press_stop(qtbot, tab, session)
    assert enabled() == (True, False, False)
    assert tab.controls.start_button.text() == "&Start"


def test_pause_holds_the_run_and_resume_goes_on(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    press_start(qtbot, tab, session)
    qtbot.mouseClick(tab.controls.pause_button, Qt.MouseButton.LeftButton)
    assert session.run.state is RunState.PAUSED
    assert tab.progress.words.text().startswith("Paused")
    let_the_worker_answer(session)
    held = len(tab.plot.curves.steps)
    let_the_worker_answer(session)
    assert len(tab.plot.curves.steps) == held
    qtbot.mouseClick(tab.controls.pause_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(tab.plot.curves.steps) > held, timeout=PATIENCE)


def test_stop_ends_the_run_and_keeps_its_model(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    press_start(qtbot, tab, session)
    qtbot.waitUntil(lambda: len(tab.plot.curves.tests) > 0, timeout=PATIENCE)
    ended = press_stop(qtbot, tab, session)
    assert session.run.state is RunState.IDLE
    assert ended.stopped
    assert ended.path is not None
    checkpoint = vae.load(ended.path)
    assert checkpoint.dataset == "stroke-digits"
    assert checkpoint.model.config.encoder_widths == (16,)
    assert tab.progress.words.text().startswith("Stopped after")
    assert ended.path.name in tab.progress.words.text()


def test_closing_in_mid_run_keeps_the_model(
    qtbot: QtBot, tab: TrainTab, session: Session, places: Places
) -> None:
    press_start(qtbot, tab, session)
    session.close()
    (path,) = places.models.iterdir()
    assert vae.load(path).preset == tab.form.preset.name


def test_the_curves_of_a_run_stay_when_its_model_opens(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    press_start(qtbot, tab, session)
    ended = press_stop(qtbot, tab, session)
    model = session.workspace.model
    assert model is not None
    assert model.path == ended.path
    assert len(tab.plot.curves.steps) > 0
    assert tab._shown.text().startswith("Run 1")


def test_a_finished_run_fills_the_bar(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    fill(tab, epochs="2")
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    assert tab.progress.bar.value() == tab.progress.bar.maximum() > 0
    assert tab.progress.words.text().startswith("Finished after 2 epochs")
    assert tab.progress.bar.format() == tab.progress.words.text()


def test_start_anew_keeps_the_first_model_and_clears_the_plot(
    qtbot: QtBot, tab: TrainTab, session: Session
) -> None:
    press_start(qtbot, tab, session)
    fill(tab, seed="1", epochs="1")
    kept = []
    session.run.ended.connect(lambda message: kept.append((message.run, message.path)))
    qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [run for run, _ in kept] == [1, 2], timeout=PATIENCE)
    assert len(tab.plot.curves.steps) == 10  # those of the second run alone
    assert all(path.is_file() for _, path in kept)


def test_a_run_that_breaks_tells_why(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    box = tab.form.preset_box
    box.setCurrentIndex(box.findData("lecture"))  # its scale is an exponential, which overflows
    box.activated.emit(box.currentIndex())
    fill(tab, learning_rate="10")
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    words = tab.progress.words.text()
    assert "3 times in a row" in words
    assert "A lower learning rate usually cures this." in words
    assert tab.controls.start_button.isEnabled()
    assert len(tab.plot.curves.rollbacks) == 2


# --- data that are not there


def test_data_sets_that_are_not_here_say_what_they_cost(tab: TrainTab) -> None:
    box = tab.form.dataset_box
    texts = [box.itemText(index) for index in range(box.count())]
    assert "MNIST (download 12 MB)" in texts
    assert "Stroke digits" in texts
    assert tab.form.dataset == "stroke-digits"
    assert not tab.form._cost.isVisible()
    box.setCurrentIndex(box.findData("mnist"))
    box.activated.emit(box.currentIndex())
    assert tab.form._cost.isVisible()
    assert tab.form._cost.text() == "Start will download 12 MB."


def test_stop_cancels_the_download_that_a_run_waits_for(
    qtbot: QtBot, tab: TrainTab, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(name: str, folder: Path) -> Iterator[DownloadProgress]:
        while True:
            yield DownloadProgress("file.gz", 3_000_000, 12_000_000)

    monkeypatch.setattr(datasets, "download", endless)
    tab.form.dataset_box.setCurrentIndex(tab.form.dataset_box.findData("mnist"))
    qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: tab.progress.words.text() == "Downloading MNIST: 3.0 of 12.0 MB", timeout=PATIENCE
    )
    assert 4 * tab.progress.bar.value() == tab.progress.bar.maximum()
    assert not tab.controls.start_button.isEnabled()
    with qtbot.waitSignal(
        session.workspace.download_changed, check_params_cb=lambda message: message is None
    ):
        qtbot.mouseClick(tab.controls.stop_button, Qt.MouseButton.LeftButton)
    assert not session.waiting
    assert session.run.state is RunState.IDLE
    assert tab.controls.start_button.isEnabled()
    assert tab.progress.words.text() == "The run was not begun."


def test_a_run_that_waits_for_its_data_begins_though_a_model_is_opened(
    qtbot: QtBot, tab: TrainTab, session: Session, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    press_start(qtbot, tab, session)
    path = press_stop(qtbot, tab, session).path
    assert path is not None
    opened = []

    def download(name: str, folder: Path) -> Iterator[DownloadProgress]:
        while not opened:
            yield DownloadProgress("file.gz", 1, 2)

    def load(name: str, folder: Path) -> Dataset:
        return replace(digits, info=datasets.DATASETS[name])

    monkeypatch.setattr(datasets, "download", download)
    monkeypatch.setattr(datasets, "load", load)
    tab.form.dataset_box.setCurrentIndex(tab.form.dataset_box.findData("mnist"))
    qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(session.workspace.model_changed, timeout=PATIENCE):
        session.workspace.open_model(path)
    with qtbot.waitSignal(session.run.began, timeout=PATIENCE):
        opened.append(path)
    assert session.run.request is not None
    assert session.run.request.dataset.info.name == "mnist"


def test_a_download_that_fails_tells_why(
    qtbot: QtBot, tab: TrainTab, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(name: str, folder: Path) -> Iterator[DownloadProgress]:
        raise datasets.DatasetMissingError("No server answers. Connect to a network.")
        yield

    monkeypatch.setattr(datasets, "download", offline)
    tab.form.dataset_box.setCurrentIndex(tab.form.dataset_box.findData("mnist"))
    with qtbot.waitSignal(session.failed, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    assert tab.progress.words.text() == "No server answers. Connect to a network."


# --- the form


@pytest.mark.parametrize(("name", "text"), NONSENSE)
def test_nonsense_is_told_beside_its_field_and_starts_nothing(
    qtbot: QtBot, tab: TrainTab, session: Session, name: str, text: str
) -> None:
    good = {field.name: tab.form.fields[field.name].text() for field in FIELDS}
    fill(tab, **{name: text})
    qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    error = tab.form._error
    word = name.split("_")[0]
    assert error.isVisible()
    assert word in error.text().lower()
    assert error.text().endswith(".")
    assert tab.form.fields[name].hasFocus()
    assert {field.name: tab.form.fields[field.name].text() for field in FIELDS} == good | {name: text}
    assert not session.waiting
    assert session.run.state is RunState.IDLE
    fill(tab, **{name: good[name]})
    assert not error.isVisible()


def test_nonsense_covers_every_field() -> None:
    assert {name for name, _ in NONSENSE} == {field.name for field in FIELDS if not field.choices}


@pytest.mark.parametrize("name", OFFERED)
def test_a_preset_fills_the_form(tab: TrainTab, name: str) -> None:
    preset = PRESETS[name]
    box = tab.form.preset_box
    box.setCurrentIndex(box.findData(name))
    box.activated.emit(box.currentIndex())
    choice = tab.form.read()
    assert choice is not None
    assert choice.preset == name
    assert choice.model == preset.model
    assert choice.training == preset.training
    assert preset.description in tab.form._description.text()


def test_what_departs_from_the_preset_is_said(tab: TrainTab) -> None:
    tab.form.use_preset()
    assert "Changed" not in tab.form._description.text()
    fill(tab, epochs="3", beta="4")
    assert tab.form._description.text().endswith("Changed: beta, epochs.")
    choice = tab.form.read()
    assert choice is not None
    assert choice.training == replace(PRESETS[choice.preset].training, epochs=3, beta=4.0)


def test_the_form_survives_a_restart(
    qtbot: QtBot, session: Session, settings: QSettings, tab: TrainTab
) -> None:
    name = list(OFFERED)[-1]
    tab.form.preset_box.setCurrentIndex(tab.form.preset_box.findData(name))
    tab.form.use_preset()
    tab.form.dataset_box.setCurrentIndex(tab.form.dataset_box.findData("kmnist"))
    fill(tab, activation="tanh")
    fill(tab, encoder_widths="31, 7", beta="0.5", seed="not yet sure")
    session.set_following(False)
    settings.sync()
    again = TrainTab(session, QSettings(settings.fileName(), QSettings.Format.IniFormat))
    qtbot.addWidget(again)
    assert again.form.preset.name == name
    assert again.form.dataset == "kmnist"
    assert again.form.fields["activation"].text() == "tanh"
    assert again.form.fields["encoder_widths"].text() == "31, 7"
    assert again.form.fields["beta"].text() == "0.5"
    assert again.form.fields["seed"].text() == "not yet sure"
    assert not again._following.isChecked()


def test_settings_of_another_version_fall_back(qtbot: QtBot, session: Session, settings: QSettings) -> None:
    settings.setValue("train/preset", "gone")
    settings.setValue("train/dataset", "gone")
    settings.setValue("train/activation", "gone")
    tab = TrainTab(session, settings)
    qtbot.addWidget(tab)
    assert tab.form.dataset == "stroke-digits"
    assert tab.form.fields["activation"].text() == tab.form.preset.model.activation


def test_following_is_the_sessions(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    session.set_following(False)
    assert not tab._following.isChecked()
    tab._following.setChecked(True)
    assert session.following


# --- the plot


def test_chips_hide_curves(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
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
def test_the_axis_can_be_chosen(qtbot: QtBot, tab: TrainTab, session: Session, axis: str) -> None:
    fill(tab, epochs="3")
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE):
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
    tab.plot.axis_box.setCurrentText(axis)
    places = tab.plot.curves.tests.column(axis)
    qtbot.waitUntil(lambda: np.array_equal(drawn(tab, "elboTest")[0], places), timeout=PATIENCE)
    (low, high), _ = tab.plot.elbo.plot.viewRange()
    assert low <= 0.0 < places[-1] <= high
    assert tab.plot.kl.plot.viewRange()[0] == pytest.approx([low, high])


def test_zooming_by_hand_stops_the_plot_from_following_until_fit(
    qtbot: QtBot, tab: TrainTab, session: Session
) -> None:
    press_start(qtbot, tab, session)
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
    qtbot: QtBot, tab: TrainTab, session: Session, settings: QSettings
) -> None:
    fill(tab, epochs="3")
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
    qtbot: QtBot, tab: TrainTab, session: Session
) -> None:
    press_start(qtbot, tab, session)
    path = press_stop(qtbot, tab, session).path
    assert path is not None
    press_start(qtbot, tab, session)
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


# --- the keyboard


def test_space_pauses_and_resumes(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    press_start(qtbot, tab, session)
    tab.plot.setFocus()
    qtbot.keyClick(tab, Qt.Key.Key_Space)
    assert session.run.state is RunState.PAUSED
    qtbot.keyClick(tab, Qt.Key.Key_Space)
    assert session.run.state is RunState.RUNNING


def test_space_after_start_pauses_rather_than_starts_anew(
    qtbot: QtBot, tab: TrainTab, session: Session
) -> None:
    tab.controls.start_button.setFocus()
    with qtbot.waitSignal(session.run.progressed, timeout=PATIENCE):
        qtbot.keyClick(tab.controls.start_button, Qt.Key.Key_Space)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert session.run.state is RunState.PAUSED
    assert session.run.number == 1


def test_space_types_in_a_field_and_presses_a_chip(qtbot: QtBot, tab: TrainTab, session: Session) -> None:
    press_start(qtbot, tab, session)
    field = tab.form.fields["encoder_widths"]
    field.setFocus()
    field.end(False)
    qtbot.keyClick(field, Qt.Key.Key_Space)
    assert field.text() == "16 "
    chip = tab.plot.chips["kl"]
    chip.setFocus()
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert not chip.isChecked()
    assert session.run.state is RunState.RUNNING
