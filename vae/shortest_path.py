"""The shortest path over a square grid: a coarse look at all ways, before one of them is made smooth."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

# (row, column) from a place to four of its neighbours; the other four are the way back
OFFSETS = ((0, 1), (1, -1), (1, 0), (1, 1))
BREATH = 400  # places that are settled between two breaks

Place = tuple[int, int]  # row, column


def shortest_path(steps: NDArray[np.floating], start: Place, goal: Place) -> Iterator[list[Place] | None]:
    """Yield None now and then, and in the end the places from ``start`` to ``goal``: Dijkstra (1959).

    Args:
        steps: (4, rows, columns) the lengths of the four OFFSETS from each place, infinite or not a number
            where there is no neighbour.
        start: where the path begins.
        goal: where it ends.
    """
    lengths = steps.tolist()
    best, came_from, settled = {start: 0.0}, {}, set[Place]()
    waiting = [(0.0, start)]
    while waiting:
        so_far, place = heapq.heappop(waiting)
        if place in settled:
            continue
        settled.add(place)
        if place == goal:
            break
        for neighbour, step in _neighbours(place, lengths):
            length = so_far + step
            if length < best.get(neighbour, np.inf):
                best[neighbour], came_from[neighbour] = length, place
                heapq.heappush(waiting, (length, neighbour))
        if len(settled) % BREATH == 0:
            yield None
    path = [goal]
    while path[-1] in came_from:
        path.append(came_from[path[-1]])
    yield path[::-1]


def _neighbours(place: Place, lengths: list[list[list[float]]]) -> Iterator[tuple[Place, float]]:
    rows, columns = len(lengths[0]), len(lengths[0][0])
    row, column = place
    for (down, right), of_offset in zip(OFFSETS, lengths, strict=True):
        for sign in (1, -1):
            there = (row + sign * down, column + sign * right)
            if 0 <= there[0] < rows and 0 <= there[1] < columns:
                at = place if sign == 1 else there
                yield there, of_offset[at[0]][at[1]]
