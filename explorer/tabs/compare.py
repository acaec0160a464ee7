"""The Compare tab: two models side by side, with one cursor."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from explorer.session import Session
from explorer.settings import Settings
from explorer.views.compare_input import CompareInput
from explorer.views.compare_side import CompareSide

GAP = 10


class CompareTab(QWidget):
    """It computes only while it is seen."""

    def __init__(self, session: Session, settings: Settings) -> None:
        super().__init__()
        self._comparison = session.comparison
        self.left = CompareSide(session, settings, self._comparison.left, "Left")
        self.right = CompareSide(session, settings, self._comparison.right, "Right")
        self.input = CompareInput(session)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.left, 1)
        layout.addWidget(self.input)
        layout.addWidget(self.right, 1)
        self.left.plane.view_chosen.connect(lambda view: self._link(self.right, view))
        self.right.plane.view_chosen.connect(lambda view: self._link(self.left, view))
        for side in (self.left, self.right):
            self.input.isolated.connect(side.plane.isolate)
        self.input.linked.toggled.connect(self._linked)

    def _link(self, follower: CompareSide, view: QRectF) -> None:
        if self.input.linked.isChecked():
            follower.plane.see(view)

    @Slot(bool)
    def _linked(self, linked: bool) -> None:
        """The left one leads."""
        if linked:
            self.right.plane.see(self.left.plane.view_rect())

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what has changed."""
        super().showEvent(event)
        self._comparison.set_active(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Cost nothing."""
        super().hideEvent(event)
        self._comparison.set_active(False)
