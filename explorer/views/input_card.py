"""The input: an image of the data set or a drawn one, its noise, and what the model makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.draw_pad import DrawPad
from explorer.views.picture_view import PictureView
from explorer.workspace import OpenedModel

MOST_NOISE = 1.0  # standard deviation of the noise, in units of x
NOISE_STEPS = 50  # places of the slider


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
        self._image_caption = styled_label("x", "muted")
        self._images = self._pair()
        self.body.setSpacing(6)  # with the slider, too, the column fits into a low window
        self.body.addWidget(self._images)
        self.body.addWidget(self.pad)
        self.pad.hide()
        self._noise_row = self._make_noise_row()
        self.body.addWidget(self._noise_row)
        self.body.addLayout(self._buttons())
        self.pad.drawn.connect(self._drawn)
        session.workspace.model_changed.connect(self._offer_noise)
        session.inputs.selection_changed.connect(self._show_selection)
        session.inputs.noise_changed.connect(self._show_noise)
        session.exploration.posterior_changed.connect(self._show_encoded)

    def _pair(self) -> QWidget:
        pair = QWidget()
        layout = QHBoxLayout(pair)
        layout.setContentsMargins(0, 0, 0, 0)
        for view, caption in (
            (self.image, self._image_caption),
            (self.reconstruction, styled_label("reconstruction", "muted")),
        ):
            column = QVBoxLayout()
            column.setSpacing(3)
            column.addWidget(view)
            column.addWidget(caption, alignment=Qt.AlignmentFlag.AlignHCenter)
            layout.addLayout(column)
        return pair

    def _make_noise_row(self) -> QWidget:
        """For a model that has learned to take noise away, to see it done."""
        self.noise = QSlider(Qt.Orientation.Horizontal)
        self.noise.setObjectName("noiseSlider")
        self.noise.setMaximum(NOISE_STEPS)
        self.noise.setAccessibleName("Noise that is added to x before it is encoded")
        self.noise.setToolTip(
            "Standard deviation of the Gaussian noise that the encoder sees; the likelihood scores x itself"
        )
        self._sigma = QLabel("0.00")
        self.noise.valueChanged.connect(self._set_noise)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(styled_label("noise σ", "muted"))
        layout.addWidget(self.noise, 1)
        layout.addWidget(self._sigma)
        row.hide()
        return row

    def _offer_noise(self, model: OpenedModel) -> None:
        denoising = model.checkpoint.model.config.input_noise > 0
        self._noise_row.setVisible(denoising)
        if not denoising:
            self.noise.setValue(0)

    def _set_noise(self, step: int) -> None:
        sigma = MOST_NOISE * step / NOISE_STEPS
        self._sigma.setText(f"{sigma:.2f}")
        self._session.inputs.set_noise(sigma)

    def _show_noise(self) -> None:
        self.noise.setValue(round(self._session.inputs.noise / MOST_NOISE * NOISE_STEPS))

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.previous = button("◂", "Previous image of those below", role="layer")
        self.previous.clicked.connect(lambda: self._session.inputs.step(-1))
        self.random = button("Random", "Any image of those below (N)", role="layer")
        self.random.clicked.connect(self._session.inputs.select_random)
        self.next = button("▸", "Next image of those below", role="layer")
        self.next.clicked.connect(lambda: self._session.inputs.step(1))
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
        self._session.inputs.select_drawing(ink)

    def _show_selection(self) -> None:
        selection = self._session.inputs.selection
        self.image.show_picture(None if selection is None else selection.picture)
        data = self._session.workspace.dataset
        if selection is None:
            self._caption.setText("")
        elif not selection.place or data is None:
            self._caption.setText("drawn")
            if self.draw.isChecked() and selection.ink is not None:  # one of before, perhaps
                self.pad.show_ink(selection.ink)
        else:
            label = "" if selection.label is None else f" · label {data.info.classes[selection.label]}"
            self._caption.setText(f"{selection.place}{label}")
            self.draw.setChecked(False)
        self._show_encoded()

    def _show_encoded(self) -> None:
        """What the encoder saw, and what became of it."""
        posterior, noise = self._session.exploration.posterior, self._session.inputs.noise
        if posterior is not None:
            self.image.show_picture(posterior.seen)
        self._image_caption.setText("x + noise" if posterior is not None and noise else "x")
        self.reconstruction.show_picture(None if posterior is None else posterior.picture)
