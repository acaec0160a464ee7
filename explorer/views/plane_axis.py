"""An axis of the latent plane: its ticks tell coordinates, wherever the chart puts them."""

from __future__ import annotations

import math

import numpy as np

from explorer.views.axis import Axis
from vae.chart import Chart

APART = 30.0  # pixels between two ticks, at least
ON_AVERAGE = 70.0
INNER = (0.01, 0.99)  # shares of the prior that the ticks are chosen for; beyond they crowd


class PlaneAxis(Axis):
    """At round coordinates; evenly spaced, or at their quantiles."""

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self._chart: Chart | None = None
        self._column = ("bottom", "left").index(side)

    def follow(self, chart: Chart) -> None:
        """Tell the coordinates of this chart."""
        self._chart = chart
        self.picture = None  # pyqtgraph's: draw anew
        self.update()

    def tickValues(self, left: float, right: float, size: float) -> list[tuple[float, list[float]]]:
        """Where the ticks are: of a chart of quantiles, from the middle outwards as long as they fit."""
        if self._chart is None or not self._chart.quantiles:
            ticks: list[tuple[float, list[float]]] = super().tickValues(left, right, size)
            return ticks
        low, high = self._coordinates([left, right])
        if low >= high:
            return []
        inner = self._coordinates([max(left, INNER[0]), min(right, INNER[1])])
        width = inner[1] - inner[0] if inner[0] < inner[1] else high - low
        step = _round_step(width * ON_AVERAGE / size)
        counts = range(math.ceil(low / step), math.floor(high / step) + 1)
        places = self._places([step * count for count in counts])
        least, chosen = APART / size * (right - left), list[float]()
        crowded: set[bool] = set()  # the sides on which there is no more room
        for count, place in sorted(zip(counts, places, strict=True), key=lambda pair: abs(pair[0])):
            if any(abs(place - other) < least for other in chosen):
                crowded.add(count > 0)
            if (count > 0) not in crowded:
                chosen.append(place)
        return [(step, chosen)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """The coordinates there."""
        if self._chart is None or not self._chart.quantiles:
            return super().tickStrings(values, scale, spacing)
        return super().tickStrings(self._coordinates(values), scale, spacing)

    def _places(self, coordinates: list[float]) -> list[float]:
        assert self._chart is not None
        found: list[float] = self._chart.spread(_twice(coordinates))[:, self._column].tolist()
        return found

    def _coordinates(self, places: list[float]) -> list[float]:
        assert self._chart is not None
        found: list[float] = self._chart.coordinates(_twice(places))[:, self._column].tolist()
        return found


def _twice(values: list[float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The same for both directions: (N, 2)."""
    return np.stack((values, values), axis=1).astype(np.float64)


def _round_step(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least as large."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= step * (1 - 1e-9))
