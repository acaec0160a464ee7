"""What to train, on what, and how: the form of the next run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, Slot
from PySide6.QtWidgets import QFormLayout, QSizePolicy, QVBoxLayout, QWidget

from explorer.session import Session
from explorer.views.card import button, styled_label
from explorer.views.run_box import ChoiceBox
from explorer.views.run_editors import bring_into_view, editor_of
from explorer.views.run_fields import ADVANCED, ALL_FIELDS, FIELDS, Field
from explorer.views.run_network import NetworkSketch
from vae.configuration import ModelConfig, TrainingConfig, require_fit
from vae.datasets import DATASETS, DatasetInfo, find_info, info_of, is_available
from vae.errors import ConfigurationError
from vae.presets import DEFAULT_PRESET, PRESETS, Preset

GROUP = "train"  # of the settings
GONE = "These images are no longer where they were."
OFFERED = {name: preset for name, preset in PRESETS.items() if not preset.for_points}


@dataclass(frozen=True)
class Choice:
    """A form that makes sense."""

    preset: str
    dataset: str
    model: ModelConfig  # its image shape is the data set's
    training: TrainingConfig
    device: str


class RunForm(QWidget):
    """Fields that hold what was typed, sense or nonsense, until somebody asks what it means."""

    def __init__(self, session: Session, settings: QSettings) -> None:
        super().__init__()
        self.setObjectName("column")
        self._session = session
        self._data_dir = session.workspace.places.data
        self._settings = settings
        self._faulty: Field | None = None
        self.dataset_box = ChoiceBox("datasetBox", "The images to learn from")
        self.preset_box = ChoiceBox("presetBox", "A recipe: it fills the fields below, which you may change")
        self.device_box = ChoiceBox("deviceBox", "Where it is trained: auto is the fastest that is there")
        self.fields = {field.name: editor_of(field) for field in ALL_FIELDS}
        self.advanced = button("", "More of what the presets differ in", "advancedButton", role="chip")
        self.advanced.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._unfolded = False
        self._cost = styled_label("", "muted")
        self._description = styled_label("", "muted")
        self._description.setWordWrap(True)
        self._error = styled_label("", "notice")
        self._error.setObjectName("fieldError")
        self._error.setWordWrap(True)
        self._error.setIndent(0)  # else Qt reckons with an indent that it does not draw, and wraps too early
        self._error.hide()
        self._sketch = NetworkSketch()
        self._lay_out()
        self._fill_boxes()
        self._restore()
        for box in (self.dataset_box, self.device_box):
            box.activated.connect(self._changed)
        self.preset_box.activated.connect(self.use_preset)
        self.advanced.clicked.connect(self._toggle_advanced)
        for editor in self.fields.values():
            editor.textChanged.connect(self._changed)
        session.workspace.model_changed.connect(self._torch_is_there)
        self._torch_is_there()

    def _lay_out(self) -> None:
        self._form = QFormLayout()
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._form.setVerticalSpacing(6)
        self._form.addRow("D&ata set", self.dataset_box)
        self._form.addRow(self._cost)
        self._form.addRow("P&reset", self.preset_box)
        self._form.addRow(self._description)
        for field in FIELDS:
            self._form.addRow(field.label, self.fields[field.name])
        self._form.addRow(self.advanced)
        for field in ADVANCED:
            self._form.addRow(field.label, self.fields[field.name])
        self._form.addRow("Device", self.device_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._form)
        layout.addWidget(self._sketch, 1)

    # --- what it means

    def read(self) -> Choice | None:
        """What to train; None if a field holds nonsense, which is then told beside it."""
        for field in ALL_FIELDS:
            try:
                field.value_of(self.fields[field.name].text())
            except ConfigurationError as error:
                self._complain(field, str(error))
                return None
        blamed = "encoder_widths"  # each field makes sense by itself; they may be at odds
        try:
            model = self._model()
            blamed = "gradient"
            training = replace(self.preset.training, **self._values(TrainingConfig))
            require_fit(model, training)
        except ConfigurationError as error:
            self._complain(_field(blamed), str(error))
            return None
        return Choice(self.preset.name, self.dataset, model, training, self.device_box.currentText())

    @property
    def preset(self) -> Preset:
        """The recipe that was chosen last."""
        return OFFERED[str(self.preset_box.currentData())]

    @property
    def dataset(self) -> str:
        """The name of the data set."""
        return str(self.dataset_box.currentData())

    def _info(self) -> DatasetInfo:
        return self._session.workspace.info_of(self.dataset) or info_of(self.dataset)

    def _model(self) -> ModelConfig:
        return replace(self.preset.model, **self._values(ModelConfig))

    def _values(self, kind: type) -> dict[str, Any]:
        chosen = [field for field in ALL_FIELDS if field.kind is kind]
        return {field.name: field.value_of(self.fields[field.name].text()) for field in chosen}

    def _complain(self, field: Field, sentence: str) -> None:
        """Tell the sentence beneath the field, and go there."""
        editor = self.fields[field.name]
        if self._faulty is not field:
            self._withdraw()
            if field in ADVANCED:
                self.unfold(True)
                self._form.setRowVisible(editor, True)
            position: Any = self._form.getWidgetPosition(editor)  # row and role
            self._form.insertRow(position[0] + 1, self._error)
            self._faulty = field
        self._error.setText(sentence)
        self._error.show()
        editor.complain(sentence)
        bring_into_view(self._error)

    def _withdraw(self) -> None:
        """The field makes sense again."""
        if self._faulty is None:
            return
        self.fields[self._faulty.name].setAccessibleDescription("")
        self._form.takeRow(self._error)
        self._error.setParent(self)
        self._error.hide()
        self._faulty = None

    # --- what is chosen and typed

    @Slot()
    def use_preset(self) -> None:
        """Fill the fields with the preset's values, whatever they hold."""
        preset = self.preset
        for field in ALL_FIELDS:
            self.fields[field.name].setText(field.text_of(preset))
        self._changed()

    def unfold(self, unfolded: bool) -> None:
        """Show or hide the advanced fields: those that matter beside what the others hold."""
        self._unfolded = unfolded
        self.advanced.setText("▾ Ad&vanced" if unfolded else "▸ Ad&vanced")
        texts = {name: editor.text() for name, editor in self.fields.items()}
        for field in ADVANCED:
            shown = unfolded and (field.matters(texts) or field is self._faulty)
            self._form.setRowVisible(self.fields[field.name], shown)
        self._form.setRowVisible(self.device_box, unfolded and len(self._session.devices) > 1)
        self._sketch.keep_room(unfolded)  # folded, it makes do with what the fields leave

    @Slot()
    def _toggle_advanced(self) -> None:
        self.unfold(not self._unfolded)
        if self._unfolded:
            bring_into_view(self.fields["likelihood"])  # and those above it
        self._save()

    def offer_dataset(self, info: DatasetInfo) -> None:
        """List the user's own images beside the data sets that everybody has."""
        if self.dataset_box.findData(info.name) < 0:
            self.dataset_box.addItem(info.title, info.name)

    def choose_dataset(self, name: str) -> None:
        """Choose a data set that is listed."""
        self.dataset_box.choose(name, self.dataset)
        self._changed()

    @Slot()
    def refresh_datasets(self) -> None:
        """Tell anew which data sets are on this computer."""
        for index, info in enumerate(DATASETS.values()):
            self.dataset_box.setItemText(index, _title(info, self._data_dir))
        self._describe()

    @Slot()
    def _torch_is_there(self) -> None:
        """What only torch knows: its devices, and how many parameters the network has."""
        chosen = self.device_box.currentText() or self._setting("device", "auto")
        self.device_box.clear()
        self.device_box.addItems(["auto", *self._session.devices])
        self.device_box.setCurrentText(chosen)
        self._changed()

    @Slot()
    def _changed(self) -> None:
        self._withdraw_if_mended()
        self.unfold(self._unfolded)
        self._describe()
        self._sketch_network()
        self._save()

    def _withdraw_if_mended(self) -> None:
        if self._faulty is not None:
            try:
                self._faulty.value_of(self.fields[self._faulty.name].text())
            except ConfigurationError as error:
                self._error.setText(str(error))
            else:
                self._withdraw()

    def _describe(self) -> None:
        """What a download will cost, what the preset is, and where the fields depart from it."""
        here = self._session.workspace.is_here(self.dataset)
        info = self._info()
        self._cost.setText(f"Start will download {_megabytes(info)}." if info.download_bytes else GONE)
        self._form.setRowVisible(self._cost, not here)
        preset = self.preset
        changed = [field.title for field in ALL_FIELDS if self._departs(field, preset)]
        note = f" Changed: {', '.join(changed)}." if changed else ""
        self._description.setText(f"{preset.description} Source: {preset.source}.{note}")

    def _departs(self, field: Field, preset: Preset) -> bool:
        """Whether the field means something else than the preset's value."""
        try:
            value = field.value_of(self.fields[field.name].text())
        except ConfigurationError:
            return True
        return value != field.value_of(field.text_of(preset))

    def _sketch_network(self) -> None:
        """Draw the network, as far as the fields make sense."""
        info = self._info()
        try:
            model = self._model().fitted(info.image_shape, len(info.classes))
        except ConfigurationError:
            return
        self._sketch.show_model(model, self._session.count_parameters(model))

    def _fill_boxes(self) -> None:
        for info in DATASETS.values():
            self.dataset_box.addItem(_title(info, self._data_dir), info.name)
        for place, preset in enumerate(OFFERED.values()):
            self.preset_box.addItem(preset.title, preset.name)
            self.preset_box.setItemData(place, preset.description, Qt.ItemDataRole.ToolTipRole)

    # --- what outlives the window

    def _save(self) -> None:
        self._settings.setValue(f"{GROUP}/dataset", self.dataset)
        self._settings.setValue(f"{GROUP}/preset", self.preset.name)
        self._settings.setValue(f"{GROUP}/device", self.device_box.currentText())
        self._settings.setValue(f"{GROUP}/advanced", self._unfolded)
        for name, editor in self.fields.items():
            self._settings.setValue(f"{GROUP}/{name}", editor.text())

    def _restore(self) -> None:
        here = next(name for name in DATASETS if is_available(name, self._data_dir))  # one is built in
        last = self._setting("dataset", here)
        info = find_info(last)
        if info is not None and is_available(last, self._data_dir):
            self.offer_dataset(info)
        self.dataset_box.choose(last, here)
        self.preset_box.choose(self._setting("preset", DEFAULT_PRESET), DEFAULT_PRESET)
        for field in ALL_FIELDS:
            default = field.text_of(self.preset)
            self.fields[field.name].setText(default)
            self.fields[field.name].setText(self._setting(field.name, default))
        self._unfolded = bool(self._settings.value(f"{GROUP}/advanced", False, type=bool))

    def _setting(self, name: str, default: str) -> str:
        """A setting as text; an ini file gives lists for text with commas."""
        value = self._settings.value(f"{GROUP}/{name}", default)
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _field(name: str) -> Field:
    return next(field for field in ALL_FIELDS if field.name == name)


def _title(info: DatasetInfo, data_dir: Path) -> str:
    here = is_available(info.name, data_dir)
    return info.title if here else f"{info.title} (download {_megabytes(info)})"


def _megabytes(info: DatasetInfo) -> str:
    return f"{info.download_bytes / 1e6:.0f} MB"
