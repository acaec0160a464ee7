"""What a field of the run's form is edited with: a line to type into, or a box to choose from."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QScrollArea, QWidget

from explorer.views.run_box import ChoiceBox
from explorer.views.run_fields import Field

LONGEST = 100  # characters in a field


class TypedText(QLineEdit):
    """Holds what was typed, sense or nonsense."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.setObjectName(f"{field.name}Field")
        self.setToolTip(field.tip)
        self.setMaxLength(LONGEST)

    def complain(self, sentence: str) -> None:
        """Have the focus go where the nonsense is."""
        self.setAccessibleDescription(sentence)
        self.selectAll()
        self.setFocus()


class ChosenText(ChoiceBox):
    """Holds one of the field's choices."""

    textChanged = Signal(str)  # noqa: N815 - as of a QLineEdit

    def __init__(self, field: Field) -> None:
        super().__init__(f"{field.name}Box", field.tip)
        self.addItems(list(field.choices))
        self.currentTextChanged.connect(self.textChanged)

    def text(self) -> str:
        """What is chosen."""
        return self.currentText()

    def setText(self, text: str) -> None:  # noqa: N802 - as of a QLineEdit
        """Choose it, if it is among the choices."""
        self.setCurrentText(text)

    def complain(self, sentence: str) -> None:
        """Have the focus go where the nonsense is."""
        self.setAccessibleDescription(sentence)
        self.setFocus()


Editor = TypedText | ChosenText


def bring_into_view(widget: QWidget) -> None:
    """Scroll there, once the rows that have just been shown have their places."""
    area = widget.parentWidget()
    while area is not None and not isinstance(area, QScrollArea):
        area = area.parentWidget()
    if area is not None:
        QTimer.singleShot(0, widget, partial(area.ensureWidgetVisible, widget))


def editor_of(field: Field) -> Editor:
    """The widget for a field."""
    return ChosenText(field) if field.choices else TypedText(field)
