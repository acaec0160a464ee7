"""The way downhill, in slices. An optimizer of torch's would first cost seconds of imports."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator

import numpy as np
from numpy.typing import NDArray

MEMORY = 12  # pairs of steps and changes of the gradient that stand for the curvature
SUFFICIENT = 1e-4  # part of the fall that the gradient promises which a step must bring
HALVINGS = 20  # of a step that brings too little, before it is given up

Vector = NDArray[np.float64]
Function = Callable[[Vector], Generator[None, None, tuple[float, Vector]]]  # a value and its gradient


def descend(function: Function, start: Vector, longest: float) -> Iterator[tuple[float, Vector] | None]:
    """Yield the lowest value so far and where it is, after each evaluation; ends where nothing is gained.

    None stands between them wherever the function has made a break.

    Limited-memory BFGS (Nocedal & Wright 2006, algorithm 7.5) with steps that are halved until they bring
    enough, none longer than ``longest``.
    """
    x = start
    value, gradient = yield from function(x)
    yield value, x
    pairs: deque[tuple[Vector, Vector]] = deque(maxlen=MEMORY)
    while np.isfinite(value) and gradient.any():
        step = -_times_inverse_hessian(gradient, pairs)
        step *= min(1.0, longest / float(np.linalg.norm(step)))
        slope = float(gradient @ step)
        for _ in range(HALVINGS):
            there, gradient_there = yield from function(x + step)
            if there <= value + SUFFICIENT * slope:
                break
            yield value, x
            step, slope = step / 2, slope / 2
        else:
            return
        change = gradient_there - gradient
        if change @ step > 0:
            pairs.append((step, change))
        value, x, gradient = there, x + step, gradient_there
        yield value, x


def _times_inverse_hessian(gradient: Vector, pairs: deque[tuple[Vector, Vector]]) -> Vector:
    """The two loops of algorithm 7.4."""
    q, shares = gradient.copy(), []
    for step, change in reversed(pairs):
        share = float(step @ q) / float(step @ change)
        q -= share * change
        shares.append(share)
    if pairs:
        step, change = pairs[-1]
        q *= float(step @ change) / float(change @ change)
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        q += (share - float(change @ q) / float(step @ change)) * step
    return q
