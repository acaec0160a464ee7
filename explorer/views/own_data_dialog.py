"""The user's own images before they are read: what there is, and how the model will see it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QSize, Qt, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from explorer.messages import (
    DatasetNotLoaded,
    DownloadCancelled,
    Downloading,
    ImagesPreviewed,
    ImagesRefused,
    ReadingImages,
)
from explorer.session import Session
from explorer.views.card import button, styled_label
from explorer.views.own_data_options import OwnDataOptions
from explorer.views.picture_grid import PictureGrid
from vae.datasets import Dataset, SkippedFile
from vae.errors import DatasetError
from vae.own_data import OwnImages, name_of
from vae.own_source import require_room

ROWS, COLUMNS = 3, 6  # of the preview
LISTED = 4  # lines of what cannot be read, that are seen at once
INVITATION = "Choose a folder of pictures, or a file of arrays (.npz, .npy or idx), or drop one here."
ARRAYS = "Arrays (*.npz *.npy *.gz *ubyte *idx*);;All files (*)"


class OwnDataDialog(QDialog):
    """Shows a preview, asks for the size and the like, reads; closes if nothing had to be left out."""

    read = Signal(object)  # DatasetInfo of the images, which are the open data set now

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("ownDataDialog")
        self.setWindowTitle("Open images")
        self.setAcceptDrops(True)
        self._workspace = session.workspace
        self._path: Path | None = None
        self._images: OwnImages | None = None
        self._reading = ""  # the name of the data set that is being read
        self.place = styled_label("", "muted")
        self.place.setWordWrap(True)
        self.folder_button = button(
            "Folder …", "Choose a folder of pictures: its sub-folders are the classes"
        )
        self.file_button = button("File …", "Choose a file of arrays: .npz, .npy or idx")
        self.preview = PictureGrid("ownPreview", "Images as the model will see them", ROWS, COLUMNS)
        self.options = OwnDataOptions()
        self._scrolled = QScrollArea()  # where the screen is low or the font large
        self._scrolled.setWidgetResizable(True)
        self._scrolled.setFrameShape(QFrame.Shape.NoFrame)
        self._scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scrolled.setWidget(self.options)
        self._scrolled.setMinimumWidth(self.options.minimumSizeHint().width())
        self.skipped_title = styled_label("", "muted")
        self.skipped = QPlainTextEdit()
        self.skipped.setObjectName("ownSkipped")
        self.skipped.setReadOnly(True)
        self.skipped.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.notice = styled_label("", "notice")
        self.notice.setObjectName("ownNotice")
        self.notice.setWordWrap(True)
        self.bar = QProgressBar()
        self.cancel_button = button("Cancel", "Stop reading, or leave things as they are")
        self.read_button = button("Read", "Read all images into memory", "ownReadButton", "primary")
        self.read_button.setDefault(True)
        self._lay_out()
        self._connect()
        self._show_nothing(INVITATION)

    def _lay_out(self) -> None:
        head, middle, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.place, 1)
        head.addWidget(self.folder_button)
        head.addWidget(self.file_button)
        middle.setSpacing(16)
        middle.addWidget(self.preview, 3)
        middle.addWidget(self._scrolled, 2)
        foot.addWidget(self.bar, 1)
        foot.addStretch(0)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.read_button)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addLayout(head)
        layout.addWidget(self.notice)
        layout.addLayout(middle, 1)
        layout.addWidget(self.skipped_title)
        layout.addWidget(self.skipped)
        layout.addLayout(foot)
        line = self.fontMetrics().lineSpacing()
        self.skipped.setFixedHeight((LISTED + 1) * line)
        self.resize(QSize(54 * line, 30 * line).boundedTo(self.screen().availableSize() * 0.9))

    def _connect(self) -> None:
        self.folder_button.clicked.connect(self._choose_folder)
        self.file_button.clicked.connect(self._choose_file)
        self.read_button.clicked.connect(self._read)
        self.cancel_button.clicked.connect(self.reject)
        self.options.changed.connect(self._options_changed)
        workspace = self._workspace
        workspace.images_scanned.connect(self._scanned)
        workspace.images_refused.connect(self._refused)
        workspace.images_previewed.connect(self._previewed)
        workspace.download_changed.connect(self._progressed)
        workspace.dataset_changed.connect(self._loaded)
        workspace.dataset_given_up.connect(self._given_up)

    # --- what to read

    def open_on(self, path: Path | None) -> None:
        """Show the dialog, on these images if any are named; not while others are being read."""
        if path is not None and not self._reading:
            self._look_into(path)
        self.open()

    def _look_into(self, path: Path) -> None:
        self._path = path.absolute()
        self._show_nothing(f"Looking into {self._path.name} …")
        self.place.setText(str(self._path))
        self._workspace.scan_images(self._path)

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Open a folder of pictures")
        if name:
            self._look_into(Path(name))

    def _choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a file of arrays", "", ARRAYS)
        if name:
            self._look_into(Path(name))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a folder or a file."""
        if dropped_path(event.mimeData()) is not None and not self._reading:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look into what was dropped."""
        path = dropped_path(event.mimeData())
        if path is not None:
            self._look_into(path)

    # --- what there is

    @Slot(object)
    def _scanned(self, images: OwnImages) -> None:
        if images.source.path == self._path:
            self._images = images
            self._show_skipped(images.skipped, "will be left out")
            self.options.show_images(images)
            self.read_button.setFocus()

    @Slot(object)
    def _refused(self, message: ImagesRefused) -> None:
        if message.path == self._path:
            self._show_nothing(str(message.failure))

    @Slot()
    def _options_changed(self) -> None:
        assert self._images is not None
        reading = self.options.reading()
        self._tell("")
        try:
            require_room(self._images.source.path, self._images.count, reading)
        except DatasetError as error:
            self._tell(str(error))
        self._enable(can_read=not self.notice.text())
        self._workspace.preview_images(self._images, reading)

    @Slot(object)
    def _previewed(self, message: ImagesPreviewed) -> None:
        if message.images is self._images and message.reading == self.options.reading():
            self.preview.show_pictures(message.pictures)

    # --- the reading

    @Slot()
    def _read(self) -> None:
        assert self._images is not None
        path, reading = self._images.source.path, self.options.reading()
        self._reading = name_of(path, reading)
        self._tell("")
        self._enable(can_read=False)
        self.bar.setRange(0, 0)
        self.bar.show()
        self._workspace.read_images(path, reading)

    @Slot(object)
    def _progressed(self, message: Downloading | ReadingImages | None) -> None:
        if message is not None and message.name == self._reading:
            self.bar.setRange(0, message.progress.total)
            self.bar.setValue(message.progress.done)
            self.bar.setFormat(message.so_far)

    @Slot(object)
    def _loaded(self, data: Dataset) -> None:
        if data.info.name != self._reading:
            return
        self._end_reading(can_read=False)
        self.read.emit(data.info)
        if data.skipped:
            self._show_skipped(data.skipped, "left out")
            count = len(data.train_images) + len(data.test_images)
            self._tell(f"Read {count:,} images; they are the open data set now.")
            self.cancel_button.setText("Close")
        else:
            self.accept()

    @Slot(object)
    def _given_up(self, message: DatasetNotLoaded | DownloadCancelled) -> None:
        if message.name == self._reading:
            self._end_reading(can_read=True)
            if isinstance(message, DatasetNotLoaded):
                self._tell(str(message.failure))

    def _end_reading(self, *, can_read: bool) -> None:
        self._reading = ""
        self.bar.hide()
        self._enable(can_read=can_read)

    def reject(self) -> None:
        """Stop reading; if nothing is being read, close."""
        if self._reading:
            self._workspace.cancel_download()
        else:
            super().reject()

    # --- what is shown

    def _show_nothing(self, sentence: str) -> None:
        """Say why there is nothing to read yet."""
        self._images = None
        self.bar.hide()
        self._show_skipped((), "")
        self._tell(sentence)
        self._enable(can_read=False)

    def _enable(self, *, can_read: bool) -> None:
        """Let what makes sense be pressed and chosen."""
        idle = not self._reading
        for widget in (self.options, self.folder_button, self.file_button):
            widget.setEnabled(idle)
        self.read_button.setEnabled(can_read and idle)
        self.cancel_button.setText("Cancel")
        self._scrolled.setVisible(self._images is not None)
        self.preview.setVisible(self._images is not None)

    def _tell(self, sentence: str) -> None:
        self.notice.setText(sentence)
        self.notice.setVisible(bool(sentence))

    def _show_skipped(self, files: Sequence[SkippedFile], fate: str) -> None:
        """List what cannot be read, each with its reason."""
        number = (
            "1 file that cannot be read" if len(files) == 1 else f"{len(files):,} files that cannot be read"
        )
        self.skipped_title.setText(f"{fate.capitalize()}: {number}")
        self.skipped.setPlainText("\n".join(f"{file.path}: {file.reason}" for file in files))
        self.skipped_title.setVisible(bool(files))
        self.skipped.setVisible(bool(files))


def dropped_path(data: QMimeData) -> Path | None:
    """The first local file or folder of what is dragged, if any."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return paths[0] if paths else None
