"""What every layout of our own needs: its items, in the order in which they came."""

from __future__ import annotations

from PySide6.QtWidgets import QLayout, QLayoutItem


class ListLayout(QLayout):
    """Keeps the items; where they stand is for the layouts made from it to say."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's name
        """Put an item last."""
        self._items.append(item)

    def count(self) -> int:
        """How many items there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The item at ``index``; None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove the item at ``index``; None past the end."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None
