"""p(z|x) on the plane, and log p(x) beside it."""

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocumentFragment
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

import vae
from explorer.evidence import Evidence
from explorer.main_window import MainWindow
from explorer.views.evidence_card import EvidenceCard
from explorer.views.evidence_line import EvidenceLine
from explorer.views.exact_items import BestGaussian, Contours, ModeRing
from explorer.views.exact_layer import ExactChip
from tests.explorer.conftest import PATIENCE
from vae.chart import Chart, axis_chart

OpenIn = Callable[[MainWindow, Path], None]
Mouse = Any  # of conftest.py


@pytest.fixture
def evidence(window: MainWindow) -> Evidence:
    return window.session.evidence


@pytest.fixture
def found(qtbot: QtBot) -> Callable[[MainWindow], Evidence]:
    """Wait until all is found that can be."""

    def wait(window: MainWindow) -> Evidence:
        evidence = window.session.evidence
        qtbot.waitUntil(lambda: evidence.gaps is not None or evidence.why_not is not None, timeout=PATIENCE)
        return evidence

    return wait


@pytest.fixture
def page(window: MainWindow) -> EvidenceCard:
    window.explore.pages.show_page(1)
    card = window.explore.pages.findChild(EvidenceCard)
    assert card is not None
    return card


@pytest.fixture
def astray(window: MainWindow, open_in: OpenIn, small_model: Path, tmp_path: Path) -> None:
    """Have a model open that encodes each image far from where its p(z|x) lies."""
    checkpoint = vae.load(small_model)
    checkpoint.model.encoder.layers[-1].bias.data[:2] += 1.5  # of the means
    vae.save(tmp_path / "astray.safetensors", checkpoint)
    open_in(window, tmp_path / "astray.safetensors")


def plain(label: QLabel) -> str:
    return QTextDocumentFragment.fromHtml(label.text()).toPlainText()


def value(label: QLabel) -> float:
    return float(plain(label).replace("−", "-"))


def item(window: MainWindow, kind: type[Contours] | type[BestGaussian]) -> Contours | BestGaussian:
    (one,) = (i for i in window.explore.plane_card.plane.scene().items() if isinstance(i, kind))
    return one


def line_of(window: MainWindow) -> EvidenceLine:
    return window.explore.posterior_card.findChild(EvidenceLine)


def test_the_contours_are_those_of_the_exact_posterior(
    window: MainWindow, found: Callable[[MainWindow], Evidence]
) -> None:
    window.session.inputs.select_test_image(4)
    found(window)
    picture = window.session.inputs.selection.picture
    exact = vae.exact(window.session.workspace.model.checkpoint.model, picture)
    rect = item(window, Contours).boundingRect()
    lines = np.concatenate(exact.regions[-1].contours)
    assert rect.left() == pytest.approx(lines[:, 0].min(), abs=1e-3)
    assert rect.bottom() == pytest.approx(lines[:, 1].max(), abs=1e-3)
    gaps = window.session.evidence.gaps
    best = item(window, BestGaussian).boundingRect()
    assert best.center().x() == pytest.approx(gaps.best_loc[0], abs=1e-3)
    assert best.width() == pytest.approx(4 * gaps.best_scale[0], rel=1e-2)


def test_it_is_seen_coarse_and_then_refined(window: MainWindow, qtbot: QtBot, evidence: Evidence) -> None:
    stages: list[str] = []

    def note() -> None:
        exact = evidence.exact
        stages.append("none" if exact is None else "refined" if exact.refined else "coarse")

    evidence.changed.connect(note)
    window.session.inputs.select_test_image(5)
    qtbot.waitUntil(lambda: evidence.gaps is not None, timeout=PATIENCE)
    assert [stage for stage, _ in groupby(stages)] == ["none", "coarse", "refined"]


