"""A network, layer by layer, with what its units put out for this image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.theme import current_theme

LEAST_HEIGHT = 64  # pixels
SHARE = 0.8  # of its column that a layer's block may fill
LARGEST_CELL = 12  # pixels of one unit
FAINTEST = 0.12  # opacity of a unit that puts out nothing


@dataclass(frozen=True)
class Layer:
    """What the units of a layer hold."""

    values: NDArray[np.float32]  # (units,), or of a convolution (filters, height, width)
    units: str  # as it is written: "128", "2 + 2" or "16 × 7 × 7"
    colour: str  # a concept of the theme


def hidden_layer(values: NDArray[np.float32]) -> Layer:
    """What a hidden layer put out."""
    return Layer(values, " × ".join(f"{size:,}" for size in values.shape), "muted")


@dataclass(frozen=True)
class _Block:
    """Where a layer is drawn, and how its units are arranged."""

    rect: QRect
    rows: int
    columns: int


class LayerPath(QWidget):
    """One block a layer, as high as the logarithm of its units; one square a unit, the fuller the larger.

    The filters of a convolution are small pictures side by side.
    """

    def __init__(self, name: str, description: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._description = description
        self._layers: tuple[Layer, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What is drawn, from left to right."""
        return self._layers

    def show_layers(self, layers: Sequence[Layer]) -> None:
        """Draw another network, or other values."""
        self._layers = tuple(layers)
        widths = " → ".join(layer.units for layer in self._layers)
        self.setAccessibleName(f"{self._description}: {widths}")
        self.setToolTip(
            f"Units of each layer: {widths}. A square is a unit; "
            "the stronger its colour, the larger what it puts out, relative to its layer."
        )
        self.update()

    def sizeHint(self) -> QSize:
        """Wide enough for the units to be written."""
        wide = sum(self.fontMetrics().horizontalAdvance(layer.units) for layer in self._layers)
        return QSize(wide, LEAST_HEIGHT + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Names may be left out."""
        return QSize(0, LEAST_HEIGHT + self.fontMetrics().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the hull, the blocks and the units beneath."""
        if not self._layers:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        blocks = self._blocks(QRectF(0, 0, self.width(), self.height() - line - 3))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current_theme().ground))
        tops = [QPointF(block.rect.center().x(), block.rect.top()) for block in blocks]
        feet = [QPointF(block.rect.center().x(), block.rect.bottom() + 1) for block in reversed(blocks)]
        painter.drawPolygon(QPolygonF(tops + feet))
        for block, layer in zip(blocks, self._layers, strict=True):
            _draw_units(painter, block, layer)
        self._write(painter, line)

    def _blocks(self, area: QRectF) -> list[_Block]:
        pitch = area.width() / len(self._layers)
        tallest = math.log1p(max(layer.values.size for layer in self._layers))
        blocks = []
        for place, layer in enumerate(self._layers):
            high = area.height() * math.log1p(layer.values.size) / tallest
            widest, height = round(SHARE * pitch), round(high)
            block = (
                _arrange(layer.values.size, widest, height)
                if layer.values.ndim == 1
                else _arrange_maps(layer.values.shape, widest, round(area.height()))
            )
            block.rect.moveCenter(QPointF(pitch * (place + 0.5), area.center().y()).toPoint())
            blocks.append(block)
        return blocks

    def _write(self, painter: QPainter, line: int) -> None:
        font = self.font()
        font.setPointSizeF(0.82 * font.pointSizeF())
        painter.setFont(font)
        painter.setPen(QColor(current_theme().muted))
        pitch = self.width() / len(self._layers)
        crowded = any(
            painter.fontMetrics().horizontalAdvance(layer.units) + 6 > pitch for layer in self._layers
        )
        for place, layer in enumerate(self._layers):
            if not crowded or place in (0, len(self._layers) - 1):
                wide = max(pitch, painter.fontMetrics().horizontalAdvance(layer.units) + 2)
                left = min(max(pitch * (place + 0.5) - wide / 2, 0.0), self.width() - wide)
                room = QRectF(left, self.height() - line, wide, line)
                painter.drawText(room, Qt.AlignmentFlag.AlignCenter, layer.units)


def _arrange(units: int, widest: int, high: int) -> _Block:
    """The largest squares of whole pixels with which so many units fit; none where there are too many."""
    for cell in range(LARGEST_CELL, 0, -1):
        rows = max(1, min(units, high // cell))
        columns = math.ceil(units / rows)
        if columns * cell <= widest:
            return _Block(QRect(0, 0, columns * cell, rows * cell), rows, columns)
    rows = max(1, round(math.sqrt(units * high / widest)))
    return _Block(QRect(0, 0, widest, high), rows, math.ceil(units / rows))


def _arrange_maps(shape: tuple[int, ...], widest: int, high: int) -> _Block:
    """The largest pictures with which all filters fit, a pixel apart."""
    filters, height, width = shape

    def block(across: int) -> _Block:
        rows, columns = -(-filters // across) * (height + 1) - 1, across * (width + 1) - 1
        cell = min(widest / columns, high / rows, LARGEST_CELL)
        return _Block(QRect(0, 0, max(1, round(columns * cell)), max(1, round(rows * cell))), rows, columns)

    return max(map(block, range(1, filters + 1)), key=lambda block: block.rect.width() / block.columns)


def _draw_units(painter: QPainter, block: _Block, layer: Layer) -> None:
    """Fill the block with squares, row by row, or with pictures."""
    size = np.abs(layer.values)
    strength = np.float32(FAINTEST) + np.float32(1 - FAINTEST) * size / max(float(size.max()), 1e-9)
    grid = np.zeros((block.rows, block.columns), np.float32)
    if strength.ndim == 1:
        grid.ravel()[: len(strength)] = strength
    else:
        _fill_in(grid, strength)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, block.rows > block.rect.height())
    painter.drawImage(block.rect, _tinted_image(grid, layer.colour))


def _fill_in(grid: NDArray[np.float32], maps: NDArray[np.float32]) -> None:
    """Put maps (filters, height, width) into a grid, a cell apart."""
    _, height, width = maps.shape
    across = (grid.shape[1] + 1) // (width + 1)
    for place, values in enumerate(maps):
        row, column = divmod(place, across)
        top, left = row * (height + 1), column * (width + 1)
        grid[top : top + height, left : left + width] = values


def _tinted_image(strength: NDArray[np.float32], concept: str) -> QImage:
    """A colour of the theme, from transparent (0) to full (1): (rows, columns) -> as many pixels."""
    colour = QColor(getattr(current_theme(), concept))
    pixels = np.empty((*strength.shape, 4), np.uint8)
    pixels[..., :3] = (colour.red(), colour.green(), colour.blue())
    pixels[..., 3] = np.round(255 * strength)
    high, wide = strength.shape
    return QImage(pixels.data, wide, high, 4 * wide, QImage.Format.Format_RGBA8888).copy()
