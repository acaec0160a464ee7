"""A straight path between two places, as a film strip to scrub and to play."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QSlider, QWidget

from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.picture_grid import PictureGrid

FRAMES = 15  # pictures of the strip
TICKS = 120  # places of the slider
TICK_MS = 33  # milliseconds between two places while it plays: four seconds from A to B


class PathCard(Card):
    """From A to B in equal steps of z."""

    path_changed = Signal(object)  # (N, 2) places on the plane, N = 0 for no path

    def __init__(self, session: Session) -> None:
        super().__init__("Path  A → B")
        self._session = session
        self._a: NDArray[np.float32] | None = None
        self._b: NDArray[np.float32] | None = None
        self._hint = styled_label("", "muted")
        self.heading.insertWidget(1, self._hint)
        self.set_a = button("Set A here", "The path begins at the pinned place", "pathA")
        self.set_b = button("Set B here", "The path ends at the pinned place", "pathB")
        self.play = button("Play", "Walk from A to B", "pathPlay")
        self.play.setCheckable(True)
        for widget in (self.set_a, self.set_b, self.play):
            self.heading.addWidget(widget)
        self.strip = PictureGrid("pathStrip", "Pictures along the path", 1, FRAMES, least=20)
        self.strip.make_choosable()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMaximum(TICKS)
        self.slider.setAccessibleName("Place on the path")
        self.slider.setToolTip("The place on the path, from A to B")
        self.body.addWidget(self.strip)
        self.body.addWidget(self.slider)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._advance)
        self.set_a.clicked.connect(lambda: self._set(a=session.exploration.pin))
        self.set_b.clicked.connect(lambda: self._set(b=session.exploration.pin))
        self.play.toggled.connect(self._set_playing)
        self.slider.valueChanged.connect(self._go)
        self.strip.chosen.connect(lambda place: self.slider.setValue(round(place * TICKS / (FRAMES - 1))))
        session.workspace.weights_changed.connect(self._redraw)
        session.exploration.label_changed.connect(self._label_changed)
        session.workspace.model_changed.connect(self._forget)
        self._redraw()

    def hide_path(self) -> None:
        """Stop playing and take the path off the plane."""
        self.play.setChecked(False)
        self.path_changed.emit(np.zeros((0, 2), np.float32))

    def show_path(self) -> None:
        """Draw the path, if there is one."""
        self._redraw()

    def _set(self, a: NDArray[np.float32] | None = None, b: NDArray[np.float32] | None = None) -> None:
        self._a = self._a if a is None else a
        self._b = self._b if b is None else b
        self._redraw()

    def _label_changed(self) -> None:
        """Decode anew, unless another model is being opened, whose codes are others."""
        if self._a is not None and len(self._a) == len(self._session.exploration.pin):
            self._redraw()

    def _forget(self) -> None:
        """Another model has another plane."""
        self._a = self._b = None
        self._redraw()

    def _redraw(self) -> None:
        whole = self._a is not None and self._b is not None
        widgets: tuple[QWidget, ...] = (self.play, self.slider, self.strip)
        for widget in widgets:
            widget.setEnabled(whole)
        if self._a is None or self._b is None:
            self.play.setChecked(False)
            self.strip.show_pictures(np.zeros((0, 1, 1, 1), np.uint8))
            self._hint.setText(
                "Click a place on the plane and set it as A, then another as B."
                if self._a is None and self._b is None
                else f"{'A' if self._a is not None else 'B'} is set. Now the other end."
            )
            self.path_changed.emit(np.zeros((0, 2), np.float32))
            return
        codes = self._codes(np.linspace(0, 1, FRAMES, dtype=np.float32))
        pictures = self._session.exploration.decode(codes)
        if pictures is not None:
            self.strip.show_pictures(pictures)
        self._hint.setText(f"length {float(np.linalg.norm(self._b - self._a)):.2f}")
        ends = np.stack((self._a, self._b))
        self.path_changed.emit(np.pad(ends, ((0, 0), (0, max(0, 2 - ends.shape[1]))))[:, :2])

    def _codes(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        assert self._a is not None and self._b is not None
        return self._a + shares[:, None] * (self._b - self._a)

    def _go(self, tick: int) -> None:
        if self._a is not None and self._b is not None:
            self._session.exploration.pin_code(self._codes(np.array([tick / TICKS], np.float32))[0])
            self.strip.mark(round(tick * (FRAMES - 1) / TICKS))

    def _set_playing(self, playing: bool) -> None:
        self.play.setText("Pause" if playing else "Play")
        if playing and self.slider.value() == TICKS:
            self.slider.setValue(0)
        self._timer.start() if playing else self._timer.stop()

    def _advance(self) -> None:
        self.slider.setValue(self.slider.value() + 1)
        if self.slider.value() == TICKS:
            self.play.setChecked(False)
