"""Pictures of the forward pass: images, and the map of what each pixel adds to log p(x|z)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme
from explorer.views.picture_view import PictureView
from explorer.views.pictures import draw_crisp, fit, to_image

LEAST = 84  # pixels: three to each of a digit's
BAR = 10  # pixels, the width of the colour bar
GAP = 8
ROUND = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)  # times a power of ten


class BoxPicture(PictureView):
    """A picture that takes what height its lane has, and asks for no more."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, description, least=LEAST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def hasHeightForWidth(self) -> bool:
        """Its lane is as high as it is."""
        return False

    def sizeHint(self) -> QSize:
        """Readable."""
        return self.minimumSizeHint()


class LogProbMap(QWidget):
    """log p(x|z) a pixel, as a heat map from the best (quiet) down to the costliest (full), with its bar.

    The best is 0 nats, or more where a density is above 1.
    """

    def __init__(self, name: str, description: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(description)
        self._log_prob: NDArray[np.float32] | None = None
        self._best, self._worst = 0.0, -1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def log_prob(self) -> NDArray[np.float32] | None:
        """(H, W) nats, the channels added up."""
        return self._log_prob

    def show_log_prob(self, log_prob: NDArray[np.float32]) -> None:
        """Show (C, H, W) in nats; the bar reaches to round numbers."""
        self._log_prob = log_prob.sum(0)
        low, high = float(self._log_prob.min()), float(self._log_prob.max())
        self._best = round_up(high) if high > 0 else 0.0
        self._worst = -round_up(-low) if low < 0 or not self._best else 0.0
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Readable, beside a bar and its numbers."""
        return QSize(LEAST + GAP + BAR + self._words_width(), LEAST)

    def minimumSizeHint(self) -> QSize:
        """Readable, beside a bar and its numbers."""
        return self.sizeHint()

    def _words_width(self) -> int:
        words = (_bar_number(self._best), "nats", _bar_number(self._worst))
        return max(map(self.fontMetrics().horizontalAdvance, words)) + 4

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the map and its bar."""
        if self._log_prob is None:
            return
        painter = QPainter(self)
        image = to_image(self._colours((self._best - self._log_prob) / (self._best - self._worst)))
        wide = self.width() - GAP - BAR - self._words_width()
        target = fit(QRect(0, 0, wide, self.height()), image.width(), image.height())
        draw_crisp(painter, target, image)
        painter.setPen(QPen(QColor(current_theme().border), 1))
        painter.drawRect(target.adjusted(0, 0, -1, -1))
        self._draw_bar(painter, QRectF(target.right() + GAP, target.top(), BAR, target.height()))

    def _draw_bar(self, painter: QPainter, bar: QRectF) -> None:
        theme = current_theme()
        shades = QLinearGradient(bar.topLeft(), bar.bottomLeft())
        shades.setColorAt(0, QColor(theme.card))
        shades.setColorAt(1, QColor(theme.reconstruction))
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.fillRect(bar, shades)
        painter.drawRect(bar.adjusted(0, 0, 0, -1))
        font = self.font()
        font.setPointSizeF(0.82 * font.pointSizeF())
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        room = bar.adjusted(BAR + 4, 0, BAR + 4 + self._words_width(), 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignTop, _bar_number(self._best))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, "nats")
        painter.drawText(room, Qt.AlignmentFlag.AlignBottom, _bar_number(self._worst))

    def _colours(self, strength: NDArray[np.float32]) -> NDArray[np.uint8]:
        """(H, W) in [0, 1] -> (3, H, W), from the card's colour to the reconstruction's."""
        low, high = (_rgb(colour) for colour in (current_theme().card, current_theme().reconstruction))
        mixed = low + (high - low) * strength[..., None]
        return mixed.round().astype(np.uint8).transpose(2, 0, 1)


def round_up(value: float) -> float:
    """The least round number that is not below ``value``; at least 0.1."""
    value = max(value, 0.1)
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in ROUND if step * power >= value)


def _bar_number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _rgb(colour: str) -> NDArray[np.float64]:
    parsed = QColor(colour)
    return np.array((parsed.red(), parsed.green(), parsed.blue()), np.float64)
