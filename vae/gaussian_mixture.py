"""Many Gaussians of equal weight: an aggregate posterior, or a prior, as a chart shows it."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.chart import Chart
from vae.maps import along

CHUNK = 1_000_000  # numbers at a time: some 10 ms of exponentials
REACH = 8.0  # standard deviations beyond which a Gaussian does not count


@dataclass(frozen=True, eq=False)
class Mixture:
    """The mean of K Gaussians in d dimensions, in double precision: posteriors are narrow."""

    loc: Tensor  # (K, d)
    covariance: Tensor  # (K, d, d)

    @classmethod
    def on(cls, chart: Chart, loc: NDArray[np.float32], scale: NDArray[np.float32]) -> Mixture:
        """Diagonal Gaussians (K, D) in the chart's coordinates, what it does not show summed out."""
        count = len(chart.directions)
        covariances = chart.covariances(scale)[:, :count, :count]
        return cls(torch.from_numpy(along(chart, loc)), torch.from_numpy(covariances).double())

    @property
    def dimensions(self) -> int:
        """d."""
        return self.loc.shape[1]

    @property
    def upright(self) -> bool:
        """Whether no Gaussian leans, so that each is a product over the axes."""
        return self.dimensions == 1 or not self.covariance[:, 0, 1].any()

    def log_density(self, places: Tensor) -> Tensor:
        """The logarithm of the density at (M, d): (M,), in nats."""
        return torch.cat([self._log_density(part) for part in places.split(self.slice_size)])

    @property
    def slice_size(self) -> int:
        """Places that take some 10 ms."""
        return max(1, CHUNK // max(len(self.loc), 1))

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """So many draws: (count, d)."""
        chosen = torch.randint(len(self.loc), (count,), generator=generator)
        noise = torch.randn((count, self.dimensions), generator=generator).double()
        spread = torch.linalg.cholesky(self.covariance)[chosen]
        return self.loc[chosen] + torch.einsum("mij,mj->mi", spread, noise)

    def over_cells(self, across: Tensor, up: Tensor) -> Generator[None, None, Tensor]:
        """In slices, the mean density over each cell: (rows, columns), the top row first.

        Cells lie between edges (columns + 1,) and (rows + 1,), which do not matter to one dimension. Where no
        Gaussian leans, the mean is exact: a product of differences of cumulative distributions, so that
        none falls between two centres, however narrow. Where one does, the cell is taken for a Gaussian of
        the same variance.
        """
        near = self._near(across, up)
        found = yield from (near._over_upright_cells if self.upright else near._over_cells)(across, up)
        return len(near.loc) / len(self.loc) * found.flip(0)

    def _near(self, across: Tensor, up: Tensor) -> Mixture:
        """Those that reach into the cells."""
        ends = torch.stack((across[[0, -1]], up[[0, -1]]))[: self.dimensions]
        reach = REACH * self.covariance.diagonal(dim1=1, dim2=2).sqrt()
        near = ((self.loc + reach > ends[:, 0]) & (self.loc - reach < ends[:, 1])).all(1)
        return Mixture(self.loc[near], self.covariance[near])

    def _over_upright_cells(self, across: Tensor, up: Tensor) -> Generator[None, None, Tensor]:
        scale = self.covariance.diagonal(dim1=1, dim2=2).sqrt()
        flat = self.dimensions == 1
        area = across.diff() if flat else up.diff()[:, None] * across.diff()
        total = torch.zeros_like(area).reshape(-1, len(across) - 1)
        size = max(1, CHUNK // (len(across) + len(up)))
        for loc, spread in zip(self.loc.split(size), scale.split(size), strict=True):
            found = _masses(across, loc[:, 0], spread[:, 0])
            total += found.sum(0) if flat else _masses(up, loc[:, 1], spread[:, 1]).T @ found
            yield
        return total / (area * max(len(self.loc), 1))

    def _over_cells(self, across: Tensor, up: Tensor) -> Generator[None, None, Tensor]:
        cell = torch.stack((across.diff().square().mean(), up.diff().square().mean())) / 12.0
        blurred = Mixture(self.loc, self.covariance + torch.diag(cell))
        x, y = (edges[:-1] + edges.diff() / 2.0 for edges in (across, up))
        centres = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).flatten(0, 1)
        found = torch.zeros(len(centres)).double()
        for part in torch.arange(len(centres) if len(self.loc) else 0).split(blurred.slice_size):
            found[part] = blurred._log_density(centres[part]).exp()
            yield
        return found.reshape(len(y), len(x))

    def _log_density(self, places: Tensor) -> Tensor:
        return torch.logsumexp(_monomials(places) @ self._coefficients, dim=1) - math.log(len(self.loc))

    @cached_property
    def _coefficients(self) -> Tensor:
        """(F, K) of the logarithms of the Gaussians, as quadratic functions of the place."""
        precision = torch.linalg.inv(self.covariance)
        slope = torch.einsum("kij,kj->ki", precision, self.loc)
        constant = -0.5 * (
            (slope * self.loc).sum(1)
            + torch.logdet(self.covariance)
            + self.dimensions * math.log(2.0 * math.pi)
        )
        return torch.cat((-0.5 * precision.flatten(1), slope, constant[:, None]), dim=1).T


@dataclass(frozen=True, eq=False)
class DiagonalMixture:
    """The mean of N Gaussians in all D dimensions of the codes, none of which leans."""

    coefficients: Tensor  # (2D + 1, N) of the logarithms of the Gaussians, as functions of z², z and 1

    @classmethod
    def of(cls, loc: Tensor, scale: Tensor) -> DiagonalMixture:
        """Of means and standard deviations (N, D), in double precision."""
        precision = scale.square().reciprocal()
        constant = log_peak(scale) - 0.5 * (precision * loc.square()).sum(1)
        return cls(torch.cat((-0.5 * precision, precision * loc, constant[:, None]), dim=1).T)

    def log_density(self, z: Tensor) -> Tensor:
        """The logarithm of the density at codes (M, D): (M,), in nats. Large: M x N numbers."""
        monomials = torch.cat((z.square(), z, torch.ones_like(z[:, :1])), dim=1)
        return torch.logsumexp(monomials @ self.coefficients, dim=1) - math.log(self.coefficients.shape[1])


def log_peak(scale: Tensor) -> Tensor:
    """The log density of diagonal Gaussians (N, D) at their means: (N,)."""
    return -scale.log().sum(1) - 0.5 * scale.shape[1] * math.log(2.0 * math.pi)


def _monomials(places: Tensor) -> Tensor:
    """(M, d) -> (M, F): all products of two coordinates, the coordinates, 1."""
    squares = (places[:, :, None] * places[:, None, :]).flatten(1)
    return torch.cat((squares, places, torch.ones_like(places[:, :1])), dim=1)


def _masses(edges: Tensor, loc: Tensor, scale: Tensor) -> Tensor:
    """What of Gaussians (K,) lies between one of the edges (E,) and the next: (K, E - 1)."""
    below: Tensor = torch.special.ndtr((edges - loc[:, None]) / scale[:, None])
    return below.diff(dim=1)
