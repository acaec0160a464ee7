"""A window on a small model, in folders of its own, and a mouse to use it with."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt, QThread
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

import vae
from explorer import run_keeper
from explorer.main_window import MainWindow
from explorer.places import Places
from explorer.plane_messages import Manifold
from explorer.session import Session
from explorer.settings import Settings
from explorer.theme import LIGHT, apply_theme
from explorer.views.late_tabs import LateTabs
from vae import VAE, Checkpoint, Encodings, datasets, strokes
from vae.configuration import ModelConfig, TrainingConfig
from vae.datasets import Dataset

PATIENCE = 60_000  # milliseconds; a machine that is busy may be slow
TRAIN_IMAGES, TEST_IMAGES = 1_000, 300  # of the stroke digits: few, so that each session has them at once
NARROW = ModelConfig(encoder_widths=(64,), decoder_widths=(64,))
QUICK = TrainingConfig(epochs=12, batch_size=50, learning_rate=5e-3)

_generate = functools.cache(strokes.generate)


# --- what no test may leave behind


@pytest.fixture(autouse=True, scope="session")
def quick_collection(small_model: Path) -> None:
    """Leave what the imports, and the first optimizer's, made out of every later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a thread running or a window alive."""
    gc.collect()  # here, and not in a thread of this test: the last one's widgets belong to this thread
    started: list[QThread] = []
    start = QThread.start

    def remember_and_start(thread: QThread, *priority: QThread.Priority) -> None:
        started.append(thread)
        start(thread, *priority)

    monkeypatch.setattr(QThread, "start", remember_and_start)
    before = set(QApplication.topLevelWidgets())
    yield
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
    running = [thread for thread in started if thread.isRunning()]
    for thread in running:  # or they would end the whole process
        thread.quit()
        thread.wait()
    left = [widget for widget in QApplication.topLevelWidgets() if widget not in before and _is_open(widget)]
    assert not running, f"{len(running)} threads were left running"
    assert not left, f"these were left open: {left}"


def _is_open(widget: QWidget) -> bool:
    return widget.isVisible() or isinstance(widget, QMainWindow)


@pytest.fixture(autouse=True)
def own_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write no log into the home of whoever runs the tests."""
    for variable in ("XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "log"))


@pytest.fixture(autouse=True)
def few_stroke_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw a few stroke digits, once for all tests."""
    monkeypatch.setattr(datasets, "_STROKES_TRAIN", TRAIN_IMAGES)
    monkeypatch.setattr(datasets, "_STROKES_TEST", TEST_IMAGES)
    monkeypatch.setattr(strokes, "generate", _generate)


# --- models


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a small model, trained for a moment on stroke digits."""
    drawn = _generate(TRAIN_IMAGES + TEST_IMAGES, datasets._STROKES_SEED)
    train, test = drawn.images[:TRAIN_IMAGES], drawn.images[TRAIN_IMAGES:]
    model = VAE(NARROW)
    reports = list(vae.train(model, QUICK, train, test))
    history = tuple(report for report in reports if isinstance(report, vae.EpochReport))
    encodings = vae.encode_images(model.eval(), test, drawn.labels[TRAIN_IMAGES:])
    path = tmp_path_factory.mktemp("models") / "small.safetensors"
    vae.save(path, Checkpoint(model, "default-2d", "stroke-digits", QUICK, history, encodings))
    return path


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """200 stroke digits to train on, and 100 to test."""
    drawn = _generate(300, seed=1)
    train, test = slice(200), slice(200, None)
    info = datasets.DATASETS["stroke-digits"]
    return Dataset(info, drawn.images[train], drawn.labels[train], drawn.images[test], drawn.labels[test], {})


@pytest.fixture(scope="session")
def small(small_model: Path) -> Checkpoint:
    """What the file of the small model holds: a copy that no window has."""
    return vae.load(small_model)


@pytest.fixture
def save_model(tmp_path: Path) -> Callable[..., Path]:
    """Save an untrained model, whose pictures differ from place to place, and 20 encodings."""

    def save(name: str, dataset: str = "stroke-digits", **fields: object) -> Path:
        model = vae.build(replace(NARROW, classes=10, **fields), seed=1).eval()
        for weights in model.decoder.parameters():
            weights.data.mul_(4.0)
        z_loc = np.random.default_rng(0).standard_normal((20, model.config.latent_dim), np.float32)
        encodings = Encodings(z_loc, np.full_like(z_loc, 0.1), np.arange(20) % 10)
        path = tmp_path / f"{name}.safetensors"
        vae.save(path, Checkpoint(model, "default-2d", dataset, QUICK, (), encodings))
        return path

    return save


# --- the application


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Folders without a data set and without a model."""
    return Places(data=tmp_path / "data", models=tmp_path / "models")


