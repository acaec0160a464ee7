"""The Explore tab: input, latent plane, output, from left to right, as the data flow."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QVBoxLayout, QWidget

from explorer.session import Session
from explorer.views.bookmarks_card import BookmarksCard
from explorer.views.chip_pages import ChipPages
from explorer.views.close_up_card import CloseUpCard
from explorer.views.data_card import DataCard
from explorer.views.decoded_card import DecodedCard
from explorer.views.dimensions_card import DimensionsCard
from explorer.views.evidence_card import EvidenceCard
from explorer.views.gaps_card import GapsCard
from explorer.views.input_card import InputCard
from explorer.views.path_card import PathCard
from explorer.views.path_overlay import PathOverlay
from explorer.views.plane_card import PlaneCard
from explorer.views.posterior_card import PosteriorCard
from explorer.views.time_bar import TimeBar

GAP = 10
DIMENSIONS = "Each latent dimension: a slider, pictures along it, its KL"
GAPS = "The gaps of all test images as a histogram, and the images where they are worst"
EVIDENCE = "log p(x), and why the ELBO of this image lies below it"
SHARES = (300, 640, 300)  # widths of the three columns; they grow in this proportion
LEAST = 278  # pixels: the width of an outer column, in which a line of the readout has room
PICTURE = 0.3  # the most of the height that the decoded picture takes: the page beneath wants room as well


class ExploreTab(QWidget):
    """Lays out the cards."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.input_card, self.data_card = InputCard(session), DataCard(session)
        self.plane_card, self.path_card = PlaneCard(session), PathCard(session)
        self.decoded_card, self.close_up_card = DecodedCard(session), CloseUpCard(session)
        self.posterior_card, self.time_bar = PosteriorCard(session), TimeBar(session)
        self.pages = ChipPages()
        self.pages.add("Close-up", "The plane around q(z|x), enlarged", lambda: self.close_up_card)
        self.pages.add("Evidence", EVIDENCE, lambda: EvidenceCard(session))
        self.pages.add("Gaps", GAPS, lambda: GapsCard(session))
        self.pages.add("Dimensions", DIMENSIONS, lambda: DimensionsCard(session))
        self.pages.add("Places", "Places that are marked, to go back to", lambda: BookmarksCard(session))
        session.viewpoint.open_page(self.pages.shown)
        self.pages.opened.connect(session.viewpoint.open_page)
        session.viewpoint.changed.connect(lambda: self.pages.show_page_of(session.viewpoint.page))
        self.path_card.hide()
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.setHandleWidth(GAP)
        columns.setChildrenCollapsible(False)
        columns.addWidget(_Scrolled(_column(self.input_card, self.data_card, self.posterior_card)))
        columns.addWidget(_column(self.plane_card, self.time_bar, self.path_card, grows=self.plane_card))
        columns.addWidget(_Scrolled(_column(self.decoded_card, self.pages, grows=self.pages)))
        columns.setSizes(list(SHARES))
        for place, share in enumerate(SHARES):
            columns.setStretchFactor(place, share)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, 0)
        layout.addWidget(columns)
        self.plane_card.path_button.toggled.connect(self.path_card.setVisible)
        self.plane_card.path_button.toggled.connect(session.paths.set_shown)
        self.path_overlay = PathOverlay(session, self.plane_card.plane)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window the decoded picture is smaller."""
        super().resizeEvent(event)
        picture = self.decoded_card.picture
        picture.setMaximumHeight(max(picture.minimumSizeHint().height(), round(PICTURE * self.height())))


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
        width = self._column.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(max(width, LEAST), 100)
