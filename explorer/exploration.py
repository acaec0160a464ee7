"""A place on the latent plane and what is seen there: decoded picture, input, posterior, points."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.messages import (
    Manifold,
    ManifoldRequest,
    Points,
    PointsRequest,
    PosteriorFound,
    PosteriorRequest,
)
from explorer.plane_thread import PlaneThread
from explorer.workspace import OpenedModel, Workspace
from vae.datasets import Dataset
from vae.tiles import TileGrid

if TYPE_CHECKING:
    from vae import VAE, ForwardPass, Posterior, Scores

LIVE_POINTS = 2_000  # test images that are encoded anew while a run goes on


@dataclass(frozen=True)
class Selection:
    """The input image x."""

    picture: NDArray[np.uint8]  # (C, H, W)
    label: int | None
    index: int | None  # in the test set; None for a drawn image


class Exploration(QObject):
    """What the Explore tab shows. The GUI thread decodes the place under the cursor by itself."""

    cursor_moved = Signal()  # z and picture
    pin_moved = Signal()  # the place that the cursor returns to
    selection_changed = Signal()
    posterior_changed = Signal()
    candidates_changed = Signal()
    points_changed = Signal()
    manifold_ready = Signal(object)  # Manifold

    def __init__(self, workspace: Workspace, plane: PlaneThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._plane = plane
        self._z = np.zeros(2, np.float32)
        self._pin = self._z
        self._picture: NDArray[np.uint8] | None = None
        self._decode_seconds = 0.0
        self._selection: Selection | None = None
        self._candidates = np.zeros(0, np.int64)
        self._posterior: Posterior | None = None
        self._points: Points | None = None
        self._random = np.random.default_rng()
        workspace.model_changed.connect(self._model_changed)
        workspace.weights_changed.connect(self._weights_changed)
        workspace.dataset_changed.connect(self._dataset_changed)
        plane.posted.connect(self._receive)

    @property
    def z(self) -> NDArray[np.float32]:
        """(D,) the code under the cursor."""
        return self._z

    @property
    def pin(self) -> NDArray[np.float32]:
        """(D,) the code that is decoded while the cursor is away from the plane."""
        return self._pin

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """(C, H, W) the mean of p(x|z) at ``z``; None before a model is open."""
        return self._picture

    @property
    def decode_seconds(self) -> float:
        """How long the last decoding under the cursor took."""
        return self._decode_seconds

    @property
    def selection(self) -> Selection | None:
        """The input image, if any."""
        return self._selection

    @property
    def posterior(self) -> Posterior | None:
        """q(z|x) of the input image, if the model can encode it."""
        return self._posterior

    @property
    def points(self) -> Points | None:
        """The encoded test set, if it is known."""
        return self._points

    # --- the cursor

    def preview(self, z1: float, z2: float) -> None:
        """Decode this place until the cursor leaves it."""
        self._move(self._on_plane(z1, z2))

    def pin_at(self, z1: float, z2: float) -> None:
        """Decode this place, and stay."""
        self.pin_code(self._on_plane(z1, z2))

    def pin_code(self, z: NDArray[np.float32]) -> None:
        """Decode this code (D,), and stay."""
        self._pin = z
        self._move(z)
        self.pin_moved.emit()

    def return_to_pin(self) -> None:
        """Decode the pinned code again."""
        self._move(self._pin)

    def nudge(self, right: float, up: float) -> None:
        """Move the pin on the plane by so much."""
        self.pin_at(float(self._pin[0]) + right, (float(self._pin[1]) if len(self._pin) > 1 else 0.0) + up)

    def go_to_mean(self) -> None:
        """Pin the mean of q(z|x)."""
        if self._posterior is not None:
            self.pin_code(self._posterior.z_loc)

    def sample_posterior(self) -> None:
        """Pin a draw from q(z|x)."""
        if self._posterior is not None:
            noise = self._random.standard_normal(len(self._posterior.z_loc)).astype(np.float32)
            self.pin_code(self._posterior.z_loc + self._posterior.z_scale * noise)

    def decode(self, z: NDArray[np.float32]) -> NDArray[np.uint8] | None:
        """The pictures (N, C, H, W) of codes (N, D); None before a model is open."""
        model = self._workspace.model
        return None if model is None else vae.decode_images(model.checkpoint.model, z)

    def decode_places(self, places: NDArray[np.float32]) -> NDArray[np.uint8] | None:
        """The pictures (N, C, H, W) of places (N, 2) on the plane, the other dimensions as pinned."""
        z = np.tile(self._pin, (len(places), 1))
        z[:, :2] = places[:, : z.shape[1]]
        return self.decode(z)

    def _on_plane(self, z1: float, z2: float) -> NDArray[np.float32]:
        """The pinned code with its first two dimensions, or its only one, replaced."""
        z = self._pin.copy()
        z[:2] = (z1, z2)[: len(z)]
        return z

    def _move(self, z: NDArray[np.float32]) -> None:
        self._z = z
        began = time.perf_counter()
        decoded = self.decode(z[None])
        self._decode_seconds = time.perf_counter() - began
        self._picture = None if decoded is None else decoded[0]
        self.cursor_moved.emit()

    # --- the input

    def select_test_image(self, index: int) -> None:
        """Encode a picture of the open data set, and pin its mean."""
        data = self._workspace.dataset
        if data is not None and 0 <= index < len(data.test_images):
            self._select(Selection(data.test_images[index], int(data.test_labels[index]), index))

    @property
    def candidates(self) -> NDArray[np.int64]:
        """Indices of the test images that are offered: all, or those of one class."""
        return self._candidates

    def offer_class(self, label: int | None) -> None:
        """Offer the test images of one class alone, or all."""
        data = self._workspace.dataset
        if data is not None:
            labels = data.test_labels
            self._candidates = np.flatnonzero(np.ones_like(labels) if label is None else labels == label)
            self.candidates_changed.emit()

    def step(self, by: int) -> None:
        """Select the next candidate (``by`` 1) or the one before (-1), from the present image on."""
        if not len(self._candidates):
            return
        index = self._selection.index if self._selection is not None else None
        side: Literal["left", "right"] = "right" if by > 0 else "left"
        place = 0 if index is None else int(np.searchsorted(self._candidates, index, side))
        place = place if by > 0 else place - 1
        self.select_test_image(int(self._candidates[place % len(self._candidates)]))

    def select_random(self) -> None:
        """Select any of the candidates."""
        if len(self._candidates):
            self.select_test_image(int(self._random.choice(self._candidates)))

    def select_drawing(self, ink: NDArray[np.uint8]) -> None:
        """Encode a drawing (height, width), 255 for ink, scaled and centred as MNIST's digits are."""
        model = self._workspace.model
        if model is not None:
            self._select(Selection(vae.centre_like_mnist(ink, model.image_shape), None, None))

    def _select(self, selection: Selection) -> None:
        self._selection = selection
        self.selection_changed.emit()
        self._encode_selection()
        self.go_to_mean()

    def _encode_selection(self) -> None:
        model, selection = self._workspace.model, self._selection
        fits = model is not None and selection is not None and selection.picture.shape == model.image_shape
        self._posterior = (
            vae.posterior_of(model.checkpoint.model, selection.picture)
            if fits and model and selection
            else None
        )
        self.posterior_changed.emit()

    # --- the forward pass of the input

    def pass_forward(self, seed: int) -> ForwardPass | None:
        """Guide and model at the input, with the noise of ``seed``; None where there is no posterior."""
        encoded = self._encoded()
        return None if encoded is None else vae.pass_forward(*encoded, seed)

    def score_draws(self, seeds: Sequence[int]) -> Scores | None:
        """The ELBO's terms of the input at the draws of these seeds; None where there is no posterior."""
        encoded = self._encoded()
        return None if encoded is None else vae.score_draws(*encoded, seeds)

    def _encoded(self) -> tuple[VAE, NDArray[np.uint8]] | None:
        """The model and the input, if the one can encode the other."""
        model, selection = self._workspace.model, self._selection
        if model is None or selection is None or self._posterior is None:
            return None
        return model.checkpoint.model, selection.picture

    # --- what the plane thread computes

    def request_manifold(self, grid: TileGrid) -> None:
        """Ask for decoded tiles; manifold_ready follows, unless another request overtakes this one."""
        if self._workspace.model is not None:
            self._plane.request(ManifoldRequest(self._workspace.model.version, grid, self._pin))

    @Slot(object)
    def _receive(self, message: object) -> None:
        model = self._workspace.model
        match message:
            case PosteriorFound(version=version) if model is not None and version == model.version:
                if self._selection is not None and self._selection.picture is message.picture:
                    self._follow_posterior(message.posterior)
            case Manifold(version=version) if model is not None and version == model.version:
                self.manifold_ready.emit(message)
            case Points(version=version) if model is not None and version == model.version:
                self._points = message
                self.points_changed.emit()

    # --- another model, other weights, other data

    @Slot(object)
    def _model_changed(self, model: OpenedModel) -> None:
        vae.use_one_core()  # this thread: what it decodes is small, and a run may keep the others busy
        self._pin = (
            self._pin if len(self._pin) == model.latent_dim else np.zeros(model.latent_dim, np.float32)
        )
        self._show_points(model)
        self._encode_selection()
        self.go_to_mean() if self._posterior is not None else self.return_to_pin()

    @Slot(object)
    def _weights_changed(self, model: OpenedModel) -> None:
        data = self._workspace.dataset
        if data is not None and data.info.image_shape == model.image_shape:
            self._request_points(model, data, LIVE_POINTS)
        if self._posterior is not None and self._selection is not None:
            self._plane.request(PosteriorRequest(model.version, self._selection.picture))
        self._move(self._z)

    def _follow_posterior(self, posterior: Posterior) -> None:
        """Take the posterior under other weights; whoever looks at its mean moves along."""
        at_mean = self._posterior is not None and np.array_equal(self._pin, self._posterior.z_loc)
        self._posterior = posterior
        self.posterior_changed.emit()
        if at_mean and np.array_equal(self._z, self._pin):
            self.go_to_mean()

    @Slot(object)
    def _dataset_changed(self, data: Dataset) -> None:
        if self._workspace.model is not None:
            self._show_points(self._workspace.model)
        self.offer_class(None)
        self.select_test_image(0)

    def _show_points(self, model: OpenedModel) -> None:
        """Encode the open data, unless they do not fit, or the file holds their encodings: show those."""
        data = self._workspace.dataset
        fits = data is not None and data.info.image_shape == model.image_shape
        if data is None or not fits or data.info.name == model.checkpoint.dataset:
            self._points = Points(model.version, model.checkpoint.dataset, model.checkpoint.encodings)
        else:
            self._points = None
            self._request_points(model, data, len(data.test_images))
        self.points_changed.emit()

    def _request_points(self, model: OpenedModel, data: Dataset, count: int) -> None:
        self._plane.request(
            PointsRequest(model.version, data.info.name, data.test_images[:count], data.test_labels[:count])
        )
