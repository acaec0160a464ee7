"""One way from A to B: its name, its lengths and its pictures."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from explorer.plane_jobs.paths import FRAMES
from explorer.plane_messages import Film
from explorer.theme import current_theme
from explorer.views.card import button
from explorer.views.path_overlay import way_pen
from explorer.views.picture_grid import PictureGrid
from explorer.views.steady_label import SteadyLabel

LENGTHS = (
    "How long the path is in the latent space, ∫‖dz‖, and on the manifold of the mean images, ∫‖dg‖: the "
    "Euclidean distance that the pixels travel, one pixel from black to white counting 1"
)


class PathStrip(QWidget):
    """A film strip under a heading; the button beside the line's sign chooses it to be walked."""

    def __init__(self, name: str, text: str, tip: str, *, straight: bool) -> None:
        super().__init__()
        self.choose = button(text, tip, f"{name}Way", "chip")
        self.choose.setCheckable(True)
        self.lengths = SteadyLabel("muted", "00.00 in z · 000.00 in images, shortening …")
        self.lengths.setToolTip(LENGTHS)
        self.grid = PictureGrid(f"{name}Strip", f"Pictures along the {text.lower()}", 1, FRAMES, least=16)
        self.grid.make_choosable()
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(_Sign(straight=straight))
        row.addWidget(self.choose)
        row.addWidget(self.lengths, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.grid)

    def show_film(self, film: Film | None, *, done: bool = True) -> None:
        """Another path, or none; ``done`` says whether it stays as it is."""
        if film is None:
            self.lengths.set_text("")
            self.grid.show_pictures(np.zeros((0, 1, 1, 1), np.uint8))
            return
        curve = film.curve
        going_on = "" if done else ", shortening …"
        self.lengths.set_text(
            f"{curve.latent_length:.2f} in z · {curve.image_length:.2f} in images{going_on}"
        )
        self.grid.show_pictures(film.pictures)


class _Sign(QWidget):
    """A piece of the line as it is drawn on the plane."""

    def __init__(self, *, straight: bool) -> None:
        super().__init__()
        self._straight = straight
        self.setFixedSize(QSize(26, 12))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = way_pen(current_theme(), straight=self._straight)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.drawLine(0, self.height() // 2, self.width(), self.height() // 2)
