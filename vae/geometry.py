"""Paths through the latent space, as long as the pictures along them change.

A decoder with mean image g(z) gives the latent space the metric G = JᵀJ, J = ∂g/∂z, in which a path is as
long as its image: ∫‖dg‖, the Euclidean distance that its pixels travel (Arvanitidis et al. 2018, equation 4).
Its geodesics are found as by Shao et al. (2018, algorithm 1): the discrete energy of a curve is brought down,
and G itself is never formed.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.descent import descend
from vae.inference import device_of, label_of
from vae.joint import at_once
from vae.protocol import Model
from vae.shortest_path import OFFSETS, shortest_path
from vae.slow_decoder import Decode, SlowDecoder

SEGMENTS = 32  # of a geodesic
RULER = 128  # pieces that a path is measured in
REACH = 5e-3  # of the differences that stand for derivatives where there are none
GRID = 48  # places along a side of the graph
LONGEST = 0.3  # step of the descent, as part of the way from end to end
HOLD = 12  # evaluations over which the energy must fall
LEAST_FALL = 5e-4  # by this part of itself
PAUSE = 0.06  # seconds between two curves that are worth showing

Codes = NDArray[np.float32]  # (K, D)


@dataclass(frozen=True, eq=False)
class Curve:
    """A path of straight pieces; whoever walks it takes as long for each."""

    codes: Codes  # from one end to the other
    latent_length: float  # ∫‖dz‖
    image_length: float  # ∫‖dg‖, pixels in [0, 1]

    def at(self, shares: NDArray[np.floating]) -> Codes:
        """The codes (N, D) at shares (N,) of the way, 0 to 1."""
        return _along(self.codes, shares)


def mean_images(model: Model, label: int | None = None) -> Decode:
    """g, of a decoder that is told ``label``, where it is told any."""
    told, device = label_of(model, label), device_of(model)

    def decode(codes: Tensor) -> Tensor:
        labels = None if told is None else told.expand(len(codes))
        return model.decode(codes.to(device), labels).flatten(1).cpu()

    return decode


def straight_line(decode: Decode, a: NDArray[np.float32], b: NDArray[np.float32]) -> Curve:
    """From ``a`` (D,) to ``b`` (D,) in equal steps of z."""
    return at_once(measuring_line(decode, a, b))


def measuring_line(
    decode: Decode, a: NDArray[np.float32], b: NDArray[np.float32]
) -> Generator[None, None, Curve]:
    """The same, slice by slice."""
    return _measured(SlowDecoder(decode), np.stack((a, b)))


def geodesics(decode: Decode, line: Curve, known: Codes | None = None) -> Iterator[Curve | None]:
    """Yield ever shorter paths between the ends of a straight line, itself or ``known`` first.

    None stands before and between them wherever other work may step in; the last path is the shortest found.
    A path is refined from ``known``, the geodesic of similar weights, or else from the line, and on a plane
    from the shortest path over a grid too. Along a geodesic the pictures change at an even pace.
    """
    best, decoder = line, SlowDecoder(decode)
    if known is not None:
        best = min(line, (yield from _measured(decoder, known)), key=lambda curve: curve.image_length)
    yield best
    if len(line.codes[0]) == 1 or np.array_equal(line.codes[0], line.codes[-1]):
        return
    for start in (iter((_resampled(best.codes),)), _over_grid(decoder, line)):
        for codes in start:
            yield None
            if codes is None:
                continue
            for curve in _refined(decoder, codes):
                if curve is not None and curve.image_length < best.image_length:
                    best = curve
                    yield best
                else:
                    yield None


def _refined(decoder: SlowDecoder, start: Codes) -> Iterator[Curve | None]:
    """Bring the energy of a curve (SEGMENTS + 1, D) down, and measure it now and then.

    The descent walks in the eigenvectors of the energy's Hessian in flat space, of length 1 there: a curve
    bends as a whole, instead of point by point.
    """
    bends, ends = _bends(len(start) - 1), start[[0, -1]].astype(np.float64)
    shape = (len(start) - 2, start.shape[1])

    def bent(x: NDArray[np.float64]) -> Codes:
        curve = start.astype(np.float64)
        curve[1:-1] += bends @ x.reshape(shape)
        return curve.astype(np.float32)

    def energy(x: NDArray[np.float64]) -> Generator[None, None, tuple[float, NDArray[np.float64]]]:
        value, gradient = yield from _energy(decoder, torch.from_numpy(bent(x)))
        return value, (bends.T @ gradient.double().numpy()).ravel()

    longest = LONGEST * float(np.linalg.norm(ends[1] - ends[0])) / len(bends) ** 0.5
    values: list[float] = []
    shown = time.perf_counter()
    x = np.zeros(shape).ravel()
    for lowest in descend(energy, x, longest):
        if lowest is None:
            yield None
            continue
        value, x = lowest
        values.append(value)
        if len(values) > HOLD and values[-1] > (1 - LEAST_FALL) * values[-1 - HOLD]:
            break
        if time.perf_counter() - shown > PAUSE:
            yield (yield from _measured(decoder, bent(x)))
            shown = time.perf_counter()
    yield (yield from _measured(decoder, bent(x)))


def _bends(segments: int) -> NDArray[np.float64]:
    """(K - 1, K - 1) sines that vanish at the ends, one a column, each of discrete energy 1."""
    k = np.arange(1, segments)
    sines = np.sqrt(2 / segments) * np.sin(np.pi * np.outer(k, k) / segments)
    weakened: NDArray[np.float64] = sines / (2 * np.sin(np.pi * k / (2 * segments)))
    return weakened


def _energy(decoder: SlowDecoder, codes: Tensor) -> Generator[None, None, tuple[float, Tensor]]:
    """Σ‖g(z_{k+1}) - g(z_k)‖² of (K, D) codes, and its gradient at all but the ends, (K - 2, D)."""
    traced = yield from decoder.traced(codes)
    steps = traced.images.diff(dim=0)
    pull = -2 * steps.diff(dim=0)
    if traced.differentiable:
        ends = torch.zeros_like(steps[:1])  # stay where they are
        gradient = (yield from traced.pulled_back(torch.cat((ends, pull, ends))))[1:-1]
    else:
        gradient = yield from _pulled_back(decoder, codes[1:-1], pull)
    return float(steps.square().sum()), gradient


def _pulled_back(decoder: SlowDecoder, codes: Tensor, pull: Tensor) -> Generator[None, None, Tensor]:
    """Jᵀ times ``pull`` (N, P) at (N, D) codes, by central differences: of somebody else's functions."""
    reach = REACH * torch.eye(codes.shape[1])
    ahead = yield from decoder.images((codes[:, None] + reach).flatten(0, 1))
    behind = yield from decoder.images((codes[:, None] - reach).flatten(0, 1))
    jacobian = ((ahead - behind) / (2 * REACH)).unflatten(0, (len(codes), -1))
    return torch.einsum("ndp,np->nd", jacobian, pull)


