"""All that crosses a thread: frozen, detached, stamped with the run or the model version it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.configuration import ModelConfig, TrainingConfig
from vae.datasets import Dataset, DownloadProgress, ReadProgress
from vae.own_data import OwnImages
from vae.own_pictures import Reading

if TYPE_CHECKING:
    from torch import Tensor

    from vae import (
        VAE,
        Checkpoint,
        EpochReport,
        GradientVariance,
        Judgement,
        RollbackReport,
        StepReport,
        UnfinishedRun,
        Units,
    )


# --- to the plane worker ---------------------------------------------------------------------------


@dataclass(frozen=True)
class OpenModel:
    """Read a model file."""

    version: int  # what the model will be known by
    path: Path


@dataclass(frozen=True)
class UseModel:
    """Compute with this model from now on. It is the worker's own: the sender keeps another copy."""

    version: int
    model: VAE


@dataclass(frozen=True)
class UseWeights:
    """Compute with these weights from now on, in the model that is there."""

    version: int
    weights: dict[str, Tensor]


@dataclass(frozen=True)
class LoadDataset:
    """Load a data set into memory."""

    name: str
    folder: Path


@dataclass(frozen=True)
class DownloadDataset:
    """Download a data set, then load it."""

    name: str
    folder: Path


@dataclass(frozen=True)
class CancelDownload:
    """Stop the download, or the reading of the user's own images, that is under way, if any.

    What is not whole is removed.
    """


@dataclass(frozen=True)
class ScanImages:
    """Look into the user's own images."""

    path: Path


@dataclass(frozen=True)
class PreviewImages:
    """Show some of the user's own images as a model would see them."""

    images: OwnImages
    reading: Reading


@dataclass(frozen=True)
class WritePictures:
    """Write pictures into one file: a GIF where the name ends in .gif, else a PNG strip."""

    path: Path
    pictures: NDArray[np.uint8]  # (N, C, H, W)


# --- from the plane worker -------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelOpened:
    """A model file was read."""

    version: int
    path: Path
    checkpoint: Checkpoint


@dataclass(frozen=True)
class PointsModelOpened:
    """A model file was read that is about points of the plane; whatever was open stays."""

    version: int
    path: Path
    checkpoint: Checkpoint


@dataclass(frozen=True)
class ModelNotOpened:
    """A model file could not be read; whatever was open stays."""

    version: int
    path: Path
    failure: Failure


@dataclass(frozen=True)
class DatasetLoaded:
    """A data set is in memory."""

    dataset: Dataset


@dataclass(frozen=True)
class DatasetNotLoaded:
    """A data set is not on this computer, is damaged, or could not be downloaded."""

    name: str
    missing: bool  # whether it is only that its files are not there
    failure: Failure


@dataclass(frozen=True)
class Downloading:
    """How far a download has come."""

    name: str
    progress: DownloadProgress

    @property
    def so_far(self) -> str:
        """For example "1.2 of 11.6 MB"."""
        return f"{self.progress.done / 1e6:.1f} of {self.progress.total / 1e6:.1f} MB"


@dataclass(frozen=True)
class ReadingImages:
    """How far the reading of the user's own images has come."""

    name: str
    progress: ReadProgress

    @property
    def so_far(self) -> str:
        """For example "1,200 of 5,000 images"."""
        return f"{self.progress.done:,} of {self.progress.total:,} images"


@dataclass(frozen=True)
class DownloadCancelled:
    """A download, or the reading of the user's own images, was stopped by the user."""

    name: str


@dataclass(frozen=True)
class ImagesScanned:
    """The user's own images were looked into."""

    images: OwnImages


@dataclass(frozen=True)
class ImagesRefused:
    """There are no images that can be read."""

    path: Path
    failure: Failure


@dataclass(frozen=True)
class ImagesPreviewed:
    """Some of the user's own images as a model would see them."""

    images: OwnImages
    reading: Reading
    pictures: NDArray[np.uint8]  # (n, C, H, W)


@dataclass(frozen=True)
class PicturesWritten:
    """Pictures are in a file."""

    path: Path
    failure: Failure | None  # why they are not


# --- to the training worker ------------------------------------------------------------------------


@dataclass(frozen=True)
class RunRequest:
    """Train a new model."""

    run: int
    preset: str
    dataset: Dataset
    model: ModelConfig
    training: TrainingConfig
    keep_as: Path  # where the trained model is written when the run ends
    resumed: UnfinishedRun | None = None  # what it goes on with; None for a new model
    paused: bool = False  # whether it waits for a step or for Resume
    device: str = "cpu"  # or auto, cuda, mps


@dataclass(frozen=True)
class ChangeTraining:
    """Train on with another value of a setting, from the next step on."""

    name: str  # of the field of TrainingConfig
    value: float


# --- from the training worker ----------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """The steps since the last message, oldest first."""

    run: int
    steps: tuple[StepReport, ...]


@dataclass(frozen=True)
class EpochEnded:
    """An epoch is over and the test set was scored."""

    run: int
    report: EpochReport


@dataclass(frozen=True)
class RolledBack:
    """The loss was lost; the run went back to an earlier step."""

    run: int
    report: RollbackReport


@dataclass(frozen=True)
class TrainingChanged:
    """From now on the run is trained so: somebody changed it, or it was rolled back."""

    run: int
    training: TrainingConfig


@dataclass(frozen=True)
class NotSaved:
    """A run goes on, but what it could be resumed from cannot be written."""

    run: int
    failure: Failure


@dataclass(frozen=True)
class Snapshot:
    """The weights of a run at some step."""

    run: int
    step: int
    weights: dict[str, Tensor]
    reconstructions: NDArray[np.uint8]  # (2, n, C, H, W) test images above what they decode to
    samples: NDArray[np.uint8]  # (n, C, H, W) decoded from fixed draws of the prior


@dataclass(frozen=True)
class Diagnosis:
    """What the latent units and the gradient of a run do."""

    run: int
    step: int
    units: Units
    judgement: Judgement | None  # None where nothing is odd
    gradient_variance: GradientVariance | None  # None where the model's gradient is of one kind alone


@dataclass(frozen=True)
class RunEnded:
    """A run is over: finished, stopped, or failed with the last good weights."""

    run: int
    checkpoint: Checkpoint | None  # None when nothing was learned
    path: Path | None  # where it was kept
    stopped: bool
    failure: Failure | None
    step: int = 0  # steps done, in the model that was kept
    epoch: float = 0.0  # epochs done
    seconds: float = 0.0  # of training

    @property
    def title(self) -> str:
        """What the trained model is called."""
        return self.path.stem if self.path is not None else f"Run {self.run}"


# --- from anyone -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure:
    """What went wrong: a sentence for the user, and the log file that holds the traceback, if any."""

    sentence: str
    log: Path | None = None

    def __str__(self) -> str:
        return f"{self.sentence} Details are in {self.log}." if self.log else self.sentence
