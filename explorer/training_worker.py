"""The training thread's worker: the only place that enters Pyro."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

import vae
from explorer.failures import failure_of
from explorer.messages import (
    EpochEnded,
    Failure,
    Progress,
    RolledBack,
    RunEnded,
    RunRequest,
    Snapshot,
)
from vae.configuration import ModelConfig, TrainingConfig

SLICE = 0.034  # seconds of training between two looks at the event loop: at most 30 messages a second
SNAPSHOT_EVERY = 0.2  # seconds
SHOWN = 14  # test images and samples in a snapshot


class TrainingWorker(QObject):
    """Trains one model at a time, in slices of a timer that lives in its own thread."""

    posted = Signal(object)  # Progress, EpochEnded, Snapshot, RunEnded

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
        try:
            self._model = vae.build(request.model, request.training.seed)
            self._training = vae.Training(self._model, request.training, request.dataset)
        except Exception as error:  # a run that cannot begin is reported like one that broke off
            self.posted.emit(RunEnded(request.run, None, None, False, failure_of(error)))
            return
        self._request = request
        self._history: list[vae.EpochReport] = []
        self._step = 0
        self._noise = np.random.default_rng(0).standard_normal((SHOWN, request.model.latent_dim))
        self._post_snapshot()
        self._timer.start()

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
    def stop(self) -> None:
        """End the run and keep what it has learned."""
        if self._request is not None:
            self._end(stopped=True, failure=None)

    @Slot()
    def _slice(self) -> None:
        """Train for one slice, then return to the event loop, where pause and stop may be waiting."""
        assert self._request is not None
        steps: list[vae.StepReport] = []
        epoch: vae.EpochReport | None = None
        end = time.perf_counter() + SLICE
        failure: Failure | None = None
        finished = False
        try:
            while epoch is None and time.perf_counter() < end:
                report = next(self._training)
                match report:
                    case vae.StepReport():
                        steps.append(report)
                    case vae.EpochReport():
                        epoch = report
                    case vae.RollbackReport():
                        self._roll_back(report)
                        steps.clear()
        except StopIteration:
            finished = True
        except Exception as error:  # whatever breaks a run must reach the user, not kill the thread
            failure = failure_of(error)
        if steps:
            self._step = steps[-1].step
            self.posted.emit(Progress(self._request.run, tuple(steps)))
        if epoch is not None:
            self._history.append(epoch)
            self.posted.emit(EpochEnded(self._request.run, epoch))
        if finished or failure is not None:
            self._end(stopped=False, failure=failure)
        elif time.perf_counter() - self._snapshot_at >= SNAPSHOT_EVERY:
            self._post_snapshot()

    def _roll_back(self, report: vae.RollbackReport) -> None:
        assert self._request is not None
        self._step = report.step
        self._history = [epoch for epoch in self._history if epoch.step <= report.step]
        self.posted.emit(RolledBack(self._request.run, report))

    def _post_snapshot(self) -> None:
        assert self._request is not None
        test = self._request.dataset.test_images[:SHOWN]
        encodings = vae.encode_images(self._model, test, self._request.dataset.test_labels[:SHOWN])
        decoded = vae.decode_images(self._model, encodings.z_loc)
        self.posted.emit(
            Snapshot(
                run=self._request.run,
                step=self._step,
                weights={name: t.detach().clone() for name, t in self._model.state_dict().items()},
                reconstructions=np.stack((test, decoded)),
                samples=vae.decode_images(self._model, self._noise),
            )
        )
        self._snapshot_at = time.perf_counter()

    def _end(self, *, stopped: bool, failure: Failure | None) -> None:
        """Post the last snapshot and the trained model, written to its file."""
        assert self._request is not None
        request = self._request
        self._timer.stop()
        if self._step == 0:
            self._request = None
            self.posted.emit(RunEnded(request.run, None, None, stopped, failure))
            return
        self._post_snapshot()
        self._request = None
        data = request.dataset
        checkpoint = vae.Checkpoint(
            model=self._model.eval(),
            preset=request.preset,
            dataset=data.info.name,
            training=request.training,
            history=tuple(self._history),
            encodings=vae.encode_images(self._model, data.test_images, data.test_labels),
        )
        path = None
        try:
            request.keep_as.parent.mkdir(parents=True, exist_ok=True)
            vae.save(request.keep_as, checkpoint)
            path = request.keep_as
        except Exception as error:  # the model lives on in memory, and the user is told
            failure = failure or failure_of(error)
        self.posted.emit(RunEnded(request.run, checkpoint, path, stopped, failure))
