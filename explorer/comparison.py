"""Two models side by side: which they are, and a cursor that moves over both."""

from __future__ import annotations

import copy
from dataclasses import replace
from enum import Enum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.encoded_data import EncodedData
from explorer.exploration import Exploration
from explorer.failures import failure_of
from explorer.inputs import Inputs
from explorer.messages import Failure, PointsModelOpened, RunEnded, Snapshot
from explorer.places import Places
from explorer.plane_thread import PlaneThread
from explorer.run import Run
from explorer.time_machine import TimeMachine
from explorer.workspace import OpenedModel, Workspace
from vae.errors import LatentExplorerError

if TYPE_CHECKING:
    from vae import Checkpoint


class What(Enum):
    """What a side shows, if it is not a file."""

    OPEN = "open"  # the model that is explored
    LIVE = "live"  # the model in training
    UNTRAINED = "untrained"  # the other side's, before it has learned anything


Choice = What | Path


class Side(QObject):
    """A model with a plane of its own; the input image and the data are the session's."""

    def __init__(self, places: Places, plane: PlaneThread, choice: Choice, parent: QObject) -> None:
        super().__init__(parent)
        self.workspace = Workspace(places, plane, self)
        self.inputs = Inputs(self.workspace, self)
        self.exploration = Exploration(self.workspace, self.inputs, plane, self)
        self.encoded_data = EncodedData(self.workspace, plane, self)
        self.choice = choice
        self.former = choice  # what was chosen before
        self.source: object = None  # what the model was last made from

    def show_copy(self, checkpoint: Checkpoint, title: str, path: Path | None) -> None:
        """Show a model that others may go on to change."""
        self.workspace.show_model(
            replace(checkpoint, model=copy.deepcopy(checkpoint.model).eval()), title, path
        )


