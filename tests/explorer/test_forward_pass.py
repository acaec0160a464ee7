from __future__ import annotations

import math
import re
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

import vae
from explorer.main_window import MainWindow
from explorer.session import Session
from explorer.tabs.forward_pass import KEPT, ForwardPassTab
from explorer.theme import DARK, LIGHT, apply_theme
from explorer.views.forward_elbo import MORE
from explorer.views.forward_words import MOST_DIMENSIONS
from vae import datasets
from vae.configuration import ModelConfig, TrainingConfig
from vae.datasets import Dataset, DatasetInfo

PATIENCE = 60_000  # milliseconds; a machine that is busy may be slow
GREY, RGB = (1, 28, 28), (3, 9, 7)


def dataset_of(image_shape: tuple[int, int, int]) -> Dataset:
    pictures = np.random.default_rng(2).integers(0, 256, (4, *image_shape), dtype=np.uint8)
    labels = np.arange(4)
    info = DatasetInfo("stroke-digits", "Noise", image_shape, ("0", "1", "2", "3"), 0)
    return Dataset(info, pictures, labels, pictures, labels, {})


def loaded(data: Dataset) -> Generator[Any, None, Dataset]:
    """As reading files would give it."""
    yield from ()
    return data


def checkpoint_of(latent_dim: int, image_shape: tuple[int, int, int], seed: int = 1) -> vae.Checkpoint:
    model = vae.VAE(ModelConfig(image_shape, latent_dim, (30, 20), (11,)), seed).eval()
    encodings = vae.Encodings(
        np.zeros((0, latent_dim), np.float32), np.zeros((0, latent_dim), np.float32), np.zeros(0, np.int64)
    )
    return vae.Checkpoint(model, "default-2d", "stroke-digits", TrainingConfig(), (), encodings)


@pytest.fixture
def tab(qtbot: QtBot, session: Session) -> ForwardPassTab:
    """A shown tab with nothing open."""
    tab = ForwardPassTab(session)
    qtbot.addWidget(tab)
    tab.resize(1260, 720)
    with qtbot.waitExposed(tab, timeout=PATIENCE):
        tab.show()
    return tab


def open_noise(
    qtbot: QtBot,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    latent_dim: int = 2,
    image_shape: tuple[int, int, int] = GREY,
) -> None:
    """Open a model of random weights, and wait for its data set, whose first picture is then the input."""
    monkeypatch.setattr(datasets, "loading", lambda name, folder: loaded(dataset_of(image_shape)))
    with qtbot.waitSignal(session.inputs.selection_changed, timeout=PATIENCE):
        session.workspace.show_model(checkpoint_of(latent_dim, image_shape), "noise", None)


def wait_for_numbers(qtbot: QtBot, tab: ForwardPassTab) -> None:
    qtbot.waitUntil(lambda: tab._scores is not None and not tab._timer.isActive(), timeout=PATIENCE)


@pytest.fixture
def filled(
    qtbot: QtBot, session: Session, tab: ForwardPassTab, monkeypatch: pytest.MonkeyPatch
) -> ForwardPassTab:
    """A shown tab with a 2-D model and a grey picture."""
    open_noise(qtbot, session, monkeypatch)
    wait_for_numbers(qtbot, tab)
    return tab


def plain(label: QLabel) -> str:
    return re.sub("<[^>]*>", "", label.text())


def value(label: QLabel) -> float:
    return float(re.sub("[(),]", "", plain(label)).replace("−", "-").split()[-1])


def shown_pass(tab: ForwardPassTab, session: Session) -> vae.ForwardPass:
    model, selection = session.workspace.model, session.inputs.selection
    assert model is not None
    assert selection is not None
    return vae.pass_forward(model.checkpoint.model, selection.picture, tab._draws[-1])


def assert_shows(tab: ForwardPassTab, forward: vae.ForwardPass) -> None:
    """Every number and picture on the tab is the function's."""
    terms, scores = tab.elbo.terms, forward.scores
    for name, expected in (
        ("likelihoodTerm", scores.log_likelihood[0]),
        ("priorTerm", scores.log_prior[0]),
        ("qTerm", scores.log_q[0]),
        ("likelihoodTermAgain", scores.log_likelihood[0]),
        ("klTerm", scores.kl),
    ):
        assert value(terms[name]) == pytest.approx(round(float(expected), 2)), name
    assert value(terms["elboTerm"]) == pytest.approx(scores.elbo[0], abs=0.02)
    assert value(terms["elboByKlTerm"]) == pytest.approx(scores.elbo_by_kl[0], abs=0.02)
    shown = min(len(forward.z), MOST_DIMENSIONS)
    for rows, values in (
        (tab.guide.noise.rows, forward.epsilon),
        (tab.guide.code_drawn.rows, forward.z),
        (tab.model.prior.rows, forward.z),
    ):
        assert [row.mark for row in rows] == values[:shown].tolist()
    bells = [row.bells[-1] for row in tab.guide.posterior.rows]
    assert [bell.mean for bell in bells] == forward.z_loc[:shown].tolist()
    assert [bell.scale for bell in bells] == forward.z_scale[:shown].tolist()
    for view, picture in (
        (tab.guide.picture, forward.x),
        (tab.model.mean, forward.mean),
        (tab.model.sample, forward.sample),
    ):
        np.testing.assert_array_equal(view.picture, picture)
    np.testing.assert_allclose(tab.model.log_prob.log_prob, forward.pixel_log_prob.sum(0), rtol=1e-5)


