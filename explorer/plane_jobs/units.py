"""What the latent dimensions do, where it takes the images to tell."""

from __future__ import annotations

from collections.abc import Iterator

import vae
from explorer.plane_messages import UnitsFound, UnitsRequest


class UnitsJob:
    """Goes through the images."""

    asked = UnitsRequest

    def serve(self, model: vae.VAE, request: UnitsRequest) -> Iterator[object]:
        """One answer."""
        units = yield from vae.finding_units(model, request.encodings, request.images)
        yield UnitsFound(request, units)
