"""Exact inference in one or two dimensions: log p(x) and p(z|x) of one image by a sum over cells.

The latent space is decoded once on a grid (`vae.code_grid`), on which log p(x, z) of an image is one
product. Posteriors are narrower than its cells. So cells that may hold mass are halved, again and again,
until the sums over the interleaved lattices that they are made of agree: on a lattice of evenly spaced points
the sum of a smooth density converges faster than any power of the spacing (Trefethen & Weideman 2014), so
that the lattice of them all is far closer still. Where modes stand apart, each is halved as far as it needs.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vae.code_grid import CodeGrid, code_grid
from vae.errors import InferenceError
from vae.inference import add_noise, label_of, to_tensor
from vae.joint import Joint, at_once, in_slices, why_not_exact
from vae.lattice import Cells, centres, children, offsets, parity
from vae.models import VAE
from vae.regions import MASSES, Mode, Patch, Region, edge_of, modes_of, patch_of, region_of

DEPTH = 14.0  # nats below the densest place: fainter cells are counted, but not halved
AGREED = 0.05  # nats by which the sums over interleaved lattices may differ; the whole then errs by some 1e-6
STEP = 1.25  # widths of a cell, at most, in standard deviations of the density
LOOKED_AT = 5.0  # nats below its peak that a density is looked at for that
SHARE = 0.5  # of the difference to its neighbours that a cell may rise by within
DEEPEST = 18  # times that a cell is halved at most
MOST_CELLS = 8_192  # that are halved at a time, those first that may hold most
NOTHING = 40.0  # nats below the heaviest cell: no longer counted
VISIBLE = 8.0  # nats below the densest place that a mode is kept for the picture
GROWTH = 64  # times that the cells are continued beyond the grid, by one on each side
AROUND_Q = 6.0  # standard deviations of q(z|x) that are searched where it reaches beyond the grid
MOST_AROUND_Q = 48  # cells along a side of what is searched there

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ExactPosterior:
    """p(z|x) of one image. Of a model that is told the label, all is given y as well."""

    log_evidence: float  # log p(x) in nats; log p(x, y) of a model that scores a label that is known
    loc: Floats  # (D,) its mean
    covariance: Floats  # (D, D)
    modes: tuple[Mode, ...]  # the separate parts of the larger region, the heaviest first
    regions: tuple[Region, ...]  # of highest density, with the masses of one and two standard deviations
    patches: tuple[Patch, ...]  # log p(z|x) wherever there is notable mass
    refined: bool  # or only looked up on the grid: too coarse for the number, enough to see where it is

    def cells_holding(self, mass: float) -> Floats:
        """(N, D) the middles of the densest cells that hold so much of it."""
        edge, cells = edge_of(self.patches, mass), [patch.cells() for patch in self.patches]
        return np.concatenate([part.centres[part.values >= edge] for part in cells])


@dataclass(frozen=True, eq=False)
class Encoded:
    """One image under one model: its joint density, and the q(z|x) that the encoder gives."""

    joint: Joint
    loc: Floats  # (D,)
    scale: Floats  # (D,)


def encoded(
    model: VAE, picture: NDArray[np.generic], label: int | None = None, noise: float = 0.0
) -> Encoded:
    """Encode a picture (C, H, W), with Gaussian noise of standard deviation ``noise``.

    ``label`` is its own, for a model that has a use for one.

    Raises:
        InferenceError: p(z|x) of such a model cannot be computed.
    """
    why = why_not_exact(model)
    if why is not None:
        raise InferenceError(why)
    x, y = to_tensor(picture[None], model), label_of(model, label)
    z_loc, z_scale = (
        part[0].detach().cpu().double().numpy() for part in model.encode(add_noise(x, noise), y)
    )
    return Encoded(Joint(model, x, y), z_loc, z_scale)


def exact(
    model: VAE, picture: NDArray[np.generic], label: int | None = None, grid: CodeGrid | None = None
) -> ExactPosterior:
    """p(z|x) and log p(x) of one picture (C, H, W), to within some thousandths of a nat.

    Args:
        model: with one or two latent dimensions.
        picture: uint8, or floating point in [0, 1].
        label: its own, for a model that is told labels or scores them.
        grid: what `vae.code_grid.code_grid` made for this model and label, if several images share it.

    Raises:
        InferenceError: p(z|x) of such a model cannot be computed.
    """
    image = encoded(model, picture, label)
    cells = at_once((grid or code_grid(model, label)).scoring(image.joint))
    return at_once(refining(image, cells))


def coarse(cells: Cells) -> ExactPosterior:
    """What the grid's cells with log p(x, z) tell by themselves, at once."""
    _require_numbers(cells)
    leaves = _Leaves(cells.places.shape[1])
    high = cells.values > cells.values.max() - DEPTH
    leaves.add(cells.chosen(~high))
    bright = cells.chosen(high)
    labels = bright.components()
    for label in range(labels.max(initial=-1) + 1):
        leaves.add_component(bright.chosen(labels == label), cells)
    return leaves.posterior(refined=False)


