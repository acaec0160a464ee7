"""One picture, as large as its place allows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme
from explorer.views.pictures import draw_crisp, fit, to_image


class PictureView(QWidget):
    """Shows a uint8 picture (C, H, W), or a word where there is none."""

    painted = Signal()  # after each repaint

    def __init__(self, name: str, description: str, empty: str = "", least: int = 96) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(description)
        self._empty = empty
        self._least = least
        self._picture: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)  # else all that lies beneath is painted too
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """(C, H, W), what is shown."""
        return self._picture

    @property
    def image(self) -> QImage | None:
        """What is shown, one image pixel a picture pixel."""
        return self._image

    def show_picture(self, picture: NDArray[np.uint8] | None) -> None:
        """Show another picture (C, H, W)."""
        self._picture = picture
        before, self._image = self._image, None if picture is None else to_image(picture)
        if _size(before) != _size(self._image):
            self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Square by nature."""
        return True

    def heightForWidth(self, width: int) -> int:
        """As high as the picture will be drawn; square where there is none."""
        return width if self._image is None else fit(QRect(0, 0, width, width), *_size(self._image)).height()

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(self._least, self._least)

    def sizeHint(self) -> QSize:
        """Large."""
        return QSize(2 * self._least, 2 * self._least)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture, or say that there is none."""
        painter = QPainter(self)
        target = QRect() if self._image is None else fit(self.rect(), *_size(self._image))
        if target != self.rect():
            painter.fillRect(self.rect(), self.palette().base())
        if self._image is not None:
            draw_crisp(painter, target, self._image)
        else:
            painter.setPen(QColor(current_theme().muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), flags, self._empty)
        painter.end()
        self.painted.emit()


def _size(image: QImage | None) -> tuple[int, int]:
    """Width and height in its own pixels."""
    return (0, 0) if image is None else (image.width(), image.height())
