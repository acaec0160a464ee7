"""One code, decoded for each label that the decoder may be told; a click chooses the label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer.theme import current_theme
from explorer.views.pictures import draw_crisp, fit, to_image

COLUMNS = 5
GAP = 6  # pixels between two cells
LEAST = 34  # pixels of a picture
MOVES = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -COLUMNS, Qt.Key.Key_Down: COLUMNS}


class LabelChooser(QWidget):
    """A button a class: its picture at the cursor, and its name beneath."""

    chosen = Signal(int)  # the label

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("labelChooser")
        self.setAccessibleName("The label that the decoder is told")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._names: tuple[str, ...] = ()
        self._images: list[QImage] = []
        self._label = 0
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes, by label."""
        return self._names

    @property
    def images(self) -> list[QImage]:
        """What is shown, by label."""
        return self._images

    @property
    def label(self) -> int:
        """The chosen label."""
        return self._label

    def show_names(self, names: Sequence[str]) -> None:
        """Offer other classes."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            self.updateGeometry()
            self.update()

    def show_pictures(self, pictures: NDArray[np.uint8], label: int) -> None:
        """One picture a class, (N, C, H, W), and the label that is chosen."""
        self._images = [to_image(picture) for picture in pictures]
        self._label = label
        self.update()

    def cell(self, label: int) -> QRect:
        """Where a class stands: its picture and its name."""
        row, column = divmod(label, COLUMNS)
        side = (self.width() + GAP) // COLUMNS - GAP
        high = side + self.fontMetrics().height()
        return QRect(column * (side + GAP), row * (high + GAP), side, high)

    def hasHeightForWidth(self) -> bool:
        """Pictures keep their proportions."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The rows' height."""
        rows = -(-len(self._names) // COLUMNS)
        side = (width + GAP) // COLUMNS - GAP
        return rows * (side + self.fontMetrics().height() + GAP) - GAP

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        width = COLUMNS * (LEAST + GAP) - GAP
        return QSize(width, self.heightForWidth(width))

    def sizeHint(self) -> QSize:
        """Comfortable."""
        width = COLUMNS * (2 * LEAST + GAP) - GAP
        return QSize(width, self.heightForWidth(width))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pictures, the names, and a frame around the chosen one."""
        painter, theme = QPainter(self), current_theme()
        line = self.fontMetrics().height()
        for label, (image, name) in enumerate(zip(self._images, self._names, strict=False)):
            cell, chosen = self.cell(label), label == self._label
            draw_crisp(painter, fit(cell.adjusted(0, 0, 0, -line), image.width(), image.height()), image)
            painter.setPen(QColor(theme.cursor if chosen else theme.muted))
            words = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, cell.width())
            painter.drawText(cell, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, words)
            if chosen:
                painter.setPen(QPen(QColor(theme.cursor), 2))
                painter.drawRect(cell.adjusted(1, 1, -1, -line - 1))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def event(self, event: QEvent) -> bool:
        """A name that is cut is told whole."""
        if event.type() is QEvent.Type.ToolTip:
            place = self.mapFromGlobal(self.cursor().pos())
            label = self._label_at(place)
            QToolTip.showText(
                self.mapToGlobal(place), "" if label is None else f"Decode z as {self._names[label]}", self
            )
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the class that was clicked."""
        label = self._label_at(event.position().toPoint())
        if label is not None:
            self.chosen.emit(label)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys choose the neighbour."""
        key = Qt.Key(event.key())
        if key not in MOVES:
            super().keyPressEvent(event)
        elif 0 <= self._label + MOVES[key] < len(self._images):
            self.chosen.emit(self._label + MOVES[key])

    def _label_at(self, place: QPoint) -> int | None:
        return next((label for label in range(len(self._images)) if self.cell(label).contains(place)), None)
