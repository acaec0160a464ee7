"""Bookmarks: marked places of the latent space as thumbnails, to go back to."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Slot
from PySide6.QtGui import QIcon, QKeySequence, QPixmap, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QListView, QListWidget, QListWidgetItem, QSizePolicy

from explorer.bookmarks import Bookmark
from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.pictures import enlarge, to_image

SIDE = 56  # pixels of a thumbnail
MOST_COORDINATES = 8  # of a code in a tooltip
EMPTY = "No place is marked yet. Press B, and the pinned place is kept here with this model."


class BookmarksCard(Card):
    """Shows those of the open model, decoded by it as it is now; computes nothing while it is hidden."""

    def __init__(self, session: Session) -> None:
        super().__init__("Places")
        self._session = session
        self.mark = button("Bookmark", "Keep the pinned place (B)", "bookmarkButton", "layer")
        self.list = QListWidget()
        self.list.setObjectName("bookmarks")
        self.list.setAccessibleName("Marked places")
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.list.setMinimumHeight(SIDE + 40)
        self.empty = styled_label(EMPTY, "muted")
        self.empty.setWordWrap(True)
        self.rename = button("Rename", "Give the chosen place another name (F2)", "renameBookmark", "layer")
        self.delete = button("Delete", "Forget the chosen place (Delete)", "deleteBookmark", "layer")
        row = QHBoxLayout()
        row.addWidget(self.mark, 1)
        row.addWidget(self.rename)
        row.addWidget(self.delete)
        self.body.addWidget(self.empty, 1, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.list, 1)
        self.body.addLayout(row)
        self._connect()

    def _connect(self) -> None:
        session = self._session
        self.mark.clicked.connect(session.bookmarks.add_pin)
        self.list.itemClicked.connect(self._go)
        self.list.itemActivated.connect(self._go)  # by Enter
        self.list.itemChanged.connect(self._renamed)
        self.list.currentRowChanged.connect(self._offer)
        self.rename.clicked.connect(lambda: self.list.editItem(self.list.currentItem()))
        self.delete.clicked.connect(self._delete)
        key = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.list)
        key.setContext(Qt.ShortcutContext.WidgetShortcut)
        key.activated.connect(self._delete)
        session.bookmarks.changed.connect(self._show)
        session.workspace.weights_changed.connect(self._show)

    def _go(self, item: QListWidgetItem) -> None:
        self._session.bookmarks.go_to(self.list.row(item))

    def _renamed(self, item: QListWidgetItem) -> None:
        self._session.bookmarks.rename(self.list.row(item), item.text())

    def _delete(self) -> None:
        if self.list.currentRow() >= 0:
            self._session.bookmarks.remove(self.list.currentRow())

    def _offer(self) -> None:
        for choice in (self.rename, self.delete):
            choice.setEnabled(self.list.currentRow() >= 0)

    @Slot()
    def _show(self) -> None:
        """List them anew; what was chosen stays chosen, as far as it is there."""
        pictures = self._session.bookmarks.pictures() if self.isVisible() else None
        if pictures is None:
            return
        marks, chosen = self._session.bookmarks.marks, self.list.currentRow()
        with QSignalBlocker(self.list):
            self.list.clear()
            for mark, picture in zip(marks, pictures, strict=True):
                pixels = QPixmap.fromImage(enlarge(to_image(picture), SIDE))
                icon = QIcon(pixels)
                icon.addPixmap(pixels, QIcon.Mode.Selected)  # else it is tinted
                self.list.addItem(_item(mark, icon))
            self.list.setCurrentRow(min(chosen, len(marks) - 1))
        self.list.setVisible(bool(marks))
        self.empty.setVisible(not marks)
        self._offer()

    def showEvent(self, event: QShowEvent) -> None:
        """Show what there is by now."""
        super().showEvent(event)
        self._show()


def _item(mark: Bookmark, icon: QIcon) -> QListWidgetItem:
    item = QListWidgetItem(icon, mark.name)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    item.setToolTip(in_words(mark))
    item.setSizeHint(QSize(SIDE + 24, SIDE + 26))
    return item


def in_words(mark: Bookmark) -> str:
    """The code, as far as it is short, and the label."""
    shown = ", ".join(f"{value:.3f}".replace("-", "−") for value in mark.z[:MOST_COORDINATES])
    more = f", … ({len(mark.z)} dimensions)" if len(mark.z) > MOST_COORDINATES else ""
    label = "" if mark.label is None else f", label {mark.label}"
    return f"z = ({shown}{more}){label}"
