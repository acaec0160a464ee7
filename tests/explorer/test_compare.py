"""Runs laid over each other, marks of lost losses, and the history as files."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSettings
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

import vae
from explorer.messages import RunRequest
from explorer.session import Session
from explorer.tabs.train import TrainTab
from explorer.views.run_curves import Curves
from explorer.views.run_overlays import COLOURS, ShownRun
from vae import EpochReport, RollbackReport, StepReport, Terms
from vae.configuration import ModelConfig, TrainingConfig
from vae.history import Measure

PATIENCE = 60_000  # milliseconds
BERNOULLI = ModelConfig()
GAUSSIAN = ModelConfig(likelihood="gaussian")


@pytest.fixture
def tab(qtbot: QtBot, session: Session, settings: QSettings) -> TrainTab:
    tab = TrainTab(session, settings)
    qtbot.addWidget(tab)
    tab.resize(1240, 700)
    with qtbot.waitExposed(tab, timeout=PATIENCE):
        tab.show()
    return tab


def run_of(
    title: str,
    elbos: Iterable[float],
    model: ModelConfig = BERNOULLI,
    dataset: str = "mnist",
    beta: float = 1.0,
) -> ShownRun:
    """A run of so many epochs, with these test ELBOs."""
    curves = Curves()
    curves.add_history(
        EpochReport(
            n, 10 * n, 2.0 * n, 900.0, Terms(elbo - 1.0, elbo + 4.0, 5.0), Terms(elbo, elbo + 6.0, 6.0)
        )
        for n, elbo in enumerate(elbos, start=1)
    )
    return ShownRun(title, Measure.of(model, dataset), beta, curves)


def steps(count: int, beta: float = 1.0, first: int = 1) -> list[StepReport]:
    return [
        StepReport(n, 100, n / 10, n / 5, Terms(-200.0 + n, -195.0 + n, 5.0), 1e-3, beta, 12.5)
        for n in range(first, first + count)
    ]


def overlay_points(tab: TrainTab, term: str) -> list[tuple[list[float], list[float]]]:
    """What pyqtgraph was given for each run that is laid over."""
    datasets = [overlay.items[term].getOriginalDataset() for overlay in tab.plot.comparison.overlays.all]
    return [(list(x), list(y)) for x, y in datasets if x is not None]


def entries(tab: TrainTab) -> dict[str, QAction]:
    tab.compare.list_runs()
    return {action.text(): action for action in tab.compare._menu.actions() if action.text()}


# --- laid over


def test_a_former_run_is_laid_over_and_taken_away(qtbot: QtBot, tab: TrainTab) -> None:
    tab.compare.show_run(run_of("first", [-180.0, -160.0, -150.0]))
    tab.compare.show_run(run_of("second", [-170.0, -155.0, -148.0]))
    entries(tab)["first"].trigger()
    points = ([1.0, 2.0, 3.0], [-180.0, -160.0, -150.0])
    qtbot.waitUntil(lambda: overlay_points(tab, "elbo") == [points], timeout=PATIENCE)
    assert overlay_points(tab, "kl") == [([1.0, 2.0, 3.0], [6.0, 6.0, 6.0])]
    (low, high) = tab.plot.elbo.plot.viewRange()[1]
    assert low <= -180.0 < -148.0 <= high
    assert entries(tab)["first"].isChecked()
    (chip,) = tab.plot.comparison.chips.values()
    assert chip.text() == "first ×"
    chip.click()
    assert overlay_points(tab, "elbo") == []
    assert not entries(tab)["first"].isChecked()


def test_an_overlay_is_drawn_over_the_axis_that_is_chosen(qtbot: QtBot, tab: TrainTab) -> None:
    tab.compare.show_run(run_of("first", [-180.0, -160.0]))
    tab.compare.show_run(run_of("second", [-170.0, -155.0]))
    entries(tab)["first"].trigger()
    tab.plot.axis_box.setCurrentText("time")
    qtbot.waitUntil(lambda: overlay_points(tab, "elbo") == [([2.0, 4.0], [-180.0, -160.0])], timeout=PATIENCE)


@pytest.mark.parametrize(
    ("model", "dataset", "words"),
    [
        (GAUSSIAN, "mnist", "likelihood Gaussian, not Bernoulli"),
        (BERNOULLI, "fashion-mnist", "data set Fashion-MNIST, not MNIST"),
        (replace(BERNOULLI, family="autoencoder"), "mnist", "bound on nothing, not log p(x)"),
    ],
)
def test_what_does_not_compare_is_refused_in_a_sentence(
    qtbot: QtBot, tab: TrainTab, model: ModelConfig, dataset: str, words: str
) -> None:
    tab.compare.show_run(run_of("other", [900.0, 950.0], model, dataset))
    tab.compare.show_run(run_of("this", [-170.0, -155.0]))
    entries(tab)["other"].trigger()
    qtbot.waitUntil(lambda: tab.plot._note.isVisible(), timeout=PATIENCE)
    assert tab.plot._note.text() == f"other does not compare: {words}."
    assert len(tab.plot.comparison.overlays) == 0


def test_what_does_not_compare_with_the_next_run_goes(qtbot: QtBot, tab: TrainTab) -> None:
    tab.compare.show_run(run_of("first", [-180.0, -160.0]))
    tab.compare.show_run(run_of("second", [-170.0, -155.0]))
    entries(tab)["first"].trigger()
    tab.compare.show_run(run_of("third", [800.0, 900.0], GAUSSIAN))
    assert len(tab.plot.comparison.overlays) == 0
    qtbot.waitUntil(lambda: "first does not compare" in tab.plot._note.text(), timeout=PATIENCE)
    low, _ = tab.plot.elbo.plot.viewRange()[1]
    assert low > 0.0


def test_each_overlay_has_its_colour_and_there_is_an_end_of_them(qtbot: QtBot, tab: TrainTab) -> None:
    for number in range(len(COLOURS) + 2):
        tab.compare.show_run(run_of(f"run {number}", [-180.0 + number, -160.0]))
    for number in range(len(COLOURS) + 1):
        entries(tab)[f"run {number}"].trigger()
    colours = [overlay.colour for overlay in tab.plot.comparison.overlays.all]
    assert sorted(colours) == sorted(COLOURS)
    qtbot.waitUntil(lambda: "No more than 6 runs" in tab.plot._note.text(), timeout=PATIENCE)


def test_models_in_files_are_listed_and_read_when_chosen(
    qtbot: QtBot, tab: TrainTab, session: Session, small_model: Path, small: vae.Checkpoint
) -> None:
    models = session.workspace.places.models
    models.mkdir()
    (models / "kept one.safetensors").write_bytes(small_model.read_bytes())
    with qtbot.waitSignal(session.workspace.model_changed, timeout=PATIENCE):
        session.workspace.open_model(small_model)
    listed = entries(tab)
    assert "MNIST 2-D (built in)" in listed
    listed["kept one"].trigger()
    elbos = [report.test.elbo for report in small.history]
    qtbot.waitUntil(lambda: [elbo for _, elbo in overlay_points(tab, "elbo")] == [elbos], timeout=PATIENCE)


def test_a_file_that_is_no_model_is_told(
    qtbot: QtBot, tab: TrainTab, session: Session, save_model: Callable[..., Path]
) -> None:
    models = session.workspace.places.models
    models.mkdir()
    (models / "broken.safetensors").write_bytes(b"nothing of the kind")
    tab.compare.show_run(run_of("this", [-170.0, -155.0]))
    with qtbot.waitSignal(session.failed) as signal:
        entries(tab)["broken"].trigger()
    assert "broken.safetensors is not a Latent Explorer model" in str(signal.args[0])
    assert not entries(tab)["broken"].isChecked()


def test_a_run_of_the_session_is_offered_with_all_its_steps(
    qtbot: QtBot, tab: TrainTab, session: Session, tmp_path: Path
) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (40, 1, 28, 28), dtype=np.uint8)
    labels = np.zeros(40, np.int64)
    info = vae.datasets.DATASETS["stroke-digits"]
    data = vae.datasets.Dataset(info, pictures, labels, pictures, labels, {})
    tiny = ModelConfig(encoder_widths=(4,), decoder_widths=(4,))
    for number in (1, 2):
        keep = tmp_path / f"run {number}.safetensors"
        training = TrainingConfig(epochs=1, batch_size=10, seed=number)
        with qtbot.waitSignal(session.run.ended, timeout=PATIENCE):
            session.run.start(RunRequest(number, "default-2d", data, tiny, training, keep))
    entries(tab)["Run 1: Stroke digits, 2-D, quick"].trigger()
    (overlay,) = tab.plot.comparison.overlays.all
    assert len(overlay.run.curves.steps) == 4
    assert len(overlay.table) == 4  # of one epoch, the test makes no curve


# --- beta and lost losses


def test_where_beta_is_not_1_the_plot_says_that_its_elbo_is_the_true_one(qtbot: QtBot, tab: TrainTab) -> None:
    tab.compare.show_run(run_of("plain", [-180.0, -160.0]))
    tab.compare.show_run(run_of("beta", [-190.0, -170.0], beta=4.0))
    qtbot.waitUntil(lambda: tab.plot._note.isVisible(), timeout=PATIENCE)
    assert tab.plot._note.text() == "The true ELBO, unscaled; the run weighs the KL by beta, 4."
    tab.plot.add_steps(steps(2, beta=1.5))
    qtbot.waitUntil(lambda: "by beta, now 1.5." in tab.plot._note.text(), timeout=PATIENCE)
    tab.compare.show_run(run_of("plain again", [-180.0, -160.0]))
    qtbot.waitUntil(lambda: not tab.plot._note.isVisible(), timeout=PATIENCE)


@pytest.mark.parametrize(("axis", "place"), [("step", 6.0), ("epoch", 0.6), ("time", 2.2)])
def test_a_rollback_is_marked_and_what_was_lost_goes(
    qtbot: QtBot, tab: TrainTab, axis: str, place: float
) -> None:
    tab.plot.axis_box.setCurrentText(axis)
    tab.plot.add_steps(steps(10))
    tab.plot.roll_back(RollbackReport(6, 11, 0.6, 2.2, 5e-4))
    tab.plot.add_steps(steps(3, first=7))
    qtbot.waitUntil(lambda: len(tab.plot._marks._lines) == 1, timeout=PATIENCE)
    assert tab.plot.curves.steps.column("step").tolist() == list(range(1, 10))
    ((_, lines),) = tab.plot._marks._lines
    assert [line.value() for line in lines] == [place, place]
    assert lines[0].label.toPlainText() == "loss lost at step 11: back to step 6, learning rate 0.0005"


def test_the_next_run_has_no_marks(qtbot: QtBot, tab: TrainTab) -> None:
    tab.plot.add_steps(steps(10))
    tab.plot.roll_back(RollbackReport(6, 11, 0.6, 2.2, 5e-4))
    qtbot.waitUntil(lambda: len(tab.plot._marks._lines) == 1, timeout=PATIENCE)
    tab.compare.show_run(run_of("next", [-180.0, -160.0]))
    qtbot.waitUntil(lambda: not tab.plot._marks._lines, timeout=PATIENCE)


# --- files


def test_the_table_holds_every_step_and_epoch(
    qtbot: QtBot, tab: TrainTab, session: Session, tmp_path: Path
) -> None:
    tab.compare.show_run(run_of("run", [-180.0]))
    tab.plot.add_steps(steps(3, beta=4.0))
    path = tmp_path / "history.csv"
    with qtbot.waitSignal(session.noted) as signal:
        tab.export.save_csv(path)
    assert str(path) in signal.args[0]
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["record"] for row in rows] == ["step"] * 3 + ["epoch, train", "epoch, test"]
    assert rows[1]["step"] == "2"
    assert float(rows[1]["elbo"]) == -198.0
    assert float(rows[1]["beta"]) == 4.0
    assert rows[1]["label"] == ""
    assert float(rows[4]["elbo"]) == -180.0


def test_event_files_are_written_into_a_folder(
    qtbot: QtBot, tab: TrainTab, session: Session, tmp_path: Path
) -> None:
    pytest.importorskip("tensorboardX")
    tab.plot.add_steps(steps(3))
    with qtbot.waitSignal(session.noted):
        tab.export.save_events(tmp_path / "events")
    (path,) = (tmp_path / "events").iterdir()
    assert path.name.startswith("events.out.tfevents")


def test_without_tensorboardx_the_way_to_it_is_told(
    qtbot: QtBot, tab: TrainTab, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with qtbot.waitSignal(session.failed) as signal:
        tab.export.save_events(tmp_path / "events")
    assert "pip install latent-explorer[tensorboard]" in str(signal.args[0])


def test_a_readout_of_an_opened_model_tells_no_learning_rate(qtbot: QtBot, tab: TrainTab) -> None:
    tab.compare.show_run(run_of("this", [-170.0, -155.0, -150.0]))
    qtbot.waitUntil(lambda: tab.plot.elbo.plot.viewRange()[0][1] >= 3.0, timeout=PATIENCE)
    view = tab.plot.elbo.plot.getViewBox()
    tab.plot._canvas.scene().sigMouseMoved.emit(view.mapViewToScene(QPointF(2.1, -160.0)))
    assert tab.plot._readout.text().count("\n") == 1