# --- a start from far away


def _over_grid(decoder: SlowDecoder, line: Curve) -> Iterator[Codes | None]:
    """Of a plane: None now and then, and at last the shortest path over a grid around the line."""
    ends = line.codes[[0, -1]]
    if ends.shape[1] != 2:
        return
    step = 2 * float(np.ptp(ends, axis=0).max()) / (GRID - 1)  # the grid is twice as wide as the line
    corner = ends.mean(0) - step * (GRID - 1) / 2
    rows, columns = np.mgrid[:GRID, :GRID]
    places = (corner + step * np.stack((columns, rows), axis=-1)).astype(np.float32)
    lengths = np.full((len(OFFSETS), GRID, GRID), np.inf, np.float32)
    yield from _distances(decoder, places, lengths)
    start, goal = (tuple(np.rint((end - corner) / step).astype(int)[::-1].tolist()) for end in ends)
    for path in shortest_path(lengths, start, goal):
        if path is None:
            yield None
        else:
            inner = places[tuple(np.transpose(path[1:-1]))] if len(path) > 2 else places[:0, 0]
            yield _resampled(np.concatenate((ends[:1], inner, ends[1:])))


def _distances(
    decoder: SlowDecoder, places: NDArray[np.float32], lengths: NDArray[np.float32]
) -> Iterator[None]:
    """Fill in the distances between neighbouring images, row by row."""
    above = None
    for row, codes in enumerate(places):
        images = yield from decoder.images(torch.from_numpy(codes))
        lengths[0, row, :-1] = images.diff(dim=0).norm(dim=1).numpy()
        if above is not None:
            lengths[1, row - 1, 1:] = (images[:-1] - above[1:]).norm(dim=1).numpy()
            lengths[2, row - 1] = (images - above).norm(dim=1).numpy()
            lengths[3, row - 1, :-1] = (images[1:] - above[:-1]).norm(dim=1).numpy()
        above = images


# --- curves


def _measured(decoder: SlowDecoder, codes: Codes) -> Generator[None, None, Curve]:
    """A path and its lengths, all paths by the same ruler."""
    images = yield from decoder.images(torch.from_numpy(_along(codes, np.linspace(0, 1, RULER + 1))))
    latent = np.linalg.norm(np.diff(codes, axis=0), axis=1).sum()
    return Curve(codes, float(latent), float(images.diff(dim=0).norm(dim=1).sum()))


def _along(codes: Codes, shares: NDArray[np.floating]) -> Codes:
    places = np.asarray(shares, np.float32) * (len(codes) - 1)
    before = np.clip(places.astype(np.int64), 0, len(codes) - 2)
    share = (places - before)[:, None].astype(np.float32)
    found: Codes = codes[before] + share * (codes[before + 1] - codes[before])
    return found


def _resampled(codes: Codes) -> Codes:
    """SEGMENTS pieces of equal length in the latent space."""
    reached = np.concatenate(((0.0,), np.linalg.norm(np.diff(codes, axis=0), axis=1).cumsum()))
    wanted = np.linspace(0, reached[-1], SEGMENTS + 1)
    return np.stack([np.interp(wanted, reached, axis) for axis in codes.T], axis=1).astype(np.float32)
