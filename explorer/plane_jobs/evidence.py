"""p(z|x) of the input image, exactly, and the gaps between log p(x) and its ELBO."""

from __future__ import annotations

from collections.abc import Iterator

import vae
from explorer.plane_jobs.code_grids import CodeGrids
from explorer.plane_messages import EvidenceFound, EvidenceRefused, EvidenceRequest, GapsFound
from vae.errors import InferenceError


class EvidenceJob:
    """Coarse first, by a grid that is kept for the version, then refined, then the gaps."""

    asked = EvidenceRequest

    def __init__(self) -> None:
        self._grids = CodeGrids()

    def serve(self, model: vae.VAE, request: EvidenceRequest) -> Iterator[object]:
        """Three answers, or why there is none."""
        try:
            grid = yield from self._grids.of(model, request.version, request.label)
            for found in vae.infer(model, request.picture, grid, request.label, request.noise):
                if isinstance(found, vae.ExactPosterior):
                    yield EvidenceFound(request, found)
                elif isinstance(found, vae.Gaps):
                    yield GapsFound(request, found)
                else:
                    yield None
        except InferenceError as error:
            yield EvidenceRefused(request, str(error))
