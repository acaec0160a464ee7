"""Saves the present view of the plane, and opens others: first the model, then the data, then the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal, Slot

from explorer.bookmarks import Bookmarks
from explorer.encoded_data import EncodedData
from explorer.exploration import Exploration
from explorer.failures import failure_of
from explorer.inputs import Inputs, Selection
from explorer.messages import DatasetNotLoaded, DownloadCancelled, Failure
from explorer.model_name import model_named, name_of_model
from explorer.moves import Moves, Standpoint
from explorer.paths import Encoded, End, Paths
from explorer.places import built_in_models
from explorer.view_state import StoredChart, StoredEnd, StoredPicture, ViewState, read_view, write_view
from explorer.viewpoint import Viewpoint
from explorer.workspace import OpenedModel, Workspace
from vae.errors import LatentExplorerError, ViewError

SUFFIX = ".json"


class ViewFiles(QObject):
    """One view is opened at a time; what cannot be had of it is told, and the rest is shown."""

    noted = Signal(str)  # a word for the status bar
    failed = Signal(object)  # Failure
    opened = Signal(object)  # Path: all is as it was saved, or as near as can be

    def __init__(
        self,
        workspace: Workspace,
        inputs: Inputs,
        exploration: Exploration,
        encoded_data: EncodedData,
        viewpoint: Viewpoint,
        paths: Paths,
        bookmarks: Bookmarks,
        moves: Moves,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._inputs, self._exploration = workspace, inputs, exploration
        self._encoded_data, self._viewpoint = encoded_data, viewpoint
        self._paths, self._bookmarks, self._moves = paths, bookmarks, moves
        self._path = self._model = Path()  # the last view's, and its model's
        self._awaited: ViewState | None = None  # while its model or its data are being opened
        self._needs_model = False  # whether it is the model
        self._lacking: list[str] = []  # what cannot be had of it, each a clause
        later = Qt.ConnectionType.QueuedConnection  # when all else has followed
        workspace.model_changed.connect(self._model_changed, later)
        workspace.dataset_changed.connect(self._dataset_changed, later)
        workspace.dataset_given_up.connect(self._data_given_up, later)
        workspace.failed.connect(self._not_opened, later)

    # --- saving

    def save(self, path: Path) -> None:
        """Write the present view; noted or failed follows."""
        try:
            write_view(path, self._state())
        except LatentExplorerError as error:
            self.failed.emit(failure_of(error))
        else:
            self.noted.emit(f"Saved {path}")

    def _state(self) -> ViewState:
        model, data, selection = self._workspace.model, self._workspace.dataset, self._inputs.selection
        if model is None or model.path is None:
            raise ViewError(
                "The open model is in no file that a view could name. Save the model first, then the view."
            )
        stand, a, b = self._moves.standpoint, *self._paths.ends
        drawn = selection is not None and selection.index is None
        return ViewState(
            model=name_of_model(model.path),
            dataset=model.checkpoint.dataset if data is None else data.info.name,
            test_image=None if selection is None else selection.index,
            drawing=StoredPicture.of(selection.picture) if selection is not None and drawn else None,
            noise=stand.noise,
            label=stand.label,
            z=tuple(self._exploration.pin.tolist()),
            chart=StoredChart.of(stand.chart),
            view=stand.view,
            layers=tuple(sorted(stand.layers)),
            part=self._encoded_data.part,
            colouring=self._viewpoint.colouring,
            map=stand.map,
            path=(_stored(a), _stored(b)),
            way=self._paths.way,
            share=self._paths.share,
            page=self._viewpoint.page,
            bookmarks=self._bookmarks.marks,
        )

    # --- opening

    def open(self, path: Path) -> None:
        """Open a view; opened or failed follows. A file that makes no sense changes nothing."""
        try:
            state = read_view(path)
        except ViewError as error:
            self.failed.emit(failure_of(error))
            self._open_something()
            return
        self._path, self._awaited, self._lacking = path, state, []
        self._model = _model_of(path, state)
        self._needs_model = True
        open_model = self._workspace.model
        shown = None if open_model is None or open_model.path is None else name_of_model(open_model.path)
        if shown == name_of_model(self._model) and not self._workspace.opening:
            self._model_there()
        elif self._model.is_file():
            self._workspace.open_model(self._model)
        else:
            self._do_without_model(f"its model, {self._model}, is not there: put it back")

    def _do_without_model(self, why: str) -> None:
        """Take the model that is open, or is about to be."""
        self._lacking.append(why)
        self._open_something()
        if not self._workspace.opening:
            self._model_there()

    def _open_something(self) -> None:
        """There is always a model to look at."""
        if self._workspace.model is None and not self._workspace.opening:
            self._workspace.open_model(next(iter(built_in_models().values())))

    @Slot(object)
    def _model_changed(self, model: OpenedModel) -> None:
        if self._awaited is None or self._workspace.opening:
            return
        expected = model.path is not None and name_of_model(model.path) == name_of_model(self._model)
        if self._needs_model and (expected or self._lacking):
            self._model_there(data_under_way=True)
        else:
            self._awaited = None  # the user has opened another one meanwhile

    @Slot()
    def _not_opened(self) -> None:
        """The model cannot be read, if it is that."""
        if self._awaited is not None and self._needs_model and not self._workspace.opening:
            self._do_without_model(f"its model, {self._model}, cannot be opened: train or copy it again")

    def _model_there(self, *, data_under_way: bool = False) -> None:
        """Then the data, which the model may have asked for by itself."""
        assert self._awaited is not None
        self._needs_model = False
        model, name = self._workspace.model, self._awaited.dataset
        if model is None or len(self._awaited.z) != model.latent_dim:
            if not self._lacking:
                self._lacking.append("its model has another latent space by now: save the view again")
            self._end()
        elif self._workspace.info_of(name) is None or not self._workspace.is_here(name):
            self._do_without_data(name)
        elif self._workspace.wanted_dataset != name or not (data_under_way or self._has_data()):
            self._workspace.open_dataset(name)
        elif self._has_data():
            self._show()

    def _has_data(self) -> bool:
        data = self._workspace.dataset
        return self._awaited is not None and data is not None and data.info.name == self._awaited.dataset

    def _do_without_data(self, name: str) -> None:
        """Unless none is open yet, which is about to be changed."""
        self._lacking.append(f"its data set, '{name}', cannot be had: download or open it")
        if self._workspace.dataset is not None:
            self._show()

    @Slot()
    def _dataset_changed(self) -> None:
        if self._awaited is not None and not self._needs_model and (self._has_data() or self._lacking):
            self._show()

    @Slot(object)
    def _data_given_up(self, message: DatasetNotLoaded | DownloadCancelled) -> None:
        if self._awaited is not None and not self._needs_model and message.name == self._awaited.dataset:
            self._do_without_data(message.name)

    # --- showing

    def _show(self) -> None:
        """All that can be had."""
        state, exploration = self._awaited, self._exploration
        assert state is not None
        model = self._workspace.model
        assert model is not None
        if model.path is not None and name_of_model(model.path) == name_of_model(self._model):
            self._bookmarks.add(state.bookmarks)  # of another model they would be other places
        self._encoded_data.choose(state.part)
        self._viewpoint.colour_points(state.colouring)
        self._viewpoint.open_page(state.page or self._viewpoint.page)
        a, b = map(_end, state.path)
        self._paths.set_ends(a, b, state.share)
        self._paths.walk("geodesic" if state.way == "geodesic" else "straight")
        evenly = exploration.prior is None or not exploration.prior.is_standard
        chart = state.chart.chart()
        known = state.label is not None and state.label < model.checkpoint.model.config.classes
        self._moves.begin()
        self._moves.go_to(
            Standpoint(
                selection=self._selection(state, model.image_shape) or self._inputs.selection,
                noise=state.noise,
                label=state.label if known else None,
                chart=replace(chart, quantiles=False) if evenly else chart,
                z=np.array(state.z, np.float32),
                map=state.map,
                view=state.view,
                layers=frozenset(state.layers),
            )
        )
        self._end()

    def _selection(self, state: ViewState, shape: tuple[int, int, int]) -> Selection | None:
        """The input; None where there is none, or no longer."""
        if state.drawing is not None:
            return Selection(state.drawing.array(), None, None) if state.drawing.shape == shape else None
        if state.test_image is None or not self._has_data():
            return None
        selection = self._inputs.test_image(state.test_image)
        if selection is None:
            self._lacking.append(f"its data set has no test image {state.test_image:,} now: choose another")
        return selection

    def _end(self) -> None:
        self._awaited = None
        if self._lacking:
            reasons = "; ".join(self._lacking)
            self.failed.emit(Failure(f"{self._path.name} is not shown as it was saved: {reasons}."))
        else:
            self.noted.emit(f"Opened {self._path}")
        self.opened.emit(self._path)


def _model_of(path: Path, state: ViewState) -> Path:
    """The model of a view: where it was, or beside the view's own file."""
    model = model_named(state.model)
    beside = path.parent / model.name
    return beside if not model.is_file() and beside.is_file() else model


def _stored(end: End | None) -> StoredEnd | None:
    if end is None:
        return None
    image = None if end.image is None else StoredPicture.of(end.image.seen)
    return StoredEnd(tuple(end.z.tolist()), image, None if end.image is None else end.image.label)


def _end(stored: StoredEnd | None) -> End | None:
    if stored is None:
        return None
    image = None if stored.image is None else Encoded(stored.image.array(), stored.label)
    return End(np.array(stored.z, np.float32), image)
