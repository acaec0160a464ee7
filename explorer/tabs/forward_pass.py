"""The Forward pass tab: one image's way through guide and model in one step of SVI, with its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedLayout, QVBoxLayout, QWidget

import vae
from explorer.session import Session
from explorer.views.card import styled_label
from explorer.views.forward_elbo import MORE, ElboCard
from explorer.views.forward_guide import GuideLane
from explorer.views.forward_lane import Link
from explorer.views.forward_model import ModelLane

if TYPE_CHECKING:
    from vae import Scores

GAP = 10
WAIT = 250  # milliseconds: at most four passes a second while a run changes the weights
KEPT = 100  # draws that are scored anew under other weights


class ForwardPassTab(QWidget):
    """Guide above, model below, the ELBO beneath them. It computes only while it is seen."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._draws = range(1)  # the seeds of the draws that are scored; the last one is shown
        self._scores: Scores | None = None  # of those draws; None where they must be scored anew
        self.guide, self.model, self.elbo = GuideLane(), ModelLane(), ElboCard()
        self._empty = styled_label("", "muted")
        self._pages = self._lay_out()
        self._timer = QTimer(self, singleShot=True, interval=WAIT)
        self._timer.timeout.connect(self._refresh)
        self.guide.redraw.clicked.connect(lambda: self.redraw())
        self.elbo.more.clicked.connect(lambda: self.redraw(MORE))
        self.guide.previous.clicked.connect(lambda: session.inputs.step(-1))
        self.guide.next.clicked.connect(lambda: session.inputs.step(1))
        session.inputs.selection_changed.connect(self._outdated)
        session.inputs.noise_changed.connect(self._outdated)
        session.exploration.label_changed.connect(self._outdated)
        session.workspace.model_changed.connect(self._outdated)
        session.workspace.weights_changed.connect(self._outdated)

    def _lay_out(self) -> QStackedLayout:
        page = QWidget()
        page.setObjectName("column")
        column = QVBoxLayout(page)
        column.setContentsMargins(GAP, GAP, GAP, 0)
        column.setSpacing(0)
        column.addWidget(self.guide, 1)
        column.addWidget(Link(self.guide, self.model, "the same z, replayed in the model"))
        column.addWidget(self.model, 1)
        column.addSpacing(GAP)
        column.addWidget(self.elbo)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(page)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        pages = QStackedLayout(self)
        pages.addWidget(self._empty)
        pages.addWidget(area)
        return pages

    @Slot()
    def redraw(self, times: int = 1) -> None:
        """Draw epsilon anew, so many times; the last draw is shown."""
        self._refresh()
        first = self._draws.stop
        more = self._session.exploration.score_draws(range(first, first + times))
        if more is not None and self._scores is not None:
            self._draws = range(self._draws.start, first + times)
            self._scores = vae.join_scores((self._scores, more))
            self._show()

    # --- what is shown

    def showEvent(self, event: QShowEvent) -> None:
        """Compute what has changed in the meantime."""
        super().showEvent(event)
        self._refresh()

    @Slot()
    def _outdated(self) -> None:
        """Another image, model or weights."""
        self._scores = None
        if self.isVisible() and not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _refresh(self) -> None:
        if self._scores is not None or not self.isVisible():
            return
        kept = self._draws[-KEPT:]
        self._scores = self._session.exploration.score_draws(kept)
        if self._scores is None:
            self._empty.setText(self._reason())
            self._pages.setCurrentIndex(0)
        else:
            self._draws = kept
            self._show()

    def _show(self) -> None:
        forward = self._session.exploration.pass_forward(self._draws[-1])
        if forward is not None and self._scores is not None:
            self.guide.show_pass(forward, self._caption())
            self.model.show_pass(forward)
            self.elbo.show_scores(forward, self._scores)
            self._pages.setCurrentIndex(1)

    def _caption(self) -> str:
        """Which image it is."""
        selection, data = self._session.inputs.selection, self._session.workspace.dataset
        told, names = self._session.exploration.label, self._session.workspace.class_names
        if selection is None or not selection.place or data is None:
            return "A drawn image." if told is None else f"A drawn image, encoded as {names[told]}."
        label = "" if selection.label is None else f", label {data.info.classes[selection.label]}"
        return f"{selection.place.capitalize()}{label}."

    def _reason(self) -> str:
        """Why there is nothing to show."""
        model, selection = self._session.workspace.model, self._session.inputs.selection
        if model is None:
            return "The model is being opened …"
        if selection is None:
            return "No image is chosen. Choose one on the Explore tab, or draw a digit there."
        given, wanted = (" × ".join(map(str, size)) for size in (selection.picture.shape, model.image_shape))
        return (
            f"The image is {given}, but the model takes {wanted}. Open the data set that it was trained on."
        )
