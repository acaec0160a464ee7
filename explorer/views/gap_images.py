"""Thumbnails of images, each with its gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QListView, QListWidget, QListWidgetItem, QSizePolicy

from explorer.views.numbers import number
from explorer.views.pictures import enlarge, to_image

SIDE = 42  # pixels of a thumbnail
MARGIN = 8  # around it


@dataclass(frozen=True, eq=False)
class ImageWithGap:
    """One of a data set."""

    index: int
    picture: NDArray[np.uint8]  # (C, H, W)
    gap: float  # nats
    tip: str


class GapImages(QListWidget):
    """A click, or Enter, chooses one."""

    chosen = Signal(int)  # its index in the data set
    left = Signal()  # the mouse is no longer over them

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gapImages")
        self.setAccessibleName("Images by falling gap")
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setUniformItemSizes(True)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.setMinimumHeight(self._cell().height() + MARGIN)
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)  # by Enter
        self._indices: list[int] = []

    @property
    def indices(self) -> list[int]:
        """Of the images that are shown, in their order."""
        return self._indices

    def show_images(self, images: Sequence[ImageWithGap]) -> None:
        """Show others; the current one stays so, if it is among them, and what is in view stays there."""
        indices = [image.index for image in images]
        if indices == self._indices:
            return
        row, scrolled = self.currentRow(), self.verticalScrollBar().value()
        current = self._indices[row] if row >= 0 else None
        self._indices = indices
        self.clear()
        for image in images:
            item = QListWidgetItem(_icon(image.picture), number(image.gap, 1 if image.gap >= 1 else 2))
            item.setSizeHint(self._cell())
            item.setToolTip(image.tip)
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.addItem(item)
        if current in indices:
            self.setCurrentRow(indices.index(current))
        self.verticalScrollBar().setValue(scrolled)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell of it."""
        super().leaveEvent(event)
        self.left.emit()

    def _cell(self) -> QSize:
        text = self.fontMetrics()
        wide = max(SIDE, text.horizontalAdvance("000.0"))
        return QSize(wide + MARGIN, SIDE + text.height() + MARGIN)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self._indices[self.row(item)])


def _icon(picture: NDArray[np.uint8]) -> QIcon:
    """Not tinted where it is selected."""
    pixmap = QPixmap.fromImage(enlarge(to_image(picture), SIDE))
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