def refining(image: Encoded, cells: Cells) -> Generator[None, None, ExactPosterior]:
    """Halve the grid's cells until the sums agree, slice by slice."""
    _require_numbers(cells)
    cells = yield from _continued(image, cells)
    slack, depth = SHARE * cells.steepness, 0
    leaves, best = _Leaves(cells.places.shape[1]), cells.values.max()
    while True:
        best = max(best, cells.values.max())
        halved = cells.values + slack > best - DEPTH
        faint, alive = cells.chosen(~halved), cells.chosen(halved)
        going = _unsettled(alive, cells, leaves, last=depth == DEEPEST)
        if not going.any():
            leaves.add(faint)
            return leaves.posterior(refined=True)
        slack = slack[halved]
        kept = _most_promising(alive.values + slack, going)
        leaves.add(alive.chosen(going & ~kept))
        parents, depth = alive.chosen(kept), depth + 1
        inherited = np.repeat(slack[kept] / 4, 2 ** cells.places.shape[1])
        cells = yield from _halved(image, parents)
        cells, faint = yield from _surrounded(image, cells, faint, best - DEPTH)
        leaves.add(faint)
        slack = SHARE * cells.steepness
        slack[: len(inherited)] = np.maximum(slack[: len(inherited)], inherited)


def _halved(image: Encoded, parents: Cells) -> Generator[None, None, Cells]:
    """The parts of cells halved along every dimension."""
    places, width = children(parents.places), parents.width / 2
    values = yield from in_slices(image.joint, centres(places, width, parents.origin))
    return Cells(places, values, width, parents.origin)


def _surrounded(
    image: Encoded, cells: Cells, faint: Cells, floor: float
) -> Generator[None, None, tuple[Cells, Cells]]:
    """The cells and all beside those above the ``floor``, and what is left of the ``faint``, twice as wide.

    A peak on the rim of a cell that seemed too faint to be halved is seen in its neighbour's parts first.
    """
    steps = offsets(cells.places.shape[1])
    while True:
        cell, step = np.nonzero((cells.neighbours < 0) & (cells.values > floor)[:, None])
        covering = faint.find((cells.places[cell] + steps[step]) >> 1)
        wanted = np.zeros(len(faint.places), bool)
        wanted[covering[covering >= 0]] = True
        if not wanted.any():
            return cells, faint
        found = yield from _halved(image, faint.chosen(wanted))
        cells, faint = cells.joined(found), faint.chosen(~wanted)


def _require_numbers(cells: Cells) -> None:
    if not math.isfinite(cells.values.max()):
        raise InferenceError(
            "The decoder gives values that are not finite numbers, so that p(z|x) cannot be computed. "
            "Train the model anew with a lower learning rate."
        )


def _unsettled(alive: Cells, around: Cells, leaves: _Leaves, *, last: bool) -> NDArray[np.bool_]:
    """(N,) which cells are to be halved; components whose lattices agree become leaves."""
    labels = alive.components()
    going = np.zeros(len(labels), bool)
    for label in range(labels.max(initial=-1) + 1):
        own = labels == label
        component = alive.chosen(own)
        if last or (_agrees(component) and _resolved(component, around)):
            leaves.add_component(component, around)
        else:
            going |= own
    return going


def _agrees(component: Cells) -> bool:
    """Whether the sums over the lattices of twice the width are the same."""
    lattices = 2 ** component.places.shape[1]
    masses = np.exp(component.values - component.values.max())
    sums = np.bincount(parity(component.places), masses, lattices)
    return bool(sums.min() > 0 and math.log(sums.max() / sums.min()) < AGREED)


