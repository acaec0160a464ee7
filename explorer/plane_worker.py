"""The plane thread's worker: opens models and data, decodes tiles, encodes points. Never enters Pyro."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

import vae
from explorer.failures import failure_of
from explorer.messages import (
    CancelDownload,
    DatasetLoaded,
    DatasetNotLoaded,
    DownloadCancelled,
    DownloadDataset,
    Downloading,
    LoadDataset,
    Manifold,
    ManifoldRequest,
    ModelNotOpened,
    ModelOpened,
    OpenModel,
    Points,
    PointsRequest,
    PosteriorFound,
    PosteriorRequest,
    UseModel,
    UseWeights,
)
from vae import datasets
from vae.tiles import mosaic

SLICE = 0.030  # seconds of downloading between two looks at the event loop


class PlaneWorker(QObject):
    """Computes on its own copy of the model.

    Requests for tiles and points only leave a note of what is wanted. A timer serves the note once the
    event queue is empty, so that of many requests only the latest is computed.
    """

    posted = Signal(object)  # the messages that explorer.messages lists as from the plane worker

    def __init__(self) -> None:
        super().__init__()
        self._version = 0
        self._model: vae.VAE | None = None
        self._posterior: PosteriorRequest | None = None
        self._manifold: ManifoldRequest | None = None
        self._points: PointsRequest | None = None
        self._wanted = QTimer(self, interval=0, singleShot=True)
        self._wanted.timeout.connect(self._serve)
        self._download: Generator[datasets.DownloadProgress, None, None] | None = None
        self._downloading: DownloadDataset | None = None
        self._download_timer = QTimer(self, interval=0)
        self._download_timer.timeout.connect(self._download_slice)

    @Slot(object)
    def receive(self, request: object) -> None:
        """Do, or note, what is asked for."""
        match request:
            case OpenModel():
                self._open_model(request)
            case UseModel():
                vae.use_one_core()
                self._model = request.model
                self._version = request.version
            case UseWeights() if self._model is not None:
                self._model.load_state_dict(request.weights)
                self._version = request.version
            case PosteriorRequest():
                self._posterior = request
                self._wanted.start()
            case ManifoldRequest():
                self._manifold = request
                self._wanted.start()
            case PointsRequest():
                self._points = request
                self._wanted.start()
            case LoadDataset():
                self._load_dataset(request)
            case DownloadDataset():
                self._start_download(request)
            case CancelDownload():
                self._cancel_download()

    @Slot()
    def end(self) -> None:
        """Leave no half a file behind."""
        self._end_download()

    def _open_model(self, request: OpenModel) -> None:
        try:
            checkpoint = vae.load(request.path)
        except Exception as error:  # the file is the user's: whatever is wrong with it is told, not raised
            self.posted.emit(ModelNotOpened(request.version, request.path, failure_of(error)))
            return
        self.receive(UseModel(request.version, copy.deepcopy(checkpoint.model)))
        self.posted.emit(ModelOpened(request.version, request.path, checkpoint))

    @Slot()
    def _serve(self) -> None:
        """Compute what is wanted: what the eye waits for comes first."""
        if self._model is None:
            return
        posterior, self._posterior = self._posterior, None
        manifold, self._manifold = self._manifold, None
        points, self._points = self._points, None
        if posterior is not None and posterior.version == self._version:
            found = vae.posterior_of(self._model, posterior.picture)
            self.posted.emit(PosteriorFound(posterior.version, posterior.picture, found))
        if manifold is not None and manifold.version == self._version:
            self.posted.emit(self._decode(self._model, manifold))
        if points is not None and points.version == self._version:
            encodings = vae.encode_images(self._model, points.pictures, points.labels)
            self.posted.emit(Points(points.version, points.dataset, encodings))

    @staticmethod
    def _decode(model: vae.VAE, request: ManifoldRequest) -> Manifold:
        centres = request.grid.centres()
        z = np.tile(request.z, (len(centres), 1))
        shown = min(2, z.shape[1])
        z[:, :shown] = centres[:, :shown]
        picture = mosaic(vae.decode_images(model, z), request.grid)
        return Manifold(request.version, request.grid, picture)

    def _load_dataset(self, request: LoadDataset) -> None:
        try:
            dataset = datasets.load(request.name, request.folder)
        except (
            Exception
        ) as error:  # the files are the user's: whatever is wrong with them is told, not raised
            missing = isinstance(error, datasets.DatasetMissingError)
            self.posted.emit(DatasetNotLoaded(request.name, missing, failure_of(error)))
            return
        self.posted.emit(DatasetLoaded(dataset))

    def _start_download(self, request: DownloadDataset) -> None:
        """Download in slices, then load. One download at a time: another is cancelled first."""
        self._cancel_download()
        self._downloading = request
        self._download = datasets.download(request.name, request.folder)
        self._download_timer.start()

    def _cancel_download(self) -> None:
        if self._downloading is not None:
            name = self._downloading.name
            self._end_download()
            self.posted.emit(DownloadCancelled(name))

    @Slot()
    def _download_slice(self) -> None:
        assert self._download is not None and self._downloading is not None
        request = self._downloading
        progress: datasets.DownloadProgress | None = None
        end = time.perf_counter() + SLICE
        try:
            while time.perf_counter() < end:
                progress = next(self._download)
        except StopIteration:
            self._end_download()
            self._load_dataset(LoadDataset(request.name, request.folder))
            return
        except Exception as error:  # no network, a full disk: told, not raised
            self._end_download()
            self.posted.emit(DatasetNotLoaded(request.name, False, failure_of(error)))
            return
        if progress is not None:
            self.posted.emit(Downloading(request.name, progress))

    def _end_download(self) -> None:
        self._download_timer.stop()
        if self._download is not None:
            self._download.close()  # removes what is not whole
        self._download = self._downloading = None
