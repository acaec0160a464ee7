"""A sketch of the network that the form describes: x, the encoder, z, the decoder, p(x|z)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme
from vae.configuration import ModelConfig

LOWEST, HIGHEST = 8, 15  # lines of text; where there is room for fewer than the lowest, nothing is drawn
BAR = 5.0  # pixels
NAMES = {  # of x, z and p(x|z), where a family has others
    "labels": ("x", "z", "p(x, y|z)"),
    "conditional": ("x, y", "z, y", "p(x|z, y)"),
    "mixture": ("x", "c, z", "p(x|z)"),
}


@dataclass(frozen=True)
class Layer:
    """What a bar stands for."""

    units: int
    text: str  # beneath it
    name: str = ""  # above it
    colour: str = "muted"  # of the theme


def layers_of(model: ModelConfig) -> list[Layer]:
    """The layers from x to p(x|z)."""
    x, z, p = NAMES.get(model.family, ("x", "z", "p(x|z)"))
    pixels = math.prod(model.image_shape)
    below = (model.inner_dim,) if model.family == "hierarchical" else ()
    return [
        Layer(pixels, f"{pixels:,}", x, "ink"),
        *_hidden(model, model.encoder_widths, range(1, len(model.encoder_widths) + 1)),
        Layer(model.latent_dim, f"{model.latent_dim:,}", z, "q"),
        *(Layer(units, f"{units:,}", "w", "q") for units in below),
        *_hidden(model, model.decoder_widths, range(len(model.decoder_widths), 0, -1)),
        Layer(pixels, f"{pixels:,}", p, "reconstruction"),
    ]


def _hidden(model: ModelConfig, widths: tuple[int, ...], halvings: range) -> list[Layer]:
    """Hidden layers; those of a convolutional network have so many planes of halved size."""
    if model.network == "dense":
        return [Layer(width, f"{width:,}") for width in widths]
    areas = [math.prod(-(-side // 2**times) for side in model.image_shape[1:]) for times in halvings]
    return [Layer(planes * area, f"{planes:,}") for planes, area in zip(widths, areas, strict=True)]


class NetworkSketch(QWidget):
    """One bar a layer, as high as the logarithm of its units; units or channels are written beneath."""

    def __init__(self) -> None:
        super().__init__()
        self._layers: list[Layer] = []
        self._summary = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_model(self, model: ModelConfig, parameters: int | None) -> None:
        """Draw another network; how many parameters it has is told where that is known."""
        self._layers = layers_of(model)
        self._summary = f"{parameters:,} parameters" if parameters is not None else ""
        widths = " – ".join(layer.text for layer in self._layers)
        counted = "Units" if model.network == "dense" else "Channels"
        told = f"{counted} of each layer, from x by way of z to p(x|z): {widths}. {self._summary}".strip()
        self.setAccessibleName(f"The network. {told}")
        self.setToolTip(told)
        self.update()

    def keep_room(self, room: bool) -> None:
        """Be seen, or make do with what is left over."""
        self.setMinimumHeight(LOWEST * self.fontMetrics().height() if room else 0)

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
        bars = self._bars(QRectF(0, 2 * line, self.width(), high - 5 * line))
        painter.setBrush(QColor(current_theme().border))
        tops = [bar.center() - QPointF(0, bar.height() / 2) for bar in bars]
        feet = [bar.center() + QPointF(0, bar.height() / 2) for bar in reversed(bars)]
        painter.drawPolygon(QPolygonF(tops + feet))
        for bar, layer in zip(bars, self._layers, strict=True):
            painter.setBrush(QColor(getattr(current_theme(), layer.colour)))
            painter.drawRoundedRect(bar, 2, 2)
        self._write(painter, bars)

    def _bars(self, area: QRectF) -> list[QRectF]:
        pitch = area.width() / len(self._layers)
        tallest = math.log1p(max(layer.units for layer in self._layers))
        bars = []
        for place, layer in enumerate(self._layers):
            bar = QRectF(0, 0, BAR, max(BAR, area.height() * math.log1p(layer.units) / tallest))
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
        crowded = any(metrics.horizontalAdvance(layer.text) > pitch for layer in self._layers)
        top = min(bar.top() for bar in bars) - 1.3 * metrics.height()
        bottom = max(bar.bottom() for bar in bars) + 0.3 * metrics.height()
        centre = Qt.AlignmentFlag.AlignCenter
        for bar, layer in zip(bars, self._layers, strict=True):
            text = "" if crowded and not layer.name else layer.text
            for words, y in ((layer.name, top), (text, bottom)):
                wide = metrics.horizontalAdvance(words) + 2
                left = min(max(bar.center().x() - wide / 2, 0.0), self.width() - wide)
                painter.drawText(QRectF(left, y, wide, metrics.height()), centre, words)
        beneath = QRectF(0, bottom + 1.2 * metrics.height(), self.width(), metrics.height())
        painter.drawText(beneath, centre, self._summary)
