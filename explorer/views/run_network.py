"""A sketch of the network that the form describes: x, the encoder, z, the decoder, p(x|z)."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme
from vae.configuration import ModelConfig

LOWEST, HIGHEST = 7, 14  # lines of text; where there is room for fewer than the lowest, nothing is drawn
BAR = 5.0  # pixels


class NetworkSketch(QWidget):
    """One bar a layer, as high as the logarithm of its units; the units are written beneath."""

    def __init__(self) -> None:
        super().__init__()
        self._layers: list[tuple[int, str, str]] = []  # units, name, colour
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_model(self, model: ModelConfig) -> None:
        """Draw another network."""
        pixels = math.prod(model.image_shape)
        self._layers = [
            (pixels, "x", "ink"),
            *((width, "", "muted") for width in model.encoder_widths),
            (model.latent_dim, "z", "q"),
            *((width, "", "muted") for width in model.decoder_widths),
            (pixels, "p(x|z)", "reconstruction"),
        ]
        widths = " – ".join(f"{units:,}" for units, _, _ in self._layers)
        self.setAccessibleName(f"The network, layer by layer: {widths}")
        self.setToolTip(f"Units of each layer, from x by way of z to p(x|z): {widths}")
        self.update()

    def sizeHint(self) -> QSize:
        """It takes what is left over."""
        return QSize(0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the layers, and behind them the hull of encoder and decoder."""
        line = self.fontMetrics().height()
        if self.height() < LOWEST * line or not self._layers:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        high = min(self.height(), HIGHEST * line)
        bars = self._bars(QRectF(0, 2 * line, self.width(), high - 4 * line))
        painter.setBrush(QColor(current_theme().border))
        tops = [bar.center() - QPointF(0, bar.height() / 2) for bar in bars]
        feet = [bar.center() + QPointF(0, bar.height() / 2) for bar in reversed(bars)]
        painter.drawPolygon(QPolygonF(tops + feet))
        for bar, (_, _, colour) in zip(bars, self._layers, strict=True):
            painter.setBrush(QColor(getattr(current_theme(), colour)))
            painter.drawRoundedRect(bar, 2, 2)
        self._write(painter, bars)

    def _bars(self, area: QRectF) -> list[QRectF]:
        pitch = area.width() / len(self._layers)
        tallest = math.log1p(max(units for units, _, _ in self._layers))
        bars = []
        for place, (units, _, _) in enumerate(self._layers):
            bar = QRectF(0, 0, BAR, max(BAR, area.height() * math.log1p(units) / tallest))
            bar.moveCenter(QPointF(area.left() + pitch * (place + 0.5), area.center().y()))
            bars.append(bar)
        return bars

    def _write(self, painter: QPainter, bars: list[QRectF]) -> None:
        """The names above, the units beneath, smaller than the form's labels; only what there is room for."""
        font = self.font()
        font.setPointSizeF(0.82 * font.pointSizeF())
        painter.setFont(font)
        painter.setPen(QColor(current_theme().muted))
        metrics = painter.fontMetrics()
        pitch = self.width() / len(bars)
        units = [f"{units:,}" for units, _, _ in self._layers]
        crowded = any(metrics.horizontalAdvance(text) > pitch for text in units)
        top = min(bar.top() for bar in bars) - 1.3 * metrics.height()
        bottom = max(bar.bottom() for bar in bars) + 0.3 * metrics.height()
        for bar, (_, name, _), text in zip(bars, self._layers, units, strict=True):
            for words, y in ((name, top), ("" if crowded and not name else text, bottom)):
                wide = metrics.horizontalAdvance(words) + 2
                left = min(max(bar.center().x() - wide / 2, 0.0), self.width() - wide)
                painter.drawText(QRectF(left, y, wide, metrics.height()), Qt.AlignmentFlag.AlignCenter, words)
