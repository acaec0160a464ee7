"""The input: an image of the data set or a drawn one, and beside it what the model makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.draw_pad import DrawPad
from explorer.views.picture_view import PictureView


class InputCard(Card):
    """x, its reconstruction, and the ways to choose another x."""

    def __init__(self, session: Session) -> None:
        super().__init__("Input  x")
        self._session = session
        self._caption = styled_label("", "muted")
        self.heading.addWidget(self._caption)
        self.image = PictureView("inputImage", "The input image x", "no image")
        self.reconstruction = PictureView("inputReconstruction", "The input's reconstruction", "")
        self.reconstruction.setToolTip("The mean of p(x|z) at z = μ, the mean of q(z|x)")
        self.pad = DrawPad()
        self._images = self._pair()
        self.body.addWidget(self._images)
        self.body.addWidget(self.pad)
        self.pad.hide()
        self.body.addLayout(self._buttons())
        self.pad.drawn.connect(self._drawn)
        session.exploration.selection_changed.connect(self._show_selection)
        session.exploration.posterior_changed.connect(self._show_reconstruction)

    def _pair(self) -> QWidget:
        pair = QWidget()
        layout = QHBoxLayout(pair)
        layout.setContentsMargins(0, 0, 0, 0)
        for view, caption in ((self.image, "x"), (self.reconstruction, "reconstruction")):
            column = QVBoxLayout()
            column.setSpacing(3)
            column.addWidget(view)
            column.addWidget(styled_label(caption, "muted"), alignment=Qt.AlignmentFlag.AlignHCenter)
            layout.addLayout(column)
        return pair

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.previous = button("◂", "Previous image of those below", role="layer")
        self.previous.clicked.connect(lambda: self._session.exploration.step(-1))
        self.random = button("Random", "Any image of those below (N)", role="layer")
        self.random.clicked.connect(self._session.exploration.select_random)
        self.next = button("▸", "Next image of those below", role="layer")
        self.next.clicked.connect(lambda: self._session.exploration.step(1))
        self.draw = button(
            "✎ Draw", "Draw a digit: it is scaled and centred as MNIST's are, then encoded", role="layer"
        )
        self.draw.setCheckable(True)
        self.draw.toggled.connect(self._set_drawing)
        for choice in (self.previous, self.random, self.next):
            row.addWidget(choice)
        row.addStretch(1)
        row.addWidget(self.draw)
        return row

    def _set_drawing(self, drawing: bool) -> None:
        self.pad.clear()
        self.pad.setVisible(drawing)
        self._images.setVisible(not drawing)

    def _drawn(self, ink: NDArray[np.uint8]) -> None:
        self._session.exploration.select_drawing(ink)

    def _show_selection(self) -> None:
        selection = self._session.exploration.selection
        self.image.show_picture(None if selection is None else selection.picture)
        data = self._session.workspace.dataset
        if selection is None:
            self._caption.setText("")
        elif selection.index is None or selection.label is None or data is None:
            self._caption.setText("drawn")
        else:
            self._caption.setText(
                f"test image {selection.index} · label {data.info.classes[selection.label]}"
            )
            self.draw.setChecked(False)

    def _show_reconstruction(self) -> None:
        posterior = self._session.exploration.posterior
        self.reconstruction.show_picture(None if posterior is None else posterior.picture)
