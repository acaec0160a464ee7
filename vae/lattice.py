"""Square cells on a lattice that is halved again and again: which are neighbours, which hang together."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

HALF = 2**30  # cells are numbered from -HALF to HALF along each dimension

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells of one size in D dimensions, and a value at the middle of each."""

    places: Ints  # (N, D) whole numbers: a cell reaches from its place to the next
    values: Floats  # (N,)
    width: float
    origin: Floats  # (D,) the corner of the cell at 0

    @property
    def centres(self) -> Floats:
        """(N, D)."""
        return centres(self.places, self.width, self.origin)

    @property
    def log_volume(self) -> float:
        """Of one cell."""
        return len(self.origin) * math.log(self.width)

    def chosen(self, which: NDArray[np.bool_]) -> Cells:
        """Some of them."""
        return Cells(self.places[which], self.values[which], self.width, self.origin)

    def joined(self, others: Cells) -> Cells:
        """These first, then others on the same lattice."""
        places = np.concatenate((self.places, others.places))
        return Cells(places, np.concatenate((self.values, others.values)), self.width, self.origin)

    def find(self, places: Ints) -> Ints:
        """(M,) which of the cells are at places (M, D); -1 where there is none."""
        if not len(self.places):
            return np.full(len(places), -1)
        keys, order = self._sorted
        wanted = _keys(places)
        at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
        return np.where(keys[at] == wanted, order[at], -1)

    @cached_property
    def neighbours(self) -> Ints:
        """(N, 3^D - 1) which cells lie beside each, corners included; -1 where there is none."""
        return np.stack([self.find(self.places + offset) for offset in offsets(self.places.shape[1])], 1)

    @property
    def steepness(self) -> Floats:
        """(N,) the largest difference to a neighbour; 0 where there is none."""
        beside = self.neighbours
        differences = np.abs(self.values[beside] - self.values[:, None])
        largest: Floats = np.where(beside >= 0, differences, 0.0).max(1, initial=0.0)
        return largest

    def components(self) -> Ints:
        """(N,) a number for each cell, the same for cells that hang together.

        Each tree of cells is hung under a neighbouring one until none are left apart: in few rounds, however
        long a component is (Shiloach & Vishkin 1982).
        """
        own, root = np.nonzero(self.neighbours >= 0)[0], np.arange(len(self.places))
        beside = self.neighbours[self.neighbours >= 0]
        while True:
            one, other = root[own], root[beside]
            apart = one > other
            if not apart.any():
                return np.unique(root, return_inverse=True)[1]
            np.minimum.at(root, one[apart], other[apart])
            while not np.array_equal(above := root[root], root):
                root = above

    @cached_property
    def _sorted(self) -> tuple[Ints, Ints]:
        keys = _keys(self.places)
        order = np.argsort(keys, kind="stable")  # fast where they are in order already, as a grid's are
        return keys[order], order


def centres(places: Ints, width: float, origin: Floats) -> Floats:
    """The middles of cells (N, D)."""
    return origin + (places + 0.5) * width


def offsets(dimensions: int) -> Ints:
    """(3^D - 1, D) the steps to the neighbours of a cell."""
    steps = [step for step in itertools.product((-1, 0, 1), repeat=dimensions) if any(step)]
    return np.array(steps, np.int64)


def children(places: Ints) -> Ints:
    """(N, D) -> (N 2^D, D): the parts of each cell halved along every dimension, side by side."""
    parts = np.array(list(itertools.product((0, 1), repeat=places.shape[1])), np.int64)
    return (2 * places[:, None] + parts).reshape(-1, places.shape[1])


def parity(places: Ints) -> Ints:
    """(N,) which of 2^D lattices of twice the width a cell is on."""
    found: Ints = (places & 1) @ (1 << np.arange(places.shape[1]))
    return found


def _keys(places: Ints) -> Ints:
    """(N,) one whole number for each place."""
    keys = places[:, 0] + HALF
    for along in places.T[1:]:
        keys = keys * (2 * HALF) + along + HALF
    return keys
