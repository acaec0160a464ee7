"""Where things stand on the plane: the prior's components, and the whole of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from explorer.views.plane_items import on_plane

if TYPE_CHECKING:
    from vae import Prior

INNER = (0.5, 99.5)  # percentiles of the codes that the whole plane holds, where no prior bounds it
SIGMAS = 3.0  # standard deviations of a component that it holds
LEAST = 1.0  # side of the whole plane


def component_rects(prior: Prior | None) -> list[QRectF]:
    """Around each component of the prior at one standard deviation."""
    if prior is None:
        return []
    places = [on_plane(*part) for part in zip(prior.loc, prior.scale, strict=True)]
    return [_around(loc - scale, loc + scale) for loc, scale in places]


def whole_plane(prior: Prior | None, codes: NDArray[np.float32]) -> QRectF | None:
    """A square that holds all components of a mixture, or, without a prior, the codes (N, 2).

    None where the prior is N(0, I), or nothing is known.
    """
    if prior is not None and prior.is_mixture:
        parts = [on_plane(*part) for part in zip(prior.loc, prior.scale, strict=True)]
        low = np.min([loc - SIGMAS * scale for loc, scale in parts], axis=0)
        high = np.max([loc + SIGMAS * scale for loc, scale in parts], axis=0)
    elif prior is None and len(codes):
        low, high = np.percentile(codes, INNER, axis=0)
    else:
        return None
    middle, half = (low + high) / 2, max(0.55 * float((high - low).max()), LEAST / 2)
    return _around(middle - half, middle + half)


def codes_on_plane(z_loc: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first two dimensions of codes (N, D); those of one dimension lie on the line z₂ = 0."""
    return z_loc[:, :2] if z_loc.shape[1] > 1 else np.pad(z_loc, ((0, 0), (0, 1)))


def _around(low: NDArray[np.floating], high: NDArray[np.floating]) -> QRectF:
    (left, bottom), (width, height) = low.tolist(), (high - low).tolist()
    return QRectF(left, bottom, width, height)
