"""The ways from A to B, as film strips to scrub, to play and to save."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QButtonGroup, QMenu, QSlider

from explorer.paths import A, B, Paths, Way
from explorer.plane_jobs.paths import FRAMES
from explorer.session import Session
from explorer.views.card import Card, button, styled_label
from explorer.views.flow_layout import FlowLayout
from explorer.views.path_strip import PathStrip

TICKS = 120  # places of the slider
TICK_MS = 33  # milliseconds between two places while it plays: four seconds from A to B
STRAIGHT = "The straight line of the latent space, in equal steps of z"
GEODESIC = (
    "The shortest path in the pull-back metric JᵀJ of the decoder's mean image (Arvanitidis et al. 2018): "
    "the pictures change as little as they can, at an even pace. It begins as the straight line, or as the "
    "shortest path over a grid, and is never longer. The metric knows nothing of where data are: a geodesic "
    "may well cross places that no image is encoded at."
)
SET = "Set a place or an input image as A, and another as B."
ONE_WAY = "In one dimension there is but one way: the geodesic is the line itself."
LOOKING = "Looking for the geodesic …"
NO_SHORTER = "No way was found that is shorter than the straight line."


class PathCard(Card):
    """Wires the strips, the slider and the player to the session's paths."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session, self._paths = session, session.paths
        self.strips: dict[Way, PathStrip] = {
            "straight": PathStrip("straight", "Straight line", STRAIGHT, straight=True),
            "geodesic": PathStrip("geodesic", "Geodesic", GEODESIC, straight=False),
        }
        self._hint = styled_label("", "muted")
        self._hint.setWordWrap(True)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMaximum(TICKS)
        self.slider.setAccessibleName("Place on the path")
        self.slider.setToolTip("The place on the path, from A to B")
        self._build_buttons()
        self.body.addWidget(self._hint)
        self._group = QButtonGroup(self)
        for way, strip in self.strips.items():
            self.body.addWidget(strip)
            self._group.addButton(strip.choose)
            strip.choose.clicked.connect(lambda _=False, way=way: self._paths.walk(way))
            strip.grid.chosen.connect(lambda frame, way=way: self._go_to(way, frame))
        self.body.addWidget(self.slider)
        widest = max(strip.choose.sizeHint().width() for strip in self.strips.values())
        for strip in self.strips.values():
            strip.choose.setMinimumWidth(widest)
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self._advance)
        self.slider.valueChanged.connect(lambda tick: self._paths.go(tick / TICKS))
        session.paths.changed.connect(self._show)
        session.paths.moved.connect(self._mark)
        session.exploration.posterior_changed.connect(self._offer_image)
        self._show()
        self._offer_image()

    def _build_buttons(self) -> None:
        pinned, image = "at the pinned place", "at the input image x: at the mean of its q(z|x)"
        self.set_a = button("A here", f"The path begins {pinned}", "pathA", "layer")
        self.image_a = button("A = x", f"The path begins {image}", "pathImageA", "layer")
        self.set_b = button("B here", f"The path ends {pinned}", "pathB", "layer")
        self.image_b = button("B = x", f"The path ends {image}", "pathImageB", "layer")
        self.play = button("Play", "Walk from A to B", "pathPlay", "layer")
        self.play.setCheckable(True)
        self.export = button("Export", "Save the path that is chosen below", "pathExport", "layer")
        menu = QMenu(self.export)
        self.save_gif = menu.addAction("Save GIF …")
        self.save_strip = menu.addAction("Save strip …")
        self.export.setMenu(menu)
        row = FlowLayout(spacing=4)
        for widget in (
            *(self.title, self.set_a, self.image_a, self.set_b, self.image_b),
            *(self.play, self.export),
        ):
            row.addWidget(widget)
        self.title.setText("Path")
        self.title.setMinimumHeight(self.set_a.sizeHint().height())  # as high as what follows in its row
        self.body.addLayout(row)
        self.set_a.clicked.connect(lambda: self._paths.put_pin(A))
        self.set_b.clicked.connect(lambda: self._paths.put_pin(B))
        self.image_a.clicked.connect(lambda: self._paths.put_image(A))
        self.image_b.clicked.connect(lambda: self._paths.put_image(B))
        self.play.toggled.connect(self._set_playing)

    def _show(self) -> None:
        paths, model = self._paths, self._session.workspace.model
        whole, found = paths.whole, paths.found
        for widget in (self.play, self.export, self.slider, *self.strips.values()):
            widget.setEnabled(whole)
        one_way = model is not None and model.latent_dim == 1
        self.strips["geodesic"].setVisible(not one_way)
        self.strips["straight"].show_film(None if found is None else found.straight)
        self.strips["geodesic"].show_film(
            None if found is None else found.geodesic, done=found is not None and found.done
        )
        self.strips[paths.way].choose.setChecked(True)
        self._hint.setText(ONE_WAY if one_way and whole else _hint(paths))
        if not whole:
            self.play.setChecked(False)
        self._mark()

    def _mark(self) -> None:
        """Where the path is: the slider, and the picture of the way that is walked."""
        share = self._paths.share
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(share * TICKS))
        for way, strip in self.strips.items():
            walked = way == self._paths.way and self._paths.whole
            strip.grid.mark(round(share * (FRAMES - 1)) if walked else None)

    def _offer_image(self) -> None:
        known = self._session.exploration.posterior is not None
        for choice in (self.image_a, self.image_b):
            choice.setEnabled(known)

    def _go_to(self, way: Way, frame: int) -> None:
        self._paths.walk(way)
        self._paths.go(frame / (FRAMES - 1))

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks on."""
        super().hideEvent(event)
        self.play.setChecked(False)

    def _set_playing(self, playing: bool) -> None:
        self.play.setText("Pause" if playing else "Play")
        if playing and self.slider.value() == TICKS:
            self.slider.setValue(0)
        self._timer.start() if playing else self._timer.stop()

    def _advance(self) -> None:
        self.slider.setValue(self.slider.value() + 1)
        if self.slider.value() == TICKS:
            self.play.setChecked(False)


def _hint(paths: Paths) -> str:
    """What is to be done next, or what was found."""
    a, b = paths.ends
    if a is None and b is None:
        return SET
    if a is None or b is None:
        return f"{'A' if b is None else 'B'} is set. Now the other end."
    if paths.found is None or paths.found.geodesic is None:
        return LOOKING
    straight, geodesic = (film.curve.image_length for film in (paths.found.straight, paths.found.geodesic))
    less = f"{1 - geodesic / straight:.0%}" if straight else "0%"
    if less == "0%":
        return NO_SHORTER if paths.found.done else LOOKING
    return f"Along the geodesic the pictures change {less} less."
