"""The open model and the open data set, and how others are opened, saved and downloaded."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.failures import failure_of
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
    PointsModelOpened,
    PreviewImages,
    ReadingImages,
    ScanImages,
    UseModel,
    UseWeights,
)
from explorer.places import Places, built_in_models
from explorer.plane_thread import PlaneThread
from vae.datasets import Dataset, DatasetInfo, find_info, is_available
from vae.own_data import OwnImages, name_of
from vae.own_pictures import Reading

if TYPE_CHECKING:
    from torch import Tensor

    from vae import Checkpoint

BUILT_IN_DATASET = "stroke-digits"


@dataclass(frozen=True)
class OpenedModel:
    """A model with some weights in it."""

    title: str
    checkpoint: Checkpoint
    path: Path | None  # None for a model that lives in memory alone
    version: int  # rises with every change of the weights

    @property
    def latent_dim(self) -> int:
        """D."""
        return self.checkpoint.model.config.latent_dim

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W)."""
        return self.checkpoint.model.config.image_shape


class Workspace(QObject):
    """What is open. A file or data set that cannot be opened leaves what is there untouched."""

    model_changed = Signal(object)  # OpenedModel: another model
    points_model_opened = Signal(object)  # PointsModelOpened: for the Points tab
    weights_changed = Signal(object)  # OpenedModel: the same model, other weights
    title_changed = Signal(object)  # OpenedModel: another one of the same architecture took its place
    dataset_changed = Signal(object)  # Dataset
    dataset_missing = Signal(object)  # DatasetNotLoaded: its files are not on this computer
    dataset_given_up = Signal(object)  # DatasetNotLoaded, also of a missing one, or DownloadCancelled
    download_changed = Signal(object)  # Downloading, ReadingImages, or None when it is over
    images_scanned = Signal(object)  # OwnImages: the user's own, not read yet
    images_refused = Signal(object)  # ImagesRefused
    images_previewed = Signal(object)  # ImagesPreviewed
    saved = Signal(object)  # Path
    failed = Signal(object)  # Failure

    def __init__(self, places: Places, plane: PlaneThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.places = places
        self._plane = plane
        self._version = 0
        self._opening: int | None = None  # the version of the file that is being read, if any
        self._model: OpenedModel | None = None
        self._watched = True
        self._unseen: dict[str, Tensor] | None = None  # weights that came while nobody watched
        self._dataset: Dataset | None = None
        self._given: Dataset | None = None  # by a script
        self._wanted_dataset = ""
        plane.posted.connect(self._receive)

    @property
    def model(self) -> OpenedModel | None:
        """The open model; None before the first is read."""
        return self._model

    @property
    def opening(self) -> bool:
        """Whether a model file is being read, and another model may take the place of the open one."""
        return self._opening is not None

    @property
    def dataset(self) -> Dataset | None:
        """The open data set; None before the first is loaded."""
        return self._dataset

    @property
    def wanted_dataset(self) -> str:
        """The name of the data set that is open or, while it is loaded, will be."""
        return self._wanted_dataset

    @property
    def given_dataset(self) -> DatasetInfo | None:
        """The data set that lives in memory alone, if there is one."""
        return self._given.info if self._given is not None else None

    def info_of(self, dataset: str) -> DatasetInfo | None:
        """What is known of a data set, if anything."""
        data = self._in_memory(dataset)
        return data.info if data is not None else find_info(dataset)

    def is_here(self, dataset: str) -> bool:
        """Whether a data set is on this computer, or was given by a script.

        Raises:
            DatasetError: there is no data set of this name.
        """
        given = self.given_dataset
        return (given is not None and given.name == dataset) or is_available(dataset, self.places.data)

    def _in_memory(self, dataset: str) -> Dataset | None:
        there = (data for data in (self._dataset, self._given) if data is not None)
        return next((data for data in there if data.info.name == dataset), None)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the labels that the model knows; numbers where its data set is not known."""
        if self._model is None:
            return ()
        checkpoint = self._model.checkpoint
        info, classes = self.info_of(checkpoint.dataset), checkpoint.model.config.classes
        return info.classes if info and len(info.classes) == classes else tuple(map(str, range(classes)))

    def open_model(self, path: Path) -> None:
        """Read a model file in the plane thread; model_changed or failed follows."""
        self._version += 1
        self._opening = self._version
        self._plane.request(OpenModel(self._version, path))

    def show_model(self, checkpoint: Checkpoint, title: str, path: Path | None) -> None:
        """Open a model that is in memory."""
        self._version += 1
        self._opening = self._unseen = None  # what is being read comes too late
        self._plane.request(UseModel(self._version, copy.deepcopy(checkpoint.model)))
        self._model = OpenedModel(title, checkpoint, path, self._version)
        self.model_changed.emit(self._model)

    def show_weights(self, weights: dict[str, Tensor]) -> None:
        """Put other weights into the open model: it must be of the same architecture.

        weights_changed follows, once somebody watches. Not while a file is being read: the plane thread
        would put them into the model that it holds.
        """
        if self._model is None or self.opening:
            return
        self._model.checkpoint.model.load_state_dict(weights)
        self._unseen = weights
        self._tell_of_weights()

    def swap_model(self, checkpoint: Checkpoint, title: str, path: Path | None) -> None:
        """Let a model of the same architecture take the place of the open one; it then stands where that did.

        title_changed follows, and what show_weights() tells. Not while a file is being read.
        """
        if self._model is None or self.opening:
            return
        self._model = replace(self._model, checkpoint=checkpoint, title=title, path=path)
        self._unseen = copy.deepcopy(checkpoint.model.state_dict())  # this thread may write into its own
        self.title_changed.emit(self._model)
        self._tell_of_weights()

    def set_watched(self, watched: bool) -> None:
        """Say whether the open model is on the screen: nothing is computed from weights that nobody sees."""
        self._watched = watched
        self._tell_of_weights()

    def _tell_of_weights(self) -> None:
        if not self._watched or self._unseen is None or self._model is None or self.opening:
            return
        weights, self._unseen = self._unseen, None
        self._version += 1
        self._plane.request(UseWeights(self._version, weights))
        self._model = replace(self._model, version=self._version)
        self.weights_changed.emit(self._model)

    def save_model(self, path: Path) -> None:
        """Write the open model to ``path``; saved or failed follows."""
        if self._model is None:
            return
        try:
            vae.save(path, self._model.checkpoint)
        except Exception as error:  # told, not raised: the model stays open
            self.failed.emit(failure_of(error))
            return
        self._model = replace(self._model, title=path.stem, path=path)
        self.saved.emit(path)

    def open_dataset(self, name: str) -> None:
        """Load a data set in the plane thread; dataset_changed, dataset_missing or failed follows."""
        self._wanted_dataset = name
        data = self._in_memory(name)
        if data is not None:
            self._dataset = data
            self.dataset_changed.emit(data)
        else:
            self._plane.request(LoadDataset(name, self.places.data))

    def show_dataset(self, data: Dataset) -> None:
        """Open a data set that lives in memory alone."""
        self._given = data
        self.open_dataset(data.info.name)

    def download_dataset(self, name: str) -> None:
        """Download a data set, then load it."""
        self._wanted_dataset = name
        self._plane.request(DownloadDataset(name, self.places.data))

    def cancel_download(self) -> None:
        """Stop the download, or the reading of the user's own images, that is under way, if any."""
        self._plane.request(CancelDownload())

    def scan_images(self, path: Path) -> None:
        """Look into the user's own images; images_scanned or images_refused follows."""
        self._plane.request(ScanImages(path))

    def read_images(self, path: Path, reading: Reading) -> None:
        """Read the user's own images into a data set, also where it is open and the files have changed."""
        self._wanted_dataset = name_of(path, reading)
        self._plane.request(LoadDataset(self._wanted_dataset, self.places.data))

    def preview_images(self, images: OwnImages, reading: Reading) -> None:
        """Read some of them as a model would see them; images_previewed follows."""
        self._plane.request(PreviewImages(images, reading))

    @Slot(object)
    def _receive(self, message: object) -> None:
        opened_or_not = ModelOpened | PointsModelOpened | ModelNotOpened
        if isinstance(message, opened_or_not) and message.version == self._opening:
            self._opening = None
        match message:
            case ModelOpened(version=version) if self._model is None or version > self._model.version:
                title = next(
                    (title for title, path in built_in_models().items() if path == message.path),
                    message.path.stem,
                )
                self._unseen = None
                self._model = OpenedModel(title, message.checkpoint, message.path, version)
                self.model_changed.emit(self._model)
            case PointsModelOpened():
                self.points_model_opened.emit(message)
                if self._model is None:  # the other tabs have something to show too
                    self.open_model(next(iter(built_in_models().values())))
            case ModelNotOpened(failure=failure):
                self.failed.emit(failure)
            case DatasetLoaded(dataset=dataset):
                self.download_changed.emit(None)
                if dataset.info.name == self._wanted_dataset:
                    self._dataset = dataset
                    self.dataset_changed.emit(dataset)
            case DatasetNotLoaded(missing=missing):
                self.download_changed.emit(None)
                self.dataset_given_up.emit(message)
                if missing:
                    self.dataset_missing.emit(message)
                else:
                    self.failed.emit(message.failure)
                self._show_something()
            case Downloading() | ReadingImages():
                self.download_changed.emit(message)
            case DownloadCancelled():
                self.download_changed.emit(None)
                self.dataset_given_up.emit(message)
                self._show_something()
            case ImagesScanned(images=images):
                self.images_scanned.emit(images)
            case ImagesRefused():
                self.images_refused.emit(message)
            case ImagesPreviewed():
                self.images_previewed.emit(message)

    def _show_something(self) -> None:
        """There is always a data set to look at."""
        if self._dataset is None:
            self.open_dataset(BUILT_IN_DATASET)
