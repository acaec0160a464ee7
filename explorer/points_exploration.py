"""A code and a point of the Points tab, and what both models make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from explorer.points_run import PointsRun
from vae.points import Points

if TYPE_CHECKING:
    from vae.point_models import Normals, PointModel

DRAWS = 24  # of z from q(z|x) of the point that is looked at
REACH = 3.0  # of the code, in standard deviations


@dataclass(frozen=True)
class Look:
    """One point of the data as one model sees it."""

    x: NDArray[np.float32]  # (2,)
    u_loc: NDArray[np.float32]  # (D,)
    u_scale: NDArray[np.float32]  # (D,); an autoencoder's is 0
    draws: NDArray[np.float32]  # (K, D) codes: drawn from q(z|x), or an autoencoder's only one
    decoded: Points  # (K, 2) the means of p(x|z) at the draws


class PointsExploration(QObject):
    """Codes are u, in standard deviations of what z is sampled from: the same place in both models."""

    cursor_moved = Signal()
    look_changed = Signal()

    def __init__(self, run: PointsRun, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self._u = np.zeros(2, np.float32)
        self._index: int | None = None
        self._noise = np.random.default_rng(0).standard_normal((DRAWS, 2)).astype(np.float32)
        run.cloud_changed.connect(self._cloud_changed)
        run.learned.connect(self.look_changed)

    @property
    def u(self) -> NDArray[np.float32]:
        """(D,) the code under the cursor."""
        return self._u[: self._run.latent_dim]

    @property
    def looking(self) -> bool:
        """Whether a point is looked at."""
        return self._index is not None

    def move(self, u1: float, u2: float = 0.0) -> None:
        """Decode this code; the second number counts in two dimensions alone."""
        self._u = np.clip(np.array((u1, u2), np.float32), -REACH, REACH)
        self.cursor_moved.emit()

    def decode(self, model: PointModel) -> Normals:
        """p(x|z) at the cursor, N = 1."""
        return model.decode(self.u[None])

    def look_at(self, x1: float, x2: float, within: float) -> None:
        """Look at the nearest point of the data, if there is one so near."""
        distances = np.hypot(*(self._run.points - np.array((x1, x2), np.float32)).T)
        nearest = int(distances.argmin()) if len(distances) else None
        self._look(nearest if nearest is not None and distances[nearest] <= within else None)

    def look_away(self) -> None:
        """Look at none."""
        self._look(None)

    def look(self, model: PointModel) -> Look | None:
        """What a model makes of the point; None where none is looked at."""
        if self._index is None:
            return None
        x = self._run.points[self._index]
        loc, scale = (values[0] for values in model.encode(x[None]))
        draws = loc + scale * self._noise[: 1 if model.is_autoencoder else DRAWS, : len(loc)]
        return Look(x, loc, scale, draws, model.decode(draws).mean)

    def _look(self, index: int | None) -> None:
        if index != self._index:
            self._index = index
            self.look_changed.emit()

    @Slot()
    def _cloud_changed(self) -> None:
        self._look(None)
