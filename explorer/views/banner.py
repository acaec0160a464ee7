"""A sentence across the window that waits to be read and blocks nothing."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QWidget

from explorer.messages import Failure
from explorer.views.card import button, styled_label


class Banner(QWidget):
    """Shows what went wrong until it is dismissed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._failure: Failure | None = None
        self.sentence = styled_label("", "notice")
        self.sentence.setObjectName("bannerSentence")
        self.sentence.setWordWrap(True)
        self._log = button("Show log", "Open the folder that holds the log file")
        self._close = button("Dismiss", "Hide this message (Esc)")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 0)
        row.addWidget(self.sentence, 1)
        row.addWidget(self._log)
        row.addWidget(self._close)
        self._log.clicked.connect(self._open_log)
        self._close.clicked.connect(self.hide)
        self.hide()

    @Slot(object)
    def show_failure(self, failure: Failure) -> None:
        """Show this failure in place of the last one."""
        self._failure = failure
        self.sentence.setText(str(failure))
        self._log.setVisible(failure.log is not None)
        self.show()

    def _open_log(self) -> None:
        if self._failure is not None and self._failure.log is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._failure.log.parent)))
