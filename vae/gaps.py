"""Why the ELBO of an image lies below log p(x): Cremer, Li & Duvenaud (2018).

log p(x) = ELBO(q*) + approximation gap, and ELBO(q*) = ELBO(q) + amortisation gap, where q* is the best
diagonal Gaussian for this one image and q the encoder's.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vae.code_grid import CodeGrid
from vae.inference import add_noise
from vae.joint import Floats, elbo_terms, entropy, in_slices, nodes
from vae.models import VAE
from vae.posterior import Encoded, ExactPosterior, coarse, encoded, refining

STARTS = 3  # modes of p(z|x) that q* is looked for at, besides q itself
STEPS = 40  # of the ascent at most
CONVERGED = 1e-4  # nats that a step must gain
SHORTEST = 1 / 64  # share of a step that is tried last
LARGEST_CHANGE = 4.0  # of a variance in one step, as a factor


@dataclass(frozen=True, eq=False)
class Gaps:
    """log p(x) >= ELBO(q*) >= ELBO(q) of one image, in nats."""

    log_evidence: float  # log p(x)
    best_elbo: float  # ELBO(q*)
    elbo: float  # ELBO(q), the encoder's
    best_loc: Floats  # (D,) mean of q*
    best_scale: Floats  # (D,) standard deviation of q*

    @property
    def approximation(self) -> float:
        """log p(x) - ELBO(q*) = KL(q* || p(z|x)): what a diagonal Gaussian cannot say."""
        return self.log_evidence - self.best_elbo

    @property
    def amortisation(self) -> float:
        """ELBO(q*) - ELBO(q): what the encoder misses for this image; of a mixture, q(c|x) as well."""
        return self.best_elbo - self.elbo


def infer(
    model: VAE, picture: NDArray[np.uint8], grid: CodeGrid, label: int | None = None, noise: float = 0.0
) -> Iterator[ExactPosterior | Gaps | None]:
    """p(z|x) of one picture, first as coarse as the grid, then refined, then its gaps.

    None wherever something else may step in. The arguments are those of `gaps_of`, for one picture.

    Raises:
        InferenceError: p(z|x) of such a model cannot be computed.
    """
    image = encoded(model, picture, label, noise)
    cells = yield from grid.scoring(image.joint)
    yield coarse(cells)
    exact = yield from refining(image, cells)
    yield exact
    yield (yield from finding_gaps(image, exact, noise))


def finding_gaps(image: Encoded, exact: ExactPosterior, noise: float = 0.0) -> Generator[None, None, Gaps]:
    """Find q* of one image whose p(z|x) is known, slice by slice.

    ``noise`` is the standard deviation of what the encoder was shown besides the image.
    """
    elbo = _elbo_of_encoder(image, noise)
    starts = [_Gaussian(image.loc, image.scale)]
    starts += [_like(mode.loc, mode.covariance) for mode in exact.modes[:STARTS]]
    found = []
    for start in starts:
        climbed = yield from _climb(image, start)
        found.append(climbed)
    bound, best = max(found, key=lambda one: one[0])
    best_elbo = max(bound, elbo)
    return Gaps(
        log_evidence=max(exact.log_evidence, best_elbo),  # each bounds it, whatever the last digits say
        best_elbo=best_elbo,
        elbo=elbo,
        best_loc=best.loc,
        best_scale=best.scale,
    )


def gaps_of(
    model: VAE,
    pictures: NDArray[np.generic],
    grid: CodeGrid,
    labels: NDArray[np.int64] | None = None,
    noise: float = 0.0,
) -> Iterator[Gaps | None]:
    """The gaps of each of the pictures (N, C, H, W) in turn; None wherever something else may step in.

    Args:
        model: one that `vae.posterior.why_not_exact` has nothing against.
        pictures: uint8, or floating point in [0, 1].
        grid: what `vae.code_grid.code_grid` made for this model, and for the label of all of the pictures
            where the model is told one.
        labels: (N,) of the pictures, for a model that has a use for them.
        noise: standard deviation of what the encoder is shown besides the image.

    Raises:
        InferenceError: p(z|x) of such a model cannot be computed.
    """
    for index, picture in enumerate(pictures):
        image = encoded(model, picture, None if labels is None else int(labels[index]), noise)
        cells = yield from grid.scoring(image.joint)
        exact = yield from refining(image, cells)
        yield (yield from finding_gaps(image, exact, noise))


@dataclass(frozen=True, eq=False)
class _Gaussian:
    """A diagonal one."""

    loc: Floats  # (D,)
    scale: Floats  # (D,)


def _like(loc: Floats, covariance: Floats) -> _Gaussian:
    """The diagonal Gaussian that is nearest to another: its precisions are those of the other."""
    return _Gaussian(loc, np.diagonal(np.linalg.inv(covariance)) ** -0.5)


def _elbo_of_encoder(image: Encoded, noise: float) -> float:
    """The same number as `vae.inference.posterior_of` gives."""
    loc, scale = (
        torch.from_numpy(part).float()[None].to(image.joint.x.device) for part in (image.loc, image.scale)
    )
    reconstruction, kl, label = elbo_terms(image.joint, loc, scale, add_noise(image.joint.x, noise))
    return float(reconstruction + label - kl)


def _climb(image: Encoded, start: _Gaussian) -> Generator[None, None, tuple[float, _Gaussian]]:
    """The ELBO's maximum near ``start``, by natural gradients from values of log p(x, z) alone.

    E[f'] = E[(z - mu) / sigma² f] and E[f''] = E[((z - mu)² / sigma⁴ - 1 / sigma²) f] are Bonnet's and
    Price's theorems; the step is that of Khan & Rue (2023), halved while it does not gain.
    """
    q = start
    bound, values = yield from _bound(image, q)
    for _ in range(STEPS):
        before, share, tried = bound, 1.0, q
        while share >= SHORTEST:
            tried = _step(q, values, share)
            found, tried_values = yield from _bound(image, tried)
            if found > bound:
                q, bound, values = tried, found, tried_values
                break
            share /= 2
        if bound - before < CONVERGED:
            break
    return bound, q


def _step(q: _Gaussian, values: Floats, share: float) -> _Gaussian:
    """A natural-gradient step towards the Gaussian that fits f's slope and curvature under q."""
    places, weights = nodes(len(q.loc))
    centred = weights * (values - weights @ values)
    slope = centred @ places / q.scale
    curvature = centred @ (places**2 - 1) / q.scale**2
    precision = q.scale**-2
    target = np.clip(-curvature, precision / LARGEST_CHANGE, precision * LARGEST_CHANGE)
    precision = (1 - share) * precision + share * target
    return _Gaussian(q.loc + share * slope / precision, precision**-0.5)


def _bound(image: Encoded, q: _Gaussian) -> Generator[None, None, tuple[float, Floats]]:
    """The ELBO of q, with the prior's own log density, and log p(x, z) at the nodes."""
    places, weights = nodes(len(q.loc))
    values = yield from in_slices(image.joint, q.loc + q.scale * places)
    return float(weights @ values) + entropy(q.scale), values
