"""File > Export: what is seen, and what is known, as files for others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QPixmap
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from explorer.messages import Failure
from explorer.session import Session
from explorer.views.latent_plane import LatentPlane
from explorer.views.manifold_dialog import ManifoldDialog
from explorer.views.picture_view import PictureView
from explorer.views.plane_svg import write_svg
from vae.errors import LatentExplorerError

PNG, SVG, GIF = "PNG (*.png)", "SVG (*.svg)", "Animated GIF (*.gif)"
TABLE, ARRAYS = "Table, CSV (*.csv)", "Arrays, NPZ (*.npz)"


class ExportMenu(QMenu):
    """Asks for a name, and writes or has it written."""

    noted = Signal(str)  # a word for the status bar
    failed = Signal(object)  # Failure

    def __init__(self, session: Session, plane: LatentPlane, decoded: PictureView, parent: QWidget) -> None:
        super().__init__("&Export", parent)
        self._session, self._plane, self._decoded = session, plane, decoded
        self.entries = [
            self._entry("Decoded &image (PNG) …", self.save_decoded),
            self._entry("&Plane (PNG) …", self.save_plane),
            self._entry("Plane (&SVG) …", self.save_plane_as_svg),
            self._entry("&Manifold (PNG) …", self.save_manifold),
            self._entry("&Encodings (CSV, NPZ) …", self.save_encodings),
        ]
        self.addSeparator()
        self.of_path = [
            self._entry("Path (&GIF) …", self.save_path_as_gif),
            self._entry("Path, as a s&trip (PNG) …", self.save_path),
        ]
        self.aboutToShow.connect(self._offer)

    def _entry(self, text: str, act: Callable[[], None]) -> QAction:
        entry = self.addAction(text)
        entry.triggered.connect(act)
        return entry

    def _offer(self) -> None:
        """What there is to export."""
        session = self._session
        for entry in self.entries:
            entry.setEnabled(session.workspace.model is not None)
        self.entries[-1].setEnabled(session.encodings_export.possible)
        for entry in self.of_path:
            entry.setEnabled(session.paths.found is not None)

    def save_decoded(self) -> None:
        """What is decoded at z, one pixel a pixel."""
        image = self._decoded.image
        path = None if image is None else self._ask("Save image", "decoded.png", PNG)
        if image is not None and path is not None:
            self._save_pixels(QPixmap.fromImage(image), path)

    def save_plane(self) -> None:
        """The plane as it is seen."""
        picture = self._plane.grab()
        path = self._ask("Save plane", "plane.png", PNG)
        if path is not None:
            self._save_pixels(picture, path)

    def save_plane_as_svg(self) -> None:
        """The plane as it is seen: lines and letters as such, decoded pictures and points as pixels."""
        path = self._ask("Save plane", "plane.svg", SVG)
        if path is not None:
            try:
                write_svg(path, self._plane)
            except LatentExplorerError as error:
                self.failed.emit(Failure(str(error)))
            else:
                self.noted.emit(f"Saved {path}")

    def save_manifold(self) -> None:
        """Decoded images side by side; a dialog asks for how many."""
        if self._session.workspace.model is not None:
            dialog = ManifoldDialog(self._session, self._plane.view_rect(), self._window())
            dialog.saved.connect(lambda path: self.noted.emit(f"Saved {path}"))
            dialog.open()

    def save_encodings(self) -> None:
        """q(z|x) of all images of the open data set."""
        kinds = f"{TABLE};;{ARRAYS}"
        name, kind = QFileDialog.getSaveFileName(self._window(), "Save encodings", "encodings.csv", kinds)
        if name:
            path = Path(name)
            suffix = ".npz" if path.suffix.lower() == ".npz" or kind == ARRAYS else ".csv"
            self._session.encodings_export.write(path.with_suffix(suffix))

    def save_path(self) -> None:
        """The way that is walked, as a strip of pictures."""
        path = self._ask("Save path", "path.png", PNG)
        if path is not None:
            self._session.paths.write(path)

    def save_path_as_gif(self) -> None:
        """The way that is walked, as an animation."""
        path = self._ask("Save path", "path.gif", GIF)
        if path is not None:
            self._session.paths.write(path)

    def _ask(self, title: str, name: str, kind: str) -> Path | None:
        chosen, _ = QFileDialog.getSaveFileName(self._window(), title, name, kind)
        return Path(chosen).with_suffix(Path(name).suffix) if chosen else None

    def _window(self) -> QWidget:
        parent = self.parentWidget()
        assert parent is not None
        return parent

    def _save_pixels(self, picture: QPixmap, path: Path) -> None:
        if picture.save(str(path), "PNG"):
            self.noted.emit(f"Saved {path}")
        else:
            self.failed.emit(
                Failure(f"{path} could not be written. Choose another folder or free some space.")
            )
