"""The application as a process of its own, which says when it is first painted and when first dragged."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PySide6.QtCore import QSettings

import explorer.cli  # noqa: F401 - comes first when a user starts it
from benchmarks.drag import Hand
from benchmarks.start import DRAGGED, VISIBLE
from benchmarks.window import wait_for
from explorer.app import make_application, open_window
from explorer.places import Places


def main() -> None:
    """Open the window as the command does, but with settings and folders that nobody has used."""
    application = make_application()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        window = open_window(application, Places(folder, folder), store, None)
        wait_for(window.explore.decoded_card.picture.painted)
        print(VISIBLE, flush=True)
        if window.session.workspace.model is None:
            wait_for(window.session.workspace.model_changed)
        Hand(window)
        print(DRAGGED, flush=True)
        window.close()


if __name__ == "__main__":
    main()
