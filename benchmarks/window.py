"""The real window, opened for measuring, and how time passes in it.

Qt's event loop runs throughout: QTest.qWait would hold Python's lock and starve the other threads.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication

from explorer.app import make_application, open_window
from explorer.main_window import MainWindow
from explorer.places import Places, built_in_models
from vae.presets import DEFAULT_PRESET, preset_of

MODEL = "Stroke digits 2-D (built in)"  # with its data set it needs no file and no network
DATASET = "stroke-digits"
SETTLED = 1.5  # seconds until what follows a change is done
UNDER_WAY = 4.0  # seconds until a run trains at its full pace
ENDLESS = 100_000  # epochs: as many as can be asked for


@contextmanager
def opened_window() -> Iterator[MainWindow]:
    """The window on its built-in model, with nothing left to do; closed at the end."""
    application = make_application()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        window = open_window(application, Places(folder, folder), store, built_in_models()[MODEL])
        try:
            wait_for(window.session.workspace.dataset_changed)
            let_run(SETTLED)
            yield window
        finally:
            window.close()
            QApplication.processEvents()


def start_training(window: MainWindow) -> None:
    """Train the quick preset for longer than anything is measured; the plane follows."""
    preset = preset_of(DEFAULT_PRESET)
    training = replace(preset.training, epochs=ENDLESS)
    window.session.start_run(preset.name, preset.model, training, DATASET)
    let_run(UNDER_WAY)


def let_run(seconds: float) -> None:
    """Let the application run for a while."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def wait_for(signal: SignalInstance) -> None:
    """Let the application run until ``signal`` comes."""
    loop = QEventLoop()
    signal.connect(loop.quit)
    loop.exec()
