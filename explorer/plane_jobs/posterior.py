"""q(z|x) of one picture."""

from __future__ import annotations

from collections.abc import Iterator

import vae
from explorer.plane_messages import PosteriorFound, PosteriorRequest


class PosteriorJob:
    """Encodes the input under other weights."""

    asked = PosteriorRequest

    def serve(self, model: vae.VAE, request: PosteriorRequest) -> Iterator[object]:
        """One answer."""
        found = vae.posterior_of(model, request.picture, request.label, request.noise)
        yield PosteriorFound(request, found)
