"""What of the data is near a code, made quick to find."""

from __future__ import annotations

from collections.abc import Iterator

import vae
from explorer.plane_messages import NearDataFound, NearDataRequest


class NearDataJob:
    """Arranges encoded images."""

    asked = NearDataRequest

    def serve(self, model: vae.VAE, request: NearDataRequest) -> Iterator[object]:
        """One answer."""
        data = yield from vae.near_data(request.encodings)
        yield NearDataFound(request, data)