@pytest.fixture
def session(qapp: QApplication, places: Places) -> Iterator[Session]:
    session = Session(places)
    yield session
    session.close()
    session.deleteLater()  # its signals hold what heard them


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def saving_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save after every other step, instead of every five seconds."""
    monkeypatch.setattr(run_keeper, "EVERY", 0.0)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the tabs that are not shown when a test asks for them, and not before: a third of a window."""
    monkeypatch.setattr(LateTabs, "make_rest", lambda tabs: None)


@pytest.fixture
def open_window(
    qtbot: QtBot, qapp: QApplication, places: Places, settings: QSettings
) -> Callable[[], MainWindow]:
    """Show a window as at the start of the application, with nothing open yet."""

    def show() -> MainWindow:
        apply_theme(qapp, LIGHT)
        window = MainWindow(Session(places), Settings(settings))
        qtbot.addWidget(window)
        with qtbot.waitExposed(window, timeout=PATIENCE):
            window.show()
        window.activateWindow()
        return window

    return show


@pytest.fixture
def wait_for_tiles(qtbot: QtBot) -> Callable[[MainWindow], Manifold]:
    """Have the tiles of the open model decoded anew, and wait for them."""

    def wait(window: MainWindow) -> Manifold:
        with qtbot.waitSignal(
            window.session.exploration.manifold_ready,
            check_params_cb=lambda manifold: (
                manifold.version == window.session.workspace.model.version and not manifold.level
            ),
            timeout=PATIENCE,
        ) as signal:
            window.explore.plane_card.plane.request_tiles()
        manifold: Manifold = signal.args[0]
        return manifold

    return wait


@pytest.fixture
def open_in(
    qtbot: QtBot, wait_for_tiles: Callable[[MainWindow], Manifold]
) -> Callable[[MainWindow, Path], None]:
    """Open a model, and wait until it, a data set and its tiles are there."""

    def open_model(window: MainWindow, path: Path) -> None:
        workspace = window.session.workspace
        with qtbot.waitSignal(workspace.model_changed, timeout=PATIENCE):
            window.open_path(path)
        assert workspace.model.path == path
        wait_for_tiles(window)
        qtbot.waitUntil(lambda: workspace.dataset is not None, timeout=PATIENCE)

    return open_model


@pytest.fixture
def window(
    open_window: Callable[[], MainWindow], open_in: Callable[[MainWindow, Path], None], small_model: Path
) -> MainWindow:
    """A window with the small model and the stroke digits open."""
    window = open_window()
    open_in(window, small_model)
    return window


class Mouse:
    """Moves over a window, at places in the pixels of one of its widgets."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def _at(self, widget: QWidget, place: QPoint) -> QPoint:
        return widget.mapTo(self._window, place)

    def move(self, widget: QWidget, place: QPoint) -> None:
        QTest.mouseMove(self._window.windowHandle(), self._at(widget, place))

    def press(
        self, widget: QWidget, place: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton
    ) -> None:
        none = Qt.KeyboardModifier.NoModifier
        QTest.mousePress(self._window.windowHandle(), button, none, self._at(widget, place))

    def release(
        self, widget: QWidget, place: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton
    ) -> None:
        none = Qt.KeyboardModifier.NoModifier
        QTest.mouseRelease(self._window.windowHandle(), button, none, self._at(widget, place))

    def drag(
        self,
        widget: QWidget,
        places: Iterable[QPoint],
        button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    ) -> None:
        """Press at the first place, move through the others, let go at the last."""
        first, *others = places
        self.press(widget, first, button)
        for place in others:
            self.move(widget, place)
        self.release(widget, (first, *others)[-1], button)

    def click(self, widget: QWidget, place: QPoint | None = None) -> None:
        place = widget.rect().center() if place is None else place
        self.press(widget, place)
        self.release(widget, place)

    def leave(self) -> None:
        """Go where nothing is to be decoded: to the menu bar."""
        QTest.mouseMove(self._window.windowHandle(), QPoint(2, 2))

    def wheel(self, widget: QWidget, place: QPoint, notches: int) -> None:
        event = QWheelEvent(
            QPointF(place), QPointF(widget.mapToGlobal(place)), QPoint(), QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)


@pytest.fixture
def mouse(window: MainWindow) -> Mouse:
    return Mouse(window)


@pytest.fixture
def under(window: MainWindow) -> Callable[[QPoint], NDArray[np.float64]]:
    """The place on the plane under a pixel, from the corners of the axes and the range that they show."""
    plane = window.explore.plane_card.plane

    def place(pixel: QPoint) -> NDArray[np.float64]:
        axes = plane.mapFromScene(plane.plane.sceneBoundingRect()).boundingRect()
        (left, right), (bottom, top) = plane.plane.viewRange()
        across = (pixel.x() - axes.left()) / axes.width()
        down = (pixel.y() - axes.top()) / axes.height()
        return np.array((left + across * (right - left), top - down * (top - bottom)))

    return place
