"""The page on the gaps of all test images."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import vae
from explorer.data_gaps import DataGaps
from explorer.main_window import MainWindow
from explorer.plane_jobs import make_jobs
from explorer.plane_jobs.code_grids import CodeGrids
from explorer.plane_messages import DataGapsFound, DataGapsRequest, EvidenceRequest
from explorer.views.gaps_card import GapsCard
from tests.explorer.conftest import PATIENCE, Mouse
from vae import Checkpoint, code_grid
from vae.datasets import Dataset
from vae.errors import InferenceError
from vae.joint import at_once
from vae.maps import MapKind

PAGE = 2
IMAGES = 6


@pytest.fixture
def few(digits: Dataset) -> Dataset:
    """So few images that all their gaps are found at once."""
    return Dataset(
        *(replace(digits.info, name="few-digits"), digits.train_images, digits.train_labels),
        *(digits.test_images[:IMAGES], digits.test_labels[:IMAGES], {}),
    )


@pytest.fixture
def gaps(window: MainWindow, few: Dataset) -> DataGaps:
    window.session.workspace.show_dataset(few)
    return window.session.data_gaps


@pytest.fixture
def complete(qtbot: QtBot) -> Callable[[DataGaps], None]:
    """Wait until all are known."""

    def wait(gaps: DataGaps) -> None:
        qtbot.waitUntil(lambda: gaps.sample is not None and gaps.sample.complete, timeout=PATIENCE)

    return wait


def page_of(window: MainWindow) -> GapsCard:
    window.explore.pages.show_page(PAGE)
    page = window.explore.pages.findChild(GapsCard)
    assert page is not None
    return page


def expected_of(small: Checkpoint, few: Dataset) -> np.ndarray:
    """(N,) log p(x) − ELBO(q) of each image by itself."""
    found = [
        vae.exact(small.model, picture).log_evidence - vae.posterior_of(small.model, picture).terms.elbo
        for picture in few.test_images
    ]
    return np.maximum(found, 0.0)


def test_the_gaps_need_no_grid_but_the_input_images(
    monkeypatch: pytest.MonkeyPatch, small: Checkpoint, few: Dataset
) -> None:
    built = []

    def prior_of(model: vae.VAE) -> vae.Prior | None:
        built.append(model)
        return vae.prior_of(model)

    monkeypatch.setattr(code_grid, "prior_of", prior_of)  # which each grid asks for once
    jobs = {job.asked: job for job in make_jobs()}
    evidence = EvidenceRequest(1, few.test_images[0], None, 0.0)
    gaps = DataGapsRequest(1, few.test_images, few.test_labels)
    for request in (evidence, gaps):
        *_, last = jobs[type(request)].serve(small.model, request)
    assert isinstance(last, DataGapsFound)
    assert last.sample.complete
    assert len(built) == 1


def test_the_histogram_counts_the_gaps(
    window: MainWindow, gaps: DataGaps, few: Dataset, small: Checkpoint, complete: Callable[[DataGaps], None]
) -> None:
    page = page_of(window)
    complete(gaps)
    expected = expected_of(small, few)
    bars = page.histogram.bars
    assert sum(bar.count for bar in bars) == IMAGES
    for bar in bars:
        near = np.abs(expected - bar.low).min() < 5e-3 or np.abs(expected - bar.high).min() < 5e-3
        assert near or bar.count == ((expected >= bar.low) & (expected < bar.high)).sum()
    assert f"All {IMAGES} images" in page.progress.text()
    assert f"<b>{expected.mean():.2f}</b> nats" in page.progress.text()
    assert f"Median {np.median(expected):.2f}" in page.numbers.text()
    assert page.pause.isHidden()


def test_a_bar_shows_its_images_and_one_of_them_becomes_the_input(
    window: MainWindow,
    gaps: DataGaps,
    few: Dataset,
    small: Checkpoint,
    mouse: Mouse,
    complete: Callable[[DataGaps], None],
) -> None:
    page = page_of(window)
    complete(gaps)
    expected = expected_of(small, few)
    assert page.images.indices == np.argsort(-expected).tolist()
    bar = page.histogram.bars[-1]
    click_bar(page, bar.place, mouse)
    inside = [index for index in np.argsort(-expected).tolist() if expected[index] >= bar.low]
    assert page.images.indices == inside
    assert page.images.item(0).text() == f"{expected[inside[0]]:.{1 if expected[inside[0]] >= 1 else 2}f}"
    rect = page.images.visualItemRect(page.images.item(0))
    QTest.mouseClick(page.images.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert window.session.inputs.selection.index == inside[0]
    click_bar(page, bar.place, mouse)  # once more: those of all
    assert len(page.images.indices) == IMAGES


def click_bar(page: GapsCard, place: int, mouse: Mouse) -> None:
    """Above it, where a low bar is not painted."""
    column = page.histogram.column_of(place)
    QTest.mouseClick(page.histogram, Qt.MouseButton.LeftButton, pos=(column.center().toPoint()))


def test_the_keys_choose_bars_and_images(
    window: MainWindow, gaps: DataGaps, complete: Callable[[DataGaps], None]
) -> None:
    page = page_of(window)
    complete(gaps)
    worst = page.images.indices[0]
    filled = [bar for bar in page.histogram.bars if bar.count]
    QTest.keyClick(page.histogram, Qt.Key.Key_Left)
    QTest.keyClick(page.histogram, Qt.Key.Key_Return)
    assert len(page.images.indices) == filled[-1].count
    assert page.images.indices[0] == worst
    window.session.inputs.select_test_image((worst + 1) % IMAGES)
    page.images.setCurrentRow(0)
    QTest.keyClick(page.images, Qt.Key.Key_Return)
    assert window.session.inputs.selection.index == worst


def test_it_pauses_and_keeps_what_it_has(
    window: MainWindow, gaps: DataGaps, qtbot: QtBot, wait_for_tiles: Callable[[MainWindow], object]
) -> None:
    window.session.workspace.open_dataset("stroke-digits")  # of more images
    page = page_of(window)
    qtbot.waitUntil(lambda: gaps.sample is not None, timeout=PATIENCE)
    page.pause.click()
    assert page.pause.text() == "Continue"
    known = gaps.sample
    wait_for_tiles(window)  # the thread has time for another thing
    assert gaps.sample is known
    page.pause.click()
    qtbot.waitUntil(lambda: len(gaps.sample.images) > len(known.images), timeout=PATIENCE)
    assert gaps.sample.images[: len(known.images)].tolist() == known.images.tolist()
    window.explore.pages.show_page(0)  # and so it does while nobody looks
    known = gaps.sample
    wait_for_tiles(window)
    assert gaps.sample is known
    window.explore.pages.show_page(PAGE)
    assert str(len(known.images)) in page.progress.text()
    qtbot.waitUntil(lambda: len(gaps.sample.images) > len(known.images), timeout=PATIENCE)


def test_the_map_goes_on_where_the_histogram_left_off(
    window: MainWindow, gaps: DataGaps, qtbot: QtBot, complete: Callable[[DataGaps], None]
) -> None:
    page_of(window)
    complete(gaps)
    maps, data = window.session.maps, window.session.encoded_data
    qtbot.waitUntil(lambda: data.images is not None and len(data.images) == IMAGES, timeout=PATIENCE)
    told: list[tuple[int, int]] = []
    maps.found_changed.connect(lambda: told.append(maps.found.images) if maps.found else None)
    maps.choose(MapKind.GAP)
    qtbot.waitUntil(lambda: bool(told), timeout=PATIENCE)
    assert told == [(IMAGES, IMAGES)]  # nothing had to be found anew


def test_other_weights_empty_it_and_are_waited_for(
    window: MainWindow, gaps: DataGaps, complete: Callable[[DataGaps], None]
) -> None:
    page = page_of(window)
    complete(gaps)
    model = window.session.workspace.model.checkpoint.model
    weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    window.session.workspace.show_weights(weights)
    assert gaps.sample is None
    assert "stand still" in page.note.text()
    assert not page.images.indices
    assert not page.histogram.isVisible()
    complete(gaps)  # and then they are found again
    assert page.note.isHidden()
    assert len(page.images.indices) == IMAGES


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"latent_dim": 3}, "one or two latent dimensions"),
        ({"family": "hierarchical"}, "level of its own"),
        ({"family": "autoencoder"}, "no prior"),
        ({"image_shape": (1, 14, 14)}, "Open the data set"),
    ],
)
def test_another_model_empties_it_or_says_why_not(
    window: MainWindow,
    gaps: DataGaps,
    complete: Callable[[DataGaps], None],
    save_model: Callable[..., Path],
    fields: dict[str, object],
    reason: str,
    qtbot: QtBot,
) -> None:
    page = page_of(window)
    complete(gaps)
    with qtbot.waitSignal(window.session.workspace.model_changed, timeout=PATIENCE):
        window.open_path(save_model("other", **fields))
    assert gaps.sample is None
    assert reason in page.note.text()
    assert page.note.text().endswith(".")
    assert page.pause.isHidden()
    assert not page.images.indices


def test_a_page_that_is_made_later_shows_what_is_known(
    window: MainWindow, gaps: DataGaps, complete: Callable[[DataGaps], None], qapp: QApplication
) -> None:
    assert gaps.sample is None  # nothing is found that nobody asked for
    page = page_of(window)
    assert page.note.text().startswith("Computing")
    complete(gaps)
    assert page.note.isHidden()


def test_who_waits_for_a_grid_gets_it_though_another_who_built_it_failed(small: Checkpoint) -> None:
    grids, model = CodeGrids(), copy.deepcopy(small.model)
    waiting, failing = grids.of(model, 1, None), grids.of(model, 1, None)
    next(waiting)

    def refuse(*_: object) -> None:
        raise InferenceError("not now")

    hook = model.decoder.register_forward_pre_hook(refuse)
    with pytest.raises(InferenceError, match="not now"):
        next(failing)
    hook.remove()
    grid = at_once(waiting)
    assert np.array_equal(grid.natural, code_grid.code_grid(model).natural)
