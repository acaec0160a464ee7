"""Pages that are made after the window is there, and what they show then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from explorer.app import open_window as start
from explorer.main_window import MainWindow
from explorer.places import Places
from explorer.session import Session
from explorer.settings import Settings
from explorer.views.late_tabs import LateTabs
from vae.configuration import ModelConfig, TrainingConfig

PATIENCE = 60_000  # milliseconds
TINY = ModelConfig(encoder_widths=(8,), decoder_widths=(8,))

Pages = dict[str, Callable[[], QLabel]]


@pytest.fixture
def made() -> list[str]:
    """The names of the pages that are made, in turn."""
    return []


@pytest.fixture
def tabs(qtbot: QtBot) -> LateTabs:
    tabs = LateTabs()
    qtbot.addWidget(tabs)
    tabs.addTab(QLabel("at once"), "First")
    return tabs


@pytest.fixture
def pages(tabs: LateTabs, made: list[str]) -> Pages:
    def make(name: str) -> QLabel:
        made.append(name)
        return QLabel(name)

    return {name: tabs.add_late(lambda name=name: make(name), name) for name in ("Second", "Third")}


def titles(tabs: LateTabs) -> list[str]:
    return [tabs.tabText(place) for place in range(tabs.count())]


def test_a_page_is_made_when_it_is_shown(qtbot: QtBot, tabs: LateTabs, pages: Pages, made: list[str]) -> None:
    assert made == []
    with qtbot.waitSignal(tabs.currentChanged, check_params_cb=lambda place: place == 2):
        tabs.setCurrentIndex(2)
    assert made == ["Third"]
    assert tabs.currentWidget() is pages["Third"]()
    assert titles(tabs) == ["First", "Second", "Third"]


def test_a_page_is_made_once_when_it_is_asked_for(tabs: LateTabs, pages: Pages, made: list[str]) -> None:
    assert pages["Second"]() is pages["Second"]() is tabs.widget(1)
    assert made == ["Second"]
    assert tabs.currentIndex() == 0
    assert titles(tabs) == ["First", "Second", "Third"]


def test_the_rest_is_made_in_idle_moments(
    qtbot: QtBot, tabs: LateTabs, pages: Pages, made: list[str]
) -> None:
    pages["Third"]()
    with qtbot.waitSignal(tabs.completed):
        tabs.make_rest()
    assert made == ["Third", "Second"]
    assert tabs.currentIndex() == 0


# --- in the window


@pytest.fixture
def hidden(qtbot: QtBot, qapp: QApplication, places: Places, tmp_path: Path) -> MainWindow:
    """A window that nobody has seen yet: none of its late tabs is made."""
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    window = MainWindow(Session(places), Settings(store))
    qtbot.addWidget(window)
    return window


def awaited(window: MainWindow) -> int:
    return len(window.tabs._awaited)


def test_the_window_is_seen_before_its_other_tabs_are_made(qtbot: QtBot, hidden: MainWindow) -> None:
    found: list[int] = []
    hidden.explore.decoded_card.picture.painted.connect(lambda: found.append(awaited(hidden)))
    with qtbot.waitSignal(hidden.tabs.completed):
        hidden.show()
    assert found[0] == hidden.tabs.count() - 1
    assert awaited(hidden) == 0


def test_the_model_is_opened_once_the_window_is_whole(
    qtbot: QtBot, qapp: QApplication, places: Places, tmp_path: Path, small_model: Path
) -> None:
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    window = start(qapp, places, store, small_model)
    qtbot.addWidget(window)
    assert not window.session.workspace.opening
    with qtbot.waitSignal(window.session.workspace.model_changed, timeout=PATIENCE):
        pass
    assert window.session.workspace.model.path == small_model


def test_a_run_is_seen_from_its_first_step(qtbot: QtBot, hidden: MainWindow) -> None:
    training = TrainingConfig(epochs=1)
    with qtbot.waitSignal(hidden.session.run.ended, timeout=PATIENCE):
        hidden.session.start_run("default-2d", TINY, training, "stroke-digits", "cpu")
        assert hidden.train.controls.stop_button.isEnabled()
        assert hidden.train.progress.words.text().startswith("Loading the data set")
    steps = hidden.train.plot.curves.steps.column("step").tolist()
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) > 1


def test_a_tab_that_is_made_late_shows_the_open_model(
    qtbot: QtBot, hidden: MainWindow, small_model: Path
) -> None:
    workspace = hidden.session.workspace
    hidden.open_path(small_model)
    qtbot.waitUntil(lambda: workspace.model is not None and workspace.dataset is not None, timeout=PATIENCE)
    assert awaited(hidden) == hidden.tabs.count() - 1
    history = workspace.model.checkpoint.history
    assert hidden.train.plot.curves.tests.column("epoch").tolist() == [report.epoch for report in history]
    assert not hidden.train.pictures._note.text()  # there are reconstructions, and nothing to be said


@pytest.fixture
def large_font(qapp: QApplication) -> Iterator[None]:
    font = qapp.font()
    large = qapp.font()
    large.setPointSizeF(1.5 * font.pointSizeF())
    qapp.setFont(large)
    yield
    qapp.setFont(font)


def test_all_tabs_are_in_sight_in_a_small_window_with_a_large_font(
    large_font: None, open_window: Callable[[], MainWindow]
) -> None:
    window = open_window()
    window.resize(1024, 680)
    QApplication.processEvents()
    bar = window.tabs.tabBar()
    assert not any(arrow.isVisible() for arrow in bar.findChildren(QToolButton))
    assert bar.tabRect(bar.count() - 1).right() <= bar.width()
    assert bar.geometry().right() < window.boxes.geometry().left()
