"""How far the ELBO of images lies below log p(x), and why: of a data set, one image after the other."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import numpy as np
from numpy.typing import NDArray

from vae.code_grid import CodeGrid, building_grid
from vae.errors import InferenceError
from vae.gap_sample import GapSample
from vae.gaps import gaps_of
from vae.inference import is_told_labels
from vae.models import VAE

SEED = 0
BuildGrid = Callable[[VAE, int | None], Generator[float, None, CodeGrid]]  # a model, a label that it is told
BLOCK = 250  # images that are sorted by label, for a decoder that needs a grid for each


class ImageGaps:
    """The images in random order: those whose gaps are known are a sample of them all."""

    def __init__(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], grid_of: BuildGrid = building_grid
    ) -> None:
        """``grid_of`` decodes the grid of a model, or has it from another who did."""
        self.images, self.labels, self._grid_of = images, labels, grid_of
        self._order = np.random.default_rng(SEED).permutation(len(images))
        self._done = 0
        self._steps: Iterator[object] | None = None
        self._approximation, self._amortisation = np.full((2, len(images)), np.nan, np.float32)

    @property
    def known(self) -> NDArray[np.int64]:
        """The images whose gaps are found."""
        return self._order[: self._done]

    @property
    def complete(self) -> bool:
        """Whether all are."""
        return self._done == len(self._order)

    @property
    def gap(self) -> NDArray[np.float32]:
        """(N,) log p(x) − ELBO(q) in nats; no number where it is not known."""
        return self._approximation + self._amortisation

    def sample(self) -> GapSample:
        """What is known by now."""
        known = self.known.copy()
        return GapSample(
            *(known, self.labels[known], self._approximation[known], self._amortisation[known]),
            total=len(self.images),
        )

    def find_more(self, model: VAE) -> None:
        """Go on for some milliseconds; it must be the same model each time.

        Raises:
            InferenceError: p(z|x) of such a model cannot be computed.
        """
        if self._steps is None:
            self._steps = self._finding(model)
        try:
            next(self._steps, None)
        except InferenceError:
            self._steps = None  # to go on where this ended
            raise

    def _finding(self, model: VAE) -> Iterator[object]:
        told, label = is_told_labels(model), None
        grid: CodeGrid | None = None
        if told:
            self._sort_blocks()
        while not self.complete:
            index = self._order[self._done]
            own = slice(index, index + 1)
            wanted = int(self.labels[index]) if told else None
            if grid is None or wanted != label:
                label, grid = wanted, (yield from self._grid_of(model, wanted))
            for gaps in gaps_of(model, self.images[own], grid, self.labels[own]):
                if gaps is not None:
                    self._approximation[index] = gaps.approximation
                    self._amortisation[index] = gaps.amortisation
                    self._done += 1
                yield None

    def _sort_blocks(self) -> None:
        """One label after the other within a block, so that a grid is not decoded for every image."""
        for start in range(0, len(self._order), BLOCK):
            block = self._order[start : start + BLOCK]
            block[:] = block[np.argsort(self.labels[block], kind="stable")]
