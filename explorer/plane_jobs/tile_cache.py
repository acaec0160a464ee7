"""Decoded tiles that may be wanted again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

MOST = 128 * 2**20  # bytes
NOWHERE = -1


class TileCache:
    """Pictures by their key, side by side in one array; those that were used the longest ago make room."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._pictures = np.empty((0, 0, 0, 0), np.uint8)
        self._slots: OrderedDict[Hashable, int] = OrderedDict()  # the one that was used last at the end

    def __len__(self) -> int:
        return len(self._slots)

    def clear(self) -> None:
        """Forget all."""
        self._slots.clear()

    def make_room(self, count: int, shape: tuple[int, int, int]) -> None:
        """Be ready for so many pictures (C, H, W) at once, and for as many more as the bound allows."""
        wanted = max(count, self._most // max(1, int(np.prod(shape))))
        if shape != self._pictures.shape[1:] or len(self._pictures) < count:
            self._slots.clear()
            self._pictures = np.empty((wanted, *shape), np.uint8)  # takes memory as it is filled

    def find(self, keys: Sequence[Hashable]) -> NDArray[np.int64]:
        """Where each picture is, or NOWHERE; those that are there have been used."""
        known = self._slots.get
        found = [known(key, NOWHERE) for key in keys]
        for key, slot in zip(keys, found, strict=True):
            if slot != NOWHERE:
                self._slots.move_to_end(key)
        return np.array(found, np.int64)

    def keep(self, keys: Sequence[Hashable], pictures: NDArray[np.uint8]) -> None:
        """Remember pictures (N, C, H, W) that are not there yet, N being no more than there is room for."""
        slots, count = self._slots, len(self._slots)
        free = min(len(keys), len(self._pictures) - count)
        used = [slots.popitem(last=False)[1] for _ in range(len(keys) - free)]
        slots.update(zip(keys, [*range(count, count + free), *used], strict=True))
        self._pictures[count : count + free] = pictures[:free]
        self._pictures[used] = pictures[free:]

    def at(self, slots: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The pictures (N, C, H, W) in these slots."""
        return self._pictures[slots]
