"""The latent dimensions one by one: which planes through them can be had, their KL, what lies along them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.encoded_data import EncodedData
from explorer.exploration import Exploration
from explorer.opening_chart import most_active
from explorer.plane_messages import TraversalFound, TraversalRequest, UnitsFound, UnitsRequest
from explorer.plane_thread import PlaneThread
from explorer.workspace import OpenedModel, Workspace
from vae.chart import Chart, axis_chart
from vae.dataset import Part
from vae.principal import principal_chart

if TYPE_CHECKING:
    from vae import Encodings, Units

FRAMES = 7  # of a strip
REACH = 3.0  # standard deviations of the prior N(0, I) to either side that a strip shows
INNER = (0.5, 99.5)  # percentiles of the codes that it shows, where the prior is another
LEAST = 0.1  # from the middle of a strip to its end


class Dimensions(QObject):
    """Follows the open model, its codes and the pin."""

    changed = Signal()  # another model, other codes, or more is known of them
    input_changed = Signal()  # q(z|x) of the input
    traversed = Signal(object)  # TraversalFound

    def __init__(
        self,
        workspace: Workspace,
        exploration: Exploration,
        encoded_data: EncodedData,
        plane: PlaneThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._exploration = workspace, exploration
        self._encoded_data, self._plane = encoded_data, plane
        self._watched: tuple[int, ...] = ()
        self._units: Units | None = None  # once they are asked for, as the next
        self._outdated = True  # whether they are of other codes
        self._units_asked: UnitsRequest | None = None
        self._ranges: NDArray[np.float32] | None = None
        self._answers = 0
        self._answered: dict[int, int] = {}  # the number of the last answer on a dimension
        workspace.model_changed.connect(self._model_changed)
        workspace.weights_changed.connect(self._ask)
        encoded_data.changed.connect(self._codes_changed)
        exploration.pin_moved.connect(self._ask)
        exploration.label_changed.connect(self._ask)
        exploration.posterior_changed.connect(self.input_changed)
        plane.posted.connect(self._receive)

    # --- planes

    @property
    def has_principal_plane(self) -> bool:
        """Whether codes are known that vary along more than two dimensions."""
        codes = self._codes()
        return codes is not None and len(codes.z_loc) > 1 and codes.z_loc.shape[1] > 2

    def choose_axes(self, right: int, up: int) -> None:
        """Let the plane show two of the dimensions, counted from 0."""
        self._choose(axis_chart(len(self._exploration.pin), right, up))

    def choose_most_active(self) -> None:
        """Let the plane show the two dimensions that tell most of the images."""
        if self._workspace.model is not None:
            self._choose(most_active(self._workspace.model))

    def choose_principal_plane(self) -> None:
        """Let the plane show the two directions along which the codes vary most."""
        codes = self._codes()
        assert codes is not None
        self._choose(principal_chart(codes.z_loc))

    def _choose(self, chart: Chart) -> None:
        exploration = self._exploration
        exploration.set_chart(replace(chart, quantiles=exploration.chart.quantiles))

    # --- dimensions

    @property
    def units(self) -> Units | None:
        """KL and variance of each over the encoded images, if there are any; of some models first in part."""
        codes, model = self._codes(), self._workspace.model
        if codes is None or model is None or not len(codes.z_loc):
            return None
        if self._outdated:
            self._outdated = False
            self._find_units(model, codes)
        return self._units

    def _find_units(self, model: OpenedModel, codes: Encodings) -> None:
        """What is known stays until all of it is found anew: in training it hardly changes."""
        images = self._encoded_data.images
        needs_images = images is not None and vae.has_more_than_z(model.checkpoint.model)
        known = self._units is not None and len(self._units.variance) == codes.z_loc.shape[1]
        if not known or not needs_images:
            self._units = vae.units_of_encodings(model.checkpoint.model, codes)
        if images is not None and needs_images:
            self._units_asked = UnitsRequest(model.version, codes, images)
            self._plane.request(self._units_asked)

    @property
    def family(self) -> str:
        """Of the open model; nothing where none is."""
        model = self._workspace.model
        return "" if model is None else model.checkpoint.model.config.family

    @property
    def part(self) -> Part:
        """Which images the units are told over."""
        points = self._encoded_data.points
        return Part.TEST if points is None else points.part

    @property
    def lacks_images(self) -> bool:
        """Whether codes are known, and the images that they are of are not open."""
        return self._codes() is not None and self._encoded_data.images is None

    @property
    def kl_of_input(self) -> tuple[NDArray[np.float64] | None, float | None]:
        """(D,) nats, of q(z|x) of the input, and what else its KL has; None where there is none."""
        model, posterior = self._workspace.model, self._exploration.posterior
        request = self._exploration.posterior_request()
        if model is None or posterior is None or request is None:
            return None, None
        return vae.kl_of_image(model.checkpoint.model, posterior, request.picture, request.noise)

    @property
    def ranges(self) -> NDArray[np.float32]:
        """(D, 2) from where to where a strip shows each: as far as N(0, I) reaches, or the codes."""
        if self._ranges is None:
            self._ranges = self._find_ranges()
        return self._ranges

    def _find_ranges(self) -> NDArray[np.float32]:
        prior, codes, count = self._exploration.prior, self._codes(), len(self._exploration.pin)
        if (prior is not None and prior.is_standard) or codes is None or not len(codes.z_loc):
            return np.full((count, 2), (-REACH, REACH), np.float32)
        low, high = np.percentile(codes.z_loc, INNER, axis=0)
        middle, half = (low + high) / 2, np.maximum((high - low) / 2, LEAST)
        return np.stack((middle - half, middle + half), axis=1).astype(np.float32)

    def move(self, dimension: int, value: float) -> None:
        """Pin the same code but for one dimension."""
        z = self._exploration.pin.copy()
        z[dimension] = value
        self._exploration.pin_code(z)

    def watch(self, dimensions: tuple[int, ...]) -> None:
        """Say along which one looks: nothing is decoded that nobody sees."""
        if dimensions != self._watched:
            self._watched = dimensions
            self._ask()

    def _codes(self) -> Encodings | None:
        """Of the open model, if they are known."""
        points = self._encoded_data.points
        if points is None or points.encodings.z_loc.shape[1] != len(self._exploration.pin):
            return None
        return points.encodings

    @Slot()
    def _ask(self) -> None:
        """Those first that have waited longest: whoever drags asks anew before all are answered."""
        model, exploration = self._workspace.model, self._exploration
        wanted = [dimension for dimension in self._watched if dimension < len(exploration.pin)]
        if model is None or not wanted:
            return
        wanted.sort(key=lambda dimension: self._answered.get(dimension, 0))
        low, high = self.ranges[wanted].T
        values = np.linspace(low, high, FRAMES, axis=1, dtype=np.float32)
        self._plane.request(
            TraversalRequest(model.version, exploration.pin, exploration.label, tuple(wanted), values)
        )

    @Slot(object)
    def _receive(self, message: object) -> None:
        """One that is overtaken shows at least where the drag has come from."""
        model = self._workspace.model
        match message:
            case TraversalFound(request=request) if model is not None and request.version == model.version:
                self._answers += 1
                self._answered[message.dimension] = self._answers
                self.traversed.emit(message)
            case UnitsFound(request=request) if request is self._units_asked:
                self._units = message.units
                self.changed.emit()

    @Slot(object)
    def _model_changed(self, model: OpenedModel) -> None:
        """The principal plane is the model's own."""
        if self._exploration.chart.axes is None:
            self.choose_principal_plane() if self.has_principal_plane else self.choose_most_active()
        self._units = None
        self._codes_changed()

    @Slot()
    def _codes_changed(self) -> None:
        self._outdated, self._ranges = True, None
        self.changed.emit()
        self._ask()
