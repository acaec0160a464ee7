"""What is seen along single dimensions."""

from __future__ import annotations

from collections.abc import Iterator

import vae
from explorer.plane_messages import TraversalFound, TraversalRequest


class TraversalsJob:
    """Decodes a strip a slice."""

    asked = TraversalRequest

    def serve(self, model: vae.VAE, request: TraversalRequest) -> Iterator[object]:
        """One answer a dimension."""
        for dimension, values in zip(request.dimensions, request.values, strict=True):
            codes = request.z[None].repeat(len(values), axis=0)
            codes[:, dimension] = values
            yield TraversalFound(request, dimension, vae.decode_images(model, codes, request.label))
