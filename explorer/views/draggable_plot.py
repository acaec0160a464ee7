"""A plot of the latent plane that is walked through by mouse: drag, hover, pan and zoom."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPaintEvent, QShowEvent

from explorer.theme import current_theme
from explorer.views.plane_axis import PlaneAxis
from vae.chart import Chart, axis_chart


class DraggablePlot(pg.PlotWidget):
    """Equal axes. The left button drags a place, the others pan, the wheel zooms."""

    hovered = Signal(float, float)  # the place under the cursor, on the plane
    dragged = Signal(float, float)  # a place that is pressed or dragged to
    departed = Signal()  # the cursor has left the plane
    painted = Signal()  # after each repaint

    def __init__(self, name: str, description: str) -> None:
        self._axes = {side: PlaneAxis(side) for side in ("left", "bottom")}
        self._chart = axis_chart(2)
        super().__init__(enableMenu=False, axisItems=self._axes)
        self.setObjectName(name)
        self.setAccessibleName(description)
        self.setFrameShape(pg.QtWidgets.QFrame.Shape.NoFrame)
        self.hideButtons()
        self.plane = self.getViewBox()
        self.plane.setAspectLocked(True)
        self.plane.disableAutoRange()
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._inside = False
        self._pan_from: QPointF | None = None

    def follow_chart(self, chart: Chart) -> None:
        """Number the axes as the chart is spaced; a line has no height."""
        self._chart = chart
        self.showAxis("left", not chart.is_line)
        for axis in self._axes.values():
            axis.follow(chart)

    def restyle(self) -> None:
        """Take the colours of the theme."""
        theme = current_theme()
        self.setBackground(theme.card)
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(theme.border)
            axis.setTextPen(theme.muted)

    def view_rect(self) -> QRectF:
        """What part of the plane is seen."""
        rect: QRectF = self.plane.viewRect()
        return rect

    def size_in_pixels(self) -> tuple[int, int]:
        """Width and height of the plane on the screen, in device pixels."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.plane.width() * ratio)), max(1, round(self.plane.height() * ratio))

    def showEvent(self, event: QShowEvent) -> None:
        """Wear the theme of the moment."""
        super().showEvent(event)
        self.restyle()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what is in view."""
        super().paintEvent(event)
        self.painted.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self.restyle()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the place, or of the plane."""
        place = self._place(event)
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if place is None:
            return
        if event.button() is Qt.MouseButton.LeftButton:
            self.dragged.emit(place.x(), place.y())
        else:
            self._pan_from = place
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Decode under the cursor, or move the plane along with it."""
        place = self._place(event)
        if self._pan_from is not None:
            to = self.plane.mapSceneToView(self.mapToScene(event.position().toPoint()))
            self.plane.translateBy(self._pan_from - to)
        elif place is None:
            self._depart()
        else:
            self._inside = True
            left = event.buttons() & Qt.MouseButton.LeftButton
            (self.dragged if left else self.hovered).emit(place.x(), place.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the plane."""
        self._pan_from = None
        self.setCursor(Qt.CursorShape.CrossCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick clicks are two clicks."""
        self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The cursor is gone."""
        super().leaveEvent(event)
        self._depart()

    def _depart(self) -> None:
        if self._inside:
            self._inside = False
            self.departed.emit()

    def _place(self, event: QMouseEvent) -> QPointF | None:
        """The place under the cursor; None outside the axes."""
        position = self.mapToScene(event.position().toPoint())
        if not self.plane.sceneBoundingRect().contains(position):
            return None
        place: QPointF = self.plane.mapSceneToView(position)
        return place
