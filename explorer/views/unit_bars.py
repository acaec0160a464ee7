"""The KL of each latent dimension as a bar; those of units that the encoder does not use are grey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from explorer.theme import current_theme

if TYPE_CHECKING:
    from vae import Units

MOST = 64  # bars; of more dimensions, those with the largest KL
FEW = 12  # bars that carry their names and numbers
WIDEST = 46  # pixels of a bar
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class UnitBars(QWidget):
    """Bars over one axis in nats, in the order of the dimensions."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("unitBars")
        self._units: Units | None = None
        self._places = np.zeros(0, np.int64)  # the dimensions that are drawn
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_units(self, units: Units) -> None:
        """Draw other units; where they have no KL, there is nothing to draw."""
        self._units = units
        if units.kl is None:
            self.say("There is no KL here.")
            return
        self._words = ""
        self._places = np.sort(np.argsort(units.kl)[::-1][:MOST])
        self.setAccessibleName(", ".join(self.told(place) for place in range(min(FEW, len(self._places)))))
        self.update()

    def say(self, words: str) -> None:
        """Draw no bars, but say why."""
        self._words, self._places = words, np.zeros(0, np.int64)
        self.setAccessibleName(words)
        self.update()

    def told(self, place: int) -> str:
        """The numbers of the bar at ``place``."""
        assert self._units is not None and self._units.kl is not None
        unit = self._places[place]
        use = "active" if self._units.active[unit] else "not active"
        return (
            f"{name_of(unit)}: KL {self._units.kl[unit]:.3g} nats, variance of its mean over images "
            f"{self._units.variance[unit]:.2g}: {use}"
        )

    def bar_at(self, x: float) -> int | None:
        """The place of the bar at ``x`` pixels from the left, if any."""
        place = int(x // self._pitch()) if len(self._places) else -1
        return place if 0 <= place < len(self._places) else None

    def sizeHint(self) -> QSize:
        """Wide enough for some bars."""
        return QSize(220, 4 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(120, 3 * self.fontMetrics().height())

    def _pitch(self) -> float:
        """Pixels from one bar to the next."""
        widest = WIDEST + max(8, WIDEST // 3)
        return min(self.width() / max(1, len(self._places)), widest)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bars, names and numbers, or the words."""
        theme = current_theme()
        painter = QPainter(self)
        if self._words:
            painter.setPen(QColor(theme.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._words)
            return
        if not len(self._places) or self._units is None or self._units.kl is None:
            return
        line = self.fontMetrics().height()
        named = len(self._places) <= FEW
        foot = self.height() - (line + 2 if named else 3)
        room = foot - (line + 2)  # above the highest bar, for its number
        kl = self._units.kl[self._places]
        highest = max(float(kl.max()), 0.1)  # so that nothing does not look like something
        pitch = self._pitch()
        width = pitch * (0.76 if pitch > 4 else 0.9)
        for place, (value, active) in enumerate(zip(kl, self._units.active[self._places], strict=True)):
            left, height = place * pitch, room * max(value, 0.0) / highest
            colour = QColor(theme.kl if active else theme.muted)
            bar = QRectF(left + (pitch - width) / 2, foot - height, width, height)
            painter.fillRect(bar, colour)
            if named:
                painter.setPen(QColor(theme.ink if active else theme.muted))
                centred = Qt.AlignmentFlag.AlignCenter
                painter.drawText(QRectF(left, foot + 1, pitch, line), centred, name_of(self._places[place]))
                painter.drawText(QRectF(left, bar.top() - line, pitch, line), centred, f"{value:.2g}")
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(0, foot, self.width(), foot)
        if not named:
            painter.setPen(QColor(theme.muted))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignTop, f"highest {highest:.2g} nats")

    def event(self, event: QEvent) -> bool:
        """Tell the numbers of the bar under the mouse."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.bar_at(event.pos().x())
            QToolTip.showText(event.globalPos(), "" if place is None else self.told(place), self)
            return True
        return super().event(event)


def name_of(unit: int) -> str:
    """As a book writes it, counted from 1: z₁."""
    return "z" + str(unit + 1).translate(SUBSCRIPTS)
