"""How much of the processor each thread takes, and how readily it gives way."""

from __future__ import annotations

import os
import sys
import threading

import torch

ALL = torch.get_num_threads()  # torch's own choice, or what OMP_NUM_THREADS says


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


def _use(count: int) -> None:
    """A thread takes torch's present number when it first asks, and has its own from then on."""
    torch.get_num_threads()
    torch.set_num_threads(count)
