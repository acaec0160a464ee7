"""p(z|x) of the input image, exactly, and the gaps between log p(x) and its ELBO."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

import vae
from explorer.plane_jobs.code_grids import CodeGrids
from explorer.plane_messages import EvidenceFound, EvidenceRefused, EvidenceRequest, GapsFound, GridDecoded
from vae.errors import InferenceError

EVERY = 0.3  # seconds from one word on the grid to the next


class EvidenceJob:
    """Coarse first, by a grid that is kept for the version, then refined, then the gaps."""

    asked = EvidenceRequest

    def __init__(self, grids: CodeGrids) -> None:
        self._grids = grids

    def serve(self, model: vae.VAE, request: EvidenceRequest) -> Iterator[object]:
        """Three answers, or why there is none; before them, how much of a large grid is decoded."""
        try:
            grid = yield from self._grid(model, request)
            for found in vae.infer(model, request.picture, grid, request.label, request.noise):
                if isinstance(found, vae.ExactPosterior):
                    yield EvidenceFound(request, found)
                elif isinstance(found, vae.Gaps):
                    yield GapsFound(request, found)
                else:
                    yield None
        except InferenceError as error:
            yield EvidenceRefused(request, str(error))

    def _grid(
        self, model: vae.VAE, request: EvidenceRequest
    ) -> Generator[GridDecoded | None, None, vae.CodeGrid]:
        steps, told = self._grids.of(model, request.version, request.label), time.monotonic()
        while True:
            try:
                share = next(steps)
            except StopIteration as end:
                grid: vae.CodeGrid = end.value
                return grid
            if time.monotonic() < told + EVERY:
                yield None
            else:
                told = time.monotonic()
                yield GridDecoded(request, share)
