"""The image that both models see, and what lies between their terms."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel

from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.legend import ClassLegend
from explorer.views.numbers import number
from explorer.views.picture_view import PictureView

WIDTH = 158  # of the card, in pixels; more where the longest line, in a large font, needs more
LONGEST, MARGINS = "log p(x|z) −1000.0", 24


class CompareInput(Card):
    """x, how to choose another, and the difference of the two ELBOs."""

    isolated = Signal(object)  # the class to be seen alone, or None for all

    def __init__(self, session: Session) -> None:
        super().__init__("Input  x")
        self._session, self._comparison = session, session.comparison
        self.setFixedWidth(max(WIDTH, self.fontMetrics().horizontalAdvance(LONGEST) + MARGINS))
        self.image = PictureView("compareInput", "The input image x", "no image", least=76)
        self._caption = styled_label("", "muted")
        self._caption.setWordWrap(True)
        self.body.addWidget(self.image)
        self.body.addWidget(self._caption)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.previous = button("◂", "Previous image of those on the Explore tab", role="layer")
        self.random = button("Any", "Any image of those on the Explore tab (N)", role="layer")
        self.next = button("▸", "Next image of those on the Explore tab", role="layer")
        self.previous.clicked.connect(lambda: session.inputs.step(-1))
        self.random.clicked.connect(session.inputs.select_random)
        self.next.clicked.connect(lambda: session.inputs.step(1))
        for choice in (self.previous, self.random, self.next):
            row.addWidget(choice)
        self.body.addLayout(row)
        self.to_means = button("Each to its μ", "Decode the mean of each model's own q(z|x)", role="layer")
        self.to_means.clicked.connect(self._comparison.go_to_means)
        self.body.addWidget(self.to_means)
        self.body.addSpacing(10)
        self.linked = QCheckBox("Link zoom")
        self.linked.setObjectName("compareLinked")
        self.linked.setToolTip("Show the same part of both planes")
        self.body.addWidget(self.linked)
        self.classes = ClassLegend()
        self.classes.isolated.connect(self.isolated)
        self.body.addWidget(self.classes)
        self.body.addStretch(1)
        self._title = styled_label("Right − left", "title")
        self.difference = QLabel()
        self.difference.setObjectName("compareDifference")
        self.difference.setTextFormat(Qt.TextFormat.PlainText)
        self.difference.setToolTip("For this image, in nats: the right model's terms less the left one's")
        self.body.addWidget(self._title)
        self.body.addWidget(self.difference)
        for side in (self._comparison.left, self._comparison.right):
            side.exploration.posterior_changed.connect(self._show_difference)
        session.inputs.selection_changed.connect(self._show_input)
        session.workspace.dataset_changed.connect(self._show_classes)
        self._show_input()
        self._show_classes()
        self._show_difference()

    @Slot()
    def _show_input(self) -> None:
        selection, data = self._session.inputs.selection, self._session.workspace.dataset
        self.image.show_picture(None if selection is None else selection.picture)
        if selection is None or selection.index is None or data is None:
            self._caption.setText("" if selection is None else "drawn")
        else:
            label = "" if selection.label is None else f", label {data.info.classes[selection.label]}"
            self._caption.setText(f"test image {selection.index}{label}")

    @Slot()
    def _show_classes(self) -> None:
        data = self._session.workspace.dataset
        self.classes.show_classes(data.info.classes if data is not None else ())
        self.isolated.emit(None)

    @Slot()
    def _show_difference(self) -> None:
        """Where both see x; a term that one of them does not have is left out."""
        left, right = (side.exploration.posterior for side in (self._comparison.left, self._comparison.right))
        known = left is not None and right is not None
        self._title.setVisible(known)
        self.difference.setVisible(known)
        if left is None or right is None:
            return
        terms = [("log p(x|z)", right.terms.reconstruction - left.terms.reconstruction)]
        if not (left.is_point or right.is_point):
            terms += [
                ("KL", right.terms.kl - left.terms.kl),
                ("ELBO", right.terms.elbo - left.terms.elbo),
            ]
        self.difference.setText("\n".join(f"{name} {number(value, 1, sign=True)}" for name, value in terms))