def test_while_a_large_grid_is_decoded_its_share_is_told(
    window: MainWindow, page: EvidenceCard, open_in: OpenIn, save_model: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot,
) -> None:  # fmt: skip
    monkeypatch.setattr("explorer.plane_jobs.evidence.EVERY", 0.0)
    evidence, told = window.session.evidence, []
    qtbot.waitUntil(lambda: evidence.gaps is not None, timeout=PATIENCE)

    def note() -> None:
        share = evidence.grid_share
        if share is not None:
            told.append(
                (share, f"{share:.0%}" in page.modes.text(), f"{share:.0%}" in plain(line_of(window)))
            )

    evidence.changed.connect(note)
    open_in(window, save_model("other"))
    qtbot.waitUntil(lambda: evidence.gaps is not None, timeout=PATIENCE)
    shares = [share for share, _, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert all(on_page and in_line for _, on_page, in_line in told)
    assert "%" not in plain(line_of(window))
    told.clear()
    window.session.inputs.select_test_image(3)
    qtbot.waitUntil(lambda: evidence.gaps is not None, timeout=PATIENCE)
    assert not told  # the grid is there already


def test_of_many_images_in_a_row_the_last_is_found(
    window: MainWindow, found: Callable[[MainWindow], Evidence]
) -> None:
    for index in range(20):
        window.session.inputs.select_test_image(index)
    evidence = found(window)
    expected = vae.exact(
        window.session.workspace.model.checkpoint.model, window.session.inputs.selection.picture
    )
    assert evidence.exact.log_evidence == pytest.approx(expected.log_evidence, abs=1e-4)


def test_the_numbers_add_up_and_agree_with_the_posterior_card(
    window: MainWindow, page: EvidenceCard, found: Callable[[MainWindow], Evidence]
) -> None:
    for index in (2, 7, 11):
        window.session.inputs.select_test_image(index)
        found(window)
        shown = {row: value(label) for row, label in page.values.items()}
        assert shown["elbo"] + shown["amortisation"] + shown["approximation"] == pytest.approx(
            shown["evidence"], abs=1e-9
        )
        assert shown["amortisation"] >= 0
        assert shown["approximation"] >= 0
        assert f"{window.session.exploration.posterior.terms.elbo:.2f}" == f"{shown['elbo']:.2f}"
        line = plain(line_of(window)).replace("−", "-")
        assert f"{shown['evidence']:.2f}" in line
        assert f"gap {shown['evidence'] - shown['elbo']:.2f}" in line
        stub, amortisation, approximation = page.bar.segments()
        assert approximation.right() == pytest.approx(page.bar.width())
        assert stub.right() == amortisation.left()
        assert (amortisation.width() > approximation.width()) == (
            shown["amortisation"] > shown["approximation"]
        )


def test_a_bernoulli_on_grey_pixels_is_called_no_density(
    window: MainWindow, page: EvidenceCard, found: Callable[[MainWindow], Evidence]
) -> None:
    found(window)
    assert "no normalised density" in page.note.text()
    ink = np.zeros((280, 280), np.uint8)
    window.session.inputs.select_drawing(ink)  # black and white alone
    found(window)
    assert page.note.isHidden()


def test_the_layer_can_be_hidden(window: MainWindow, found: Callable[[MainWindow], Evidence]) -> None:
    found(window)
    chip = window.explore.plane_card.findChild(ExactChip)
    assert chip.isChecked()
    chip.click()
    assert item(window, Contours).boundingRect().isEmpty()
    rings = [i for i in window.explore.plane_card.plane.scene().items() if isinstance(i, ModeRing)]
    assert not any(ring.isVisible() for ring in rings)
    chip.click()
    assert not item(window, Contours).boundingRect().isEmpty()


def test_a_mode_too_small_to_be_seen_has_a_ring(
    window: MainWindow, found: Callable[[MainWindow], Evidence]
) -> None:
    found(window)
    plane = window.explore.plane_card.plane
    rings = [i for i in plane.scene().items() if isinstance(i, ModeRing)]
    plane.plane.setRange(xRange=(-30, 30), yRange=(-30, 30), padding=0)
    (ring,) = (ring for ring in rings if ring.isVisible())
    peak = window.session.evidence.exact.modes[0].peak
    assert (ring.pos().x(), ring.pos().y()) == pytest.approx(tuple(peak), abs=1e-5)
    window.explore.plane_card.zoom_to_posterior()
    assert not ring.isVisible()


def test_the_contours_follow_the_chart(window: MainWindow, found: Callable[[MainWindow], Evidence]) -> None:
    found(window)
    before = item(window, Contours).boundingRect()
    window.session.exploration.set_chart(axis_chart(2, 1, 0))
    after = item(window, Contours).boundingRect()
    assert after.getRect() == pytest.approx(
        (before.top(), before.left(), before.height(), before.width()), abs=1e-5
    )


def shares_in_view(window: MainWindow) -> tuple[float, float]:
    """How much of p(z|x), and of draws from q(z|x), is in view."""
    view = window.explore.plane_card.plane.view_rect()
    exact, posterior = window.session.evidence.exact, window.session.exploration.posterior
    cells = np.concatenate([patch.cells().centres for patch in exact.patches])
    masses = np.exp(np.concatenate([patch.log_mass.ravel() for patch in exact.patches]))
    noise = np.random.default_rng(0).standard_normal((2_000, 2))
    draws = posterior.z_loc + posterior.z_scale * noise

    def seen(z: NDArray[np.floating]) -> NDArray[np.bool_]:
        return np.array([view.contains(*place) for place in z.tolist()])

    return float(masses[seen(cells)].sum() / masses.sum()), float(seen(draws).mean())


@pytest.mark.usefixtures("astray")
def test_zoom_shows_both_posteriors_however_far_they_are_apart(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, found: Callable[[MainWindow], Evidence]
) -> None:
    exact, posterior = found(window).exact, window.session.exploration.posterior
    assert (np.abs(exact.loc - posterior.z_loc) > 3 * posterior.z_scale).any()
    mouse.click(window.explore.plane_card.zoom_button)
    held, drawn = shares_in_view(window)
    assert held > 0.98
    assert drawn > 0.98
    plane = window.explore.plane_card.plane
    chosen = plane.chosen_view
    plane.go_home()
    qtbot.keyClick(window, Qt.Key.Key_Z)
    assert plane.chosen_view == chosen
    window.explore.plane_card.exact_layer.click()
    qtbot.keyClick(window, Qt.Key.Key_Z)
    held, drawn = shares_in_view(window)
    assert held < 0.5
    assert drawn > 0.98


@pytest.mark.usefixtures("astray")
@pytest.mark.parametrize("plane", ["slanting", "by quantiles", "a line"])
def test_zoom_shows_both_on_every_kind_of_plane(
    window: MainWindow, found: Callable[[MainWindow], Evidence], plane: str,
    open_in: OpenIn, save_model: Callable[..., Path],
) -> None:  # fmt: skip
    session = window.session
    if plane == "a line":
        open_in(window, save_model("line", latent_dim=1))
    elif plane == "slanting":
        directions = np.array(((0.6, 0.8), (-0.8, 0.6)), np.float32)
        session.exploration.set_chart(Chart(np.zeros(2, np.float32), directions, ("a", "b")))
    else:
        session.exploration.set_chart(replace(axis_chart(2), quantiles=True))
    exact = found(window).exact
    window.explore.plane_card.zoom_to_posterior()
    view, chart = window.explore.plane_card.plane.view_rect(), session.exploration.chart
    for z in (exact.loc, session.exploration.posterior.z_loc, session.evidence.gaps.best_loc):
        assert view.contains(*chart.places(z[None])[0].tolist())
    assert view.contains(item(window, Contours).boundingRect())
    assert view.contains(item(window, BestGaussian).boundingRect())


@pytest.mark.parametrize(
    ("fields", "name", "refused"),
    [
        ({"family": "conditional"}, "log p(x|y)", ""),
        ({"family": "labels"}, "log p(x, y)", ""),
        ({"family": "mixture"}, "log p(x)", ""),
        ({"latent_dim": 1}, "log p(x)", ""),
        ({"latent_dim": 3}, "log p(x)", "one or two latent dimensions"),
        ({"family": "hierarchical"}, "log p(x)", "level of its own"),
        ({"family": "autoencoder"}, "log p(x)", "no prior"),
    ],
)
def test_every_family_says_what_is_computed_or_why_not(
    open_window: Callable[[], MainWindow],
    open_in: OpenIn,
    save_model: Callable[..., Path],
    qtbot: QtBot,
    fields: dict[str, object],
    name: str,
    refused: str,
) -> None:
    window = open_window()
    open_in(window, save_model("made", **fields))
    window.explore.pages.show_page(1)
    page = window.explore.pages.findChild(EvidenceCard)
    evidence = window.session.evidence
    qtbot.waitUntil(lambda: evidence.gaps is not None or evidence.why_not is not None, timeout=PATIENCE)
    assert page.title.text().endswith(name)
    chip = window.explore.plane_card.findChild(ExactChip)
    if refused:
        assert refused in page.note.text()
        assert page.bar.isHidden()
        assert chip.isHidden()
        assert "cannot be computed" in plain(line_of(window))
    else:
        assert evidence.why_not is None
        assert value(page.values["elbo"]) == pytest.approx(
            window.session.exploration.posterior.terms.elbo, abs=6e-3
        )
        assert not item(window, Contours).boundingRect().isEmpty()
        assert plain(line_of(window)).startswith(name)


def test_while_weights_move_nothing_is_computed(
    window: MainWindow, qtbot: QtBot, evidence: Evidence, found: Callable[[MainWindow], Evidence]
) -> None:
    found(window)
    model = window.session.workspace.model.checkpoint.model
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    window.session.workspace.show_weights(weights)
    assert evidence.exact is None
    assert "stand still" in evidence.why_not
    assert "stand still" in plain(line_of(window))
    qtbot.waitUntil(lambda: evidence.gaps is not None, timeout=PATIENCE)  # and then it is


def test_nothing_is_computed_that_nobody_sees(window: MainWindow, evidence: Evidence, qtbot: QtBot) -> None:
    window.explore.hide()
    window.session.inputs.select_test_image(6)
    with qtbot.waitSignal(window.session.exploration.manifold_ready, timeout=PATIENCE):
        window.explore.plane_card.plane.request_tiles()
    assert evidence.exact is None
    window.explore.show()
    qtbot.waitUntil(lambda: evidence.gaps is not None, timeout=PATIENCE)


def test_the_close_up_holds_the_exact_posterior_where_it_lies_near(
    window: MainWindow, found: Callable[[MainWindow], Evidence]
) -> None:
    view = window.explore.close_up_card.view
    near = 0
    for index in range(6):
        window.session.inputs.select_test_image(index)
        found(window)
        (contours,) = (i for i in view.scene().items() if isinstance(i, Contours))
        around = view.view_rect()
        loc = window.session.exploration.posterior.z_loc
        assert around.contains(*loc.tolist())
        if around.contains(contours.boundingRect()):
            near += 1
    assert near
