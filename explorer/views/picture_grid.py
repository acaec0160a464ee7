"""Many small pictures in rows: thumbnails, reconstructions, samples, film strips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme
from explorer.views.pictures import draw_crisp, fit, to_image

GAP = 4  # pixels between two pictures


class PictureGrid(QWidget):
    """Pictures (N, C, H, W) side by side, the first row first; a click or an arrow key chooses one."""

    chosen = Signal(int)  # the place in the grid, from 0

    def __init__(self, name: str, description: str, rows: int, columns: int, least: int = 28) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(description)
        self._rows, self._columns, self._least = rows, columns, least
        self._images: list[QImage] = []
        self._marked: int | None = None
        self._choosable = False
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def make_choosable(self) -> None:
        """Let the pictures be chosen by mouse and keyboard."""
        self._choosable = True
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_pictures(self, pictures: NDArray[np.uint8]) -> None:
        """Show (N, C, H, W), at most rows x columns of them."""
        self._images = [to_image(picture) for picture in pictures[: self._rows * self._columns]]
        self.update()

    def mark(self, place: int | None) -> None:
        """Frame the picture at ``place``, or none."""
        if place != self._marked:
            self._marked = place
            self.update()

    def hasHeightForWidth(self) -> bool:
        """Pictures keep their proportions."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The rows' height, square pictures assumed."""
        side = (width - GAP * (self._columns - 1)) / self._columns
        return round(side * self._rows + GAP * (self._rows - 1))

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize((self._least + GAP) * self._columns, (self._least + GAP) * self._rows)

    def sizeHint(self) -> QSize:
        """Comfortable."""
        return QSize((2 * self._least + GAP) * self._columns, (2 * self._least + GAP) * self._rows)

    def cell(self, place: int) -> QRect:
        """Where the picture at ``place`` stands."""
        side = self._side()
        across = self._columns * (side + GAP) - GAP
        left = (self.width() - across) // 2
        row, column = divmod(place, self._columns)
        return QRect(left + column * (side + GAP), row * (side + GAP), side, side)

    def _side(self) -> int:
        wide = (self.width() + GAP) // self._columns - GAP
        high = (self.height() + GAP) // self._rows - GAP
        return max(1, min(wide, high))

    def place_at(self, position: QPoint) -> int | None:
        """The place of the picture under ``position``, if any."""
        return next((n for n in range(len(self._images)) if self.cell(n).contains(position)), None)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pictures and the mark."""
        painter = QPainter(self)
        for place, image in enumerate(self._images):
            cell = self.cell(place)
            draw_crisp(painter, fit(cell, image.width(), image.height()), image)
            if place == self._marked:
                painter.setPen(QPen(QColor(current_theme().cursor), 3))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(cell.adjusted(1, 1, -2, -2))
        if self.hasFocus():
            painter.setPen(QPen(QColor(current_theme().accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the picture that was clicked."""
        place = self.place_at(event.position().toPoint())
        if self._choosable and place is not None:
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys choose the neighbour."""
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self._columns,
            Qt.Key.Key_Down: self._columns,
        }
        key = Qt.Key(event.key())
        if not self._choosable or key not in moves or not self._images:
            super().keyPressEvent(event)
            return
        place = (-1 if self._marked is None else self._marked) + moves[key]
        if 0 <= place < len(self._images):
            self.chosen.emit(place)
