"""The colours of maps: even steps that colour-blind readers tell apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from explorer.theme import current_theme
from explorer.views.legend import class_colours
from vae.maps import MapKind, robust_range

SEQUENTIAL = "cividis"
LESS = "#b3682a"  # brown, of q(z) than of p(z); where it is more, q's blue
OPACITY = 0.8
REGIONS = 0.45  # opacity of a class where it is certain: points of the same colour stand out
LOGARITHMIC = (MapKind.GAP, MapKind.MAGNIFICATION)
LEAST_GAP = 0.01  # nats: smaller ones are drawn alike
STEEPEST = 4.6  # nats, log 100: ratios beyond are drawn alike
FIRSTS = (1, 2, 5)  # digits of the round numbers on a logarithmic scale
FINER = 4  # times that cells are split when they are drawn


@dataclass(frozen=True)
class Scale:
    """From values to shares of the colour bar, 0 to 1."""

    kind: MapKind
    low: float
    high: float
    less: bool = False  # whether some values in view are below the lower end
    more: bool = False  # or above the upper one

    @classmethod
    def of(cls, kind: MapKind, values: NDArray[np.float32]) -> Scale:
        """That of what is in view: all but a few extreme values; alike to both sides of 0 for a ratio."""
        low, high = robust_range(values)
        if kind is MapKind.AGGREGATE:
            high = min(max(abs(low), abs(high), 0.1), STEEPEST)
            low = -high
        elif kind is MapKind.MAGNIFICATION:
            low = max(low, 1e-6 * max(high, 1e-6))
        elif kind is MapKind.GAP:
            low = max(low, LEAST_GAP)
        high = max(high, low + 1e-6 * max(abs(low), 1.0))
        return cls(kind, low, high, bool((values < low).any()), bool((values > high).any()))

    @property
    def steps(self) -> tuple[float, ...]:
        """Round numbers between the ends of a logarithmic scale, whose middle nobody could guess."""
        if self.kind not in LOGARITHMIC:
            return ()
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)))
        every = [first * 10.0**power for power in powers for first in FIRSTS]
        return tuple(step for step in every if self.low < step < self.high)

    def shares(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where values stand, beyond the ends too."""
        low, high, at = self.low, self.high, np.asarray(values, np.float64)
        if self.kind in LOGARITHMIC:
            low, high, at = np.log(low), np.log(high), np.log(np.maximum(at, 1e-30))
        shares: NDArray[np.float64] = (at - low) / (high - low)
        return shares


def ramp(kind: MapKind, steps: int = 256) -> NDArray[np.uint8]:
    """(steps, 3) from low to high."""
    if kind is not MapKind.AGGREGATE:
        return _sequential(steps)
    theme = current_theme()
    less, none, more = (_rgb(colour) for colour in (LESS, theme.card, theme.q))
    share = np.linspace(-1.0, 1.0, steps).reshape(-1, 1)
    mixed = none + np.maximum(-share, 0.0) * (less - none) + np.maximum(share, 0.0) * (more - none)
    table: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return table


def coloured(scale: Scale, values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """RGBA of values (rows, columns), smooth from cell to cell: (FINER rows, FINER columns, 4)."""
    known = np.isfinite(values)
    shares = scale.shares(np.where(known, values, scale.low)).clip(0.0, 1.0)
    cells = np.empty((*values.shape, 4), np.float32)
    cells[..., :3] = ramp(scale.kind)[(shares * 255).astype(np.int64)]
    cells[..., 3] = np.where(known, 255 * OPACITY, 0.0)
    return _smooth(cells)


def coloured_classes(labels: NDArray[np.int64], sureness: NDArray[np.float32]) -> NDArray[np.uint8]:
    """RGBA of a map of classes (rows, columns): the surer, the fuller; clear where there is no label."""
    cells = class_colours(labels.ravel(), None).reshape(*labels.shape, 4).astype(np.float32)
    cells[..., 3] = np.where(labels >= 0, 255 * REGIONS * np.nan_to_num(sureness), 0.0)
    return _smooth(cells)


def _rgb(colour: str) -> NDArray[np.float64]:
    parsed = QColor(colour)
    return np.array((parsed.red(), parsed.green(), parsed.blue()), np.float64)


@cache
def _sequential(steps: int) -> NDArray[np.uint8]:
    table: NDArray[np.uint8] = pg.colormap.get(SEQUENTIAL).getLookupTable(nPts=steps, alpha=False)
    return table.astype(np.uint8)


def _smooth(cells: NDArray[np.float32]) -> NDArray[np.uint8]:
    """RGBA with each cell split, and colours that run linearly between the centres."""
    opacity = cells[..., 3:] / 255.0
    paint = np.concatenate((cells[..., :3] * opacity, cells[..., 3:]), axis=2)  # what is clear has no colour
    up, across = (_between(length) for length in cells.shape[:2])
    fine = np.einsum("ri,ijc->rjc", up, paint, optimize=True)
    fine = np.einsum("cj,rjk->rck", across, fine, optimize=True)
    fine[..., :3] /= np.maximum(fine[..., 3:], 1e-3) / 255.0
    smooth: NDArray[np.uint8] = fine.round().clip(0, 255).astype(np.uint8)
    return smooth


@cache
def _between(cells: int) -> NDArray[np.float32]:
    """From cells to finer ones, by linear interpolation: (FINER cells, cells)."""
    at = np.clip((np.arange(FINER * cells) + 0.5) / FINER - 0.5, 0, cells - 1)
    return np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(cells))).astype(np.float32)
