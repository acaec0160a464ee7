"""What the points are, in a line of words, and the choice between test set and training set."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QPushButton

from explorer.session import Session
from vae.dataset import Part

TIP = "Which images the points are of"


class PartChooser(QPushButton):
    """The words are a button; to choose, the data must be open, and fit the model."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setObjectName("partChooser")
        self.setProperty("role", "chip")
        self._menu = QMenu(self)
        group = QActionGroup(self)
        self._actions = {}
        for part in Part:
            action = group.addAction("")
            action.setCheckable(True)
            action.triggered.connect(partial(session.encoded_data.choose, part))
            self._menu.addAction(action)
            self._actions[part] = action
        self.clicked.connect(self._offer)
        session.encoded_data.changed.connect(self._show)
        session.encoded_data.progressed.connect(self._show)
        session.workspace.dataset_changed.connect(lambda: self._show())
        self._show()

    def explain(self, words: str) -> None:
        """What the points are to this model, above all, in the tool tip."""
        self.setToolTip(f"{words}\n{TIP}" if words else TIP)

    def _offer(self) -> None:
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _show(self, share: float | None = None) -> None:
        encoded, workspace = self._session.encoded_data, self._session.workspace
        data, model, points = workspace.dataset, workspace.model, encoded.points
        fits = data is not None and model is not None and data.info.image_shape == model.image_shape
        self.setEnabled(fits)
        if data is not None:
            for part, action in self._actions.items():
                action.setText(f"{part.value.capitalize()} set: {len(data.labels_of(part)):,} images")
        self._actions[encoded.part].setChecked(True)
        if share is not None:
            text = f"encoding the {encoded.part.value} set … {share:.0%}"
        elif points is None:
            text = ""
        else:
            count = len(points.encodings.labels)
            text = f"{count:,} {points.part.value} images{self._whose(points.dataset)}"
            if points.accuracy is not None:
                text = f"label right for {points.accuracy:.1%} of {text}"
        self.setText(f"{text} ▾" if fits and text else text)

    def _whose(self, dataset: str) -> str:
        """The data set is named where it is not the open one."""
        data, info = self._session.workspace.dataset, self._session.workspace.info_of(dataset)
        if data is not None and data.info.name == dataset:
            return ""
        return f" of {info.title if info is not None else dataset}"
