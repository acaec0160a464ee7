"""What to train, on what, and how: the form of the next run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, Qt, Slot
from PySide6.QtWidgets import QFormLayout, QLineEdit, QVBoxLayout, QWidget

from explorer.views.card import styled_label
from explorer.views.run_box import ChoiceBox
from explorer.views.run_fields import FIELDS, Field
from explorer.views.run_network import NetworkSketch
from vae.configuration import ACTIVATIONS, ModelConfig, TrainingConfig
from vae.datasets import DATASETS, DatasetInfo, is_available
from vae.errors import ConfigurationError
from vae.presets import DEFAULT_PRESET, PRESETS, Preset

GROUP = "train"  # of the settings
LONGEST = 100  # characters in a field


@dataclass(frozen=True)
class Choice:
    """A form that makes sense."""

    preset: str
    dataset: str
    model: ModelConfig  # its image shape is the data set's
    training: TrainingConfig


class RunForm(QWidget):
    """Fields that hold what was typed, sense or nonsense, until somebody asks what it means."""

    def __init__(self, data_dir: Path, settings: QSettings) -> None:
        super().__init__()
        self.setObjectName("column")
        self._data_dir = data_dir
        self._settings = settings
        self._faulty: Field | None = None
        self.dataset_box = ChoiceBox("datasetBox", "The images to learn from")
        self.preset_box = ChoiceBox("presetBox", "A recipe: it fills the fields below, which you may change")
        self.activation_box = ChoiceBox("activationBox", "What each hidden unit does with its input")
        self.activation_box.addItems(ACTIVATIONS)
        self.fields = {field.name: _line(field) for field in FIELDS}
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
        self.dataset_box.activated.connect(self._changed)
        self.preset_box.activated.connect(self.use_preset)
        self.activation_box.activated.connect(self._changed)
        for edit in self.fields.values():
            edit.textChanged.connect(self._changed)
        self._changed()

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
            if field.name == "decoder_widths":
                self._form.addRow("Activatio&n", self.activation_box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._form)
        layout.addWidget(self._sketch, 1)

    # --- what it means

    def read(self) -> Choice | None:
        """What to train; None if a field holds nonsense, which is then told beside it."""
        for field in FIELDS:
            try:
                field.value_of(self.fields[field.name].text())
            except ConfigurationError as error:
                self._complain(field, str(error))
                return None
        preset = self.preset
        return Choice(
            preset=preset.name,
            dataset=self.dataset,
            model=replace(preset.model, **self._values(ModelConfig), activation=self.activation),
            training=replace(preset.training, **self._values(TrainingConfig)),
        )

    @property
    def preset(self) -> Preset:
        """The recipe that was chosen last."""
        return PRESETS[self.preset_box.currentData()]

    @property
    def dataset(self) -> str:
        """The name of the data set."""
        return str(self.dataset_box.currentData())

    @property
    def activation(self) -> str:
        """The name of the activation."""
        return self.activation_box.currentText()

    def _values(self, kind: type) -> dict[str, Any]:
        chosen = [field for field in FIELDS if field.kind is kind]
        return {field.name: field.value_of(self.fields[field.name].text()) for field in chosen}

    def _complain(self, field: Field, sentence: str) -> None:
        """Tell the sentence beneath the field, and go there."""
        edit = self.fields[field.name]
        if self._faulty is not field:
            self._withdraw()
            position: Any = self._form.getWidgetPosition(edit)  # row and role
            self._form.insertRow(position[0] + 1, self._error)
            self._faulty = field
        self._error.setText(sentence)
        self._error.show()
        edit.setAccessibleDescription(sentence)
        edit.selectAll()
        edit.setFocus()

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
        self.activation_box.setCurrentText(preset.model.activation)
        for field in FIELDS:
            self.fields[field.name].setText(field.text_of(preset))
        self._changed()

    @Slot()
    def refresh_datasets(self) -> None:
        """Tell anew which data sets are on this computer."""
        for index, info in enumerate(DATASETS.values()):
            self.dataset_box.setItemText(index, _title(info, self._data_dir))
        self._describe()

    @Slot()
    def _changed(self) -> None:
        self._withdraw_if_mended()
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
        here = is_available(self.dataset, self._data_dir)
        self._cost.setText(f"Start will download {_megabytes(DATASETS[self.dataset])}.")
        self._form.setRowVisible(self._cost, not here)
        preset = self.preset
        changed = [field.title for field in FIELDS if self._departs(field, preset)]
        if self.activation != preset.model.activation:
            changed.append("activation")
        note = f" Changed: {', '.join(changed)}." if changed else ""
        self._description.setText(preset.description + note)

    def _departs(self, field: Field, preset: Preset) -> bool:
        """Whether the field means something else than the preset's value."""
        try:
            value = field.value_of(self.fields[field.name].text())
        except ConfigurationError:
            return True
        return value != field.value_of(field.text_of(preset))

    def _sketch_network(self) -> None:
        """Draw the network, as far as the fields make sense."""
        try:
            model = replace(self.preset.model, **self._values(ModelConfig))
        except ConfigurationError:
            return
        self._sketch.show_model(replace(model, image_shape=DATASETS[self.dataset].image_shape))

    def _fill_boxes(self) -> None:
        for info in DATASETS.values():
            self.dataset_box.addItem(_title(info, self._data_dir), info.name)
        for preset in PRESETS.values():
            self.preset_box.addItem(preset.title, preset.name)

    # --- what outlives the window

    def _save(self) -> None:
        self._settings.setValue(f"{GROUP}/dataset", self.dataset)
        self._settings.setValue(f"{GROUP}/preset", self.preset.name)
        self._settings.setValue(f"{GROUP}/activation", self.activation)
        for name, edit in self.fields.items():
            self._settings.setValue(f"{GROUP}/{name}", edit.text())

    def _restore(self) -> None:
        here = next(name for name in DATASETS if is_available(name, self._data_dir))  # one is built in
        self.dataset_box.choose(self._setting("dataset", here), here)
        self.preset_box.choose(self._setting("preset", DEFAULT_PRESET), DEFAULT_PRESET)
        preset = self.preset
        self.activation_box.setCurrentText(self._setting("activation", preset.model.activation))
        for field in FIELDS:
            self.fields[field.name].setText(self._setting(field.name, field.text_of(preset)))

    def _setting(self, name: str, default: str) -> str:
        """A setting as text; an ini file gives lists for text with commas."""
        value = self._settings.value(f"{GROUP}/{name}", default)
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _line(field: Field) -> QLineEdit:
    edit = QLineEdit()
    edit.setObjectName(f"{field.name}Field")
    edit.setToolTip(field.tip)
    edit.setMaxLength(LONGEST)
    return edit


def _title(info: DatasetInfo, data_dir: Path) -> str:
    here = is_available(info.name, data_dir)
    return info.title if here else f"{info.title} (download {_megabytes(info)})"


def _megabytes(info: DatasetInfo) -> str:
    return f"{info.download_bytes / 1e6:.0f} MB"
