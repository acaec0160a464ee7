"""The model in training: the window's own copy of it, and whether the plane follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.messages import RunEnded, RunRequest, Snapshot
from explorer.run import Run
from explorer.time_machine import TimeMachine
from explorer.workspace import Workspace

if TYPE_CHECKING:
    from torch import Tensor

    from vae import VAE


class LiveModel(QObject):
    """While the plane follows, it is the workspace's model, with the weights of each snapshot."""

    following_changed = Signal(bool)

    def __init__(
        self, workspace: Workspace, run: Run, time_machine: TimeMachine, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace, self._run, self._time_machine = workspace, run, time_machine
        self._following = True
        self._model: VAE | None = None  # as this thread computes with it
        self._newest: dict[str, Tensor] = {}  # weights of the run, followed or not
        run.began.connect(self._began)
        run.snapshot_taken.connect(self._follow)
        run.ended.connect(self._ended)

    @property
    def following(self) -> bool:
        """Whether the plane shows the model in training."""
        return self._following

    def set_following(self, following: bool) -> None:
        """Show the model in training on the plane, or leave the plane as it is."""
        if following != self._following:
            self._following = following
            if not following:
                self._time_machine.hold()
            self.following_changed.emit(following)
            if following and self._model is not None and self._run.active:
                self._model.load_state_dict(self._newest)
                self._show(self._model)

    def begin(self, request: RunRequest) -> None:
        """Make the copy, before the run is started."""
        self._model = vae.build(request.model, request.training.seed).eval()
        if request.resumed is not None:
            self._model.load_state_dict(request.resumed.state.weights)
        self._newest = self._model.state_dict()
        self._time_machine.begin(request, self._model)

    @Slot(object)
    def _began(self) -> None:
        if self._following and self._model is not None:
            self._show(self._model)

    def _show(self, model: VAE) -> None:
        request = self._run.request
        assert request is not None
        nothing = np.zeros((0, request.model.latent_dim), np.float32)
        checkpoint = vae.Checkpoint(
            model=model,
            preset=request.preset,
            dataset=request.dataset.info.name,
            training=request.training,
            history=(),
            encodings=vae.Encodings(nothing, nothing, np.zeros(0, np.int64)),
        )
        self._workspace.show_model(checkpoint, f"Run {request.run}, in training", None)

    def _is_shown(self) -> bool:
        """Whether it is the open model, and no other is about to take its place."""
        shown = self._workspace.model
        return shown is not None and shown.checkpoint.model is self._model and not self._workspace.opening

    @Slot(object)
    def _follow(self, snapshot: Snapshot) -> None:
        self._newest = snapshot.weights
        if self._following and self._is_shown():
            self._workspace.show_weights(snapshot.weights)

    @Slot(object)
    def _ended(self, message: RunEnded) -> None:
        """What is kept of the run takes its place."""
        newest = message.run == self._run.number
        if message.checkpoint is not None and newest and self._following and self._is_shown():
            self._workspace.show_model(message.checkpoint, message.title, message.path)
