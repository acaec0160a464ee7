"""The choice of the model and of the data set, in the corner of the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QTabWidget, QWidget

from explorer.places import Places, built_in_models
from explorer.session import Session
from explorer.settings import Settings
from explorer.views.own_data_dialog import OwnDataDialog
from explorer.workspace import OpenedModel
from vae.datasets import DATASETS, Dataset, DatasetInfo, info_of, is_available, is_own

LEAST, MORE = 9, 18  # letters: of a title, if need be; of both together, where there is room
OPEN_IMAGES = "Open images …"


def known_models(places: Places, settings: Settings) -> dict[Path, str]:
    """The files that are offered, and their titles: built-in, opened before, and this user's runs."""
    files = {path: title for title, path in built_in_models().items()}
    return files | {path: path.stem for path in (*settings.recent, *places.kept_runs()) if path not in files}


class ModelBoxes(QWidget):
    """Built-in models, files opened before and this session's runs; the data sets that fit."""

    images_read = Signal(object)  # DatasetInfo: the user's own images, opened by the dialog

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self._session, self._settings = session, settings
        self.model_box, self.data_box = QComboBox(), QComboBox()
        self.model_box.setObjectName("modelBox")
        self.model_box.setToolTip("The model that is explored")
        self.data_box.setObjectName("dataBox")
        self.data_box.setToolTip("The data set whose test images are encoded")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 10, 2)
        for text, box in (("Model", self.model_box), ("Data", self.data_box)):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(LEAST)
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            label = QLabel(text)
            label.setProperty("role", "muted")
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box, 5 if box is self.model_box else 4)
        self.model_box.activated.connect(self._choose_model)
        self.data_box.activated.connect(self._choose_data)
        self.dialog = OwnDataDialog(session, self)
        self.dialog.read.connect(self.images_read)
        session.workspace.model_changed.connect(self.refresh)
        session.workspace.title_changed.connect(self._title_changed)
        session.workspace.dataset_changed.connect(self._dataset_changed)
        session.workspace.dataset_missing.connect(self.refresh)
        session.workspace.failed.connect(self.refresh)
        session.workspace.saved.connect(self.refresh)
        session.run.ended.connect(self.refresh)
        self.refresh()

    def sizeHint(self) -> QSize:
        """As wide as titles are, but no wider than the tabs beside it leave room for."""
        least, tabs = super().sizeHint(), self.parentWidget()
        width = least.width() + MORE * self.fontMetrics().horizontalAdvance("X")
        if isinstance(tabs, QTabWidget):
            width = min(width, tabs.width() - tabs.tabBar().sizeHint().width())
        return QSize(max(least.width(), width), least.height())

    def refresh(self) -> None:
        """List anew what can be chosen, and show what is open."""
        model = self._session.workspace.model
        self._list_models(model)
        self._list_datasets(model)

    def _title_changed(self, model: OpenedModel) -> None:
        """A replay changes it many times a second."""
        if model.path is None and self.model_box.itemData(0) is None:
            self.model_box.setItemText(0, model.title)
            self.model_box.setCurrentIndex(0)
        else:
            self.refresh()

    def _list_models(self, model: OpenedModel | None) -> None:
        files = known_models(self._session.workspace.places, self._settings)
        with QSignalBlocker(self.model_box):
            self.model_box.clear()
            if model is not None and model.path not in files:
                self.model_box.addItem(model.title, model.path)
            for path, title in files.items():
                self.model_box.addItem(title, path)
            place = -1 if model is None else max(0, self._place_of(model.path))
            self.model_box.setCurrentIndex(place)

    def _place_of(self, path: Path | None) -> int:
        return next((n for n in range(self.model_box.count()) if self.model_box.itemData(n) == path), -1)

    def _list_datasets(self, model: OpenedModel | None) -> None:
        folder = self._session.workspace.places.data
        data = self._session.workspace.dataset
        with QSignalBlocker(self.data_box):
            self.data_box.clear()
            given = self._session.workspace.given_dataset
            for info in (*((given,) if given else ()), *DATASETS.values(), *self._own_data()):
                here = info is given or is_available(info.name, folder)
                self.data_box.addItem(info.title if here else f"{info.title} …", info.name)
                place = self.data_box.count() - 1
                if not here:
                    tip = f"Not on this computer: {info.download_bytes / 1e6:.0f} MB to download"
                    self.data_box.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
                elif is_own(info.name):
                    self.data_box.setItemData(
                        place, info.name.rpartition("?")[0], Qt.ItemDataRole.ToolTipRole
                    )
                if model is not None and info.image_shape != model.image_shape:
                    entries = self.data_box.model()
                    assert isinstance(entries, QStandardItemModel)
                    entries.item(place).setEnabled(False)
                    entries.item(place).setToolTip("Its images have another size than this model's")
                if data is not None and info.name == data.info.name:
                    self.data_box.setCurrentIndex(place)
            self.data_box.addItem(OPEN_IMAGES)

    def _own_data(self) -> list[DatasetInfo]:
        """The user's own images: those that are open, and those opened before."""
        data = self._session.workspace.dataset
        is_open = data is not None and is_own(data.info.name)
        names = ([data.info.name] if data is not None and is_open else []) + list(self._settings.own_data)
        return [info_of(name) for name in dict.fromkeys(names)]

    def _dataset_changed(self, data: Dataset) -> None:
        if is_own(data.info.name):
            self._settings.remember_data(data.info.name)
        self.refresh()

    def _choose_data(self) -> None:
        name = self.data_box.currentData()
        if name is None:
            self.refresh()  # what is open stays chosen
            self.open_images()
        else:
            self._session.workspace.open_dataset(name)

    def open_images(self, path: Path | None = None) -> None:
        """Ask how the user's own images are to be read, and read them."""
        self.dialog.open_on(path)

    def _choose_model(self) -> None:
        path = self.model_box.currentData()
        if path is not None:
            self._session.workspace.open_model(path)
