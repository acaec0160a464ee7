"""The gaps of some images of a data set: what they come to, and their histogram."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PER_DECADE = 5  # bars: their edges are Renard's R5 series, 1, 1.6, 2.5, 4, 6.3, 10
LEAST = 0.01  # nats: the first bar holds whatever is smaller, about what quadrature errs by
FEW = 5  # images of a class, whose mean is not told


@dataclass(frozen=True)
class Bar:
    """The images whose gaps lie between two edges, [low, high)."""

    place: int  # low = 10^(place / PER_DECADE): the same whatever else is known
    count: int
    approximation: float  # the share of it in the sum of their gaps, in [0, 1]

    @property
    def low(self) -> float:
        """In nats."""
        return 0.0 if self.is_first else math.pow(10.0, self.place / PER_DECADE)

    @property
    def high(self) -> float:
        """In nats."""
        return math.pow(10.0, (self.place + 1) / PER_DECADE)

    @property
    def is_first(self) -> bool:
        """Whether it holds whatever is smaller, too."""
        return self.place == place_of(0.0)


@dataclass(frozen=True, eq=False)
class GapSample:
    """K of the images of a data set, drawn at random, with the two parts of log p(x) − ELBO(q) in nats."""

    images: NDArray[np.int64]  # (K,) their numbers
    labels: NDArray[np.int64]  # (K,) -1 where there is none
    approximation: NDArray[np.float32]  # (K,)
    amortisation: NDArray[np.float32]  # (K,)
    total: int  # images in the data set

    @property
    def gap(self) -> NDArray[np.float32]:
        """(K,) their sum."""
        return self.approximation + self.amortisation

    @property
    def complete(self) -> bool:
        """Whether they are all."""
        return len(self.images) == self.total

    def worst(self, place: int | None = None) -> NDArray[np.int64]:
        """Places in this sample by falling gap: of one bar, or of all."""
        gap = self.gap
        held = np.arange(len(gap)) if place is None else np.flatnonzero(_places(gap) == place)
        return held[np.argsort(-gap[held], kind="stable")]

    def bars(self) -> tuple[Bar, ...]:
        """From the smallest gap to the largest, the empty ones between them too."""
        places = _places(self.gap)
        first = int(places.min(initial=place_of(1.0)))
        counts = np.bincount(places - first)
        sums = np.bincount(places - first, self.gap)
        shares = np.bincount(places - first, self.approximation) / np.maximum(sums, 1e-12)
        return tuple(
            Bar(first + n, int(count), float(share))
            for n, (count, share) in enumerate(zip(counts, shares, strict=True))
        )

    def worst_class(self) -> tuple[int, float] | None:
        """The label whose images have the largest mean gap, and that mean; None of fewer than two classes."""
        known = self.labels >= 0
        counts = np.bincount(self.labels[known])
        means = np.bincount(self.labels[known], self.gap[known]) / np.maximum(counts, 1)
        means[counts < FEW] = -math.inf
        if (counts >= FEW).sum() < 2:
            return None
        return int(means.argmax()), float(means.max())


def place_of(gap: float) -> int:
    """Of the bar that holds a gap in nats."""
    return int(_places(np.array([gap], np.float32))[0])


def _places(gap: NDArray[np.float32]) -> NDArray[np.int64]:
    """(K,) the bars that hold them."""
    return np.floor(PER_DECADE * np.log10(np.maximum(gap, LEAST)) + 1e-6).astype(np.int64)
