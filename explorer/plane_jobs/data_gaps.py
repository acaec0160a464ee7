"""The gaps of all images of a data set, as they are found."""

from __future__ import annotations

import time
from collections.abc import Iterator

import vae
from explorer.plane_jobs.known_gaps import KnownGaps
from explorer.plane_messages import DataGapsFound, DataGapsRefused, DataGapsRequest
from vae.errors import InferenceError

EVERY = 0.4  # seconds from one answer to the next


class DataGapsJob:
    """Goes on from what is known."""

    asked = DataGapsRequest

    def __init__(self, known: KnownGaps) -> None:
        self._known = known

    def serve(self, model: vae.VAE, request: DataGapsRequest) -> Iterator[object]:
        """An answer at once if some are known, and then now and then, until all are."""
        if not request.go_on:
            return
        gaps, told = self._known.of(request.version, request.images, request.labels), 0
        try:
            while True:
                if told < len(gaps.known):
                    told = len(gaps.known)
                    yield DataGapsFound(request, gaps.sample())
                if gaps.complete:
                    return
                until = time.monotonic() + EVERY
                while not gaps.complete and time.monotonic() < until:
                    gaps.find_more(model)
                    yield None
        except InferenceError as error:
            yield DataGapsRefused(request, str(error))
