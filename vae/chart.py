"""A chart of the latent space: which place of the plane stands for which code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OUTLINE = 72  # points around an ellipse
PEAK = 2.0  # standard deviations that a bell on a line is high: as half of the ellipse at two of them
FARTHEST = 5.0  # standard deviations of the prior that the edge of a chart of quantiles stands for
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, eq=False)
class Chart:
    """One or two directions through the latent space, drawn to the right and upwards.

    A code has a coordinate along each of them: that of its nearest point. Its place is made of its
    coordinates themselves; or, in a chart of quantiles, of the shares of the prior N(0, I) that lie below
    them, so that equal areas of the unit square are equally probable (Kingma & Welling 2013, figure 4).
    A single direction lies on the line where the second coordinate is 0, and distributions stand on it as
    bells.
    """

    origin: NDArray[np.float32]  # (D,) the code whose coordinates are 0
    directions: NDArray[np.float32]  # (1 or 2, D), of length 1 and at right angles
    names: tuple[str, ...]  # of the directions
    quantiles: bool = False

    @property
    def is_line(self) -> bool:
        """Whether there is but one direction."""
        return len(self.directions) == 1

    @property
    def axes(self) -> tuple[int, ...] | None:
        """The dimensions that the directions are, counted from 0; None where they slant."""
        along = tuple(int(place) for place in np.abs(self.directions).argmax(1))
        upright = np.array_equal(self.directions, np.eye(len(self.origin), dtype=np.float32)[list(along)])
        return along if upright and not self.origin[list(along)].any() else None

    @property
    def short_names(self) -> tuple[str, ...]:
        """Without what they say in brackets."""
        return tuple(name.partition(" (")[0] for name in self.names)

    @property
    def line(self) -> float | None:
        """The height at which the places of a single direction lie; None on a plane."""
        return float(self.spread(self._middle())[0, 1]) if self.is_line else None

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """Left, bottom, right and top of the places that stand for codes; None where all do."""
        return (0.0, 0.0, 1.0, 1.0) if self.quantiles else None

    def codes(self, places: NDArray[np.floating], beyond: NDArray[np.float32]) -> NDArray[np.float32]:
        """The codes (N, D) of places (N, 2); what the chart does not show is as in ``beyond`` (D,)."""
        along = self.coordinates(places)[:, : len(self.directions)]
        off_plane = beyond - self._at(self._along(beyond)[None])
        return off_plane + self._at(along)

    def places(self, z: NDArray[np.floating]) -> NDArray[np.float32]:
        """Where codes (N, D) stand: (N, 2)."""
        return self.spread(self._on_plane(z))

    def covariances(self, z_scale: NDArray[np.floating]) -> NDArray[np.float32]:
        """The coordinates' covariances (N, 2, 2) under diagonal Gaussians of standard deviations (N, D).

        On a line the second coordinate spreads as the first.
        """
        variances = np.square(np.asarray(z_scale, np.float32))
        found: NDArray[np.float32] = np.einsum("id,nd,jd->nij", self.directions, variances, self.directions)
        return found * np.eye(2, dtype=np.float32) if self.is_line else found

    def outlines(
        self, z_loc: NDArray[np.floating], z_scale: NDArray[np.floating], sigmas: float
    ) -> NDArray[np.float32]:
        """Diagonal Gaussians (N, D) at so many standard deviations, closed: places (N, S, 2).

        On a line, what lies so near the mean under a bell.
        """
        locs, covariances = self._on_plane(z_loc), self.covariances(z_scale)
        around = (
            [bell(loc, covariance, sigmas) for loc, covariance in zip(locs, covariances, strict=True)]
            if self.is_line
            else outline(locs, covariances, sigmas)
        )
        points = np.reshape(around, (-1, 2)).astype(np.float32)
        return self.spread(points).reshape(len(z_loc), OUTLINE + 1, 2)

    def spread(self, coordinates: NDArray[np.floating]) -> NDArray[np.float32]:
        """Coordinates (N, 2) -> places (N, 2)."""
        values = np.asarray(coordinates, np.float32)
        return _shares_below(values - self._middle()) if self.quantiles else values

    def coordinates(self, places: NDArray[np.floating]) -> NDArray[np.float32]:
        """Places (N, 2) -> coordinates (N, 2); of places that stand for none, the nearest that are there."""
        values = np.asarray(places, np.float32)
        return _quantiles(values) + self._middle() if self.quantiles else values

    def _on_plane(self, z: NDArray[np.floating]) -> NDArray[np.float32]:
        """The coordinates (N, 2) of codes (N, D)."""
        found = self._along(np.asarray(z, np.float32))
        return np.pad(found, ((0, 0), (0, 1))) if self.is_line else found

    def _along(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        """How far codes (..., D) lie along each direction.

        Not by BLAS, which may raise a floating-point flag over what lies beyond a short vector.
        """
        found: NDArray[np.float32] = np.einsum("...d,kd->...k", z - self.origin, self.directions)
        return found

    def _at(self, along: NDArray[np.float32]) -> NDArray[np.float32]:
        """The steps (N, D) that lead so far (N, d) along each direction."""
        found: NDArray[np.float32] = np.einsum("nk,kd->nd", along, self.directions)
        return found

    def _middle(self) -> NDArray[np.float32]:
        """(1, 2) the coordinates of the prior's mean."""
        return self._on_plane(np.zeros((1, len(self.origin)), np.float32))


