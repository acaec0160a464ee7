"""What the Train tab tells of the latent units and the gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, QSettings, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

import vae
from explorer.diagnostician import Diagnostician
from explorer.messages import Diagnosis, RunRequest
from explorer.session import Session
from explorer.tabs.train import TrainTab
from explorer.views.gradient_views import in_powers
from explorer.views.unit_bars import MOST, UnitBars, name_of
from vae.configuration import ModelConfig, TrainingConfig
from vae.datasets import Dataset

PATIENCE = 60_000  # milliseconds
TINY = ModelConfig(encoder_widths=(8,), decoder_widths=(8,))


@pytest.fixture
def tab(qtbot: QtBot, session: Session, settings: QSettings) -> TrainTab:
    tab = TrainTab(session, settings)
    qtbot.addWidget(tab)
    tab.resize(1000, 640)
    with qtbot.waitExposed(tab, timeout=PATIENCE):
        tab.show()
    return tab


def request(digits: Dataset, tmp_path: Path, **training: object) -> RunRequest:
    config = replace(TrainingConfig(epochs=2, batch_size=20), **training)
    return RunRequest(1, "default-2d", digits, TINY, config, tmp_path / "run.safetensors")


def units(*kl: float) -> vae.Units:
    values = np.array(kl)
    return vae.Units(kl=values, variance=np.where(values > 0.1, 0.8, 1e-4))


# --- in the training thread


def test_looking_leaves_the_curve_as_it_is(digits: Dataset, tmp_path: Path) -> None:
    def curve(looked: bool) -> list[float]:
        asked = request(digits, tmp_path)
        training = vae.Training(vae.build(TINY), asked.training, digits)
        diagnostician = Diagnostician(asked)
        elbos = []
        for report in training:
            elbos.append(report.train.elbo)
            if looked and isinstance(report, vae.StepReport):
                diagnostician.look(training, report)
                assert diagnostician.look_again(training) is not None
        return elbos

    assert curve(looked=True) == curve(looked=False)


def test_a_run_posts_what_its_units_and_its_gradient_do(
    qtbot: QtBot, session: Session, digits: Dataset, tmp_path: Path
) -> None:
    seen: list[Diagnosis] = []
    session.run.diagnosed.connect(seen.append)
    with qtbot.waitSignal(session.run.ended, timeout=PATIENCE) as ended:
        session.run.start(request(digits, tmp_path))
    assert seen[0].step >= 1
    assert seen[-1].step == 20
    variance = seen[0].gradient_variance
    assert variance is not None
    assert 0.0 < variance.pathwise < variance.score_function
    trained = ended.args[0].checkpoint
    expected = vae.units_of_encodings(trained.model, trained.encodings)  # of the same 100 test images
    np.testing.assert_allclose(seen[-1].units.kl, expected.kl, rtol=1e-5)


def test_a_look_is_not_taken_after_every_step(digits: Dataset, tmp_path: Path) -> None:
    asked = request(digits, tmp_path)
    training = vae.Training(vae.build(TINY), asked.training, digits)
    diagnostician = Diagnostician(asked)
    reports = [next(training), next(training)]
    assert diagnostician.look(training, reports[0]) is not None
    assert diagnostician.look(training, reports[1]) is None


def test_weights_that_are_lost_are_not_told(digits: Dataset, tmp_path: Path) -> None:
    asked = request(digits, tmp_path)
    training = vae.Training(vae.build(TINY), asked.training, digits)
    report = next(training)
    with torch.no_grad():
        next(training.model.parameters()).fill_(torch.nan)
    assert Diagnostician(asked).look(training, report) is None


# --- in the window


def test_the_units_are_told_beside_the_pictures_and_as_bars(tab: TrainTab, session: Session) -> None:
    session.run.diagnosed.emit(Diagnosis(0, 9, units(3.0, 0.01), None, vae.GradientVariance(1e-7, 0.5, 4)))
    assert tab.pages._word.text() == "1 of 2 units active"
    assert not tab.diagnostics.notice.isVisible()
    tab.pages.diagnostics_button.click()
    assert tab.diagnostics.bars.isVisible()
    assert not tab.pictures.isVisible()
    assert "z₁: KL 3 nats" in tab.diagnostics.bars.accessibleName()
    assert tab.diagnostics.variance.accessibleName() == "pathwise 1.0 × 10⁻⁷; score function 0.5"
    assert tab.diagnostics._ratio.text() == "ratio 5.0 × 10⁶"


def test_a_collapse_is_seen_from_either_page_and_goes_again(tab: TrainTab, session: Session) -> None:
    odd = vae.Judgement("Posterior collapse.", "Try a lower beta.")
    session.run.diagnosed.emit(Diagnosis(0, 9, units(0.0, 0.0), odd, None))
    assert "⚠" in tab.pages.diagnostics_button.text()
    tab.pages.diagnostics_button.click()
    assert tab.diagnostics.notice.isVisible()
    assert tab.diagnostics.notice.text() == "Posterior collapse. Try a lower beta."
    session.run.diagnosed.emit(Diagnosis(0, 99, units(3.0, 3.0), None, None))
    assert not tab.diagnostics.notice.isVisible()
    assert "⚠" not in tab.pages.diagnostics_button.text()


def test_the_gradients_norm_is_told(qtbot: QtBot, tab: TrainTab, digits: Dataset, tmp_path: Path) -> None:
    tab.pages.diagnostics_button.click()
    with qtbot.waitSignal(tab._session.run.ended, timeout=PATIENCE):
        tab._session.run.start(request(digits, tmp_path))
    norm = tab.plot.curves.steps.column("gradient_norm")[-1]
    qtbot.waitUntil(lambda: tab.diagnostics._norm.text() == f"{norm:.3g}", timeout=PATIENCE)
    assert tab.diagnostics.norm.last == norm


def test_an_opened_model_shows_its_units(
    qtbot: QtBot, tab: TrainTab, session: Session, small_model: Path, small: vae.Checkpoint
) -> None:
    with qtbot.waitSignal(session.workspace.model_changed, timeout=PATIENCE):
        session.workspace.open_model(small_model)
    active = int((small.encodings.z_loc.astype(float).var(0) > 0.01).sum())
    assert tab.pages._word.text() == f"{active} of 2 units active"
    assert tab.diagnostics.variance.accessibleName() == ""


def test_an_autoencoder_says_that_it_has_no_kl(
    qtbot: QtBot, tab: TrainTab, session: Session, save_model: Callable[..., Path]
) -> None:
    path = save_model("ae")
    checkpoint = vae.load(path)
    plain = vae.build(replace(checkpoint.model.config, family="autoencoder"))
    session.workspace.show_model(replace(checkpoint, model=plain), "Autoencoder", None)
    assert tab.diagnostics.bars.accessibleName() == "An autoencoder has no KL: its codes are points."


# --- the bars


@pytest.fixture
def bars(qtbot: QtBot) -> UnitBars:
    bars = UnitBars()
    qtbot.addWidget(bars)
    bars.resize(640, 120)
    return bars


def test_of_many_dimensions_those_with_the_largest_kl_are_drawn_in_order(bars: UnitBars) -> None:
    kl = np.random.default_rng(0).random(100)
    bars.show_units(units(*kl))
    told = [bars.told(place).split(":")[0] for place in range(MOST)]
    assert told == [name_of(unit) for unit in sorted(np.argsort(kl)[-MOST:])]
    assert bars.bar_at(0.0) == 0
    assert bars.bar_at(639.0) == MOST - 1


def test_the_numbers_of_a_bar_are_told_under_the_mouse(bars: UnitBars) -> None:
    bars.show_units(units(2.5, 0.001))
    place = QPoint(5, 60)
    QApplication.sendEvent(bars, QHelpEvent(QEvent.Type.ToolTip, place, bars.mapToGlobal(place)))
    assert QToolTip.text() == "z₁: KL 2.5 nats, variance of its mean over images 0.8: active"
    QToolTip.hideText()


def test_bars_stand_on_one_scale(qtbot: QtBot, bars: UnitBars) -> None:
    bars.show_units(units(4.0, 2.0))
    picture = bars.grab().toImage()
    colour = [picture.pixelColor(bars.width() - 1, 2)]  # the ground

    def height(place: int) -> int:
        x = round((place + 0.5) * bars._pitch() - 16)  # left of the number above the bar
        return sum(
            picture.pixelColor(x, y) not in colour and picture.pixelColor(x, y).saturation() > 60
            for y in range(bars.height())
        )

    assert height(0) == pytest.approx(2 * height(1), abs=2)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0"),
        (0.46, "0.46"),
        (56.7, "57"),
        (3_400.4, "3,400"),
        (1.4e9, "1.4 × 10⁹"),
        (3.3e-10, "3.3 × 10⁻¹⁰"),
    ],
)
def test_large_and_small_numbers_are_written_as_books_do(value: float, words: str) -> None:
    assert in_powers(value) == words


def test_pages_are_chosen_by_keyboard_too(qtbot: QtBot, tab: TrainTab) -> None:
    tab.pages.diagnostics_button.setFocus()
    qtbot.keyClick(tab.pages.diagnostics_button, Qt.Key.Key_Space)
    assert tab.diagnostics.isVisible()
