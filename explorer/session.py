"""The application's state, in three parts, and what passes between them. The only owner of threads."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.exploration import Exploration
from explorer.messages import DatasetNotLoaded, DownloadCancelled, RunEnded, RunRequest, Snapshot
from explorer.places import Places
from explorer.plane_thread import PlaneThread
from explorer.run import Run
from explorer.workspace import OpenedModel, Workspace
from vae.configuration import ModelConfig, TrainingConfig
from vae.datasets import Dataset, is_available

if TYPE_CHECKING:
    from torch import Tensor

    from vae import VAE


class Session(QObject):
    """Owns the workspace, the exploration and the run; views read their properties and hear their signals."""

    following_changed = Signal(bool)
    waiting_changed = Signal(bool)  # whether a run waits for its data set
    noted = Signal(str)  # a word for the status bar
    failed = Signal(object)  # Failure

    def __init__(self, places: Places, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._plane = PlaneThread(self)
        self.workspace = Workspace(places, self._plane, self)
        self.exploration = Exploration(self.workspace, self._plane, self)
        self.run = Run(self)
        self._following = True
        self._live: VAE | None = None  # the GUI thread's copy of the model in training
        self._newest_weights: dict[str, Tensor] = {}  # of the run, followed or not
        self._waiting: tuple[str, ModelConfig, TrainingConfig, str] | None = None
        self._run_number = 0
        self.workspace.model_changed.connect(self._open_its_data)
        self.workspace.failed.connect(self.failed)
        self.workspace.dataset_changed.connect(self._dataset_loaded)
        self.workspace.dataset_given_up.connect(self._dataset_given_up)
        self.run.snapshot_taken.connect(self._follow)
        self.run.ended.connect(self._run_ended)

    @property
    def following(self) -> bool:
        """Whether the plane shows the model in training."""
        return self._following

    @property
    def waiting(self) -> bool:
        """Whether a run waits for its data set to be loaded or downloaded."""
        return self._waiting is not None

    def set_following(self, following: bool) -> None:
        """Show the model in training on the plane, or leave the plane as it is."""
        if following != self._following:
            self._following = following
            self.following_changed.emit(following)
            if following and self._live is not None and self.run.active:
                self._live.load_state_dict(self._newest_weights)
                self._show_live()

    def start_run(self, preset: str, model: ModelConfig, training: TrainingConfig, dataset: str) -> None:
        """Train a new model, once its data set is there: it is loaded, or downloaded, first.

        The image shape of ``model`` is replaced by the data set's.
        """
        self._waiting = (preset, model, training, dataset)
        self.waiting_changed.emit(True)
        if is_available(dataset, self.workspace.places.data):
            self.workspace.open_dataset(dataset)
        else:
            self.workspace.download_dataset(dataset)

    def stop_run(self) -> None:
        """Stop the run, or no longer wait for its data."""
        if self._waiting is not None:
            self._wait_no_more()
            self.workspace.cancel_download()
        self.run.stop()

    def close(self) -> None:
        """End the run, which keeps its model, and both threads."""
        self._wait_no_more()
        self.run.close()
        self._plane.close()

    @Slot(object)
    def _open_its_data(self, model: OpenedModel) -> None:
        if not self.waiting:  # the workspace holds one data set, and a run waits for another
            self.workspace.open_dataset(model.checkpoint.dataset)
        self.run.warm_up()

    # --- the beginning of a run

    @Slot(object)
    def _dataset_loaded(self, data: Dataset) -> None:
        if self._waiting is None:
            return
        preset, model, training, dataset = self._waiting
        self._wait_no_more()
        if data.info.name != dataset:  # another one was chosen meanwhile
            return
        self._run_number += 1
        model = model.fitted(data.info.image_shape, len(data.info.classes))
        began = datetime.now().astimezone()
        name = f"{data.info.title} {preset} {began:%Y-%m-%d %H.%M.%S} run {self._run_number}.safetensors"
        keep_as = self.workspace.places.models / name
        self._live = vae.build(model, training.seed).eval()
        self._newest_weights = self._live.state_dict()
        self.run.start(RunRequest(self._run_number, preset, data, model, training, keep_as))
        if self._following:
            self._show_live()

    @Slot(object)
    def _dataset_given_up(self, message: DatasetNotLoaded | DownloadCancelled) -> None:
        if self._waiting is None or self._waiting[3] != message.name:
            return
        self._wait_no_more()
        if isinstance(message, DatasetNotLoaded) and message.missing:  # the other failures are told anyway
            self.failed.emit(message.failure)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting = None
            self.waiting_changed.emit(False)

    # --- the plane follows the run

    def _show_live(self) -> None:
        request = self.run.request
        assert self._live is not None and request is not None
        nothing = np.zeros((0, request.model.latent_dim), np.float32)
        checkpoint = vae.Checkpoint(
            model=self._live,
            preset=request.preset,
            dataset=request.dataset.info.name,
            training=request.training,
            history=(),
            encodings=vae.Encodings(nothing, nothing, np.zeros(0, np.int64)),
        )
        self.workspace.show_model(checkpoint, f"Run {request.run}, in training", None)

    def _shows_live(self) -> bool:
        """Whether the open model is the one in training, and no other is about to take its place."""
        shown = self.workspace.model
        return shown is not None and shown.checkpoint.model is self._live and not self.workspace.opening

    @Slot(object)
    def _follow(self, snapshot: Snapshot) -> None:
        self._newest_weights = snapshot.weights
        if self._following and self._shows_live():
            self.workspace.show_weights(snapshot.weights)

    @Slot(object)
    def _run_ended(self, message: RunEnded) -> None:
        if message.failure is not None:
            self.failed.emit(message.failure)
        if message.checkpoint is None:
            return
        if message.path is not None:
            self.noted.emit(f"Run {message.run} is kept as {message.path}")
        if self._following and self._shows_live() and message.run == self.run.number:
            title = message.path.stem if message.path else f"Run {message.run}"
            self.workspace.show_model(message.checkpoint, title, message.path)
