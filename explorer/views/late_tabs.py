"""Tabs whose pages may be made later than the window."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QTabWidget, QWidget

Page = TypeVar("Page", bound=QWidget)


class LateTabs(QTabWidget):
    """A late page is made when it is first shown or asked for, or in an idle moment before."""

    completed = Signal()  # make_rest() has come to its end

    def __init__(self) -> None:
        super().__init__()
        self._awaited: dict[QWidget, Callable[[], QWidget]] = {}  # by the empty widget in the page's place
        self._stopped = False
        self.currentChanged.connect(self._make_current)  # before anybody else hears of the page

    def add_late(self, make: Callable[[], Page], title: str) -> Callable[[], Page]:
        """Add a page that is not made yet. What is returned gives the page, and makes it if need be."""
        empty = QWidget()

        @functools.cache
        def page() -> Page:
            made = make()
            self._put(made, empty)
            return made

        self._awaited[empty] = page
        self.addTab(empty, title)
        return page

    @Slot()
    def make_rest(self) -> None:
        """Make the late pages one by one; between them, whatever the user does goes first."""
        if self._stopped:
            return
        if self._awaited:
            next(iter(self._awaited.values()))()
            QTimer.singleShot(0, self, self.make_rest)
        else:
            self.completed.emit()

    def stop(self) -> None:
        """Make no more pages in idle moments: the window is being closed."""
        self._stopped = True

    @Slot()
    def _make_current(self) -> None:
        page = self._awaited.get(self.currentWidget())
        if page is not None:
            page()

    def _put(self, made: QWidget, empty: QWidget) -> None:
        """In the place of the empty widget; to whoever listens, the tab is the same."""
        del self._awaited[empty]
        place, blocked = self.indexOf(empty), self.blockSignals(True)
        shown = self.currentIndex() == place
        self.insertTab(place, made, self.tabText(place))
        if shown:
            self.setCurrentIndex(place)
        self.removeTab(place + 1)
        self.blockSignals(blocked)
        empty.deleteLater()