def test_without_a_model_it_says_so(tab: ForwardPassTab) -> None:
    assert tab._empty.isVisible()
    assert "being opened" in tab._empty.text()
    tab.redraw()
    assert tab._empty.isVisible()


def test_an_image_that_does_not_fit_is_explained(
    qtbot: QtBot, session: Session, filled: ForwardPassTab
) -> None:
    session.workspace.show_model(checkpoint_of(2, RGB), "other", None)
    qtbot.waitUntil(filled._empty.isVisible, timeout=PATIENCE)
    assert "1 × 28 × 28" in filled._empty.text()
    assert "3 × 9 × 7" in filled._empty.text()


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
@pytest.mark.parametrize("image_shape", [GREY, RGB], ids=["grey", "RGB"])
def test_every_number_is_the_functions(
    qtbot: QtBot,
    session: Session,
    tab: ForwardPassTab,
    monkeypatch: pytest.MonkeyPatch,
    latent_dim: int,
    image_shape: tuple[int, int, int],
) -> None:
    open_noise(qtbot, session, monkeypatch, latent_dim, image_shape)
    wait_for_numbers(qtbot, tab)
    assert_shows(tab, shown_pass(tab, session))
    tab.redraw()
    assert_shows(tab, shown_pass(tab, session))
    assert not tab.grab().isNull()  # every picture was painted
    assert ("more dimension" in tab.guide.noise._note) == (latent_dim > MOST_DIMENSIONS)


def test_the_terms_add_up_as_they_are_written(filled: ForwardPassTab) -> None:
    for _ in range(5):
        filled.redraw()
        shown = {name: label for name, label in filled.elbo.terms.items() if label.isVisible()}
        terms = {name: value(label) for name, label in shown.items() if name.endswith("Term")}
        assert terms["elboTerm"] == pytest.approx(
            terms["likelihoodTerm"] + terms["priorTerm"] - terms["qTerm"], abs=1e-6
        )
        assert terms["elboByKlTerm"] == pytest.approx(terms["likelihoodTerm"] - terms["klTerm"], abs=1e-6)


def test_the_kl_is_written_out(filled: ForwardPassTab, session: Session) -> None:
    forward = shown_pass(filled, session)
    brackets = re.findall(r"\(([^()]*?) − 1 ([+−]) ([\d.]+)\)", plain(filled.elbo.kl))
    assert len(brackets) == 2
    total = sum(
        sum(map(float, squares.split(" + "))) - 1 + float(f"{sign}{rest}".replace("−", "-"))
        for squares, sign, rest in brackets
    )
    assert total / 2 == pytest.approx(forward.scores.kl, abs=0.005)


def test_the_button_draws_new_noise_for_the_same_image(
    qtbot: QtBot, session: Session, filled: ForwardPassTab
) -> None:
    before = shown_pass(filled, session)
    qtbot.mouseClick(filled.guide.redraw, Qt.MouseButton.LeftButton)
    after = shown_pass(filled, session)
    assert not np.array_equal(before.epsilon, after.epsilon)
    np.testing.assert_array_equal(before.x, after.x)
    assert_shows(filled, after)


