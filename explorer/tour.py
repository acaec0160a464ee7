"""The main job done by itself: open, drag, encode, draw, train. A picture of each step is saved."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, QSettings, Qt, QTimer, SignalInstance
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from explorer.app import make_application, open_window
from explorer.main_window import MainWindow
from explorer.places import Places
from vae.errors import LatentExplorerError

PATIENCE = 120_000  # milliseconds that a step may take
TRAINING = 6_000  # milliseconds of training
SETTLE = 400  # milliseconds for the plane thread to draw what is new
SEVEN = ((0.25, 0.25), (0.75, 0.25), (0.45, 0.85))  # strokes of a digit, in shares of the pad


def run_tour(folder: Path, places: Places, file: Path | None = None) -> int:
    """Save the pictures into ``folder``, say what each shows, and return 0.

    Raises:
        LatentExplorerError: a step took longer than two minutes, or a picture could not be saved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    application = make_application()
    with tempfile.TemporaryDirectory() as scratch:
        store = QSettings(str(Path(scratch) / "settings.ini"), QSettings.Format.IniFormat)
        window = open_window(application, Places(places.data, Path(scratch)), store, file)
        try:
            for number, (name, words) in enumerate(_steps(window), start=1):
                path = folder / f"{number}-{name}.png"
                if not window.grab().save(str(path)):
                    raise LatentExplorerError(
                        f"{path} could not be written. Choose another folder for the tour."
                    )
                print(f"{path}: {words}", flush=True)
        finally:
            window.close()
            window.deleteLater()
    return 0


def _steps(window: MainWindow) -> Iterator[tuple[str, str]]:
    """Do a step, then yield its name and what is seen."""
    explore, session = window.explore, window.session
    if session.workspace.model is None:
        _wait_for(session.workspace.model_changed, "the model to open")
    if session.workspace.dataset is None:
        _wait_for(session.workspace.dataset_changed, "the data set to load")
    _pause(SETTLE)
    yield "open", "the built-in model, its test set on the latent plane"
    _drag(explore.plane_card.plane.viewport())
    _pause(SETTLE)
    yield "drag", "a place on the plane, dragged to and decoded"
    session.inputs.select_test_image(8)
    explore.plane_card.zoom_to_posterior()
    _pause(SETTLE)
    yield "encode", "an image, its posterior q(z|x) as ellipses at one and two standard deviations"
    explore.plane_card.plane.go_home()
    explore.input_card.draw.setChecked(True)
    _pause(SETTLE)
    _draw(explore.input_card.pad)
    _pause(SETTLE)
    yield "draw", "a digit drawn by hand, encoded and decoded"
    window.tabs.setCurrentWidget(window.train)
    _press(window, "startButton")
    _pause(TRAINING)
    yield "train", "a model in training: its ELBO, reconstructions and samples"
    window.tabs.setCurrentWidget(explore)
    explore.input_card.draw.setChecked(False)
    _pause(SETTLE)
    yield "follow", "the latent plane of the model in training"
    _press(window, "stopButton")
    if session.run.active:
        _wait_for(session.run.ended, "the run to stop")


def _drag(surface: QWidget) -> None:
    """Hold the left button and draw a spiral out of the middle."""
    middle, reach = QPointF(surface.rect().center()), 0.3 * min(surface.width(), surface.height())
    turns = [(reach * turn / 60, turn / 8) for turn in range(60)]
    _stroke(surface, [middle + QPointF(r * math.cos(angle), r * math.sin(angle)) for r, angle in turns])


def _draw(pad: QWidget) -> None:
    """Draw a seven."""
    _stroke(pad, [QPointF(x * pad.width(), y * pad.height()) for x, y in SEVEN])


def _stroke(surface: QWidget, places: list[QPointF]) -> None:
    """Press at the first place, move through the others, let go at the last."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    _send(surface, QEvent.Type.MouseButtonPress, places[0], left, left)
    for place in places[1:]:
        _send(surface, QEvent.Type.MouseMove, place, none, left)
        QApplication.processEvents()
    _send(surface, QEvent.Type.MouseButtonRelease, places[-1], left, none)


def _send(
    surface: QWidget, kind: QEvent.Type, place: QPointF, button: Qt.MouseButton, held: Qt.MouseButton
) -> None:
    on_screen = QPointF(surface.mapToGlobal(QPoint(0, 0))) + place
    event = QMouseEvent(kind, place, on_screen, button, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(surface, event)


def _press(window: MainWindow, name: str) -> None:
    button = window.findChild(QPushButton, name)
    assert isinstance(button, QPushButton)
    button.click()


def _pause(milliseconds: int) -> None:
    """Let the application run for a while."""
    _loop(milliseconds, lambda _: None)


def _wait_for(signal: SignalInstance, what: str) -> None:
    arrived: list[object] = []

    def connect(loop: QEventLoop) -> None:
        signal.connect(lambda *values: arrived.append(values))
        signal.connect(loop.quit)

    _loop(PATIENCE, connect)
    if not arrived:
        raise LatentExplorerError(f"The tour waited two minutes for {what}. Try again on a quieter computer.")


def _loop(milliseconds: int, connect: Callable[[QEventLoop], None]) -> None:
    loop = QEventLoop()
    connect(loop)
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
