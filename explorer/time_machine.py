"""How a run came to be: its snapshots, and the plane as it was at any of them."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

import vae
from explorer.messages import Progress, RunEnded, RunRequest, Snapshot
from explorer.plane_messages import Points
from explorer.plane_thread import PlaneThread
from explorer.run import Run
from explorer.workspace import OpenedModel, Workspace
from vae.timeline import Frame, Timeline

if TYPE_CHECKING:
    from vae import VAE, RollbackReport

LONGEST_WAIT = 400  # milliseconds for the points: there may be none to wait for


class TimeMachine(QObject):
    """Keeps the snapshots of the last run, and shows them in a copy of its model.

    Neither the model in training nor the one that was kept is ever written into. A frame is shown when the
    plane has answered for the one before; of those wanted meanwhile, the latest counts.
    """

    changed = Signal()  # what there is to replay, or the frame that is shown

    def __init__(
        self, run: Run, workspace: Workspace, plane: PlaneThread, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._run, self._workspace = run, workspace
        self._timeline = Timeline()
        self._request: RunRequest | None = None
        self._live: VAE | None = None  # the GUI thread's copy of the model in training
        self._ended: RunEnded | None = None
        self._now: OpenedModel | None = None  # the run's model, where it is the open one; replayed or not
        self._copy: VAE | None = None  # what the frames are shown in
        self._shown: Frame | None = None
        self._wanted: Frame | None = None
        self._elbos: list[float] = []  # of the steps since the newest frame
        self._untrained_elbo: float | None = None
        self._wait = QTimer(self, singleShot=True, interval=LONGEST_WAIT)
        self._wait.timeout.connect(self._go_on)
        run.progressed.connect(self._note_steps)
        run.snapshot_taken.connect(self._take)
        run.rolled_back.connect(self._rolled_back)
        run.ended.connect(self._run_ended)
        workspace.model_changed.connect(self._model_changed)
        plane.posted.connect(self._receive)

    @property
    def available(self) -> bool:
        """Whether the open model is a run that has come some way."""
        return self._now is not None and len(self._timeline.frames) > 1

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The snapshots that are kept, the oldest first."""
        return self._timeline.frames

    @property
    def replaying(self) -> bool:
        """Whether the plane is shown as it was."""
        return self._shown is not None

    @property
    def following(self) -> bool:
        """Whether the open model is the one in training, and is kept up with it."""
        return self._now is not None and self._now.checkpoint.model is self._live and not self.replaying

    @property
    def going_on(self) -> bool:
        """Whether the run has not ended: now is later the next time one looks."""
        return self._ended is None

    @property
    def frame(self) -> Frame:
        """What is shown: as it was, or the newest. There must be one."""
        frame = self._shown or self._timeline.frames[-1]
        return replace(frame, elbo=self._untrained_elbo) if frame.step == 0 else frame

    @property
    def request(self) -> RunRequest | None:
        """The run that is kept; None before the first."""
        return self._request

    # --- what is kept

    def begin(self, request: RunRequest, live: VAE) -> None:
        """Keep the snapshots of this run from now on, and no longer those of the one before."""
        self._request, self._live, self._ended = request, live, None
        self._timeline = Timeline()
        self._elbos.clear()
        self._untrained_elbo = None
        self._leave(None)
        if request.resumed is not None:  # its snapshots begin later
            untrained = vae.build(request.model, request.training.seed)
            self._timeline.add(Frame(0, 0.0, None, untrained.state_dict()))
        self.changed.emit()

    @Slot(object)
    def _note_steps(self, progress: Progress) -> None:
        first = progress.steps[0]
        if first.step == 1:  # its terms are from before the step
            self._untrained_elbo = first.train.elbo
        self._elbos += [step.train.elbo for step in progress.steps]

    @Slot(object)
    def _take(self, snapshot: Snapshot) -> None:
        request, frames = self._request, self._timeline.frames
        if request is None or snapshot.run != request.run or (frames and frames[-1].step == snapshot.step):
            return
        elbo = float(np.mean(self._elbos)) if self._elbos else None
        self._elbos.clear()
        epochs = snapshot.step / math.ceil(len(request.dataset.train_images) / request.training.batch_size)
        self._timeline.add(Frame(snapshot.step, epochs, elbo, snapshot.weights))
        self.changed.emit()

    @Slot(object)
    def _rolled_back(self, report: RollbackReport) -> None:
        self._elbos.clear()
        self._timeline.cut_back(report.step)
        self.changed.emit()

    @Slot(object)
    def _run_ended(self, message: RunEnded) -> None:
        if self._request is None or message.run != self._request.run:
            return
        self._ended = message
        if self.replaying and message.checkpoint is not None:  # nobody else shows it then
            self._now = OpenedModel(message.title, message.checkpoint, message.path, 0)
        self.changed.emit()

    @Slot(object)
    def _model_changed(self, model: OpenedModel) -> None:
        """Another model is open: the run's, read again perhaps, or none of ours."""
        kept = self._ended.path if self._ended is not None else None
        ended = self._ended.checkpoint if self._ended is not None else None
        ours = (
            model.checkpoint.model is self._live
            or model.checkpoint is ended
            or (kept is not None and model.path == kept)
        )
        self._leave(model if ours else None)
        self.changed.emit()

    def _leave(self, now: OpenedModel | None) -> None:
        """Show no frame any more."""
        self._now = now
        self._shown = self._wanted = self._copy = None
        self._wait.stop()

    # --- what is shown

    def go_to(self, step: int) -> None:
        """Show the plane as it was about this step; at the newest frame, as it is now."""
        if not self.available:
            return
        frame = self._timeline.nearest(step)
        if frame is self._timeline.frames[-1]:
            self.return_to_now()
        else:
            self._wanted = frame
            if not self._wait.isActive():
                self._go_on()

    def advance(self) -> None:
        """Show the next frame, unless the plane is busy with one."""
        frame = self._timeline.after(self._shown.step) if self._shown is not None else None
        if frame is not None and not self._wait.isActive():
            self.go_to(frame.step)

    def hold(self) -> None:
        """Take what is shown for a frame: the plane no longer follows the run."""
        if self.following:
            self._shown = next(reversed(self._timeline.frames), None)
            self.changed.emit()

    def return_to_now(self) -> None:
        """Show the run's own model again: in training, or as it was kept."""
        now = self._now
        if now is None or not self.replaying or self._workspace.opening:
            return
        self._leave(now)
        if now.checkpoint.model is self._live:
            now.checkpoint.model.load_state_dict(self._timeline.frames[-1].weights)
        self._workspace.swap_model(now.checkpoint, now.title, now.path)
        self.changed.emit()

    @Slot()
    def _go_on(self) -> None:
        """Show what is wanted by now, if anything."""
        frame, self._wanted = self._wanted, None
        if frame is not None and frame is not self._shown and not self._workspace.opening:
            self._show(frame)

    def _show(self, frame: Frame) -> None:
        assert self._now is not None and self._request is not None
        kept = self._now.checkpoint
        if self._copy is None:
            self._copy = copy.deepcopy(kept.model)
        self._copy.load_state_dict(frame.weights)
        nothing = np.zeros((0, self._now.latent_dim), np.float32)
        checkpoint = replace(
            kept,
            model=self._copy,
            history=tuple(report for report in kept.history if report.step <= frame.step),
            encodings=vae.Encodings(nothing, nothing, np.zeros(0, np.int64)),
        )
        self._shown = frame
        self._wait.start()
        when = f" at step {frame.step:,}" if frame.step else ", untrained"
        self._workspace.swap_model(checkpoint, f"Run {self._request.run}{when}", None)
        self.changed.emit()

    @Slot(object)
    def _receive(self, message: object) -> None:
        model = self._workspace.model
        answered = isinstance(message, Points) and model is not None and message.version == model.version
        if answered and self._wait.isActive():
            self._wait.stop()
            self._go_on()
