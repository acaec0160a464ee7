"""The plane thread's worker: opens models and data, decodes tiles, encodes points. Never enters Pyro."""

from __future__ import annotations

import copy

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

import vae
from explorer.failures import failure_of
from explorer.messages import (
    CancelDownload,
    ClassMap,
    DatasetLoaded,
    DatasetNotLoaded,
    DownloadCancelled,
    DownloadDataset,
    Downloading,
    ImagesPreviewed,
    ImagesRefused,
    ImagesScanned,
    LoadDataset,
    Manifold,
    ManifoldRequest,
    ModelNotOpened,
    ModelOpened,
    OpenModel,
    Points,
    PointsModelOpened,
    PointsRequest,
    PosteriorFound,
    PosteriorRequest,
    PreviewImages,
    ReadingImages,
    ScanImages,
    UseModel,
    UseWeights,
)
from explorer.slices import Slices
from vae import datasets, own_data
from vae.tiles import TileGrid, mosaic

CLASS_CELLS = 4  # cells of the map of p(y|z) along the side of a tile


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
        self._downloading: DownloadDataset | None = None
        self._download = Slices(self)
        self._download.reported.connect(self._tell_download)
        self._download.returned.connect(self._load_downloaded)
        self._download.failed.connect(self._download_failed)
        self._loading = ""  # the name of the data set that is being loaded
        self._load = Slices(self)
        self._load.reported.connect(self._tell_reading)
        self._load.returned.connect(self._loaded)
        self._load.failed.connect(self._load_failed)

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
                self._cancel_reading()
            case ScanImages():
                self._scan_images(request)
            case PreviewImages():
                self._preview_images(request)

    @Slot()
    def end(self) -> None:
        """Leave no half a file behind."""
        self._download.stop()
        self._load.stop()

    def _open_model(self, request: OpenModel) -> None:
        try:
            checkpoint = vae.load(request.path)
        except Exception as error:  # the file is the user's: whatever is wrong with it is told, not raised
            self.posted.emit(ModelNotOpened(request.version, request.path, failure_of(error)))
            return
        if checkpoint.model.config.real_valued:
            self.posted.emit(PointsModelOpened(request.version, request.path, checkpoint))
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
            found = vae.posterior_of(self._model, posterior.picture, posterior.label, posterior.noise)
            self.posted.emit(PosteriorFound(posterior, found))
        if manifold is not None and manifold.version == self._version:
            self.posted.emit(_decode_tiles(self._model, manifold))
            classes = _map_classes(self._model, manifold)
            if classes is not None:
                self.posted.emit(classes)
        if points is not None and points.version == self._version:
            self.posted.emit(_encode_points(self._model, points))

    # --- data sets

    def _load_dataset(self, request: LoadDataset) -> None:
        """Load at once, but the user's own images in slices; what is being read is no longer wanted."""
        self._load.stop()
        self._loading = request.name
        if datasets.is_own(request.name):
            self._load.start(datasets.loading(request.name, request.folder))
            return
        try:
            dataset = datasets.load(request.name, request.folder)
        except Exception as error:  # the files are the user's: whatever is wrong is told, not raised
            self._load_failed(error)
            return
        self._loaded(dataset)

    @Slot(object)
    def _tell_reading(self, progress: datasets.ReadProgress) -> None:
        self.posted.emit(ReadingImages(self._loading, progress))

    @Slot(object)
    def _loaded(self, dataset: datasets.Dataset) -> None:
        self.posted.emit(DatasetLoaded(dataset))

    @Slot(object)
    def _load_failed(self, error: Exception) -> None:
        missing = isinstance(error, datasets.DatasetMissingError)
        self.posted.emit(DatasetNotLoaded(self._loading, missing, failure_of(error)))

    def _cancel_reading(self) -> None:
        if self._load.running:
            self._load.stop()
            self.posted.emit(DownloadCancelled(self._loading))

    def _start_download(self, request: DownloadDataset) -> None:
        """Download in slices, then load. One download at a time: another is cancelled first."""
        self._cancel_download()
        self._downloading = request
        self._download.start(datasets.download(request.name, request.folder))

    def _cancel_download(self) -> None:
        if self._downloading is not None:
            name, self._downloading = self._downloading.name, None
            self._download.stop()  # removes what is not whole
            self.posted.emit(DownloadCancelled(name))

    @Slot(object)
    def _tell_download(self, progress: datasets.DownloadProgress) -> None:
        assert self._downloading is not None
        self.posted.emit(Downloading(self._downloading.name, progress))

    @Slot()
    def _load_downloaded(self) -> None:
        assert self._downloading is not None
        request, self._downloading = self._downloading, None
        self._load_dataset(LoadDataset(request.name, request.folder))

    @Slot(object)
    def _download_failed(self, error: Exception) -> None:
        assert self._downloading is not None
        name, self._downloading = self._downloading.name, None
        self.posted.emit(DatasetNotLoaded(name, False, failure_of(error)))

    def _scan_images(self, request: ScanImages) -> None:
        try:
            images = own_data.scan(request.path)
        except Exception as error:  # as above
            self.posted.emit(ImagesRefused(request.path, failure_of(error)))
            return
        self.posted.emit(ImagesScanned(images))

    def _preview_images(self, request: PreviewImages) -> None:
        try:
            pictures = own_data.preview(request.images, request.reading)
        except Exception as error:  # as above
            self.posted.emit(ImagesRefused(request.images.source.path, failure_of(error)))
            return
        self.posted.emit(ImagesPreviewed(request.images, request.reading, pictures))


def _decode_tiles(model: vae.VAE, request: ManifoldRequest) -> Manifold:
    pictures = vae.decode_images(model, _codes(request.grid, request.z), request.label)
    return Manifold(request.version, request.grid, mosaic(pictures, request.grid))


def _map_classes(model: vae.VAE, request: ManifoldRequest) -> ClassMap | None:
    grid = request.grid.finer(CLASS_CELLS)
    found = vae.most_probable(model, _codes(grid, request.z))
    if found is None:
        return None
    (labels, probabilities), shape = found, (grid.rows, grid.columns)
    return ClassMap(request.version, grid, labels.reshape(shape), probabilities.reshape(shape))


def _codes(grid: TileGrid, z: NDArray[np.float32]) -> NDArray[np.float32]:
    """(G, D) the centres of the tiles, the dimensions beyond the plane's as in ``z``."""
    centres = grid.centres()
    codes = np.tile(z, (len(centres), 1))
    codes[:, :2] = centres[:, : len(z)]
    return codes


def _encode_points(model: vae.VAE, request: PointsRequest) -> Points:
    encodings = vae.encode_images(model, request.pictures, request.labels)
    components = vae.components_of(model, request.pictures)
    return Points(request.version, request.dataset, encodings, components, vae.accuracy(model, encodings))
