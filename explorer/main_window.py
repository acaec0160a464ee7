"""The window: tabs, menus and shortcuts, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeySequence,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from explorer.session import Session
from explorer.settings import APPEARANCES, Settings
from explorer.tabs.compare import CompareTab
from explorer.tabs.explore import ExploreTab
from explorer.tabs.forward_pass import ForwardPassTab
from explorer.tabs.points import PointsTab
from explorer.tabs.train import TrainTab
from explorer.theme import apply_theme, theme_named
from explorer.view_files import SUFFIX as VIEW
from explorer.views.banner import Banner
from explorer.views.export_menu import ExportMenu
from explorer.views.gestures import Gestures
from explorer.views.late_tabs import LateTabs
from explorer.views.model_boxes import ModelBoxes
from explorer.views.own_data_dialog import dropped_path
from explorer.views.resume_banner import ResumeBanner
from explorer.views.status_notes import StatusNotes
from explorer.workspace import OpenedModel
from vae.datasets import DatasetInfo

MODELS = "Models (*.safetensors)"
VIEWS = f"Views (*{VIEW})"


class MainWindow(QMainWindow):
    """Everything that the user sees. Closing it closes the session."""

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self._painted = False
        self.session, self._settings = session, settings
        session.setParent(self)  # and goes with it: its signals hold what hears them, this window among it
        self.setWindowTitle("Latent Explorer")
        self.setAcceptDrops(True)
        self.banner, self.resume_banner = Banner(), ResumeBanner(session)
        self.explore, self.boxes = ExploreTab(session), ModelBoxes(session, settings)
        self.tabs = LateTabs()
        self.tabs.setObjectName("tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.setCornerWidget(self.boxes)
        self.tabs.addTab(self.explore, "Explore")
        self._train = self.tabs.add_late(lambda: TrainTab(session, settings.store), "Train")
        self._forward_pass = self.tabs.add_late(lambda: ForwardPassTab(session), "Forward pass")
        self._compare = self.tabs.add_late(lambda: CompareTab(session, settings), "Compare")
        self._points = self.tabs.add_late(lambda: PointsTab(session), "Points")
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.banner)
        layout.addWidget(self.resume_banner)
        layout.addWidget(self.tabs)
        self.setCentralWidget(central)
        self.notes = StatusNotes(self.statusBar(), session)
        cards = self.explore
        self.exports = ExportMenu(session, cards.plane_card.plane, cards.decoded_card.picture, self)
        self._build_menus()
        self._connect()
        self.resize(1280, 800)
        self.setMinimumSize(760, 520)
        self.restoreGeometry(settings.geometry)

    @property
    def train(self) -> TrainTab:
        """Made when it is first needed, like those that follow."""
        return self._train()

    @property
    def forward_pass(self) -> ForwardPassTab:
        """One image's way through the model."""
        return self._forward_pass()

    @property
    def compare(self) -> CompareTab:
        """Two models side by side."""
        return self._compare()

    @property
    def points(self) -> PointsTab:
        """An autoencoder and a VAE on points of the plane."""
        return self._points()

    def _connect(self) -> None:
        session = self.session
        session.failed.connect(self.banner.show_failure)
        session.workspace.model_changed.connect(self._describe)
        session.workspace.title_changed.connect(self._describe)
        session.workspace.points_model_opened.connect(lambda: self.tabs.setCurrentWidget(self.points))
        session.workspace.saved.connect(self._saved)
        self.boxes.images_read.connect(self._images_read)
        self.resume_banner.resumed.connect(lambda: self.tabs.setCurrentWidget(self.train))
        session.waiting_changed.connect(lambda: self.train)  # a run is seen there from its beginning
        self.tabs.currentChanged.connect(self._tab_changed)
        self.exports.noted.connect(self.notes.show_message)
        self.exports.failed.connect(self.banner.show_failure)
        self.explore.decoded_card.save.clicked.connect(self.exports.save_decoded)
        self.explore.path_card.save_gif.triggered.connect(self.exports.save_path_as_gif)
        self.explore.path_card.save_strip.triggered.connect(self.exports.save_path)

    # --- menus

    def _build_menus(self) -> None:
        file = self.menuBar().addMenu("&File")
        self._add(file, "&Open model …", self.open_file, QKeySequence.StandardKey.Open)
        self._recent = file.addMenu("Open &recent")
        self._recent.aboutToShow.connect(self._list_recent)
        self._add(file, "Open i&mages …", lambda: self.boxes.open_images())
        self._add(file, "&Save model as …", self.save_file, QKeySequence.StandardKey.Save)
        file.addSeparator()
        self._add(file, "Open &view …", self.open_view)
        self._add(file, "Save vie&w …", self.save_view)
        file.addSeparator()
        file.addMenu(self.exports)
        file.addSeparator()
        self._add(file, "&Quit", self.close, QKeySequence.StandardKey.Quit)
        edit, moves = self.menuBar().addMenu("&Edit"), self.session.moves
        for action, keys in (
            (moves.stack.createUndoAction(edit, "Undo"), QKeySequence.StandardKey.Undo),
            (moves.stack.createRedoAction(edit, "Redo"), QKeySequence.StandardKey.Redo),
        ):
            action.setShortcuts(keys)
            edit.addAction(action)
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
        self._add(walk, "Zoom to the posterior", cards.plane_card.zoom_to_posterior, "Z")
        self._add(walk, "Go to the mean of q(z|x)", exploration.go_to_mean, "M")
        self._add(walk, "Redraw ε: sample q(z|x)", self.redraw, "R")
        self._add(walk, "Random test image", self.session.inputs.select_random, "N")
        self._add(walk, "Bookmark this place", self.session.bookmarks.add_pin, "B")
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
        action.triggered.connect(self.session.moves.begin)
        action.triggered.connect(act)
        return action

    def _list_recent(self) -> None:
        self._recent.clear()
        for path in self._settings.recent:
            self._add(self._recent, str(path), lambda _=False, path=path: self.open_path(path))
        self._recent.setDisabled(self._recent.isEmpty())

    def cancel(self) -> None:
        """Leave drawing, the path, the replay and the message; never the application."""
        self.banner.hide()
        self.explore.time_bar.stop()
        self.explore.input_card.draw.setChecked(False)
        self.explore.plane_card.path_button.setChecked(False)

    def _tab_changed(self) -> None:
        self.notes.set_hint_visible(self.tabs.currentWidget() is self.explore)
        self.session.workspace.set_watched(not isinstance(self.tabs.currentWidget(), TrainTab | CompareTab))

    def redraw(self) -> None:
        """Draw from q(z|x): on the plane, or in the forward pass where that is shown."""
        shown = self.tabs.currentWidget()
        if isinstance(shown, ForwardPassTab):
            shown.redraw()
        else:
            self.session.exploration.sample_posterior()

    # --- files

    def open_file(self) -> None:
        """Ask for a model file and open it."""
        name, _ = QFileDialog.getOpenFileName(self, "Open model", "", MODELS)
        if name:
            self.open_path(Path(name))

    def open_path(self, path: Path) -> None:
        """Open a model file, or a view."""
        self.banner.hide()
        if path.suffix.lower() == VIEW:
            self.tabs.setCurrentWidget(self.explore)
            self.session.view_files.open(path)
        else:
            self.session.workspace.open_model(path)

    def save_file(self) -> None:
        """Ask for a name and save the open model."""
        self._ask_and(self.session.workspace.save_model, "Save model", "model.safetensors", MODELS)

    def open_view(self) -> None:
        """Ask for a view and open it."""
        name, _ = QFileDialog.getOpenFileName(self, "Open view", "", VIEWS)
        if name:
            self.open_path(Path(name))

    def save_view(self) -> None:
        """Ask for a name and save what is open, where one stands and what one looks at."""
        self._ask_and(self.session.view_files.save, "Save view", f"view{VIEW}", VIEWS)

    def _ask_and(self, save: Callable[[Path], None], title: str, name: str, kind: str) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, title, name, kind)
        if chosen:
            save(Path(chosen).with_suffix(Path(name).suffix))

    def _saved(self, path: Path) -> None:
        self._settings.remember(path)
        self.boxes.refresh()
        self.notes.show_message(f"Saved {path}")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take models, views, and folders and files of images."""
        if dropped_path(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the model, the view or the images that were dropped."""
        path = dropped_path(event.mimeData())
        if path is not None and path.suffix.lower() in (".safetensors", VIEW):
            self.open_path(path)
        elif path is not None:
            self.boxes.open_images(path)

    # --- the rest

    def _images_read(self, info: DatasetInfo) -> None:
        """Choose the user's own images for the next run, and go there if the open model does not fit."""
        self.train.form.offer_dataset(info)
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

    def paintEvent(self, event: QPaintEvent) -> None:
        """What may wait until there is something to see begins after the first time."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            Gestures(self.session.moves, self.windowHandle())
            QTimer.singleShot(0, self.tabs, self.tabs.make_rest)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window, end the run and the threads."""
        self._settings.geometry = self.saveGeometry()
        self.tabs.stop()
        self.session.close()
        super().closeEvent(event)
