"""The window: tabs, menus and shortcuts, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QPixmap,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenu,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from explorer.messages import Failure
from explorer.session import Session
from explorer.settings import APPEARANCES, Settings
from explorer.tabs.explore import ExploreTab
from explorer.tabs.forward_pass import ForwardPassTab
from explorer.tabs.points import PointsTab
from explorer.tabs.train import TrainTab
from explorer.theme import apply_theme, theme_named
from explorer.views.banner import Banner
from explorer.views.model_boxes import ModelBoxes
from explorer.views.own_data_dialog import dropped_path
from explorer.views.resume_banner import ResumeBanner
from explorer.views.status_notes import StatusNotes
from explorer.workspace import OpenedModel
from vae.datasets import DatasetInfo

MODELS = "Models (*.safetensors)"


class MainWindow(QMainWindow):
    """Everything that the user sees. Closing it closes the session."""

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self.session, self._settings = session, settings
        self.setWindowTitle("Latent Explorer")
        self.setAcceptDrops(True)
        self.banner, self.resume_banner = Banner(), ResumeBanner(session)
        self.explore, self.train = ExploreTab(session), TrainTab(session, settings.store)
        self.forward_pass = ForwardPassTab(session)
        self.points = PointsTab(session)
        self.tabs = self._build_tabs()
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addWidget(self.resume_banner)
        layout.addWidget(self.tabs)
        self.setCentralWidget(central)
        self.notes = StatusNotes(self.statusBar(), session)
        self._build_menus()
        self._connect()
        self.resize(1280, 800)
        self.setMinimumSize(760, 520)
        self.restoreGeometry(settings.geometry)

    def _build_tabs(self) -> QTabWidget:
        tabs = QTabWidget()
        tabs.setObjectName("tabs")
        tabs.setDocumentMode(True)
        tabs.addTab(self.explore, "Explore")
        tabs.addTab(self.train, "Train")
        tabs.addTab(self.forward_pass, "Forward pass")
        tabs.addTab(self.points, "Points")
        self.boxes = ModelBoxes(self.session, self._settings)
        tabs.setCornerWidget(self.boxes)
        return tabs

    def _connect(self) -> None:
        session = self.session
        session.failed.connect(self.banner.show_failure)
        session.workspace.model_changed.connect(self._describe)
        session.workspace.points_model_opened.connect(lambda: self.tabs.setCurrentWidget(self.points))
        session.workspace.saved.connect(self._saved)
        self.boxes.images_read.connect(self._images_read)
        self.resume_banner.resumed.connect(lambda: self.tabs.setCurrentWidget(self.train))
        self.tabs.currentChanged.connect(self._tab_changed)
        self.explore.decoded_card.save.clicked.connect(self.export_picture)

    # --- menus

    def _build_menus(self) -> None:
        file = self.menuBar().addMenu("&File")
        self._add(file, "&Open model …", self.open_file, QKeySequence.StandardKey.Open)
        self._recent = file.addMenu("Open &recent")
        self._recent.aboutToShow.connect(self._list_recent)
        self._add(file, "Open i&mages …", lambda: self.boxes.open_images())
        self._add(file, "&Save model as …", self.save_file, QKeySequence.StandardKey.Save)
        file.addSeparator()
        self._add(file, "Save decoded &image …", self.export_picture)
        self._add(file, "Save &plane as picture …", self.export_plane)
        file.addSeparator()
        self._add(file, "&Quit", self.close, QKeySequence.StandardKey.Quit)
        view = self.menuBar().addMenu("&View")
        group = QActionGroup(self)
        for name in APPEARANCES:
            action = self._add(view, name.capitalize(), lambda _=False, name=name: self._appear(name))
            action.setCheckable(True)
            action.setChecked(name == self._settings.appearance)
            group.addAction(action)
        walk = self.menuBar().addMenu("&Plane")
        exploration, cards = self.session.exploration, self.explore
        self._add(walk, "Reset view", cards.plane_card.plane.go_home, Qt.Key.Key_Home)
        self._add(walk, "Zoom to q(z|x)", cards.plane_card.plane.zoom_to_posterior, "Z")
        self._add(walk, "Go to the mean of q(z|x)", exploration.go_to_mean, "M")
        self._add(walk, "Redraw ε: sample q(z|x)", self.redraw, "R")
        self._add(walk, "Random test image", self.session.inputs.select_random, "N")
        cancel = QAction("Cancel", self, shortcut=QKeySequence(Qt.Key.Key_Escape))
        cancel.triggered.connect(self.cancel)
        self.addAction(cancel)

    def _add(
        self,
        menu: QMenu,
        text: str,
        act: Callable[..., object],
        key: QKeySequence.StandardKey | Qt.Key | str | None = None,
    ) -> QAction:
        action = menu.addAction(text)
        if key is not None:
            action.setShortcut(QKeySequence(key))
        action.triggered.connect(act)
        return action

    def _list_recent(self) -> None:
        self._recent.clear()
        for path in self._settings.recent:
            self._add(self._recent, str(path), lambda _=False, path=path: self.open_path(path))
        self._recent.setDisabled(self._recent.isEmpty())

    def cancel(self) -> None:
        """Leave drawing, the path and the message; never the application."""
        self.banner.hide()
        self.explore.input_card.draw.setChecked(False)
        self.explore.plane_card.path_button.setChecked(False)

    def _tab_changed(self) -> None:
        self.notes.set_hint_visible(self.tabs.currentWidget() is self.explore)
        self.session.workspace.set_watched(self.tabs.currentWidget() is not self.train)

    def redraw(self) -> None:
        """Draw from q(z|x): on the plane, or in the forward pass where that is shown."""
        if self.tabs.currentWidget() is self.forward_pass:
            self.forward_pass.redraw()
        else:
            self.session.exploration.sample_posterior()

    # --- files

    def open_file(self) -> None:
        """Ask for a model file and open it."""
        name, _ = QFileDialog.getOpenFileName(self, "Open model", "", MODELS)
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Open a model file."""
        self.banner.hide()
        self.session.workspace.open_model(path)

    def save_file(self) -> None:
        """Ask for a name and save the open model."""
        self._ask_and(self.session.workspace.save_model, "Save model", "model.safetensors", MODELS)

    def export_picture(self) -> None:
        """Save what is decoded at z, one pixel a pixel."""
        image = self.explore.decoded_card.picture.image
        if image is not None:
            self._ask_and(
                lambda path: self._save_picture(QPixmap.fromImage(image), path), "Save image", "decoded.png"
            )

    def export_plane(self) -> None:
        """Save the plane as it is seen."""
        picture = self.explore.plane_card.plane.grab()
        self._ask_and(lambda path: self._save_picture(picture, path), "Save plane", "plane.png")

    def _ask_and(
        self, save: Callable[[Path], None], title: str, name: str, kind: str = "PNG (*.png)"
    ) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, title, name, kind)
        if chosen:
            save(Path(chosen).with_suffix(Path(name).suffix))

    def _save_picture(self, picture: QPixmap, path: Path) -> None:
        if picture.save(str(path), "PNG"):
            self.notes.show_message(f"Saved {path}")
        else:
            self.banner.show_failure(
                Failure(f"{path} could not be written. Choose another folder or free some space.")
            )

    def _saved(self, path: Path) -> None:
        self._settings.remember(path)
        self.boxes.refresh()
        self.notes.show_message(f"Saved {path}")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take model files, and folders and files of images."""
        if dropped_path(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the model or the images that were dropped."""
        path = dropped_path(event.mimeData())
        if path is not None and path.suffix == ".safetensors":
            self.open_path(path)
        elif path is not None:
            self.boxes.open_images(path)

    # --- the rest

    def _images_read(self, info: DatasetInfo) -> None:
        """Choose the user's own images for the next run, and go there if the open model does not fit."""
        self.train.form.choose_dataset(info.name)
        model = self.session.workspace.model
        if model is None or model.image_shape != info.image_shape:
            self.tabs.setCurrentWidget(self.train)

    def _describe(self, model: OpenedModel) -> None:
        if model.path is not None:
            self._settings.remember(model.path)
            self.boxes.refresh()
        self.setWindowTitle(f"{model.title} – Latent Explorer")

    def _appear(self, appearance: str) -> None:
        self._settings.appearance = appearance
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        apply_theme(application, theme_named(appearance))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window, end the run and the threads."""
        self._settings.geometry = self.saveGeometry()
        self.session.close()
        super().closeEvent(event)
