"""A pad to draw a digit on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme

SIDE = 280  # pixels of the drawing, whatever the size on the screen
STROKE = 22  # pixels: MNIST's strokes are about 2 of 28 pixels wide


class DrawPad(QWidget):
    """White ink on black, as in MNIST. The right button, or Delete, clears."""

    drawn = Signal(object)  # uint8 (SIDE, SIDE), 255 for ink: after each stroke and while it goes on

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("drawPad")
        self.setAccessibleName("Draw a digit here")
        self.setToolTip("Draw with the left button. The right button clears.")
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._image = QImage(SIDE, SIDE, QImage.Format.Format_Grayscale8)
        self._image.fill(0)
        self._last: QPointF | None = None
        self._empty = True
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def clear(self) -> None:
        """Wipe the pad."""
        self._image.fill(0)
        self._empty = True
        self.update()

    def show_ink(self, ink: NDArray[np.uint8]) -> None:
        """Put a drawing (SIDE, SIDE), as ink() gives it, in the place of what is on the pad."""
        drawn = QImage(np.ascontiguousarray(ink).data, SIDE, SIDE, SIDE, QImage.Format.Format_Grayscale8)
        self._image = drawn.copy()
        self._empty = not ink.any()
        self.update()

    def ink(self) -> NDArray[np.uint8]:
        """(SIDE, SIDE), 0 for paper and 255 for ink."""
        pixels = np.frombuffer(self._image.constBits(), np.uint8).reshape(SIDE, self._image.bytesPerLine())
        return pixels[:, :SIDE].copy()

    def hasHeightForWidth(self) -> bool:
        """Square."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Square."""
        return width

    def sizeHint(self) -> QSize:
        """Comfortable to draw on."""
        return QSize(240, 240)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke, or clear."""
        if event.button() is Qt.MouseButton.RightButton:
            self.clear()
        elif event.button() is Qt.MouseButton.LeftButton:
            self._last = self._on_image(event.position().toPoint())
            self._stroke_to(self._last)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the stroke."""
        if self._last is not None:
            self._stroke_to(self._on_image(event.position().toPoint()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke."""
        self._last = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Show the drawing, or the invitation to draw."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self._square(), self._image)
        if self._empty:
            painter.setPen(QColor("#9aa3b0"))
            painter.drawText(self._square(), Qt.AlignmentFlag.AlignCenter, "Draw a digit here")
        painter.setPen(QColor(current_theme().border))
        painter.drawRect(self._square().adjusted(0, 0, -1, -1))

    def _square(self) -> QRect:
        side = min(self.width(), self.height())
        return QRect((self.width() - side) // 2, (self.height() - side) // 2, side, side)

    def _on_image(self, position: QPoint) -> QPointF:
        square = self._square()
        return QPointF(position - square.topLeft()) * (SIDE / square.width())

    def _stroke_to(self, place: QPointF) -> None:
        assert self._last is not None
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(
            QColor("white"), STROKE, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
        )
        painter.setPen(pen)
        if place == self._last:
            painter.drawPoint(place)
        else:
            painter.drawLine(self._last, place)
        painter.end()
        self._last = place
        self._empty = False
        self.update()
        self.drawn.emit(self.ink())