def _resolved(component: Cells, around: Cells) -> bool:
    """Whether no cell steps further down than on a Gaussian whose narrowest side is as wide as STEP says.

    A peak between cells, much narrower than they are, may leave sums that agree by chance. Where log p is
    d nats below its peak, a Gaussian's slope along an axis is at most sqrt(2 d) / sigma.
    """
    below = component.values.max() - component.values
    high = below < LOOKED_AT
    allowed = STEP * np.sqrt(2 * below[high]) + STEP**2 / 2
    for axis in np.eye(component.places.shape[1], dtype=np.int64):
        for side in (axis, -axis):
            beside = around.find(component.places[high] + side)
            down = component.values[high] - around.values[beside]
            if ((down > allowed) & (beside >= 0)).any():
                return False
    return True


def _most_promising(bounds: Floats, going: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(N,) those of them that are halved next."""
    if going.sum() <= MOST_CELLS:
        return going
    least: float = np.partition(bounds[going], -MOST_CELLS)[-MOST_CELLS]
    return going & (bounds >= least)


def _continued(image: Encoded, cells: Cells) -> Generator[None, None, Cells]:
    """The cells, and more of them where q(z|x) or the density itself reaches beyond their edge."""
    low, high = cells.places.min(0), cells.places.max(0)
    wanted = _around_q(image, cells)
    wanted = wanted[((wanted < low) | (wanted > high)).any(1)]
    for _ in range(GROWTH):
        if len(wanted):
            z = centres(wanted, cells.width, cells.origin)
            values = yield from in_slices(image.joint, z)
            cells = cells.joined(Cells(wanted, values, cells.width, cells.origin))
        at_edge = (cells.values > cells.values.max() - DEPTH) & (
            ((cells.places <= low) | (cells.places >= high)).any(1)
        )
        beside = cells.places[at_edge][:, None] + offsets(len(low))
        beside = np.unique(beside.reshape(-1, len(low)), axis=0)
        wanted = beside[cells.find(beside) < 0]
        if not len(wanted):
            break
    return cells


def _around_q(image: Encoded, cells: Cells) -> NDArray[np.int64]:
    """(N, D) the places of the cells around the mean of q(z|x)."""
    middle = np.floor((image.loc - cells.origin) / cells.width).astype(np.int64)
    reach = np.ceil(AROUND_Q * image.scale / cells.width).clip(1, MOST_AROUND_Q // 2).astype(np.int64)
    along = [np.arange(m - r, m + r + 1) for m, r in zip(middle, reach, strict=True)]
    return np.stack(np.meshgrid(*along, indexing="ij"), -1).reshape(-1, len(along))


class _Leaves:
    """Cells that are not halved further: together they cover all."""

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._parts: list[Cells] = []
        self._components: list[tuple[Cells, Cells]] = []  # cells that hang together, and all of their size

    def add(self, cells: Cells) -> None:
        """Cells that hold next to nothing, or of which there are too many."""
        if len(cells.places):
            self._parts.append(cells)

    def add_component(self, component: Cells, around: Cells) -> None:
        """Cells that hang together, and those ``around``, for the picture."""
        self.add(component)
        self._components.append((component, around))

    def posterior(self, *, refined: bool) -> ExactPosterior:
        """The sums over all."""
        top = max(part.values.max() + part.log_volume for part in self._parts)
        held = [part.chosen(part.values + part.log_volume > top - NOTHING) for part in self._parts]
        z = np.concatenate([part.centres for part in held])
        masses = np.exp(np.concatenate([part.values + part.log_volume for part in held]) - top)
        log_evidence = float(top + math.log(masses.sum()))
        shares = masses / masses.sum()
        loc = shares @ z
        best = max(component.values.max() for component, _ in self._components)
        patches = tuple(
            patch_of(component, around, log_evidence)
            for component, around in self._components
            if component.values.max() > best - VISIBLE
        )
        masses_held = MASSES[self._dimensions]
        return ExactPosterior(
            log_evidence=log_evidence,
            loc=loc,
            covariance=(z - loc).T @ (shares[:, None] * (z - loc)),
            modes=modes_of(patches, edge_of(patches, masses_held[-1])),
            regions=tuple(region_of(patches, mass) for mass in masses_held),
            patches=patches,
            refined=refined,
        )
