"""Snapshots of a run: which are kept."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vae.timeline import Frame, Timeline


def frame(step: int, numbers: int = 1) -> Frame:
    return Frame(step, step / 100, None, {"w": torch.zeros(numbers)})


def steps(timeline: Timeline) -> list[int]:
    return [kept.step for kept in timeline.frames]


@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=300), st.integers(3, 40))
def test_the_first_and_the_newest_stay_and_the_rest_is_spread_evenly(gaps: list[int], most: int) -> None:
    timeline = Timeline(most)
    taken = [0, *itertools.accumulate(gaps)]
    for step in taken:
        timeline.add(frame(step))
        kept = steps(timeline)
        assert (kept[0], kept[-1]) == (0, step)
        assert len(kept) <= most
    kept = steps(timeline)
    assert set(kept) <= set(taken)
    widest = max(later - earlier for earlier, later in itertools.pairwise(kept))
    # a gap that was made is the least of the pairs of neighbours that most + 1 frames had
    assert widest <= max(*gaps, taken[-1] / (most // 2))


def test_few_frames_are_all_kept() -> None:
    timeline = Timeline(5)
    for step in (0, 3, 4, 50, 51):
        timeline.add(frame(step))
    assert steps(timeline) == [0, 3, 4, 50, 51]


def test_memory_is_bounded() -> None:
    timeline = Timeline(most_bytes=40_000)
    for step in range(200):
        timeline.add(frame(step, numbers=1_000))  # 4,000 bytes
    assert len(timeline.frames) == 10
    assert sum(kept.nbytes for kept in timeline.frames) == 40_000


def test_of_a_model_too_large_for_the_bound_the_ends_are_kept() -> None:
    timeline = Timeline(most_bytes=10)
    for step in range(9):
        timeline.add(frame(step, numbers=1_000))
    assert steps(timeline) == [0, 8]


def test_a_run_that_goes_back_takes_its_frames_along() -> None:
    timeline = Timeline()
    for step in (0, 10, 20, 30):
        timeline.add(frame(step))
    timeline.cut_back(15)
    assert steps(timeline) == [0, 10]
    timeline.add(frame(10))
    assert steps(timeline) == [0, 10]


@pytest.mark.parametrize(("step", "nearest"), [(-5, 0), (4, 0), (6, 10), (10, 10), (99, 20)])
def test_the_nearest_frame_is_found(step: int, nearest: int) -> None:
    timeline = Timeline()
    for kept in (0, 10, 20):
        timeline.add(frame(kept))
    assert timeline.nearest(step).step == nearest


def test_the_next_frame_is_found() -> None:
    timeline = Timeline()
    timeline.add(frame(0))
    timeline.add(frame(7))
    after = timeline.after(0)
    assert after is not None
    assert after.step == 7
    assert timeline.after(7) is None
