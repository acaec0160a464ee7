"""Trains an autoencoder and a VAE of points, in the training thread: the only one that enters Pyro."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from explorer.failures import failure_of
from explorer.messages import Failure
from explorer.points_messages import PointsEnded, PointsSnapshot, StartPoints

if TYPE_CHECKING:
    from torch import Tensor

    from vae import VAE

SLICE = 0.030  # seconds of training between two looks at the event loop
SNAPSHOT_EVERY = 0.2  # seconds
DISTANCES_EVERY = 1.0  # seconds: they cost as much as a slice


class PointsWorker(QObject):
    """Trains one pair at a time, in slices of a timer that lives in its own thread."""

    posted = Signal(object)  # PointsSnapshot, PointsEnded

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._slice)
        self._request: StartPoints | None = None

    @Slot(object)
    def start(self, request: StartPoints) -> None:
        """Begin a run; one that is under way is ended first."""
        self.stop()
        try:
            from vae.side_by_side import SideBySide  # imports torch, which takes seconds at the first time

            self._pair = SideBySide(request.cloud, request.latent_dim, request.seed)
            self._measure()
        except Exception as error:  # a run that cannot begin is reported like one that broke off
            self.posted.emit(PointsEnded(request.run, failure_of(error)))
            return
        self._request = request
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
        """End the run."""
        if self._request is not None:
            self._end(None)

    @Slot()
    def _slice(self) -> None:
        """Train for one slice, then return to the event loop, where pause and stop may be waiting."""
        end = time.perf_counter() + SLICE
        try:
            while time.perf_counter() < end:
                next(self._pair)
        except StopIteration:
            self._end(None)
        except Exception as error:  # whatever breaks a run must reach the user, not kill the thread
            self._end(failure_of(error))
        else:
            now = time.perf_counter()
            if now - self._measured_at >= DISTANCES_EVERY:
                self._measure()
            if now - self._snapshot_at >= SNAPSHOT_EVERY:
                self._post_snapshot()

    def _measure(self) -> None:
        self._distances = self._pair.distances()
        self._measured_at = time.perf_counter()

    def _post_snapshot(self) -> None:
        assert self._request is not None
        pair = self._pair
        self.posted.emit(
            PointsSnapshot(
                run=self._request.run,
                step=pair.step,
                steps=pair.steps,
                autoencoder=_copied(pair.autoencoder.model),
                vae=_copied(pair.vae.model),
                distances=self._distances,
                test=pair.test,
            )
        )
        self._snapshot_at = time.perf_counter()

    def _end(self, failure: Failure | None) -> None:
        assert self._request is not None
        run = self._request.run
        self._timer.stop()
        self._measure()
        self._post_snapshot()
        self._request = None
        self.posted.emit(PointsEnded(run, failure))


def _copied(model: VAE) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
