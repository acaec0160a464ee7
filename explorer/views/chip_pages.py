"""Pages of which one is shown, chosen by a row of chips."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from explorer.views.card import button
from explorer.views.flow_layout import FlowLayout


class _Pages(QStackedWidget):
    """As wide as the widest page, but only as high as the page in front needs."""

    def minimumSizeHint(self) -> QSize:
        """The height is that of the page in front."""
        least, page = super().minimumSizeHint(), self.currentWidget()
        return least if page is None else QSize(least.width(), page.minimumSizeHint().height())

    def hasHeightForWidth(self) -> bool:
        """Where text wraps in the page in front."""
        page = self.currentWidget()
        return page is not None and page.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        """Of the page in front."""
        page = self.currentWidget()
        return -1 if page is None else page.heightForWidth(width)


class ChipPages(QWidget):
    """The first page is there at once; the others are made when they are first shown."""

    opened = Signal(str)  # the text of the chip whose page is shown

    def __init__(self) -> None:
        super().__init__()
        self._pages = _Pages()
        self._pages.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._group = QButtonGroup(self)
        self._makers: dict[int, Callable[[], QWidget]] = {}  # of the pages that are not made yet
        self._chips = FlowLayout()
        self.heading = QHBoxLayout()  # the chips, and room beside them
        self.heading.addLayout(self._chips, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self.heading)
        layout.addWidget(self._pages, 1)
        self._group.idClicked.connect(self.show_page)

    def add(self, text: str, tip: str, make: Callable[[], QWidget]) -> QPushButton:
        """Another chip, to the right of the others, and how its page is made."""
        chip = button(text, tip, role="chip")
        chip.setCheckable(True)
        place = self._pages.addWidget(QWidget())
        self._makers[place] = make
        self._group.addButton(chip, place)
        self._chips.addWidget(chip)
        if place == 0:
            self.show_page(0)
        return chip

    @Slot(int)
    def show_page(self, place: int) -> None:
        """Show the page of the chip at this place, counted from 0."""
        make = self._makers.pop(place, None)
        if make is not None:
            empty = self._pages.widget(place)
            assert empty is not None
            self._pages.insertWidget(place, make())
            self._pages.removeWidget(empty)
            empty.deleteLater()
        self._group.button(place).setChecked(True)
        self._pages.setCurrentIndex(place)
        self.opened.emit(self.shown)

    def show_page_of(self, text: str) -> None:
        """Show the page of the chip with this text, if there is one and its page is not shown."""
        place = next((self._group.id(chip) for chip in self._group.buttons() if chip.text() == text), None)
        if place is not None and text != self.shown:
            self.show_page(place)

    @property
    def shown(self) -> str:
        """The text of the chip whose page is shown."""
        return self._group.button(self._pages.currentIndex()).text()
