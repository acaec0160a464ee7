"""The ways between two codes."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np

import vae
from explorer.plane_messages import Film, GeodesicRequest, PathFound, PathRequest

FRAMES = 15  # pictures of a film strip
AT_ONCE = 5  # of them are decoded between two breaks


class PathsJob:
    """The straight line, beside what is known of the geodesic: soon, for whoever looks on a run."""

    asked = PathRequest

    def serve(self, model: vae.VAE, request: PathRequest) -> Iterator[object]:
        """One answer."""
        for found in _ways(model, request):
            yield found
            if found is not None:
                return


class GeodesicJob:
    """Ever shorter paths, until there is none."""

    asked = GeodesicRequest

    def serve(self, model: vae.VAE, request: GeodesicRequest) -> Iterator[object]:
        """Several answers."""
        yield from _ways(model, request.path)


def _ways(model: vae.VAE, request: PathRequest) -> Iterator[PathFound | None]:
    """What is known first, the shortest at last."""
    decode = vae.mean_images(model, request.label)
    line = yield from vae.measuring_line(decode, request.a, request.b)
    straight = geodesic = yield from _film(model, line, request.label)
    if len(request.a) == 1:
        yield PathFound(request, straight, None, done=True)
        return
    for curve in vae.geodesics(decode, line, request.known):
        if curve is None:
            yield None
        else:
            geodesic = straight if curve is line else (yield from _film(model, curve, request.label))
            yield PathFound(request, straight, geodesic, done=False)
    yield PathFound(request, straight, geodesic, done=True)


def _film(model: vae.VAE, curve: vae.Curve, label: int | None) -> Generator[None, None, Film]:
    codes, parts = curve.at(np.linspace(0, 1, FRAMES)), []
    for start in range(0, FRAMES, AT_ONCE):
        parts.append(vae.decode_images(model, codes[start : start + AT_ONCE], label))
        yield None
    return Film(curve, np.concatenate(parts))
