"""A cloud of points, the autoencoder and the VAE that learn from it, and the way to the points worker."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.failures import failure_of
from explorer.messages import Failure, PointsModelOpened
from explorer.points_messages import PointsEnded, PointsSnapshot, StartPoints
from explorer.points_worker import PointsWorker
from explorer.run import Run, RunState
from vae.errors import DatasetError
from vae.points import CLOUDS, EXTENT, PAINTED, Cloud, Points, draw_cloud, painted_cloud
from vae.presets import POINTS, POINTS_AUTOENCODER, preset_of

if TYPE_CHECKING:
    from vae import Terms
    from vae.point_models import EnergyDistances, PointModel

SEED = 0
MOST_DIMENSIONS = 2  # of z
MOST_PAINTED = 4_000  # points
BRUSH_POINTS = 6  # that one dab leaves


class PointsRun(QObject):
    """At most one run at a time, and never beside a run of images: the one started later pauses the other.

    Both share the training thread, since Pyro may be entered by one thread alone.
    """

    state_changed = Signal(object)  # RunState
    cloud_changed = Signal()  # other points, or another latent dimension; what was learned is gone
    learned = Signal()  # the models have other weights
    noted = Signal(str)  # a word for the status bar
    failed = Signal(object)  # Failure

    _start = Signal(object)
    _pause = Signal()
    _resume = Signal()
    _stop = Signal()

    def __init__(self, images: Run, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._images = images
        self._state = RunState.IDLE
        self._number = 0
        self._name = next(iter(CLOUDS))
        self._cloud: Cloud | None = draw_cloud(self._name)
        self._points: Points = self._cloud.train
        self._latent_dim = 1
        self._snapshot: PointsSnapshot | None = None
        self._autoencoder: PointModel | None = None  # the GUI thread's copies
        self._vae: PointModel | None = None
        self._distances: EnergyDistances | None = None
        self._test: Terms | None = None
        self._random = np.random.default_rng()
        self._worker = PointsWorker()
        self._worker.moveToThread(images.training_thread)
        images.training_thread.finished.connect(self._worker.deleteLater)
        self._worker.posted.connect(self._receive)
        self._start.connect(self._worker.start)
        self._pause.connect(self._worker.pause)
        self._resume.connect(self._worker.resume)
        self._stop.connect(self._worker.stop)
        images.state_changed.connect(self._images_changed)

    # --- what there is

    @property
    def state(self) -> RunState:
        """What the worker is doing."""
        return self._state

    @property
    def going(self) -> bool:
        """Whether a run has begun and not ended."""
        return self._state is not RunState.IDLE

    @property
    def cloud_name(self) -> str:
        """One of `vae.points.CLOUDS`, or that of the painted points."""
        return self._name

    @property
    def painting(self) -> bool:
        """Whether the points are the user's own."""
        return self._name == PAINTED.name

    @property
    def points(self) -> Points:
        """(N, 2) to learn from; of painted ones, all."""
        return self._points

    @property
    def latent_dim(self) -> int:
        """D, 1 or 2."""
        return self._latent_dim

    @property
    def snapshot(self) -> PointsSnapshot | None:
        """How far the run has come; None before there is one."""
        return self._snapshot

    @property
    def autoencoder(self) -> PointModel | None:
        """As in the snapshot, or from a file."""
        return self._autoencoder

    @property
    def vae(self) -> PointModel | None:
        """As in the snapshot, or from a file."""
        return self._vae

    @property
    def distances(self) -> EnergyDistances | None:
        """Of the samples of the models to the held-out points."""
        return self._distances

    @property
    def test(self) -> Terms | None:
        """The ELBO of the VAE on the held-out points, and its terms."""
        return self._test

    # --- the points

    def choose_cloud(self, name: str) -> None:
        """Another cloud; the painted one begins empty."""
        if name == self._name:
            return
        self._name = name
        self._cloud = None if self.painting else draw_cloud(name)
        self._take_points(np.zeros((0, 2), np.float32) if self._cloud is None else self._cloud.train)

    def choose_latent_dim(self, latent_dim: int) -> None:
        """1 or 2."""
        if latent_dim != self._latent_dim:
            self._latent_dim = latent_dim
            self.reset()

    def paint(self, x1: float, x2: float, radius: float) -> None:
        """Leave a few points around a place; a cloud that is drawn gives way to the painted one."""
        if not self.painting:
            self.choose_cloud(PAINTED.name)
        dab = np.array((x1, x2)) + 0.5 * radius * self._random.standard_normal((BRUSH_POINTS, 2))
        within = dab[(np.abs(dab) <= EXTENT).all(1)]
        points: Points = np.concatenate((self._points, within)).astype(np.float32)
        self._take_points(points[:MOST_PAINTED])

    def clear(self) -> None:
        """Wipe the painted points."""
        if self.painting:
            self._take_points(np.zeros((0, 2), np.float32))

    def _take_points(self, points: Points) -> None:
        self._points = points
        self.reset()

    # --- the run

    def start(self) -> None:
        """Begin anew; too few painted points are told."""
        try:
            cloud = painted_cloud(self._points) if self._cloud is None else self._cloud
        except DatasetError as error:
            self.failed.emit(failure_of(error))
            return
        self.reset()
        self._hold_images()
        self._number += 1
        self._set_state(RunState.RUNNING)
        self._start.emit(StartPoints(self._number, cloud, self._latent_dim, SEED))

    def pause(self) -> None:
        """Hold the run after the present slice."""
        if self._state is RunState.RUNNING:
            self._pause.emit()
            self._set_state(RunState.PAUSED)

    def resume(self) -> None:
        """Go on after pause()."""
        if self._state is RunState.PAUSED:
            self._hold_images()
            self._resume.emit()
            self._set_state(RunState.RUNNING)

    def stop(self) -> None:
        """End the run; what it has learned stays on the screen."""
        if self.going:
            self._set_state(RunState.STOPPING)
            self._stop.emit()

    def reset(self) -> None:
        """End the run and forget what was learned."""
        if self.going:
            self._stop.emit()
        self._number += 1  # what the worker still says of the former run is dropped
        self._snapshot = self._autoencoder = self._vae = self._distances = self._test = None
        self._set_state(RunState.IDLE)
        self.cloud_changed.emit()

    def show_model(self, opened: PointsModelOpened) -> None:
        """Show a model that a file holds, on the cloud that it was trained on."""
        from vae.point_models import PointModel, compare

        checkpoint, dimensions = opened.checkpoint, opened.checkpoint.model.config.latent_dim
        if dimensions > MOST_DIMENSIONS:
            self.failed.emit(
                Failure(
                    f"{opened.path.name} holds a model of points with {dimensions} latent dimensions. "
                    f"The Points tab shows {MOST_DIMENSIONS} at most: train one with --latent-dim 1 or 2."
                )
            )
            return
        if checkpoint.dataset in CLOUDS:
            self._name, self._cloud = checkpoint.dataset, draw_cloud(checkpoint.dataset)
            self._points = self._cloud.train
        self._latent_dim = dimensions
        self.reset()
        model = PointModel(checkpoint.model.eval(), self._points)
        if model.is_autoencoder:
            self._autoencoder = model
        else:
            self._vae = model
            self._test = checkpoint.history[-1].test if checkpoint.history else None
        if self._cloud is not None:
            self._distances = compare(self._autoencoder, self._vae, self._cloud)
        self.learned.emit()

    # --- what is heard

    @Slot(object)
    def _receive(self, message: PointsSnapshot | PointsEnded) -> None:
        if message.run != self._number:
            return
        if isinstance(message, PointsSnapshot):
            self._snapshot, self._distances, self._test = message, message.distances, message.test
            self._take_weights(message)
            self.learned.emit()
            return
        self._set_state(RunState.IDLE)
        if message.failure is not None:
            self.failed.emit(message.failure)

    def _take_weights(self, snapshot: PointsSnapshot) -> None:
        self._autoencoder = self._autoencoder or self._new_model(POINTS_AUTOENCODER)
        self._vae = self._vae or self._new_model(POINTS)
        for model, weights in ((self._autoencoder, snapshot.autoencoder), (self._vae, snapshot.vae)):
            model.model.load_state_dict(weights)
            model.refit()

    def _new_model(self, preset: str) -> PointModel:
        from vae.point_models import PointModel  # imports torch, which takes seconds at the first time

        config = replace(preset_of(preset).model, latent_dim=self._latent_dim)
        return PointModel(vae.build(config, SEED).eval(), self._points)

    def _hold_images(self) -> None:
        if self._images.state is RunState.RUNNING:
            self._images.pause()
            self.noted.emit(
                "The run on images is paused while points are trained. Resume it on the Train tab."
            )

    @Slot(object)
    def _images_changed(self, state: RunState) -> None:
        if state is RunState.RUNNING and self._state is RunState.RUNNING:
            self.pause()
            self.noted.emit(
                "The run on points is paused while images are trained. Resume it on the Points tab."
            )

    def _set_state(self, state: RunState) -> None:
        if state is not self._state:
            self._state = state
            self.state_changed.emit(state)