def axis_chart(latent_dim: int, first: int = 0, second: int = 1) -> Chart:
    """Two of the dimensions, counted from 0, or the only one."""
    chosen = (first, second)[: min(latent_dim, 2)]
    directions = np.eye(latent_dim, dtype=np.float32)[list(chosen)]
    names = tuple(f"z{dimension + 1}".translate(SUBSCRIPTS) for dimension in chosen)
    return Chart(np.zeros(latent_dim, np.float32), directions, names)


def outline(
    loc: NDArray[np.floating], covariance: NDArray[np.floating], sigmas: float
) -> NDArray[np.float32]:
    """The ellipses of ``sigmas`` standard deviations around (..., 2), closed: (..., S, 2)."""
    values, vectors = np.linalg.eigh(np.asarray(covariance, np.float64))
    angles = np.linspace(0.0, 2.0 * np.pi, OUTLINE + 1)
    circle = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    stretched = sigmas * circle * np.sqrt(values.clip(0.0))[..., None, :]
    around: NDArray[np.float64] = stretched @ np.swapaxes(vectors, -1, -2)
    return (loc[..., None, :] + around).astype(np.float32)


def bell(loc: NDArray[np.floating], covariance: NDArray[np.floating], sigmas: float) -> NDArray[np.float32]:
    """The area under a Gaussian's density on a line, up to ``sigmas`` standard deviations from the mean.

    Closed along the line: (S, 2). The density is drawn PEAK standard deviations high.
    """
    scale = float(np.sqrt(covariance[0, 0]))
    away = np.linspace(-sigmas, sigmas, OUTLINE - 1)
    top = np.stack((away, PEAK * np.exp(-np.square(away) / 2.0)), axis=1)
    around: NDArray[np.float64] = np.concatenate(([(-sigmas, 0.0)], top, [(sigmas, 0.0)]))
    return (loc + scale * around).astype(np.float32)


def _shares_below(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Φ of each value."""
    from torch import from_numpy, special  # takes seconds, and a window opens before

    shares: NDArray[np.float64] = special.ndtr(from_numpy(values.astype(np.float64))).numpy()
    return shares.astype(np.float32)


def _quantiles(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Φ⁻¹ of each share, and FARTHEST at the ends."""
    from torch import from_numpy, special  # as above

    values: NDArray[np.float64] = special.ndtri(from_numpy(shares.astype(np.float64).clip(0.0, 1.0))).numpy()
    return values.clip(-FARTHEST, FARTHEST).astype(np.float32)