class Comparison(QObject):
    """Follows the session while it is looked at, and costs nothing while it is not."""

    changed = Signal()  # what is chosen
    failed = Signal(object)  # Failure

    def __init__(
        self,
        workspace: Workspace,
        inputs: Inputs,
        run: Run,
        time_machine: TimeMachine,
        plane: PlaneThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._inputs, self._run = workspace, inputs, run
        self._time_machine = time_machine
        self._active = False
        self.left, self.right = (
            Side(workspace.places, plane.beside(self), choice, self) for choice in (What.OPEN, What.UNTRAINED)
        )
        for side in (self.left, self.right):
            side.workspace.model_changed.connect(partial(self._opened, side))
            side.workspace.failed.connect(partial(self._not_opened, side))
            side.workspace.points_model_opened.connect(partial(self._points_opened, side))
        workspace.model_changed.connect(self._refresh)
        workspace.title_changed.connect(self._refresh)
        workspace.dataset_changed.connect(self._show_input)
        inputs.selection_changed.connect(self._show_input)
        inputs.noise_changed.connect(self._show_input)
        run.began.connect(self._refresh)
        run.snapshot_taken.connect(self._follow)
        run.ended.connect(self._run_ended)

    def other(self, side: Side) -> Side:
        """The one beside it."""
        return self.right if side is self.left else self.left

    # --- the models

    @property
    def live_title(self) -> str | None:
        """What the model in training is called, while there is one."""
        request = self._time_machine.request
        if request is None or not self._run.active or not self._time_machine.frames:
            return None
        return f"Run {request.run}, in training"

    def set_active(self, active: bool) -> None:
        """Say whether the two are on the screen; what has changed meanwhile is caught up with."""
        self._active = active
        self._refresh()
        self._show_input()

    def choose(self, side: Side, choice: Choice) -> None:
        """Show another model on this side; of two that would be each other's twin, one gives way."""
        other = self.other(side)
        if choice is What.UNTRAINED and other.choice is What.UNTRAINED:
            other.choice = What.OPEN
        side.former, side.choice = side.choice, choice
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        """Show what is chosen, where it is not what is shown."""
        if self._active:
            for side in sorted((self.left, self.right), key=lambda side: side.choice is What.UNTRAINED):
                self._show(side)
            self.changed.emit()

    def _show(self, side: Side) -> None:
        match side.choice:
            case What.OPEN:
                self._show_open(side)
            case What.LIVE:
                self._show_live(side)
            case What.UNTRAINED:
                self._show_untrained(side)
            case Path() as path if path != side.source:
                side.source = path
                side.workspace.open_model(path)

    def _show_open(self, side: Side) -> None:
        model = self._workspace.model
        if model is None:
            return
        if side.source is not model.checkpoint:
            side.source = model.checkpoint
            side.show_copy(model.checkpoint, model.title, model.path)
        elif not len(model.checkpoint.encodings.labels):  # in training: other weights, perhaps
            side.workspace.show_weights(copy.deepcopy(model.checkpoint.model.state_dict()))

    def _show_live(self, side: Side) -> None:
        request, title = self._time_machine.request, self.live_title
        if request is None or title is None:
            return
        weights = dict(self._time_machine.frames[-1].weights)
        if side.source is request:
            side.workspace.show_weights(weights)
            return
        side.source = request
        nothing = np.zeros((0, request.model.latent_dim), np.float32)
        model = vae.build(request.model, request.training.seed)
        model.load_state_dict(weights)
        checkpoint = vae.Checkpoint(
            *(model, request.preset, request.dataset.info.name, request.training, ()),
            vae.Encodings(nothing, nothing, np.zeros(0, np.int64)),
        )
        side.show_copy(checkpoint, title, None)

    def _show_untrained(self, side: Side) -> None:
        model = self.other(side).workspace.model
        if model is None:
            return
        of = (model.checkpoint.model.config, model.checkpoint.training.seed, model.title)
        if side.source != of:
            try:
                twin = vae.untrained_twin(model.checkpoint)
            except LatentExplorerError as error:
                self._not_opened(side, failure_of(error))
                return
            side.source = of
            side.workspace.show_model(twin, f"{model.title}, untrained", None)
        chart = self.other(side).exploration.chart
        if side.exploration.chart is not chart:  # of its own codes nothing is known yet
            side.exploration.share_chart(chart)

    def _opened(self, side: Side, model: OpenedModel) -> None:
        """What the other side shows may be this one's twin."""
        other = self.other(side)
        if other.choice is What.UNTRAINED:
            self._show(other)
        self.changed.emit()

    def _not_opened(self, side: Side, failure: Failure) -> None:
        """What was shown stays."""
        side.choice = side.former if side.former is not side.choice else What.OPEN
        side.source = None if isinstance(side.choice, What) else side.choice
        self._show(side)
        self.failed.emit(failure)
        self.changed.emit()

    def _points_opened(self, side: Side, message: PointsModelOpened) -> None:
        name = message.path.name
        self._not_opened(
            side, Failure(f"{name} is a model of points of the plane, not of images. Choose another model.")
        )

    @Slot(object)
    def _follow(self, snapshot: Snapshot) -> None:
        for side in (self.left, self.right):
            followed = side.choice is What.OPEN and self._time_machine.following
            if self._active and (followed or side.choice is What.LIVE):
                side.workspace.show_weights(snapshot.weights)

    @Slot(object)
    def _run_ended(self, message: RunEnded) -> None:
        """The model in training has become a file."""
        for side in (self.left, self.right):
            if side.choice is What.LIVE and message.path is not None:
                self.choose(side, message.path)
        if self._active:
            self.changed.emit()

    # --- the input

    @Slot()
    def _show_input(self) -> None:
        """Both sides see the session's image and data."""
        data, selection = self._workspace.dataset, self._inputs.selection
        if not self._active:
            return
        for side in (self.left, self.right):
            if data is not None and side.workspace.dataset is not data:
                side.workspace.show_dataset(data)
            side.inputs.set_noise(self._inputs.noise)
            if selection is not None and side.inputs.selection is not selection:
                side.inputs.select(selection)

    # --- the cursor

    @property
    def same_plane(self) -> bool:
        """Whether a place of one model's plane stands for the same part of the code as on the other's."""
        left, right = self.left.exploration.chart, self.right.exploration.chart
        return np.array_equal(left.directions, right.directions)

    def preview(self, side: Side, z1: float, z2: float) -> None:
        """Decode this place of a side's plane, and what it is on the other, until the cursor leaves."""
        side.exploration.preview(z1, z2)
        other = self.other(side).exploration
        other.preview_code(side.exploration.z) if self.same_plane else other.preview(z1, z2)

    def pin_at(self, side: Side, z1: float, z2: float) -> None:
        """Decode this place on both planes, and stay."""
        side.exploration.pin_at(z1, z2)
        other = self.other(side).exploration
        other.pin_code(side.exploration.pin) if self.same_plane else other.pin_at(z1, z2)

    def nudge(self, side: Side, right: float, up: float) -> None:
        """Move the pin by so much."""
        chart, pin = side.exploration.chart, side.exploration.pin
        z1, z2 = chart.places(pin[None])[0].tolist()
        self.pin_at(side, z1 + right, z2 + up)

    def return_to_pin(self) -> None:
        """Decode the pinned code of each again."""
        for side in (self.left, self.right):
            side.exploration.return_to_pin()

    def go_to_means(self) -> None:
        """Pin the mean of each model's own q(z|x)."""
        for side in (self.left, self.right):
            side.exploration.go_to_mean()
