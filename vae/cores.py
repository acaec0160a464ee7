"""How many of the processor's cores torch computes on, and after whom, thread by thread."""

from __future__ import annotations

import os
import sys
import threading

import torch

ALL = torch.get_num_threads()  # torch's own choice, or what OMP_NUM_THREADS says
STEP = 5  # of niceness: a third of the processor's time where others want it too


def step_back() -> None:
    """Let the process's main thread go first: the calling thread, and those that torch starts for it, can wait.

    On Linux alone, where each thread has a niceness of its own.
    """
    if sys.platform == "linux":
        main = os.getpriority(os.PRIO_PROCESS, os.getpid())
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), main + STEP)


def use_one_core() -> None:
    """Let the calling thread compute by itself: small work would only wait for cores that others use."""
    _use(1)


def use_all_cores() -> None:
    """Share what the calling thread computes out among all cores."""
    _use(ALL)


def _use(count: int) -> None:
    """A thread takes torch's present number when it first asks, and has its own from then on."""
    torch.get_num_threads()
    torch.set_num_threads(count)
