"""The plane thread's worker: opens models and data, and lets its queue compute. Never enters Pyro."""

from __future__ import annotations

import copy

from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.failures import failure_of
from explorer.file_writer import FileWriter
from explorer.messages import (
    CancelDownload,
    DatasetLoaded,
    DatasetNotLoaded,
    DownloadCancelled,
    DownloadDataset,
    Downloading,
    ImagesPreviewed,
    ImagesRefused,
    ImagesScanned,
    LoadDataset,
    ModelNotOpened,
    ModelOpened,
    OpenModel,
    PicturesWritten,
    PointsModelOpened,
    PreviewImages,
    ReadingImages,
    ScanImages,
    UseModel,
    UseWeights,
    WritePictures,
)
from explorer.plane_messages import (
    CancelManifold,
    EncodingsProgress,
    EncodingsWritten,
    ManifoldProgress,
    ManifoldWritten,
    WriteEncodings,
    WriteManifold,
)
from explorer.plane_queue import PlaneQueue
from explorer.slices import Slices
from vae import datasets, own_data
from vae.encodings_file import write_encodings
from vae.errors import LatentExplorerError
from vae.manifold import save_manifold


class PlaneWorker(QObject):
    """Computes on its own copy of the model."""

    posted = Signal(object)  # the messages that explorer.messages lists as from the plane worker

    def __init__(self) -> None:
        super().__init__()
        self._model: vae.VAE | None = None
        self._queue = PlaneQueue(self)
        self._queue.answered.connect(self.posted)
        self._manifold = FileWriter(self, ManifoldProgress, ManifoldWritten)
        self._manifold.posted.connect(self.posted)
        self._encodings = FileWriter(self, EncodingsProgress, EncodingsWritten)
        self._encodings.posted.connect(self.posted)
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
                vae.give_way(10)
                self._model = request.model
                self._queue.use(request.version, self._model)
            case UseWeights() if self._model is not None:
                self._model.load_state_dict(request.weights)
                self._queue.use(request.version, self._model)
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
            case WritePictures():
                self._write_pictures(request)
            case WriteManifold():
                steps = save_manifold(request.path, request.model, request.plan)
                self._manifold.start(request.path, steps)
            case CancelManifold():
                self._manifold.stop()
            case WriteEncodings():
                steps = write_encodings(request.path, request.model, request.dataset)
                self._encodings.start(request.path, steps)
            case _:
                self._queue.ask(request)

    @Slot()
    def end(self) -> None:
        """Leave no half a file behind."""
        self._download.stop()
        self._load.stop()
        self._manifold.stop()
        self._encodings.stop()

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

    def _write_pictures(self, request: WritePictures) -> None:
        failure = None
        try:
            vae.write_pictures(request.path, request.pictures)
        except LatentExplorerError as error:
            failure = failure_of(error)
        self.posted.emit(PicturesWritten(request.path, failure))

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
