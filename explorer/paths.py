"""The ways from A to B on the latent plane: which two places, which way is walked, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.exploration import Exploration
from explorer.inputs import Inputs
from explorer.messages import PicturesWritten, WritePictures
from explorer.plane_messages import Film, GeodesicRequest, PathFound, PathRequest
from explorer.plane_thread import PlaneThread
from explorer.workspace import OpenedModel, Workspace

ANIMATED = 50  # pictures of an animation, from A to B

Way = Literal["straight", "geodesic"]
A, B = 0, 1


@dataclass(frozen=True, eq=False)
class Encoded:
    """An image that a path begins or ends at, wherever it is encoded."""

    seen: NDArray[np.uint8]  # (C, H, W), what the encoder is shown
    label: int | None


@dataclass(frozen=True, eq=False)
class End:
    """One end of a path."""

    z: NDArray[np.float32]  # (D,)
    image: Encoded | None  # whose mean z is; None of a place


class Paths(QObject):
    """While the path is shown, follows A, B, the weights and the label; the plane thread finds the ways."""

    changed = Signal()  # the ends, the ways, or which of them is walked
    moved = Signal()  # the place on the path
    noted = Signal(str)  # a word for the status bar
    failed = Signal(object)  # Failure

    def __init__(
        self,
        workspace: Workspace,
        inputs: Inputs,
        exploration: Exploration,
        plane: PlaneThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._inputs, self._exploration, self._plane = workspace, inputs, exploration, plane
        self._ends: tuple[End | None, End | None] = (None, None)
        self._way: Way = "straight"
        self._share = 0.0
        self._shown = False
        self._asked: PathRequest | None = None  # the latest that the plane thread was sent
        self._found: PathFound | None = None
        self._writing: Path | None = None
        workspace.model_changed.connect(self._model_changed)
        workspace.weights_changed.connect(self._weights_changed)
        exploration.label_changed.connect(self._find)
        plane.posted.connect(self._receive)

    @property
    def ends(self) -> tuple[End | None, End | None]:
        """A and B, as far as they are set."""
        return self._ends

    @property
    def whole(self) -> bool:
        """Whether both ends are set."""
        return None not in self._ends

    @property
    def shown(self) -> bool:
        """Whether the path is on the screen."""
        return self._shown

    @property
    def found(self) -> PathFound | None:
        """The ways between the ends; None before the plane thread has answered."""
        return self._found

    @property
    def way(self) -> Way:
        """Which of them is walked."""
        return self._way

    @property
    def share(self) -> float:
        """How far along it, from 0 at A to 1 at B."""
        return self._share

    def set_shown(self, shown: bool) -> None:
        """Say whether the path is on the screen: nothing is computed for what nobody sees."""
        self._shown = shown
        self._find()
        self.changed.emit()

    def put_pin(self, end: int) -> None:
        """Let the path begin (A) or end (B) at the pinned code."""
        self._put(end, End(self._exploration.pin, None))

    def put_image(self, end: int) -> None:
        """Let it begin or end at the mean of q(z|x) of the input, wherever later weights put that."""
        posterior, selection = self._exploration.posterior, self._inputs.selection
        if posterior is not None and selection is not None:
            label = self._exploration.label if selection.label is None else selection.label
            self._put(end, End(posterior.z_loc, Encoded(posterior.seen, label)))

    def walk(self, way: Way) -> None:
        """Walk this way from now on; whoever is on the path steps over to it."""
        if way == self._way:
            return
        on_it = self.whole and np.array_equal(self._exploration.pin, self._here())
        self._way = way
        self.changed.emit()
        if on_it:
            self.go(self._share)

    def go(self, share: float) -> None:
        """Pin the code at this share of the way."""
        if self.whole:
            self._share = share
            self._exploration.pin_code(self._here())
            self.moved.emit()

    def write(self, path: Path) -> None:
        """Write the way that is walked: a GIF, or else a PNG strip, by the name. noted or failed follows."""
        film = self._film()
        if film is None:
            return
        animated = path.suffix.lower() == ".gif"
        pictures = (
            self._exploration.decode(self._codes(np.linspace(0, 1, ANIMATED))) if animated else film.pictures
        )
        if pictures is not None:
            self._writing = path
            self._plane.request(WritePictures(path, pictures))

    def set_ends(self, a: End | None, b: End | None, share: float) -> None:
        """Take these for A and B, and mark so much of the way."""
        self._ends, self._share, self._found = (a, b), share, None
        self._find()
        self.changed.emit()

    def _put(self, end: int, put: End) -> None:
        a, b = self._ends
        self._ends = (put, b) if end == A else (a, put)
        self._share, self._found = float(end), None
        self._find()
        self.changed.emit()

    def _film(self) -> Film | None:
        if self._found is None:
            return None
        return self._found.straight if self._way == "straight" else self._found.geodesic

    def _here(self) -> NDArray[np.float32]:
        """(D,) the code at the place on the path."""
        here: NDArray[np.float32] = self._codes(np.array([self._share]))[0]
        return here

    def _codes(self, shares: NDArray[np.floating]) -> NDArray[np.float32]:
        """Along the way that is walked, or the straight line while there is no other."""
        film, (a, b) = self._film(), self._ends
        assert a is not None and b is not None
        if film is not None and self._way == "geodesic":
            return film.curve.at(shares)
        return a.z + np.asarray(shares, np.float32)[:, None] * (b.z - a.z)

    @Slot()
    def _find(self) -> None:
        """Ask the plane thread, and forget what was found between other ends."""
        model, (a, b) = self._workspace.model, self._ends
        if model is None or a is None or b is None or len(a.z) != model.latent_dim:
            self._asked = self._found = None
        elif self._shown:
            self._asked = PathRequest(model.version, a.z, b.z, self._exploration.label, self._known(a, b))
            self._plane.request(self._asked)
            self._plane.request(GeodesicRequest(self._asked))

    def _known(self, a: End, b: End) -> NDArray[np.float32] | None:
        """(K, D) the geodesic that was found under other weights or another label, moved with its ends."""
        if self._found is None or self._found.geodesic is None:
            return None
        codes = self._found.geodesic.curve.codes
        share = np.linspace(0, 1, len(codes), dtype=np.float32)[:, None]
        moved: NDArray[np.float32] = codes + (1 - share) * (a.z - codes[0]) + share * (b.z - codes[-1])
        return moved

    @Slot(object)
    def _receive(self, message: object) -> None:
        match message:
            case PathFound(request=request) if request is self._asked:
                self._found = message
                if message.geodesic is None:
                    self._way = "straight"
                self.changed.emit()
            case PicturesWritten(path=path) if path == self._writing:
                self._writing = None
                if message.failure is None:
                    self.noted.emit(f"Saved {path}")
                else:
                    self.failed.emit(message.failure)

    @Slot(object)
    def _model_changed(self, model: OpenedModel) -> None:
        """Another model has other codes: images are encoded anew, places are forgotten."""
        self._found = None
        a, b = (
            end if end and end.image and end.image.seen.shape == model.image_shape else None
            for end in self._ends
        )
        self._ends = a, b
        self._weights_changed(model)

    @Slot(object)
    def _weights_changed(self, model: OpenedModel) -> None:
        a, b = (end and self._encoded(end, model) for end in self._ends)
        self._ends = a, b
        self._find()
        self.changed.emit()

    def _encoded(self, end: End, model: OpenedModel) -> End:
        if end.image is None:
            return end
        labels = np.array([-1 if end.image.label is None else end.image.label])
        encodings = vae.encode_images(model.checkpoint.model, end.image.seen[None], labels)
        return End(encodings.z_loc[0], end.image)
