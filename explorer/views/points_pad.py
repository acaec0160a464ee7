"""The latent space as a line or a little plane to drag along, and the q(z|x) of a point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from explorer.points_exploration import REACH, Look
from explorer.theme import Theme, current_theme
from explorer.views.points_items import ramp_colour

MARGIN = 10.0  # pixels around the place of z: room for the cursor's ring
BAR = 16.0  # pixels: the height of the line
BELL = 46.0  # pixels above the line: room for q(z|x)
STEP = 0.1  # standard deviations: what an arrow key moves
BIG_STEP = 0.5  # with Shift


class LatentPad(QWidget):
    """From -3 to 3 standard deviations of what z is sampled from. Drag, or use the arrow keys."""

    dragged = Signal(float, float)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("latentPad")
        self.setAccessibleName("The latent code z")
        self.setToolTip("Drag along z: both plots show what it decodes to")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._u = np.zeros(1, np.float32)
        self._look: Look | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_code(self, u: NDArray[np.float32]) -> None:
        """The code (D,) under the cursor, D 1 or 2."""
        if len(u) != len(self._u):
            self.updateGeometry()
        self._u = u
        self.update()

    def show_look(self, look: Look | None) -> None:
        """q(z|x) of the VAE at a point."""
        self._look = look
        self.update()

    # --- its size

    def hasHeightForWidth(self) -> bool:
        """A strip, or a square."""
        return True

    def heightForWidth(self, width: int) -> int:
        """A strip, or a square, not too large."""
        return self._strip_height() if len(self._u) == 1 else min(width, 230)

    def sizeHint(self) -> QSize:
        """Comfortable to drag on."""
        return QSize(230, self.heightForWidth(230))

    def minimumSizeHint(self) -> QSize:
        """Still to be hit."""
        return QSize(120, self._strip_height() if len(self._u) == 1 else 150)

    def _strip_height(self) -> int:
        return round(BELL + BAR + 6 + self.fontMetrics().height())

    def _area(self) -> QRectF:
        """Where the codes are."""
        if len(self._u) == 1:
            return QRectF(MARGIN, BELL, self.width() - 2 * MARGIN, BAR)
        side = min(self.width(), self.height()) - 2 * MARGIN
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    # --- the mouse and the keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            place, area = event.position(), self._area()
            u1 = ((place.x() - area.left()) / area.width() * 2 - 1) * REACH
            u2 = (1 - (place.y() - area.top()) / area.height() * 2) * REACH
            self.dragged.emit(u1, u2 if len(self._u) > 1 else 0.0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the code."""
        keys = Qt.Key
        ways = {keys.Key_Left: (-1, 0), keys.Key_Right: (1, 0), keys.Key_Down: (0, -1), keys.Key_Up: (0, 1)}
        way = ways.get(keys(event.key()))
        if way is None:
            super().keyPressEvent(event)
            return
        step = BIG_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP
        u = (*self._u.tolist(), 0.0)
        self.dragged.emit(u[0] + step * way[0], u[1] + step * way[1])

    # --- drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        """The codes, q(z|x), the cursor."""
        theme, painter = current_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gradient = QLinearGradient(self._area().topLeft(), self._area().topRight())
        for share in np.linspace(0.0, 1.0, 9).tolist():
            gradient.setColorAt(share, ramp_colour(theme, (2 * share - 1) * REACH))
        if len(self._u) == 1:
            self._paint_strip(painter, theme, gradient)
        else:
            self._paint_plane(painter, theme, gradient)
        place = self._place(*self._u.tolist())
        for colour, width in ((theme.card, 5.0), (theme.cursor, 2.4)):
            painter.setPen(QPen(QColor(colour), width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(place, 7.0, 7.0)

    def _paint_strip(self, painter: QPainter, theme: Theme, gradient: QLinearGradient) -> None:
        area = self._area()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(area, 4, 4)
        painter.setPen(QColor(theme.muted))
        line = self.fontMetrics().height()
        for tick in range(-round(REACH), round(REACH) + 1):
            centre = self._place(float(tick)).x()
            box = QRectF(centre - 20, area.bottom() + 4, 40, line)
            painter.drawText(box, Qt.AlignmentFlag.AlignHCenter, f"{tick}".replace("-", "−"))
        u = np.linspace(-REACH, REACH, 181)
        self._paint_bell(painter, u, np.exp(-0.5 * u**2) * 0.42, QColor(theme.prior), 0.0)
        if self._look is not None and self._look.u_scale[0] > 0:
            u = np.linspace(-REACH, REACH, 721)
            bell = np.exp(-0.5 * ((u - self._look.u_loc[0]) / self._look.u_scale[0]) ** 2)
            self._paint_bell(painter, u, bell, QColor(theme.q), 0.3)

    def _paint_bell(
        self,
        painter: QPainter,
        u: NDArray[np.float64],
        heights: NDArray[np.float64],
        colour: QColor,
        fill: float,
    ) -> None:
        area = self._area()
        shape = [
            QPointF(self._place(x).x(), area.top() - 3 - h * (BELL - 8))
            for x, h in zip(u.tolist(), heights.tolist(), strict=True)
        ]
        painter.setPen(QPen(colour, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(shape)
        inside = QColor(colour)
        inside.setAlphaF(fill)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(inside)
        painter.drawPolygon(shape)

    def _paint_plane(self, painter: QPainter, theme: Theme, gradient: QLinearGradient) -> None:
        area = self._area()
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(area, 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRect(QRectF(area.left(), area.bottom() + 3, area.width(), 4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(theme.prior), 1, Qt.PenStyle.DashLine))
        unit = area.width() / (2 * REACH)
        for radius in (1, 2, 3):
            painter.drawEllipse(area.center(), radius * unit, radius * unit)
        if self._look is not None:
            inside = QColor(theme.q)
            inside.setAlphaF(0.2)
            painter.setPen(QPen(QColor(theme.q), 1.6))
            painter.setBrush(inside)
            across, up = (self._look.u_scale * unit).tolist()
            for sigmas in (1, 2):
                painter.drawEllipse(self._place(*self._look.u_loc.tolist()), sigmas * across, sigmas * up)

    def _place(self, u1: float, u2: float = 0.0) -> QPointF:
        area = self._area()
        x = area.left() + (u1 / REACH + 1) / 2 * area.width()
        return QPointF(x, area.top() + (1 - u2 / REACH) / 2 * area.height())
