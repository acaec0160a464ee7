"""The Explore tab: input, latent plane, output, from left to right, as the data flow."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from explorer.session import Session
from explorer.views.close_up_card import CloseUpCard
from explorer.views.data_card import DataCard
from explorer.views.decoded_card import DecodedCard
from explorer.views.input_card import InputCard
from explorer.views.path_card import PathCard
from explorer.views.plane_card import PlaneCard
from explorer.views.posterior_card import PosteriorCard

GAP = 10
SHARES = (300, 640, 300)  # widths of the three columns; they grow in this proportion


class ExploreTab(QWidget):
    """Lays out the cards."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.input_card, self.data_card = InputCard(session), DataCard(session)
        self.plane_card, self.path_card = PlaneCard(session), PathCard(session)
        self.decoded_card, self.close_up_card = DecodedCard(session), CloseUpCard(session)
        self.posterior_card = PosteriorCard(session)
        self.path_card.hide()
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.setHandleWidth(GAP)
        columns.setChildrenCollapsible(False)
        columns.addWidget(_Scrolled(_column(self.input_card, self.data_card, self.posterior_card)))
        columns.addWidget(_column(self.plane_card, self.path_card, grows=self.plane_card))
        columns.addWidget(_Scrolled(_column(self.decoded_card, self.close_up_card, grows=self.close_up_card)))
        columns.setSizes(list(SHARES))
        for place, share in enumerate(SHARES):
            columns.setStretchFactor(place, share)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, 0)
        layout.addWidget(columns)
        self.plane_card.path_button.toggled.connect(self._show_path)
        self.path_card.path_changed.connect(self.plane_card.plane.show_path)

    def _show_path(self, shown: bool) -> None:
        self.path_card.setVisible(shown)
        self.path_card.show_path() if shown else self.path_card.hide_path()


def _column(*cards: QWidget, grows: QWidget | None = None) -> QWidget:
    column = QWidget()
    column.setObjectName("column")
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GAP)
    for card in cards:
        layout.addWidget(card, 1 if card is grows else 0)
    if grows is None:
        layout.addStretch(1)
    return column


class _Scrolled(QScrollArea):
    """A column that scrolls when the window is low or the font large, and is never cut at its side."""

    def __init__(self, column: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._column = column
        self.setWidget(column)
        column.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A column that needs another width must be asked for it again."""
        if event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def minimumSizeHint(self) -> QSize:
        """As wide as the column needs."""
        return QSize(
            self._column.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width(), 100
        )
