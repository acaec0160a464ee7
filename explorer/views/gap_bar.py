"""A bar that adds up: log p(x) = ELBO(q) + amortisation gap + approximation gap."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme

STUB = 0.22  # share of the width that stands for the ELBO, which is not to scale
HEIGHT = 1.25  # of the bar, in lines of text
LEAST = 2.0  # pixels of a segment, however small


class GapBar(QWidget):
    """The ELBO as a broken stub, and what is missing to log p(x) to scale."""

    def __init__(self) -> None:
        super().__init__()
        self._gaps: tuple[float, ...] = ()
        self.setObjectName("gapBar")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_gaps(self, gaps: Sequence[float]) -> None:
        """Amortisation and approximation gap, in nats; none for an empty bar."""
        self._gaps = tuple(gaps)
        self.setAccessibleName(
            "Amortisation gap {:.2f}, approximation gap {:.2f} nats".format(*gaps) if gaps else "No gaps yet"
        )
        self.update()

    def sizeHint(self) -> QSize:
        """As high as a line of text and a little."""
        return QSize(120, round(HEIGHT * self.fontMetrics().height()))

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(60, self.sizeHint().height())

    def segments(self) -> list[QRectF]:
        """Where the ELBO and each gap are drawn, from left to right; nothing where nothing is known."""
        if not self._gaps:
            return []
        width, height = float(self.width()), float(self.height())
        start = STUB * width
        rects = [QRectF(0, 0, start, height)]
        free, whole = width - start - LEAST * len(self._gaps), sum(self._gaps) or 1.0
        for gap in self._gaps:
            length = LEAST + free * gap / whole
            rects.append(QRectF(start, 0, length, height))
            start += length
        return rects

    def paintEvent(self, event: QPaintEvent) -> None:
        """The segments, and two strokes through the stub."""
        painter, theme = QPainter(self), current_theme()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rects = self.segments()
        if not rects:
            painter.fillRect(self.rect(), QColor(theme.raised))
            return
        for rect, colour in zip(rects, (theme.elbo, theme.q, theme.exact), strict=True):
            painter.fillRect(rect, QColor(colour))
        stub = rects[0]
        painter.setPen(QPen(QColor(theme.card), 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        for shift in (-3.0, 3.0):
            x, lean = stub.center().x() + shift, stub.height() / 4
            painter.drawPolyline(QPolygonF([QPointF(x - lean, stub.bottom()), QPointF(x + lean, stub.top())]))
