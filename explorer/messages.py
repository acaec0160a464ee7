"""All that crosses a thread: frozen, detached, stamped with the run or the model version it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.configuration import ModelConfig, TrainingConfig
from vae.datasets import Dataset, DownloadProgress
from vae.tiles import TileGrid

if TYPE_CHECKING:
    from torch import Tensor

    from vae import VAE, Checkpoint, Encodings, EpochReport, Posterior, RollbackReport, StepReport


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
class PosteriorRequest:
    """Encode one picture. The latest request wins."""

    version: int
    picture: NDArray[np.uint8]  # (C, H, W)


@dataclass(frozen=True)
class ManifoldRequest:
    """Decode the tiles of ``grid``. The latest request wins."""

    version: int
    grid: TileGrid
    z: NDArray[np.float32]  # (D,) a code to take the dimensions beyond the plane's two from


@dataclass(frozen=True)
class PointsRequest:
    """Encode pictures. The latest request wins."""

    version: int
    dataset: str
    pictures: NDArray[np.uint8]  # (N, C, H, W)
    labels: NDArray[np.int64]  # (N,)


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
    """Stop the download that is under way, if any; what is not whole is removed."""


# --- from the plane worker -------------------------------------------------------------------------


@dataclass(frozen=True)
class ModelOpened:
    """A model file was read."""

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
class PosteriorFound:
    """One picture is encoded."""

    version: int
    picture: NDArray[np.uint8]  # the request's
    posterior: Posterior


@dataclass(frozen=True)
class Manifold:
    """Decoded tiles as one picture."""

    version: int
    grid: TileGrid
    picture: NDArray[np.uint8]  # (C, rows x H, columns x W)


@dataclass(frozen=True)
class Points:
    """Encoded pictures of a data set."""

    version: int
    dataset: str
    encodings: Encodings


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


@dataclass(frozen=True)
class DownloadCancelled:
    """A download was stopped by the user."""

    name: str


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
class Snapshot:
    """The weights of a run at some step."""

    run: int
    step: int
    weights: dict[str, Tensor]
    reconstructions: NDArray[np.uint8]  # (2, n, C, H, W) test images above what they decode to
    samples: NDArray[np.uint8]  # (n, C, H, W) decoded from fixed draws of the prior


@dataclass(frozen=True)
class RunEnded:
    """A run is over: finished, stopped, or failed with the last good weights."""

    run: int
    checkpoint: Checkpoint | None  # None when nothing was learned
    path: Path | None  # where it was kept
    stopped: bool
    failure: Failure | None


# --- from anyone -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Failure:
    """What went wrong: a sentence for the user, and the log file that holds the traceback, if any."""

    sentence: str
    log: Path | None = None

    def __str__(self) -> str:
        return f"{self.sentence} Details are in {self.log}." if self.log else self.sentence