def test_redraws_run_up_a_mean(qtbot: QtBot, session: Session, filled: ForwardPassTab) -> None:
    qtbot.mouseClick(filled.guide.redraw, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(filled.elbo.more, Qt.MouseButton.LeftButton)
    count = 2 + MORE
    model, selection = session.workspace.model, session.inputs.selection
    assert model is not None
    assert selection is not None
    scores = vae.score_draws(model.checkpoint.model, selection.picture, range(count))
    means = filled.elbo.running.means
    for name, estimates in (("elbo", scores.elbo), ("kl", scores.elbo_by_kl)):
        expected = estimates.astype(np.float64).cumsum() / np.arange(1, count + 1)
        np.testing.assert_allclose(means[name], expected, rtol=1e-5)
    assert plain(filled.elbo.terms["meanName"]) == f"mean of {count}"
    mean, error = plain(filled.elbo.terms["elboMean"]).replace("−", "-").replace(",", "").split(" ± ")
    assert float(mean) == pytest.approx(scores.elbo.mean(), abs=0.006)
    assert float(error) == pytest.approx(scores.elbo.std(ddof=1) / math.sqrt(count), abs=0.006)


def test_another_image_keeps_the_noise(qtbot: QtBot, session: Session, filled: ForwardPassTab) -> None:
    filled.redraw()
    before = shown_pass(filled, session)
    qtbot.mouseClick(filled.guide.next, Qt.MouseButton.LeftButton)
    wait_for_numbers(qtbot, filled)
    after = shown_pass(filled, session)
    np.testing.assert_array_equal(before.epsilon, after.epsilon)
    assert not np.array_equal(before.x, after.x)
    assert_shows(filled, after)
    assert plain(filled.elbo.terms["meanName"]) == "mean of 2"
    assert "Test image 1, label 1" in filled.guide._x.sentence.text()


def test_the_images_are_a_ring(qtbot: QtBot, session: Session, filled: ForwardPassTab) -> None:
    qtbot.mouseClick(filled.guide.previous, Qt.MouseButton.LeftButton)
    selection = session.inputs.selection
    assert selection is not None
    assert selection.index == 3


def test_new_weights_are_scored_with_the_latest_draws(
    qtbot: QtBot, session: Session, filled: ForwardPassTab
) -> None:
    filled.redraw(KEPT + 20)
    seed = filled._draws[-1]
    session.workspace.show_weights(checkpoint_of(2, GREY, seed=9).model.state_dict())
    wait_for_numbers(qtbot, filled)
    assert filled._draws == range(seed + 1 - KEPT, seed + 1)
    assert_shows(filled, shown_pass(filled, session))


def test_many_new_weights_make_few_passes(
    qtbot: QtBot, session: Session, filled: ForwardPassTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    compute = session.exploration.pass_forward
    monkeypatch.setattr(
        session.exploration, "pass_forward", lambda seed: passes.append(seed) or compute(seed)
    )
    for seed in range(20):
        session.workspace.show_weights(checkpoint_of(2, GREY, seed).model.state_dict())
    assert not passes
    wait_for_numbers(qtbot, filled)
    assert len(passes) == 1
    assert_shows(filled, shown_pass(filled, session))


def test_a_redraw_does_not_wait_for_new_weights(session: Session, filled: ForwardPassTab) -> None:
    session.workspace.show_weights(checkpoint_of(2, GREY, seed=4).model.state_dict())
    before = filled._draws
    filled.redraw()
    assert filled._draws[-1] == before[-1] + 1
    assert_shows(filled, shown_pass(filled, session))


def test_it_computes_only_while_it_is_seen(
    qtbot: QtBot, session: Session, filled: ForwardPassTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.hide()
    session.workspace.show_weights(checkpoint_of(2, GREY, seed=5).model.state_dict())
    assert filled._scores is None
    assert not filled._timer.isActive()
    filled.show()
    assert_shows(filled, shown_pass(filled, session))


def test_a_drawn_image_is_shown_as_such(qtbot: QtBot, session: Session, filled: ForwardPassTab) -> None:
    ink = np.zeros((40, 40), np.uint8)
    ink[5:35, 18:22] = 255
    session.inputs.select_drawing(ink)
    wait_for_numbers(qtbot, filled)
    assert filled.guide._x.sentence.text() == "A drawn image."
    assert_shows(filled, shown_pass(filled, session))


def test_r_redraws_here_and_samples_on_the_plane_elsewhere(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    exploration = window.session.exploration
    qtbot.waitUntil(lambda: exploration.posterior is not None, timeout=PATIENCE)
    window.tabs.setCurrentWidget(window.forward_pass)
    pin, draws = exploration.pin, window.forward_pass._draws
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_R)
    assert window.forward_pass._draws[-1] == draws[-1] + 1
    np.testing.assert_array_equal(exploration.pin, pin)
    window.tabs.setCurrentWidget(window.explore)
    qtbot.keyClick(window, Qt.Key.Key_R)
    assert window.forward_pass._draws[-1] == draws[-1] + 1
    assert not np.array_equal(exploration.pin, pin)


def test_the_colours_follow_the_theme(filled: ForwardPassTab) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    for theme in (DARK, LIGHT):
        apply_theme(application, theme)
        assert theme.q in filled.elbo.terms["qTerm"].text()
        assert theme.kl in filled.elbo.kl.text()
        assert theme.kl in filled.elbo.running.legend.text()


@pytest.mark.parametrize("width", [1240, 980, 620, 300])
def test_no_stage_is_cut_at_its_side_and_none_covers_another(filled: ForwardPassTab, width: int) -> None:
    for lane in (filled.guide, filled.model):
        layout = lane._row.stages
        layout.setGeometry(lane._row.rect().adjusted(0, 0, width - lane._row.width(), 0))
        rects = [layout.stage_rect(stage) for stage in range(layout.stage_count())]
        assert all(
            rect.left() >= 0 and rect.width() <= max(width, layout.minimumSize().width()) for rect in rects
        )
        for place, rect in enumerate(rects):
            assert not any(rect.intersects(other) for other in rects[:place])
