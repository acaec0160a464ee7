"""The two settings of a run that may be changed while it goes on."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from explorer.messages import RunRequest
from explorer.run import RunState
from explorer.session import Session
from explorer.views.card import styled_label
from explorer.views.run_fields import FIELDS, Field
from vae.configuration import TrainingConfig
from vae.errors import ConfigurationError

CHANGEABLE = ("learning_rate", "beta")
LABELS = {"learning_rate": "Now: rate", "beta": "β"}  # short: the form above spells them out
APPLIED = "Enter applies it from the next step on."


class RunChanges(QWidget):
    """Shows what the run is trained with at present. What is typed counts once Enter is pressed."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._run = session.run
        self._fields = {field.name: field for field in FIELDS if field.name in CHANGEABLE}
        self.edits = {name: _Edit(self._fields[name]) for name in CHANGEABLE}
        self._error = styled_label("", "notice")
        self._error.setWordWrap(True)
        self._error.hide()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for column, (name, edit) in enumerate(self.edits.items()):
            label = QLabel(LABELS[name])
            label.setToolTip(edit.toolTip())
            layout.addWidget(label, 0, 2 * column)
            layout.addWidget(edit, 0, 2 * column + 1)
            layout.setColumnStretch(2 * column + 1, 1)
            edit.returnPressed.connect(partial(self._apply, name))
            edit.left.connect(partial(self._left, name))
        layout.addWidget(self._error, 1, 0, 1, 4)
        self._run.began.connect(self._began)
        self._run.training_changed.connect(self._show)
        self._run.state_changed.connect(self._state_changed)
        self.hide()

    def _apply(self, name: str) -> None:
        """Train on with what was typed, if it makes sense."""
        edit = self.edits[name]
        try:
            value = self._fields[name].value_of(edit.text())
        except ConfigurationError as error:
            self._error.setText(str(error))
            self._error.show()
            edit.selectAll()
            return
        assert isinstance(value, float)
        self._error.hide()
        edit.setModified(False)
        self._run.change(name, value)

    def _left(self, name: str) -> None:
        """What was typed and not applied is dropped when another field is gone to."""
        edit = self.edits[name]
        if edit.isModified() and self._run.training is not None:
            self._tell(name, self._run.training)
            self._error.hide()

    @Slot(object)
    def _began(self, request: RunRequest) -> None:
        self._error.hide()
        for name in CHANGEABLE:
            self._tell(name, request.training)

    @Slot(object)
    def _show(self, training: TrainingConfig) -> None:
        """Follow the run, but for a field that is being typed in."""
        for name, edit in self.edits.items():
            if not edit.isModified():
                self._tell(name, training)

    @Slot(object)
    def _state_changed(self, state: RunState) -> None:
        self.setVisible(state in (RunState.RUNNING, RunState.PAUSED))

    def _tell(self, name: str, training: TrainingConfig) -> None:
        self.edits[name].setText(f"{getattr(training, name):g}")
        self.edits[name].setModified(False)


class _Edit(QLineEdit):
    """Says when another field is gone to."""

    left = Signal()

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.setObjectName(f"{field.name}Now")
        self.setAccessibleName(f"{field.title} of the present run")
        self.setToolTip(f"{field.tip}. {APPLIED}")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The focus goes elsewhere."""
        super().focusOutEvent(event)
        self.left.emit()
