"""The legend of the points: a chip for each class, or a colour bar for a factor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QLinearGradient, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QPushButton, QWidget

from explorer.theme import current_theme
from explorer.views.flow_layout import FlowLayout

FAINT = 26  # alpha of points outside the chosen class
FULL = 225
MOST_CHIPS = 40
FACTOR_COLOURS = "viridis"


class ClassLegend(QWidget):
    """Press a class to see it alone; press it again to see all."""

    isolated = Signal(object)  # the class, or None for all

    def __init__(self) -> None:
        super().__init__()
        self._layout = FlowLayout(spacing=2)
        self.setLayout(self._layout)
        self._chips: list[QPushButton] = []

    def show_classes(self, names: Sequence[str]) -> None:
        """One chip a class, in the order of the labels; none of more than can be told apart or found."""
        for chip in self._chips:
            self._layout.removeWidget(chip)
            chip.deleteLater()
        shown = names if len(names) <= MOST_CHIPS else ()
        self._chips = [self._chip(label, name) for label, name in enumerate(shown)]

    def isolate(self, alone: int | None) -> None:
        """Mark the class that is seen alone."""
        for label, chip in enumerate(self._chips):
            with QSignalBlocker(chip):
                chip.setChecked(label == alone)

    def _chip(self, label: int, name: str) -> QPushButton:
        chip = QPushButton(name)
        chip.setIcon(_dot(class_colour(label)))
        side = round(0.6 * chip.fontMetrics().height())
        chip.setIconSize(QSize(side, side))
        chip.setCheckable(True)
        chip.setFlat(True)
        chip.setProperty("role", "chip")
        chip.setToolTip(f"Show {name} alone")
        chip.toggled.connect(lambda on: self._toggled(label, on))
        self._layout.addWidget(chip)
        return chip

    def _toggled(self, label: int, on: bool) -> None:
        if on:
            for other, chip in enumerate(self._chips):
                if other != label:
                    chip.setChecked(False)
        chosen = [place for place, chip in enumerate(self._chips) if chip.isChecked()]
        self.isolated.emit(chosen[0] if chosen else None)


class FactorLegend(QWidget):
    """A colour bar with the ends of a factor's range."""

    def __init__(self) -> None:
        super().__init__()
        self._low = self._high = 0.0
        self.setMinimumSize(QSize(160, 18))

    def show_range(self, low: float, high: float) -> None:
        """The values at the two ends."""
        self._low, self._high = low, high
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Low to the left, high to the right."""
        painter = QPainter(self)
        painter.setPen(QColor(current_theme().muted))
        metrics = self.fontMetrics()
        low, high = f"{self._low:.1f}", f"{self._high:.1f}"
        left, right = metrics.horizontalAdvance(low) + 6, metrics.horizontalAdvance(high) + 6
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, low)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, high)
        bar = self.rect().adjusted(left, 4, -right, -4)
        gradient = QLinearGradient(bar.topLeft(), bar.topRight())
        for share, colour in zip(np.linspace(0, 1, 9), _ramp(9), strict=True):
            gradient.setColorAt(float(share), QColor(*colour.tolist()))
        painter.fillRect(bar, gradient)


def class_colour(label: int) -> str:
    """The colour of a class, on every picture."""
    classes = current_theme().classes
    return classes[label % len(classes)]


def class_colours(labels: NDArray[np.int64], alone: int | None) -> NDArray[np.uint8]:
    """RGBA (N, 4) of points of these classes; all but the class ``alone``, if any, are faint."""
    palette = np.array([QColor(colour).getRgb() for colour in current_theme().classes], np.uint8)
    colours = palette[labels % len(palette)]
    colours[:, 3] = FULL if alone is None else np.where(labels == alone, FULL, FAINT)
    return colours


def factor_colours(values: NDArray[np.float32]) -> tuple[NDArray[np.uint8], float, float]:
    """RGBA (N, 4) of points by a factor, and the values at the two ends of the colour bar."""
    low, high = (float(value) for value in np.percentile(values, (1, 99)))
    shares = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    colours = _ramp(256)[(shares * 255).astype(np.int64)]
    colours[:, 3] = FULL
    return colours, low, high


def _ramp(steps: int) -> NDArray[np.uint8]:
    ramp: NDArray[np.uint8] = pg.colormap.get(FACTOR_COLOURS).getLookupTable(nPts=steps, alpha=True)
    return ramp.astype(np.uint8)


def _dot(colour: str) -> QIcon:
    pixmap = QPixmap(20, 20)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(2, 2, 16, 16)
    painter.end()
    return QIcon(pixmap)
