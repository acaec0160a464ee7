"""The layer of all posteriors: q(z|x) of the encoded images in view, as ellipses."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QPushButton, QStyleOptionGraphicsItem, QWidget

from explorer.session import Session
from explorer.theme import current_theme
from explorer.views.latent_plane import LatentPlane

MOST = 300  # ellipses that are drawn
WIDTH = 1.4  # pixels
SHADE = 135  # percent by which lines are darker than the points, or on a dark ground lighter
SLICE = 0.005  # seconds of painting at a time
EVERY = 2  # points of an outline: half of them make a smooth line
SETTLED = 60  # milliseconds after the last move of the plane; the picture moves along until then
SEED = 0
TIP = "q(z|x) of all encoded images, each at one standard deviation"


class PosteriorsChip(QPushButton):
    """Shows and hides the layer; offered where q(z|x) has an extent."""

    def __init__(self, session: Session, plane: LatentPlane) -> None:
        super().__init__("All q")
        self.setObjectName("layerAll q")
        self.setToolTip(TIP)
        self.setCheckable(True)
        self._session, self._plane = session, plane
        self._picture = _Picture()
        plane.plane.addItem(self._picture, ignoreBounds=True)
        self._colours = np.zeros((0, 4), np.uint8)
        self._order = np.zeros(0, np.int64)  # at random, so that the same are drawn wherever they are seen
        self._view = QRectF()
        self._settle = QTimer(self, singleShot=True, interval=SETTLED)
        self._settle.timeout.connect(self._draw)
        self._painting: Iterator[QImage | None] = iter(())
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._paint_more)
        self.toggled.connect(self._draw)
        plane.plane.sigRangeChanged.connect(self._settle.start)
        plane.plane.sigResized.connect(self._settle.start)
        session.workspace.model_changed.connect(self._follow_model)
        self._follow_model()

    def show_posteriors(self, colours: NDArray[np.uint8]) -> None:
        """Of the points that are encoded now, in these colours (N, 4)."""
        if len(colours) != len(self._order):
            self._order = np.random.default_rng(SEED).permutation(len(colours))
        self._colours = colours
        self._draw()

    def _follow_model(self) -> None:
        """An autoencoder knows of no extent."""
        self.setVisible(self._session.exploration.prior is not None)

    def _draw(self) -> None:
        points, chart = self._session.encoded_data.points, self._session.exploration.chart
        known = points is not None and points.encodings.z_scale.shape[1] == len(chart.origin)
        self._turn.stop()
        if points is None or not known or not self.isChecked() or self.isHidden():
            self._picture.show_image(QImage(), QRectF())
            self.setToolTip(TIP)
            return
        codes, view = points.encodings, self._plane.view_rect()
        seen = _in_view(chart.places(codes.z_loc[self._order]), view)
        chosen = self._order[seen[:MOST]]
        outlines = chart.outlines(codes.z_loc[chosen], codes.z_scale[chosen], 1.0)
        self.setToolTip(_words(len(chosen), len(seen)))
        self._view = view
        self._painting = _painted(outlines, self._colours[chosen], view, self._plane.size_in_pixels())
        self._turn.start()

    def _paint_more(self) -> None:
        """A slice; the picture before is seen until the new one is whole."""
        image = next(self._painting)
        if image is not None:
            self._turn.stop()
            self._picture.show_image(image, self._view)


def _in_view(places: NDArray[np.float32], view: QRectF) -> NDArray[np.int64]:
    """Which of the places (N, 2) are in view."""
    x, y = places.T
    across = (x >= view.left()) & (x <= view.right())
    return np.flatnonzero(across & (y >= view.top()) & (y <= view.bottom()))


def _words(drawn: int, seen: int) -> str:
    if drawn == seen:
        return f"{TIP}: {seen:,} in view"
    return f"{TIP}: {drawn:,} of the {seen:,} in view, taken at random. Zoom in to see more of them"


def _painted(
    outlines: NDArray[np.float32], colours: NDArray[np.uint8], view: QRectF, size: tuple[int, int]
) -> Iterator[QImage | None]:
    """In slices, closed lines (N, S, 2) on the plane, in RGBA colours (N, 4), on so many device pixels.

    As many items, or one path of all, would take many times as long.
    """
    image = QImage(*size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scale = np.array((size[0] / view.width(), size[1] / view.height()))
    pixels = (outlines[:, ::EVERY].astype(np.float64) - (view.left(), view.top())) * scale
    shade = QColor.lighter if current_theme().dark else QColor.darker
    began = time.perf_counter()
    try:
        for line, colour in zip(pixels, colours.tolist(), strict=True):
            painter.setPen(QPen(shade(QColor(*colour), SHADE), WIDTH))
            painter.drawPolyline(pg.functions.arrayToQPolygonF(line[:, 0], line[:, 1]))
            if time.perf_counter() > began + SLICE:
                yield None
                began = time.perf_counter()
    finally:
        painter.end()
    yield image


class _Picture(QGraphicsItem):
    """The ellipses as they were painted for a view; it moves with the plane until they are painted anew."""

    def __init__(self) -> None:
        super().__init__()
        self._rect, self._image = QRectF(), QImage()
        self.setZValue(2)

    @property
    def image(self) -> QImage:
        """What is shown, the lowest row of the plane first."""
        return self._image

    def show_image(self, image: QImage, rect: QRectF) -> None:
        """Show another image, over this part of the plane."""
        self.prepareGeometryChange()
        self._rect, self._image = rect, image

    def boundingRect(self) -> QRectF:
        """What was in view."""
        return self._rect

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """The picture, its lowest row at the bottom of the plane."""
        painter.drawImage(self._rect, self._image)
