"""The choice of the model and of the data set, in the corner of the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from explorer.places import built_in_models
from explorer.session import Session
from explorer.settings import Settings
from explorer.workspace import OpenedModel
from vae.datasets import DATASETS, is_available


class ModelBoxes(QWidget):
    """Built-in models, files opened before and this session's runs; the data sets that fit."""

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
            box.setMinimumContentsLength(20 if box is self.model_box else 16)
            label = QLabel(text)
            label.setProperty("role", "muted")
            label.setBuddy(box)
            row.addWidget(label)
            row.addWidget(box)
        self.model_box.activated.connect(self._choose_model)
        self.data_box.activated.connect(lambda: session.workspace.open_dataset(self.data_box.currentData()))
        session.workspace.model_changed.connect(self.refresh)
        session.workspace.dataset_changed.connect(self.refresh)
        session.workspace.dataset_missing.connect(self.refresh)
        session.workspace.failed.connect(self.refresh)
        session.workspace.saved.connect(self.refresh)
        session.run.ended.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """List anew what can be chosen, and show what is open."""
        model = self._session.workspace.model
        self._list_models(model)
        self._list_datasets(model)

    def _list_models(self, model: OpenedModel | None) -> None:
        files = {path: title for title, path in built_in_models().items()}
        kept = self._session.workspace.places.kept_runs()
        files |= {path: path.stem for path in (*self._settings.recent, *kept) if path not in files}
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
            for info in DATASETS.values():
                here = is_available(info.name, folder)
                self.data_box.addItem(info.title if here else f"{info.title} …", info.name)
                place = self.data_box.count() - 1
                if not here:
                    tip = f"Not on this computer: {info.download_bytes / 1e6:.0f} MB to download"
                    self.data_box.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
                if model is not None and info.image_shape != model.image_shape:
                    entries = self.data_box.model()
                    assert isinstance(entries, QStandardItemModel)
                    entries.item(place).setEnabled(False)
                    entries.item(place).setToolTip("Its images have another size than this model's")
                if data is not None and info.name == data.info.name:
                    self.data_box.setCurrentIndex(place)

    def _choose_model(self) -> None:
        path = self.model_box.currentData()
        if path is not None:
            self._session.workspace.open_model(path)
