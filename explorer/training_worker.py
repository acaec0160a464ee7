"""The training thread's worker: the only place that enters Pyro."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

import vae
from explorer.diagnostician import Diagnostician
from explorer.failures import failure_of
from explorer.messages import (
    ChangeTraining,
    Diagnosis,
    EpochEnded,
    NotSaved,
    Progress,
    RolledBack,
    RunEnded,
    RunRequest,
    Snapshot,
    TrainingChanged,
)
from explorer.run_keeper import RunKeeper
from vae.configuration import ModelConfig, TrainingConfig
from vae.errors import TrainingError

SLICE = 0.034  # seconds of training between two looks at the event loop: at most 30 messages a second
SNAPSHOT_EVERY = 0.2  # seconds
SHOWN = 14  # test images and samples in a snapshot


class TrainingWorker(QObject):
    """Trains one model at a time, in slices of a timer that lives in its own thread."""

    posted = Signal(object)  # the messages that explorer.messages lists as from the training worker

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._slice)
        self._request: RunRequest | None = None

    @Slot()
    def warm_up(self) -> None:
        """Import what a first run needs, so that Start starts at once."""
        vae.prepare_optimizer(
            vae.VAE(ModelConfig(encoder_widths=(1,), decoder_widths=(1,))), TrainingConfig()
        )

    @Slot(object)
    def start(self, request: RunRequest) -> None:
        """Begin a run; one that is under way is ended first."""
        self.stop()
        vae.use_all_cores()
        vae.give_way(5)
        try:
            self._prepare(request)
        except Exception as error:  # a run that cannot begin is reported like one that broke off
            self.posted.emit(RunEnded(request.run, None, None, False, failure_of(error)))
            return
        self._request = request
        self._diagnostician = Diagnostician(request)
        self._noise = np.random.default_rng(0).standard_normal((SHOWN, request.model.latent_dim))
        self._post_snapshot()
        if not request.paused:
            self._timer.start()

    def _prepare(self, request: RunRequest) -> None:
        """Build the model, or take up the run that was cut off."""
        resumed = request.resumed
        self._model = vae.build(request.model, request.training.seed)
        self._training = vae.Training(
            self._model, request.training, request.dataset, vae.resolve_device(request.device)
        )
        if resumed is not None:
            self._training.take_up(resumed.state)
        self._keeper = RunKeeper(
            self._training,
            request.dataset,
            request.preset,
            request.keep_as,
            tell=lambda error: self.posted.emit(NotSaved(request.run, failure_of(error))),
            history=resumed.header.history if resumed is not None else (),
        )

    @Slot()
    def pause(self) -> None:
        """Do nothing until resume()."""
        self._timer.stop()

    @Slot()
    def resume(self) -> None:
        """Go on after pause()."""
        if self._request is not None:
            self._timer.start()

    @Slot()
    def step(self) -> None:
        """Take one step, and show what it has changed; resume() goes on."""
        self._timer.stop()
        if self._request is not None:
            self._train(seconds=0.0)
        if self._request is not None:
            self._post_snapshot()

    @Slot(object)
    def change(self, change: ChangeTraining) -> None:
        """Train on with another learning rate, or another weight of the KL."""
        if self._request is not None:
            changed: dict[str, Any] = {change.name: change.value}
            self._training.config = replace(self._training.config, **changed)
            self.posted.emit(TrainingChanged(self._request.run, self._training.config))

    @Slot()
    def stop(self) -> None:
        """End the run and keep what it has learned."""
        if self._request is not None:
            self._end(stopped=True)

    @Slot()
    def _slice(self) -> None:
        """Train for one slice, then return to the event loop, where pause and stop may be waiting."""
        self._train(seconds=SLICE)
        if self._request is not None and time.perf_counter() - self._snapshot_at >= SNAPSHOT_EVERY:
            self._post_snapshot()

    def _train(self, seconds: float) -> None:
        """Take at least one step, then more for so long; an epoch is scored at once when it is over."""
        self._steps: list[vae.StepReport] = []
        training, end = self._training, time.perf_counter() + seconds
        failure: Exception | None = None
        try:
            while not training.finished:
                report = next(training)
                self._keeper.note(report)
                self._take_note(report)
                if isinstance(report, vae.EpochReport) or (
                    time.perf_counter() >= end and not training.scoring_due
                ):
                    break
        except Exception as error:  # whatever breaks a run must reach the user, not kill the thread
            failure = error
        self._post_steps()
        if training.finished or failure is not None:
            self._end(stopped=False, error=failure)

    def _take_note(self, report: vae.Report) -> None:
        """Tell of what a run reports, in its order; steps are told together."""
        assert self._request is not None
        run = self._request.run
        match report:
            case vae.StepReport():
                self._steps.append(report)
            case vae.EpochReport():
                self._post_steps()
                self.posted.emit(EpochEnded(run, report))
            case vae.RollbackReport():
                self._steps = [step for step in self._steps if step.step <= report.step]
                self._post_steps()
                self.posted.emit(RolledBack(run, report))
                self.posted.emit(TrainingChanged(run, self._training.config))

    def _post_steps(self) -> None:
        assert self._request is not None
        if self._steps:
            self.posted.emit(Progress(self._request.run, tuple(self._steps)))
            self._post_diagnosis(self._diagnostician.look(self._training, self._steps[-1]))
            self._steps = []

    def _post_diagnosis(self, diagnosis: Diagnosis | None) -> None:
        if diagnosis is not None:
            self.posted.emit(diagnosis)

    def _post_snapshot(self) -> None:
        assert self._request is not None
        data = self._request.dataset
        test, labels = data.test_images[:SHOWN], data.test_labels[:SHOWN]
        encodings = vae.encode_images(self._model, test, labels)
        decoded = vae.decode_images(self._model, encodings.z_loc, labels)
        each_class = np.arange(SHOWN) % max(1, self._model.config.classes)
        self.posted.emit(
            Snapshot(
                run=self._request.run,
                step=self._training.step,
                weights={
                    name: weights.detach().to("cpu", copy=True)
                    for name, weights in self._model.state_dict().items()
                },
                reconstructions=np.stack((test, decoded)),
                samples=vae.decode_images(self._model, self._noise, each_class),
            )
        )
        self._snapshot_at = time.perf_counter()

    def _end(self, *, stopped: bool, error: Exception | None = None) -> None:
        """Post the last snapshot and the trained model, written to its file."""
        assert self._request is not None
        self._timer.stop()
        training, keeper, run = self._training, self._keeper, self._request.run
        keeper.cut_back()
        failure = failure_of(error) if error is not None else None
        checkpoint: vae.Checkpoint | None = None
        path: Path | None = None
        if training.step:
            self._post_snapshot()
            self._post_diagnosis(self._diagnostician.look_again(training))
            checkpoint = keeper.checkpoint()
        self._request = None
        try:
            if checkpoint is not None:
                keeper.keep(checkpoint)
                path = keeper.model_path
            keeper.close(resumable=error is not None and not isinstance(error, TrainingError))
        except Exception as problem:  # the model lives on in memory, its run in its file; the user is told
            failure = failure or failure_of(problem)
        ended = RunEnded(
            *(run, checkpoint, path, stopped, failure), training.step, training.epoch, training.seconds
        )
        self.posted.emit(ended)
