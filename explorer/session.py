"""The application's state, in a few parts, and what passes between them. The only owner of threads."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.bookmarks import Bookmarks
from explorer.comparison import Comparison
from explorer.cut_off_runs import CutOffRun, CutOffRuns
from explorer.data_gaps import DataGaps
from explorer.dimensions import Dimensions
from explorer.encoded_data import EncodedData
from explorer.encodings_export import EncodingsExport
from explorer.evidence import Evidence
from explorer.exploration import Exploration
from explorer.failures import failure_of
from explorer.inputs import Inputs
from explorer.live_model import LiveModel
from explorer.manifold_export import ManifoldExport
from explorer.maps import Maps
from explorer.messages import DatasetNotLoaded, DownloadCancelled, RunEnded, RunRequest
from explorer.moves import Moves
from explorer.near_data import NearData
from explorer.paths import Paths
from explorer.places import Places
from explorer.plane_thread import PlaneThread
from explorer.points_exploration import PointsExploration
from explorer.points_run import PointsRun
from explorer.run import Run
from explorer.run_keeper import model_file
from explorer.time_machine import TimeMachine
from explorer.view_files import ViewFiles
from explorer.viewpoint import Viewpoint
from explorer.workspace import OpenedModel, Workspace
from vae.configuration import ModelConfig, TrainingConfig
from vae.datasets import Dataset
from vae.errors import ConfigurationError, LatentExplorerError

if TYPE_CHECKING:
    from vae import RollbackReport, UnfinishedRun


@dataclass(frozen=True)
class _Wanted:
    """A run that waits for its data set."""

    preset: str
    model: ModelConfig
    training: TrainingConfig
    dataset: str
    device: str
    paused: bool = False  # whether it takes one step and waits
    resumed: UnfinishedRun | None = None
    keep_as: Path | None = None  # None for a new name


class Session(QObject):
    """Owns the parts of the state; views read their properties and hear their signals."""

    waiting_changed = Signal(bool)  # whether a run waits for its data set
    noted = Signal(str)  # a word for the status bar
    failed = Signal(object)  # Failure

    def __init__(self, places: Places, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._plane = PlaneThread(self)
        self.workspace = Workspace(places, self._plane, self)
        self.inputs = Inputs(self.workspace, self)
        self.exploration = Exploration(self.workspace, self.inputs, self._plane, self)
        self.encoded_data = EncodedData(self.workspace, self._plane, self)
        self.evidence = Evidence(self.workspace, self.exploration, self._plane, self)
        self.near_data = NearData(self.workspace, self.inputs, self.encoded_data, self._plane, self)
        self.maps = Maps(self.workspace, self.exploration, self.encoded_data, self._plane, self)
        self.data_gaps = DataGaps(self.workspace, self._plane, self)
        self.manifold_export = ManifoldExport(self._plane, self)
        self.encodings_export = EncodingsExport(self.workspace, self._plane, self)
        self.paths = Paths(self.workspace, self.inputs, self.exploration, self._plane, self)
        self.dimensions = Dimensions(self.workspace, self.exploration, self.encoded_data, self._plane, self)
        self.viewpoint = Viewpoint(self)
        self.bookmarks = Bookmarks(self.workspace, self.exploration, self.viewpoint, self)
        self.moves = Moves(self.workspace, self.inputs, self.exploration, self.maps, self.viewpoint, self)
        self.view_files = ViewFiles(
            *(self.workspace, self.inputs, self.exploration, self.encoded_data, self.viewpoint),
            *(self.paths, self.bookmarks, self.moves, self),
        )
        self.run = Run(self)
        self.time_machine = TimeMachine(self.run, self.workspace, self._plane, self)
        self.live_model = LiveModel(self.workspace, self.run, self.time_machine, self)
        self.points_run = PointsRun(self.run, self)
        self.points_exploration = PointsExploration(self.points_run, self)
        self.cut_off_runs = CutOffRuns(places.models, self)
        self._waiting: _Wanted | None = None
        self._run_number = 0
        self.workspace.model_changed.connect(self._open_its_data)
        self.workspace.failed.connect(self.failed)
        self.workspace.dataset_changed.connect(self._dataset_loaded)
        self.workspace.dataset_given_up.connect(self._dataset_given_up)
        self.cut_off_runs.failed.connect(self.failed)
        self.bookmarks.failed.connect(self.failed)
        for part in (self.encodings_export, self.view_files, self.paths):
            part.noted.connect(self.noted)
            part.failed.connect(self.failed)
        self.run.rolled_back.connect(self._rolled_back)
        self.run.not_saved.connect(self.failed)
        self.run.ended.connect(self._run_ended)
        self.workspace.points_model_opened.connect(self.points_run.show_model)
        self.points_run.noted.connect(self.noted)
        self.points_run.failed.connect(self.failed)

    @functools.cached_property
    def comparison(self) -> Comparison:
        """Two models side by side; made when it is first asked for."""
        made = Comparison(self.workspace, self.inputs, self.run, self.time_machine, self._plane, self)
        made.failed.connect(self.failed)
        return made

    @property
    def waiting(self) -> bool:
        """Whether a run waits for its data set to be loaded or downloaded."""
        return self._waiting is not None

    @property
    def devices(self) -> tuple[str, ...]:
        """Where models can be trained; torch is not loaded only to ask it."""
        return ("cpu",) if self.workspace.model is None else vae.available_devices()

    def count_parameters(self, model: ModelConfig) -> int | None:
        """How many numbers such a model learns; None where torch is not loaded yet, or it cannot be built."""
        if self.workspace.model is None:
            return None
        try:
            return vae.count_parameters(model)
        except ConfigurationError:  # told when the run is started
            return None

    def start_run(
        self,
        preset: str,
        model: ModelConfig,
        training: TrainingConfig,
        dataset: str,
        device: str = "auto",
        *,
        paused: bool = False,
    ) -> None:
        """Train a new model, once its data set is there: it is loaded, or downloaded, first.

        The image shape of ``model`` is replaced by the data set's. A run that is ``paused`` takes one step.
        """
        self._wait_for(_Wanted(preset, model, training, dataset, device, paused))

    def resume_run(self, cut_off: CutOffRun) -> None:
        """Go on with a run that was cut off, once its data set is there."""
        run = self.cut_off_runs.read(cut_off)
        if run is None:
            return
        header = run.header
        wanted = _Wanted(
            *(header.preset, header.model, header.training, header.dataset, vae.device_for(header)),
            resumed=run,
            keep_as=model_file(cut_off.file),
        )
        try:
            self._wait_for(wanted)
        except LatentExplorerError as error:  # its data set is not known here
            self._wait_no_more()
            self.failed.emit(failure_of(error))
        else:
            self.cut_off_runs.forget(cut_off)

    def _wait_for(self, wanted: _Wanted) -> None:
        self._waiting = wanted
        self.waiting_changed.emit(True)
        if self.workspace.is_here(wanted.dataset):
            self.workspace.open_dataset(wanted.dataset)
        else:
            self.workspace.download_dataset(wanted.dataset)

    def stop_run(self) -> None:
        """Stop the run, or no longer wait for its data."""
        if self._waiting is not None:
            self._wait_no_more()
            self.workspace.cancel_download()
        self.run.stop()

    def close(self) -> None:
        """End the run, which keeps its model, and both threads."""
        self._wait_no_more()
        self.run.close()
        self._plane.close()

    @Slot(object)
    def _open_its_data(self, model: OpenedModel) -> None:
        if not self.waiting:  # the workspace holds one data set, and a run waits for another
            self.workspace.open_dataset(model.checkpoint.dataset)
        self.run.warm_up()
        self.cut_off_runs.look_once()

    # --- the beginning of a run

    @Slot(object)
    def _dataset_loaded(self, data: Dataset) -> None:
        if self._waiting is None:
            return
        wanted = self._waiting
        self._wait_no_more()
        if data.info.name == wanted.dataset:  # else another one was chosen meanwhile
            try:
                self._begin(wanted, data)
            except LatentExplorerError as error:  # it learns from labels, say, and there are none
                self.failed.emit(failure_of(error))

    def _begin(self, wanted: _Wanted, data: Dataset) -> None:
        resumed = wanted.resumed
        if resumed is not None:
            vae.require_same_data(resumed.header, len(data.train_images))
        model = wanted.model.fitted(data.info.image_shape, len(data.info.classes))
        self._run_number += 1
        request = RunRequest(
            *(self._run_number, wanted.preset, data, model, wanted.training),
            keep_as=wanted.keep_as or self._new_file(data.info.title, wanted.preset),
            device=wanted.device,
            resumed=resumed,
            paused=wanted.paused,
        )
        self.live_model.begin(request)
        self.run.start(request)
        if request.paused:
            self.run.step()

    def _new_file(self, title: str, preset: str) -> Path:
        began = datetime.now().astimezone()
        name = f"{title} {preset} {began:%Y-%m-%d %H.%M.%S} run {self._run_number}.safetensors"
        return self.workspace.places.models / name

    @Slot(object)
    def _dataset_given_up(self, message: DatasetNotLoaded | DownloadCancelled) -> None:
        if self._waiting is None or self._waiting.dataset != message.name:
            return
        self._wait_no_more()
        if isinstance(message, DatasetNotLoaded) and message.missing:  # the other failures are told anyway
            self.failed.emit(message.failure)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting = None
            self.waiting_changed.emit(False)

    @Slot(object)
    def _rolled_back(self, report: RollbackReport) -> None:
        self.noted.emit(
            f"The loss was lost at step {report.lost_step:,}: going on from step {report.step:,} "
            f"with half the learning rate, {report.learning_rate:g}"
        )

    @Slot(object)
    def _run_ended(self, message: RunEnded) -> None:
        if message.failure is not None:
            self.failed.emit(message.failure)
        if message.path is not None:
            self.noted.emit(f"Run {message.run} is kept as {message.path}")
