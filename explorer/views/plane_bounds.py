"""Where things stand on the plane: the prior's components, and the whole of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

from vae.chart import Chart

if TYPE_CHECKING:
    from vae import Posterior, Prior

INNER = (0.5, 99.5)  # percentiles of the codes that the whole plane holds, where no prior bounds it
SIGMAS = 3.0  # standard deviations of a component, or of q(z|x), that is held whole
LEAST = 1.0  # side of the whole plane
RAISED = 0.2  # shares of its side by which its middle lies above a line
MARGIN = 0.02  # around the bounds of a chart
PRIOR_RADII = (1, 2, 3)  # the circles of the prior, in standard deviations
POSTERIOR_SIGMAS = (1, 2)  # the ellipses of q(z|x), likewise


def prior_circles(prior: Prior | None, chart: Chart) -> list[NDArray[np.float32]]:
    """N(0, I) at one, two and three standard deviations, (S, 2) each; none of another prior."""
    if prior is None or not prior.is_standard:
        return []
    return [chart.outlines(prior.loc, prior.scale, radius)[0] for radius in PRIOR_RADII]


def component_outlines(prior: Prior | None, chart: Chart) -> list[NDArray[np.float32]]:
    """Each component of a prior that is not N(0, I), at one standard deviation: (S, 2)."""
    if prior is None or prior.is_standard:
        return []
    return list(chart.outlines(prior.loc, prior.scale, 1.0))


def posterior_shapes(
    posterior: Posterior, chart: Chart
) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
    """Where the mean of q(z|x) stands, (2,), and its outlines at one and two standard deviations, (S, 2)."""
    loc, scale = posterior.z_loc[None], posterior.z_scale[None]
    return chart.places(loc)[0], [chart.outlines(loc, scale, sigmas)[0] for sigmas in POSTERIOR_SIGMAS]


def posterior_frame(posterior: Posterior, chart: Chart, beside: NDArray[np.floating]) -> QRectF:
    """What holds q(z|x) at three standard deviations, and the places ``beside`` (N, 2)."""
    around = chart.outlines(posterior.z_loc[None], posterior.z_scale[None], SIGMAS)[0]
    places = np.concatenate((around, beside)).astype(np.float64)
    return _around(places.min(0), places.max(0))


def whole_plane(prior: Prior | None, places: NDArray[np.float32], chart: Chart) -> QRectF | None:
    """A square that holds all Gaussians of a prior that has some, or else the points (N, 2).

    All of a chart that has bounds; of one that slants the points as well, and of a line more of what stands
    on it. None where the prior is N(0, I) along two dimensions, or nothing is known.
    """
    if chart.bounds is not None:
        left, bottom, right, top = chart.bounds
        return _around(np.array((left - MARGIN, bottom - MARGIN)), np.array((right + MARGIN, top + MARGIN)))
    slants = chart.axes is None
    if prior is not None and prior.is_standard and not slants and not chart.is_line:
        return None
    parts = [] if prior is None else _parts(prior, chart)
    held = [loc + side * SIGMAS * scale for loc, scale in parts for side in (-1, 1)]
    if len(places) and (slants or not held):
        held += list(np.percentile(places, INNER, axis=0))
    if not held:
        return None
    low, high = np.min(held, axis=0), np.max(held, axis=0)
    middle, half = (low + high) / 2, max(0.55 * float((high - low).max()), LEAST / 2)
    square = _around(middle - half, middle + half)
    return square.translated(0.0, RAISED * square.height()) if chart.is_line else square


def _parts(prior: Prior, chart: Chart) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Mean and standard deviations (2,) of each component, along the axes of the plane."""
    variances = np.diagonal(chart.covariances(prior.scale), axis1=1, axis2=2)
    return list(zip(chart.places(prior.loc), np.sqrt(variances), strict=True))


def _around(low: NDArray[np.floating], high: NDArray[np.floating]) -> QRectF:
    (left, bottom), (width, height) = low.tolist(), (high - low).tolist()
    return QRectF(left, bottom, width, height)
