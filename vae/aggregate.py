"""The aggregate posterior q(z) = 1/N Σ q(z|xₙ) against the prior: a map, its holes, the parts of the KL.

All is exact in N: each density is the mean over all images that are encoded.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.chart import Chart
from vae.gaussian_mixture import CHUNK, DiagonalMixture, Mixture, log_peak
from vae.inference import Encodings
from vae.maps import edges
from vae.prior import Prior
from vae.tiles import TileGrid

HOLE = 10.0  # by how much q(z) falls below p(z) there
WITHIN = {1: math.erf(2.0 / math.sqrt(2.0)), 2: 1.0 - math.exp(-2.0)}  # what a Gaussian holds inside 2σ
LEAST = 1e-4  # of the prior's peak: where both densities are below it, there is nothing to compare
STEEPEST = 12.0  # nats that a ratio is cut off at
DRAWS = 4_000  # from the prior or from q(z), in all
SEED = 0


@dataclass(frozen=True, eq=False)
class Contrast:
    """q(z) against p(z) over the cells of a grid, the top row first."""

    log_ratio: NDArray[np.float32]  # (rows, columns), in nats; not a number where neither has any mass
    hole_depth: NDArray[np.float32]  # (rows, columns), above 0 in holes: log p(z) − log q(z) − log 10


@dataclass(frozen=True)
class Share:
    """A share that was counted among draws."""

    value: float
    error: float  # one standard error


@dataclass(frozen=True)
class Surgery:
    """The mean KL, split as by Hoffman & Johnson (2016), in nats: mean_kl = information + marginal_kl.

    Of the plane's code z alone, in all its dimensions.
    """

    mean_kl: float  # of q(z|x) to p(z)
    mean_kl_error: float  # 0 where it is known exactly
    information: float  # I(x; z) under q, between the code and which of the N images it is of
    information_error: float  # one standard error, as the others
    marginal_kl: float  # KL(q(z) || p(z))
    marginal_kl_error: float
    images: int  # N: the information cannot exceed log N
    draws: int

    @property
    def most_information(self) -> float:
        """Log N."""
        return math.log(self.images)


def prior_on(chart: Chart, prior: Prior) -> Mixture | None:
    """The prior as the chart shows it; None where it is not made of Gaussians."""
    return Mixture.on(chart, prior.loc, prior.scale) if len(prior.loc) else None


def is_known_on(chart: Chart, prior: Prior) -> bool:
    """Whether the prior has a density on the chart: other than Gaussians cannot be summed out."""
    return len(prior.loc) > 0 or len(chart.origin) == len(chart.directions)


def contrast_with_prior(
    encodings: Encodings, prior: Prior, chart: Chart, grid: TileGrid
) -> Generator[None, None, Contrast]:
    """In slices, q(z) against p(z) on the cells of a grid, a row of them on a line.

    ``encodings`` must have standard deviations above 0, and the prior a density on the chart.
    """
    q = Mixture.on(chart, encodings.z_loc, encodings.z_scale)
    across, up = (torch.from_numpy(part) for part in edges(chart, grid))
    density = yield from q.over_cells(across, up)
    shown = prior_on(chart, prior)
    if shown is None:  # smooth enough to be known by its values at the centres
        log_p = torch.from_numpy(prior.log_density(chart.codes(grid.centres(), chart.origin)))
    else:
        expected = yield from shown.over_cells(across, up)
        log_p = expected.nan_to_num(0.0).log()
    log_p = log_p.reshape(grid.rows, grid.columns)
    log_q = density.nan_to_num(0.0).log()
    peak = float(log_p.max()) if shown is None else float(shown.log_density(shown.loc).max())
    ratio = (log_q - log_p).clamp(-STEEPEST, STEEPEST)
    empty = torch.maximum(log_q, log_p) < peak + math.log(LEAST)
    depth = (-ratio - math.log(HOLE)).where(log_p > _least_plausible(shown), torch.tensor(-1.0).double())
    return Contrast(ratio.masked_fill(empty, torch.nan).float().numpy(), depth.float().numpy())


def share_in_holes(encodings: Encodings, prior: Prior, chart: Chart) -> Generator[None, None, Share | None]:
    """In slices, the share of the prior's mass where it is plausible and q(z) < p(z) / 10, among draws of it.

    Plausible are the places of the highest density that hold as much as a Gaussian does inside 2σ. There is
    no answer where the prior is not made of Gaussians.
    """
    shown = prior_on(chart, prior)
    if shown is None:
        return None
    q = Mixture.on(chart, encodings.z_loc, encodings.z_scale)
    draws = shown.draw(DRAWS, torch.Generator().manual_seed(SEED))
    draws = draws[shown.log_density(draws) > _least_plausible(shown)]
    found = 0
    for part in draws.split(q.slice_size):
        found += int((q.log_density(part) < shown.log_density(part) - math.log(HOLE)).sum())
        yield
    share = found / DRAWS
    return Share(share, math.sqrt(max(share * (1.0 - share), 1.0 / DRAWS) / DRAWS))


def split_kl(encodings: Encodings, prior: Prior) -> Iterator[Surgery]:
    """The mean KL in its two parts, from more and more draws of z ~ q(z|xₙ): one of a random image each.

    At each draw log q(z) is the mean over all N images. Where the prior is one Gaussian the mean KL is exact,
    and what the draws leave open is open in the other two alike. Hoffman & Johnson (2016), equation 4.
    """
    loc, scale = (torch.from_numpy(part).double() for part in (encodings.z_loc, encodings.z_scale))
    count, chance = len(loc), torch.Generator().manual_seed(SEED)
    q = DiagonalMixture.of(loc, scale)
    size = max(1, CHUNK // count)
    exact = _mean_kl(loc, scale, prior)
    information, kl = torch.zeros(0).double(), torch.zeros(0).double()
    while len(information) < DRAWS:
        chosen = torch.randint(count, (size,), generator=chance)
        noise = torch.randn((size, loc.shape[1]), generator=chance).double()
        z = loc[chosen] + scale[chosen] * noise
        log_own = -0.5 * noise.square().sum(1) + log_peak(scale[chosen])
        information = torch.cat((information, log_own - q.log_density(z)))
        kl = torch.cat((kl, log_own - torch.from_numpy(prior.log_density(z.numpy()))))
        yield _surgery(information, kl, exact, count)


def _surgery(information: Tensor, kl: Tensor, exact: float | None, images: int) -> Surgery:
    shared, its_error = _mean_and_error(information)
    if exact is not None:
        total, error = exact, 0.0
        marginal, marginal_error = exact - shared, its_error
    else:
        total, error = _mean_and_error(kl)
        marginal, marginal_error = _mean_and_error(kl - information)
    return Surgery(total, error, shared, its_error, marginal, marginal_error, images, len(information))


def _mean_and_error(values: Tensor) -> tuple[float, float]:
    error = values.std() / math.sqrt(len(values)) if len(values) > 1 else torch.tensor(math.inf)
    return float(values.mean()), float(error)


def _mean_kl(loc: Tensor, scale: Tensor, prior: Prior) -> float | None:
    """Exact, where the prior is one Gaussian."""
    if len(prior.loc) != 1:
        return None
    p_loc, p_scale = (torch.from_numpy(part).double() for part in (prior.loc, prior.scale))
    kl = 0.5 * (((loc - p_loc) / p_scale).square() + (scale / p_scale).square() - 1.0)
    return float((kl - (scale / p_scale).log()).sum(1).mean())


def _least_plausible(prior: Mixture | None) -> float:
    """The log density above which a prior holds what a Gaussian holds inside 2σ."""
    if prior is None:
        return math.inf
    if len(prior.loc) == 1:
        return float(prior.log_density(prior.loc)) - 2.0
    draws = prior.draw(DRAWS, torch.Generator().manual_seed(SEED + 1))
    return float(prior.log_density(draws).quantile(1.0 - WITHIN[prior.dimensions]))
