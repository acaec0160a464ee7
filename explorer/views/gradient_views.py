"""The gradient of a run: its norm over the last steps, and how much two estimators of it scatter."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme

if TYPE_CHECKING:
    from vae import GradientVariance

STEPS = 240  # that the line reaches back over
SUPERSCRIPTS = str.maketrans("−0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class NormLine(QWidget):
    """The norm of the gradient of the last steps, on a scale that begins at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gradientNorm")
        self._norms: deque[float] = deque(maxlen=STEPS)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def add(self, norms: Iterable[float]) -> None:
        """Append steps; they are drawn when the widget is next painted."""
        self._norms.extend(norms)

    def clear(self) -> None:
        """Forget the steps."""
        self._norms.clear()
        self.update()

    @property
    def last(self) -> float | None:
        """The norm of the last step."""
        return self._norms[-1] if self._norms else None

    def sizeHint(self) -> QSize:
        """Wide enough to see a trend."""
        return QSize(140, 2 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Still a line."""
        return QSize(60, self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line; single norms far above the others leave the picture."""
        norms = [norm for norm in self._norms if math.isfinite(norm)]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        foot = self.height() - 1.5
        painter.setPen(QPen(QColor(current_theme().border), 1))
        painter.drawLine(QPointF(0, foot), QPointF(self.width(), foot))
        if len(norms) < 2:
            return
        highest = 1.1 * sorted(norms)[int(0.98 * (len(norms) - 1))] or 1.0
        across, up = self.width() / (STEPS - 1), (foot - 2.0) / highest
        points = [QPointF(place * across, foot - norm * up) for place, norm in enumerate(norms)]
        painter.setPen(QPen(QColor(current_theme().accent), 1.5))
        painter.drawPolyline(QPolygonF(points))


class VarianceBars(QWidget):
    """Two bars over one logarithmic axis: the pathwise gradient, and that by the score function."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gradientVariance")
        self._variance: GradientVariance | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_variance(self, variance: GradientVariance | None) -> None:
        """Draw other numbers, or none."""
        self._variance = variance
        self.setAccessibleName("; ".join(f"{name} {number}" for name, _, number in self._rows()))
        self.update()

    def sizeHint(self) -> QSize:
        """Two rows of words and bars."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance("score function 1.5 × 10⁻¹⁰") + 70, 2 * metrics.height() + 8)

    def minimumSizeHint(self) -> QSize:
        """Words, and a little of the bars."""
        return QSize(self.sizeHint().width() - 40, self.sizeHint().height())

    def _rows(self) -> list[tuple[str, float, str]]:
        if self._variance is None:
            return []
        pairs = (("pathwise", self._variance.pathwise), ("score function", self._variance.score_function))
        return [(name, value, in_powers(value)) for name, value in pairs]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the names, the bars and the numbers."""
        theme, metrics = current_theme(), self.fontMetrics()
        painter = QPainter(self)
        names = metrics.horizontalAdvance("score function ")
        numbers = metrics.horizontalAdvance(" 1.5 × 10⁻¹⁰")
        rows = self._rows()
        logs = [math.log10(value) for _, value, _ in rows if value > 0.0]
        low, high = (math.floor(min(logs)) - 1, math.ceil(max(logs))) if logs else (0, 1)
        for row, (name, value, number) in enumerate(rows):
            top, height = row * (metrics.height() + 6), metrics.height()
            share = (math.log10(value) - low) / (high - low) if value > 0.0 else 0.0
            room = self.width() - names - numbers
            painter.fillRect(
                QRectF(names, top + 3, max(2.0, room * share), height - 6),
                QColor(theme.q if row == 0 else theme.exact),
            )
            painter.setPen(QColor(theme.ink))
            painter.drawText(QRectF(0, top, names, height), Qt.AlignmentFlag.AlignVCenter, name)
            at = QRectF(self.width() - numbers, top, numbers, height)
            painter.drawText(at, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, number)


def in_powers(value: float) -> str:
    """Two digits as books write them: 1.9 × 10⁻⁷; plain between 0.01 and 10,000."""
    if value == 0.0 or 0.01 <= abs(value) < 10_000:
        return f"{value:,.2g}" if abs(value) < 100 else f"{value:,.0f}"
    digits, power = f"{value:.1e}".split("e")
    return f"{digits} × 10{str(int(power)).replace('-', '−').translate(SUPERSCRIPTS)}"
