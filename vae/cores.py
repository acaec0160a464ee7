"""How much of the processor each thread takes, and how readily it gives way."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

Part = TypeVar("Part")

ALL = torch.get_num_threads()  # torch's own choice, or what OMP_NUM_THREADS says
MOST_PARTS = 4  # of what is shared out: more threads would wait for Python's lock


def use_one_core() -> None:
    """Let the calling thread compute by itself: small work would only wait for cores that others use."""
    _use(1)


def use_all_cores() -> None:
    """Share what the calling thread computes out among all cores."""
    _use(ALL)


def give_way(by: int) -> None:
    """Let the window's thread go before the calling one, by so many steps of niceness.

    On Linux alone, where that is counted for each thread by itself.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), by)


def share_out(compute: Callable[[slice], Part], rows: int) -> list[Part]:
    """What ``compute`` makes of consecutive parts of so many rows, each on a core of its own.

    For a thread of one core, and for several milliseconds of work: less is done before another core awakes.
    torch's own threads would wait for each other after every operation, these do so once.
    """
    parts = max(1, min(ALL, MOST_PARTS, rows))
    own, *others = (slice(rows * part // parts, rows * (part + 1) // parts) for part in range(parts))
    helped = [_helpers().submit(compute, part) for part in others]
    return [compute(own), *(part.result() for part in helped)]


@cache
def _helpers() -> ThreadPoolExecutor:
    def prepare() -> None:
        use_one_core()
        give_way(10)  # as the plane's thread does

    return ThreadPoolExecutor(MOST_PARTS - 1, "helper", prepare)


def _use(count: int) -> None:
    """A thread takes torch's present number when it first asks, and has its own from then on."""
    torch.get_num_threads()
    torch.set_num_threads(count)
