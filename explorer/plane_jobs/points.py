"""The encoded images of a data set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import vae
from explorer.plane_messages import Points, PointsProgress, PointsRequest

CHUNK = 200  # images at a time: some 10 ms of a small encoder
SAID = 2_000  # images from one word of the progress to the next


class PointsJob:
    """Encodes pictures, and tells what the model knows of their classes."""

    asked = PointsRequest

    def serve(self, model: vae.VAE, request: PointsRequest) -> Iterator[object]:
        """One answer, and how far it is on the way; nothing where there are no pictures."""
        count = len(request.pictures)
        if not count:
            return
        encoded, components = [], []
        for start in range(0, count, CHUNK):
            part = slice(start, start + CHUNK)
            pictures = request.pictures[part]
            encoded.append(vae.encode_images(model, pictures, request.labels[part]))
            components.append(vae.components_of(model, pictures))
            told = start and start % SAID == 0
            yield PointsProgress(request, start / count) if told else None
        z_loc, z_scale = (
            np.concatenate([getattr(codes, name) for codes in encoded]) for name in ("z_loc", "z_scale")
        )
        encodings = vae.Encodings(z_loc, z_scale, request.labels)
        known = [part for part in components if part is not None]
        yield Points(
            *(request.version, request.dataset, request.part, encodings),
            np.concatenate(known) if known else None,
            vae.accuracy(model, encodings),
        )
