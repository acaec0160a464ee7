"""The open data set: thumbnails of its test images, by class and by page."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QProgressBar

from explorer.messages import DatasetNotLoaded, Downloading, ReadingImages
from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.picture_grid import PictureGrid
from vae.datasets import Dataset, info_of

ROWS, COLUMNS = 3, 6
PAGE = ROWS * COLUMNS
MEGA = 1_000_000


class DataCard(Card):
    """Choose x among the test images; download the data set where it is missing."""

    def __init__(self, session: Session) -> None:
        super().__init__("Test set")
        self._session = session
        self._page = 0
        self._missing = ""
        self.class_box = QComboBox()
        self.class_box.setObjectName("classBox")
        self.class_box.setToolTip("Show the images of one class")
        self.class_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.heading.addWidget(self.class_box)
        self.grid = PictureGrid("thumbnails", "Test images", ROWS, COLUMNS)
        self.grid.make_choosable()
        self.body.addWidget(self.grid)
        self.body.addLayout(self._pager())
        self._build_download()
        self.class_box.currentIndexChanged.connect(self._choose_class)
        self.grid.chosen.connect(self._choose)
        session.workspace.dataset_changed.connect(self._show_dataset)
        session.workspace.dataset_missing.connect(self._offer_download)
        session.workspace.model_changed.connect(self._withdraw_download)
        session.workspace.download_changed.connect(self._show_download)
        session.inputs.candidates_changed.connect(self._show_candidates)
        session.inputs.selection_changed.connect(self._mark)

    def _pager(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self._back = button("◂", "Previous page", role="layer")
        self._forth = button("▸", "Next page", role="layer")
        self._place = styled_label("", "muted")
        self._back.clicked.connect(lambda: self._turn(-1))
        self._forth.clicked.connect(lambda: self._turn(1))
        row.addWidget(self._back)
        row.addWidget(self._forth)
        row.addWidget(self._place, 1)
        return row

    def _build_download(self) -> None:
        self._notice = styled_label("", "notice")
        self._notice.setWordWrap(True)
        self._download = button(
            "Download", "Fetch the data set and keep it on this computer", "downloadButton"
        )
        self._bar = QProgressBar()
        self._download.clicked.connect(self._toggle_download)
        for widget in (self._notice, self._bar, self._download):
            self.body.addWidget(widget)
            widget.hide()

    def _show_dataset(self, data: Dataset) -> None:
        self.title.setText(f"{data.info.title}, test set")
        with QSignalBlocker(self.class_box):
            self.class_box.clear()
            self.class_box.addItems(["all", *data.info.classes])
        if data.info.name == self._missing:
            self._missing = ""
        self._show_download(None)

    def _choose_class(self, choice: int) -> None:
        self._session.inputs.offer_class(None if choice <= 0 else choice - 1)

    def _show_candidates(self) -> None:
        self._page = 0
        self._show_page()

    def _turn(self, by: int) -> None:
        self._page = (self._page + by) % max(1, -(-len(self._session.inputs.candidates) // PAGE))
        self._show_page()

    def _show_page(self) -> None:
        data = self._session.workspace.dataset
        if data is not None:
            shown = self._shown()
            self.grid.show_pictures(data.test_images[shown])
            first = self._page * PAGE + 1
            self._place.setText(
                f"{first:,}–{first + len(shown) - 1:,} of {len(self._session.inputs.candidates):,}"
            )
            self._mark()

    def _shown(self) -> NDArray[np.int64]:
        return self._session.inputs.candidates[self._page * PAGE : (self._page + 1) * PAGE]

    def _choose(self, place: int) -> None:
        self._session.inputs.select_test_image(int(self._shown()[place]))

    def _mark(self) -> None:
        selection = self._session.inputs.selection
        index = None if selection is None else selection.index
        shown = self._shown().tolist()
        self.grid.mark(shown.index(index) if index in shown else None)

    # --- a data set that is not on this computer

    def _offer_download(self, message: DatasetNotLoaded) -> None:
        self._missing = message.name
        self._show_download(None)

    def _withdraw_download(self) -> None:
        """Another model: its own data set is loaded next, and may be missing too."""
        self._missing = ""
        self._show_download(None)

    def _toggle_download(self) -> None:
        if self._bar.isVisible():
            self._session.workspace.cancel_download()
        else:
            self._session.workspace.download_dataset(self._missing)

    def _show_download(self, message: Downloading | ReadingImages | None) -> None:
        going_on = message is not None
        self._bar.setVisible(going_on)
        self._notice.setVisible(bool(self._missing) and not going_on)
        self._download.setVisible(bool(self._missing) or going_on)
        self._download.setText("Cancel" if going_on else "Download")
        if message is not None:
            self._bar.setMaximum(message.progress.total)
            self._bar.setValue(message.progress.done)
            self._bar.setFormat(f"{info_of(message.name).title}: {message.so_far}".replace("%", "%%"))
        elif self._missing:
            info = info_of(self._missing)
            self._notice.setText(
                f"The images of {info.title} are not on this computer ({info.download_bytes / MEGA:.0f} MB)."
            )
