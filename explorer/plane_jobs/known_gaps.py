"""The gaps that are known under one version of the model: each image's is found once, whoever asks."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

import numpy as np
from numpy.typing import NDArray

import vae
from explorer.plane_jobs.code_grids import CodeGrids


class KnownGaps:
    """Shared by the jobs that find them; each goes on where another left off."""

    def __init__(self, grids: CodeGrids) -> None:
        self._grids = grids  # those of the input image as well
        self._version = 0
        self._all: list[vae.ImageGaps] = []

    def of(self, version: int, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> vae.ImageGaps:
        """Those of these images, as far as they are found."""
        if version != self._version:
            self._version, self._all = version, []
        found = next((gaps for gaps in self._all if _are_same(gaps.images, images)), None)
        if found is None:
            found = vae.ImageGaps(images, labels, partial(self._grid_of, version))
            self._all.append(found)
        return found

    def _grid_of(
        self, version: int, model: vae.VAE, label: int | None
    ) -> Generator[float, None, vae.CodeGrid]:
        """That of a label would take the place of the input image's, whose label is another."""
        if label is None:
            return self._grids.of(model, version, None)
        return vae.building_grid(model, label)


def _are_same(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether they are the same memory: who asks may have sliced a data set anew."""
    return one.shape == other.shape and one.ctypes.data == other.ctypes.data
