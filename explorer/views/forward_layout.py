"""Stages side by side in columns of one width: a head above, a body beneath, aligned along each row."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayoutItem, QWidget

from explorer.views.list_layout import ListLayout

GAP = 30  # pixels between two stages: room for an arrow
BENEATH = 6  # between a head and its body


class StageLayout(ListLayout):
    """As many columns as there is room for; narrower, the stages break into rows, as words do.

    Its items are the stages' widgets: head, body, head, body, ...
    """

    def add_stage(self, head: QWidget, body: QWidget) -> None:
        """Put a stage last."""
        self.addWidget(head)
        self.addWidget(body)

    def stage_count(self) -> int:
        """How many stages there are."""
        return len(self._items) // 2

    def body_rect(self, stage: int) -> QRect:
        """Where the body of a stage stands."""
        return self._items[2 * stage + 1].geometry()

    def stage_rect(self, stage: int) -> QRect:
        """Where a stage stands."""
        return self._items[2 * stage].geometry().united(self.body_rect(stage))

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """Both: pictures grow."""
        return Qt.Orientation.Horizontal | Qt.Orientation.Vertical

    def hasHeightForWidth(self) -> bool:
        """Narrower is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The least height of all rows."""
        heights = [head + BENEATH + body for head, body in self._row_heights(width)]
        return sum(heights) + GAP * (len(heights) - 1)

    def sizeHint(self) -> QSize:
        """All in one row."""
        width = self._least_width() * self.stage_count() + GAP * (self.stage_count() - 1)
        return QSize(width, self.heightForWidth(width))

    def minimumSize(self) -> QSize:  # noqa: N802 - Qt's name
        """A single column's width; the height follows from the width."""
        return QSize(self._least_width(), 0)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802 - Qt's name
        """Place the stages; height to spare goes to the bodies."""
        super().setGeometry(rect)
        columns = self._columns(rect.width())
        width = self._column_width(rect.width())
        heights = self._row_heights(rect.width())
        spare = max(0, rect.height() - self.heightForWidth(rect.width())) // max(1, len(heights))
        top = rect.top()
        for row, (head, body) in enumerate(heights):
            for column, stage in enumerate(self._stages_of(row, columns)):
                left = rect.left() + column * (width + GAP)
                self._items[2 * stage].setGeometry(QRect(left, top, width, head))
                self._items[2 * stage + 1].setGeometry(QRect(left, top + head + BENEATH, width, body + spare))
            top += head + BENEATH + body + spare + GAP

    def _least_width(self) -> int:
        return max((item.minimumSize().width() for item in self._items), default=0)

    def _columns(self, width: int) -> int:
        fitting = (width + GAP) // max(1, self._least_width() + GAP)
        return max(1, min(self.stage_count(), fitting))

    def _column_width(self, width: int) -> int:
        columns = self._columns(width)
        return (width - GAP * (columns - 1)) // columns

    def _stages_of(self, row: int, columns: int) -> range:
        return range(row * columns, min((row + 1) * columns, self.stage_count()))

    def _row_heights(self, width: int) -> list[tuple[int, int]]:
        """The heights of heads and bodies, row by row."""
        columns, column = self._columns(width), self._column_width(width)
        rows = range((self.stage_count() + columns - 1) // columns)
        return [
            (
                max(_height(self._items[2 * stage], column) for stage in self._stages_of(row, columns)),
                max(_height(self._items[2 * stage + 1], column) for stage in self._stages_of(row, columns)),
            )
            for row in rows
        ]


def _height(item: QLayoutItem, width: int) -> int:
    return item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height()
