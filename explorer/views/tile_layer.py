"""The decoded tiles on the plane: pictures of them, of which the newer lie on the older."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from explorer.views.pictures import DRAWN, to_image
from vae.tiles import TileGrid

MOST = 4  # pictures that are kept: what is seen at the edges until the new tiles are there


@dataclass(frozen=True, eq=False)
class Patch:
    """Tiles in one picture."""

    grid: TileGrid
    picture: NDArray[np.uint8]  # (C, rows x H, columns x W)
    level: int  # some of the tiles are parts of others that are 2**level times as large
    image: QImage

    @property
    def coarsest(self) -> float:
        """The side of the largest tile."""
        return self.grid.step * (1 << self.level)

    @property
    def rect(self) -> QRectF:
        """Its place on the plane."""
        return QRectF(self.grid.left, self.grid.bottom, self.grid.width, self.grid.height)


class TileLayer(QGraphicsItem):
    """Shows the sharpest tiles that are there, pixel by pixel; older ones where there are no others yet."""

    def __init__(self, level: float) -> None:
        super().__init__()
        self._patches: list[Patch] = []  # the lowest first
        self._beneath: list[Patch] = []
        self._source: object = None
        self._inks = [0xFF000000 | 0x010101 * grey for grey in range(256)]
        self._strength = 1.0
        self._rect = QRectF()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # tells what is exposed
        self.setZValue(level)

    @property
    def patches(self) -> list[Patch]:
        """What there is to draw, the uppermost last."""
        return self._patches

    def show_tiles(self, grid: TileGrid, picture: NDArray[np.uint8], level: int, source: object) -> None:
        """Lay tiles over the others; those that were decoded from another ``source`` are gone."""
        self._follow(source)
        patch = Patch(grid, picture, level, self._image(picture))
        if level:  # it takes the place of one that was less sharp, beneath what is sharper
            kept = [other for other in self._patches if other.grid != grid or not other.level]
            above = [other for other in kept if other.coarsest < patch.coarsest]
        else:
            kept = [other for other in self._patches if not grid.covers(other.grid)]
            above = []
        below = [other for other in kept if other not in above]
        self._patches = [*below, patch, *above][-MOST:]
        self._redraw()

    def show_beneath(self, grid: TileGrid, picture: NDArray[np.uint8], source: object) -> None:
        """Lay tiles under all others."""
        self._follow(source)
        self._beneath = [Patch(grid, picture, 0, self._image(picture))]
        self._redraw()

    def _follow(self, source: object) -> None:
        if source != self._source:
            self._source, self._patches, self._beneath = source, [], []

    def _redraw(self) -> None:
        self.prepareGeometryChange()
        self._rect = QRectF()
        for patch in self._all:
            self._rect |= patch.rect
        self.update()

    @property
    def _all(self) -> list[Patch]:
        return [*self._beneath, *self._patches]

    def set_inks(self, table: NDArray[np.uint8]) -> None:
        """The colours (256, 3) of the values of grey pictures: of 0 that of the paper they lie on."""
        self._inks = [0xFF000000 | red << 16 | green << 8 | blue for red, green, blue in table.tolist()]
        self._recolour()

    def fade(self, strength: float) -> None:
        """Mix so much of the pictures' colours with the paper's.

        They stay opaque: what lies beneath the uppermost does not shine through, and need not be drawn.
        """
        if strength != self._strength:
            self._strength = strength
            self._recolour()

    def _recolour(self) -> None:
        self._patches, self._beneath = (
            [replace(patch, image=self._image(patch.picture)) for patch in patches]
            for patches in (self._patches, self._beneath)
        )
        self.update()

    def boundingRect(self) -> QRectF:
        """Around all."""
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw what is exposed of each, from the uppermost that hides the others on."""
        exposed = option.exposedRect & self._rect
        painter.scale(1.0, -1.0)  # the plane's second coordinate rises, the rows of a picture fall
        patches = self._all
        hiding = (place for place, patch in enumerate(patches) if patch.rect.contains(exposed))
        for patch in patches[max(hiding, default=0) :]:
            _draw(painter, patch, exposed)

    def _image(self, picture: NDArray[np.uint8]) -> QImage:
        channels, height, width = picture.shape
        if channels == 1:
            grey = QImage(picture.data, width, height, width, QImage.Format.Format_Indexed8)
            grey.setColorTable(self._inks)
            image = grey.convertToFormat(DRAWN)
        else:
            image = to_image(picture)
        if self._strength < 1.0:
            painter = QPainter(image)
            painter.setOpacity(1.0 - self._strength)
            painter.fillRect(image.rect(), QColor(self._inks[0]))
            painter.end()
        return image


def _draw(painter: QPainter, patch: Patch, exposed: QRectF) -> None:
    """Draw the pixels that are exposed, and no others: far away from them Qt cannot count so far."""
    part = patch.rect & exposed
    if part.isEmpty():
        return
    grid, image = patch.grid, patch.image
    side, top = grid.width / image.width(), grid.bottom + grid.height
    tall = grid.height / image.height()
    left, right = (part.left() - grid.left) / side, (part.right() - grid.left) / side
    above, below = (top - part.bottom()) / tall, (top - part.top()) / tall
    left, above = max(0, math.floor(left)), max(0, math.floor(above))
    right, below = min(image.width(), math.ceil(right)), min(image.height(), math.ceil(below))
    source = QRectF(left, above, right - left, below - above)
    corner = QPointF(grid.left + left * side, above * tall - top)
    target = QRectF(corner, QSizeF((right - left) * side, (below - above) * tall))
    painter.drawImage(target, image, source)
