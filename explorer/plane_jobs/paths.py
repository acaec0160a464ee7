"""The ways between two codes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import vae
from explorer.plane_messages import Film, GeodesicRequest, PathFound, PathRequest

FRAMES = 15  # pictures of a film strip


class PathsJob:
    """The straight line, beside what is known of the geodesic: soon, for whoever looks on a run."""

    asked = PathRequest

    def serve(self, model: vae.VAE, request: PathRequest) -> Iterator[object]:
        """One answer."""
        yield next(_ways(model, request))


class GeodesicJob:
    """Ever shorter paths, until there is none."""

    asked = GeodesicRequest

    def serve(self, model: vae.VAE, request: GeodesicRequest) -> Iterator[object]:
        """Several answers."""
        yield from _ways(model, request.path)


def _ways(model: vae.VAE, request: PathRequest) -> Iterator[PathFound | None]:
    """What is known first, the shortest at last."""
    decode = vae.mean_images(model, request.label)
    line = vae.straight_line(decode, request.a, request.b)
    straight = geodesic = _film(model, line, request.label)
    if len(request.a) == 1:
        yield PathFound(request, straight, None, done=True)
        return
    for curve in vae.geodesics(decode, line, request.known):
        if curve is None:
            yield None
        else:
            geodesic = straight if curve is line else _film(model, curve, request.label)
            yield PathFound(request, straight, geodesic, done=False)
    yield PathFound(request, straight, geodesic, done=True)


def _film(model: vae.VAE, curve: vae.Curve, label: int | None) -> Film:
    return Film(curve, vae.decode_images(model, curve.at(np.linspace(0, 1, FRAMES)), label))
