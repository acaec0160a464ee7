"""A place on the latent plane and what is seen there: decoded picture, posterior of the input."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.inputs import Inputs
from explorer.opening_chart import OpeningChart
from explorer.plane_messages import (
    Manifold,
    ManifoldRequest,
    PosteriorFound,
    PosteriorRequest,
    Surroundings,
)
from explorer.plane_thread import PlaneThread
from explorer.workspace import OpenedModel, Workspace
from vae.chart import Chart, axis_chart
from vae.tiles import TileGrid

if TYPE_CHECKING:
    from vae import Decoded, ForwardPass, Posterior, Prior, Scores


class Exploration(QObject):
    """What the Explore tab shows. The GUI thread decodes the place under the cursor by itself."""

    cursor_moved = Signal()  # z and what it decodes to
    pin_moved = Signal()  # the place that the cursor returns to
    chart_changed = Signal()  # which codes the plane stands for
    label_changed = Signal()  # what the decoder is told
    posterior_changed = Signal()
    manifold_ready = Signal(object)  # Manifold
    surroundings_ready = Signal(object)  # Surroundings

    def __init__(
        self, workspace: Workspace, inputs: Inputs, plane: PlaneThread, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._inputs, self._plane = workspace, inputs, plane
        self._chart = axis_chart(2)
        self._opening_chart = OpeningChart()
        self._z = np.zeros(2, np.float32)
        self._pin = self._z
        self._label: int | None = None
        self._decoded: Decoded | None = None
        self._decode_seconds = 0.0
        self._prior: Prior | None = None
        self._posterior: Posterior | None = None
        self._asked: PosteriorRequest | None = None  # the latest that the plane thread was sent
        self._random = np.random.default_rng()
        workspace.model_changed.connect(self._model_changed)
        workspace.weights_changed.connect(self._weights_changed)
        inputs.selection_changed.connect(self._selection_changed)
        inputs.noise_changed.connect(self._noise_changed)
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
    def chart(self) -> Chart:
        """Which codes the plane stands for."""
        return self._chart

    @property
    def cursor(self) -> tuple[float, float]:
        """Where ``z`` stands on the plane."""
        place = self._chart.places(self._z[None])[0]
        return float(place[0]), float(place[1])

    @property
    def decoded(self) -> Decoded | None:
        """What the model says of ``z``; None before a model is open."""
        return self._decoded

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """(C, H, W) the mean of p(x|z) at ``z``; None before a model is open."""
        return None if self._decoded is None else self._decoded.picture

    @property
    def label(self) -> int | None:
        """What the decoder is told; None of a model that is told no labels."""
        return self._label

    @property
    def decode_seconds(self) -> float:
        """How long the last decoding under the cursor took."""
        return self._decode_seconds

    @property
    def prior(self) -> Prior | None:
        """p(z), if the model has one."""
        return self._prior

    @property
    def posterior(self) -> Posterior | None:
        """q(z|x) of the input image, if the model can encode it."""
        return self._posterior

    # --- the cursor

    def preview(self, z1: float, z2: float) -> None:
        """Decode this place until the cursor leaves it."""
        self._move(self._on_plane(z1, z2))

    def preview_code(self, z: NDArray[np.float32]) -> None:
        """Decode this code (D,) until the cursor leaves it."""
        self._move(z)

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
        z1, z2 = self._chart.places(self._pin[None])[0].tolist()
        self.pin_at(z1 + right, z2 + up)

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
        return None if model is None else vae.decode_images(model.checkpoint.model, z, self._label)

    def decode_places(self, places: NDArray[np.float32]) -> NDArray[np.uint8] | None:
        """The pictures (N, C, H, W) of places (N, 2) on the plane, what it does not show as pinned."""
        return self.decode(self._chart.codes(places, self._pin))

    def set_chart(self, chart: Chart) -> None:
        """Let the plane stand for other codes; the pin stays where it is in the latent space."""
        self._chart = chart
        self.chart_changed.emit()

    def share_chart(self, chart: Chart) -> None:
        """Let the plane stand for the codes that another does: nobody has chosen them for this model."""
        self._opening_chart.forget()
        self.set_chart(chart)

    def _on_plane(self, z1: float, z2: float) -> NDArray[np.float32]:
        """The code of a place; what the plane does not show is as pinned."""
        codes = self._chart.codes(np.array(((z1, z2),), np.float32), self._pin)
        return codes.reshape(-1)

    def _move(self, z: NDArray[np.float32]) -> None:
        self._z = z
        model = self._workspace.model
        if model is not None:
            began = time.perf_counter()
            self._decoded = vae.decode_code(model.checkpoint.model, z, self._label)
            self._decode_seconds = time.perf_counter() - began
        self.cursor_moved.emit()

    # --- the label, of a model that is told one

    def tell_label(self, label: int) -> None:
        """Decode with this label; a drawing, whose own is not known, is encoded with it as well."""
        if self._label is None or label == self._label:
            return
        self._label = label
        selection = self._inputs.selection
        if selection is not None and selection.label is None:
            self._encode()
        self._move(self._z)
        self.label_changed.emit()

    def _take_up_label(self) -> bool:
        """The input's own; else the present one, or any. Says whether it is another than before."""
        model, selection = self._workspace.model, self._inputs.selection
        if model is None or not vae.is_told_labels(model.checkpoint.model):
            self._label = None
            return False
        own = selection.label if selection is not None else None
        label = self._label if own is None else own
        known = range(model.checkpoint.model.config.classes)
        before, self._label = self._label, label if label in known else 0
        return self._label != before

    # --- the input

    @Slot()
    def _selection_changed(self) -> None:
        another = self._take_up_label()
        self._encode()
        self.go_to_mean()
        if another:
            self.label_changed.emit()

    @Slot()
    def _noise_changed(self) -> None:
        self._encode()
        self.go_to_mean()

    def _encode(self) -> None:
        request = self.posterior_request()
        model = self._workspace.model
        self._posterior = (
            vae.posterior_of(model.checkpoint.model, request.picture, request.label, request.noise)
            if request is not None and model is not None
            else None
        )
        self._asked = None  # what the plane thread still finds is another's
        self.posterior_changed.emit()

    def posterior_request(self) -> PosteriorRequest | None:
        """What there is to encode, if the model can."""
        model, selection = self._workspace.model, self._inputs.selection
        if model is None or selection is None or selection.picture.shape != model.image_shape:
            return None
        label = self._label if selection.label is None else selection.label
        return PosteriorRequest(model.version, selection.picture, label, self._inputs.noise)

    # --- the forward pass of the input

    def pass_forward(self, seed: int) -> ForwardPass | None:
        """Guide and model at the input, with the noise of ``seed``; None where there is no posterior."""
        model, request = self._workspace.model, self.posterior_request()
        if model is None or request is None:
            return None
        return vae.pass_forward(model.checkpoint.model, request.picture, seed, request.label, request.noise)

    def score_draws(self, seeds: Sequence[int]) -> Scores | None:
        """The ELBO's terms of the input at the draws of these seeds; None where there is no posterior."""
        model, request = self._workspace.model, self.posterior_request()
        if model is None or request is None:
            return None
        return vae.score_draws(model.checkpoint.model, request.picture, seeds, request.label, request.noise)

    # --- what the plane thread computes

    def request_manifold(self, grid: TileGrid) -> None:
        """Ask for decoded tiles; manifold_ready follows, unless another request overtakes this one."""
        if self._workspace.model is not None:
            version = self._workspace.model.version
            self._plane.request(
                ManifoldRequest(version, grid, self._chart, self._pin, self._label, self.cursor)
            )

    @Slot(object)
    def _receive(self, message: object) -> None:
        model = self._workspace.model
        match message:
            case PosteriorFound(request=request) if request is self._asked:
                self._follow_posterior(message.posterior)
            case Manifold(version=version) if model is not None and version == model.version:
                self.manifold_ready.emit(message)
            case Surroundings(version=version) if model is not None and version == model.version:
                self.surroundings_ready.emit(message)

    # --- another model, other weights

    @Slot(object)
    def _model_changed(self, model: OpenedModel) -> None:
        vae.use_one_core()  # this thread: what it decodes is small, and a run may keep the others busy
        if len(self._pin) != model.latent_dim:
            self._pin = self._z = np.zeros(model.latent_dim, np.float32)
        self._chart = self._opening_chart.of(model, self._chart)
        self._prior = vae.prior_of(model.checkpoint.model)
        self._take_up_label()
        self._encode()
        self.go_to_mean() if self._posterior is not None else self.return_to_pin()

    @Slot(object)
    def _weights_changed(self, model: OpenedModel) -> None:
        self._prior = vae.prior_of(model.checkpoint.model)
        self._asked = self.posterior_request()
        if self._asked is not None:
            self._plane.request(self._asked)
        self._move(self._z)

    def _follow_posterior(self, posterior: Posterior) -> None:
        """Take the posterior under other weights; whoever looks at its mean moves along."""
        at_mean = self._posterior is not None and np.array_equal(self._pin, self._posterior.z_loc)
        self._posterior = posterior
        self.posterior_changed.emit()
        if at_mean and np.array_equal(self._z, self._pin):
            self.go_to_mean()
