"""Starts the application: Qt, the session, the window, in the order that lets the window come first."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from explorer.failures import report_unforeseen
from explorer.main_window import MainWindow
from explorer.places import Places, built_in_models, icon
from explorer.session import Session
from explorer.settings import SYSTEM, Settings
from explorer.theme import apply_theme, theme_named
from explorer.views.banner import Banner

HIDDEN_PLATFORMS = ("offscreen", "minimal")


def make_application() -> QApplication:
    """The one QApplication. Where there is no display it draws offscreen: see visible()."""
    if sys.platform == "linux":  # the first platform that works, in silence, instead of an abort
        displays = "wayland;xcb" if os.environ.get("WAYLAND_DISPLAY") else "xcb"
        os.environ.setdefault("QT_QPA_PLATFORM", f"{displays};offscreen")
        os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.plugin=false;qt.qpa.xcb=false")
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("latent-explorer")
    application.setApplicationDisplayName("Latent Explorer")
    application.setOrganizationName("latent-explorer")
    application.setWindowIcon(QIcon(str(icon())))
    return application


def visible() -> bool:
    """Whether somebody can see what the application draws."""
    return QGuiApplication.platformName() not in HIDDEN_PLATFORMS


def show_window(application: QApplication, places: Places, store: QSettings) -> MainWindow:
    """Show a window with nothing open in it yet."""
    settings = Settings(store)
    apply_theme(application, theme_named(settings.appearance))
    session = Session(places)
    window = MainWindow(session, settings)

    def follow_system() -> None:
        if settings.appearance == SYSTEM:
            apply_theme(application, theme_named(SYSTEM))

    application.styleHints().colorSchemeChanged.connect(follow_system)
    window.show()
    return window


def open_window(application: QApplication, places: Places, store: QSettings, file: Path | None) -> MainWindow:
    """Show the window whole, then have the model opened: the import of torch slows down all the rest.

    Garbage is not collected before the model is open, nor are the modules looked through for any later: each
    time that Python does, everything stands still for up to a tenth of a second.
    """
    gc.disable()
    window = show_window(application, places, store)
    path = file or next(iter(built_in_models().values()))
    window.tabs.completed.connect(lambda: window.open_path(path))
    workspace = window.session.workspace
    for over in (workspace.model_changed, workspace.points_model_opened, workspace.failed):
        over.connect(_collect_garbage, Qt.ConnectionType.SingleShotConnection)
    return window


def _collect_garbage() -> None:
    """From now on, and of what is made from now on."""
    gc.freeze()
    gc.enable()


class UnforeseenErrors(QObject):
    """Tells the user of exceptions that nobody caught, whichever thread they come from."""

    _failed = Signal(object)  # Failure: crosses to the banner's thread

    def __init__(self, banner: Banner) -> None:
        super().__init__(banner)
        self._failed.connect(banner.show_failure)

    def tell(self, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        """Log the exception and show a sentence; for sys.excepthook."""
        failure = report_unforeseen(kind, error, traceback)
        if failure is not None:
            self._failed.emit(failure)


def run_window(application: QApplication, places: Places, file: Path | None) -> int:
    """Open the window on ``file``, or on a built-in model, and return Qt's exit code."""
    window = open_window(application, places, QSettings(), file)

    sys.excepthook = UnforeseenErrors(window.banner).tell
    return application.exec()
