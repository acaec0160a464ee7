"""The decoded grid that exact inference starts from, kept as long as it fits."""

from __future__ import annotations

from collections.abc import Generator

import vae


class CodeGrids:
    """Holds the latest grid. One that was begun and left is gone on with."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._grid: vae.CodeGrid | None = None
        self._steps: Generator[float, None, vae.CodeGrid] | None = None

    def of(self, model: vae.VAE, version: int, label: int | None) -> Generator[float, None, vae.CodeGrid]:
        """The grid of a version of the model, for a label where the decoder is told one.

        The share of it that is decoded after each slice.
        """
        told = label if vae.is_told_labels(model) else None
        key = (model, version, told)
        while True:  # between two slices another may have finished it, failed, or begun a grid of its own
            if key != self._key or (self._grid is None and self._steps is None):
                self._key, self._grid = key, None
                self._steps = vae.building_grid(model, told)
            if self._grid is not None:
                return self._grid
            assert self._steps is not None
            try:
                share = next(self._steps)
            except StopIteration as end:
                self._grid, self._steps = end.value, None
            except Exception:  # told to who asked; who asks again begins anew
                self._steps = None
                raise
            else:
                yield share
