"""How much of the processor each thread takes, and how readily it gives way."""

from __future__ import annotations

import os
import sys
import threading

import numpy as np
import pytest
import torch

import vae
from vae import Checkpoint, cores

PATIENCE = 20  # seconds


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts niceness by thread")
def test_a_thread_that_gives_way_does_so_alone() -> None:
    mine, its = os.getpriority(os.PRIO_PROCESS, threading.get_native_id()), []

    def work() -> None:
        vae.give_way(mine + 3)
        its.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert its == [min(mine + 3, 19)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == mine


# --- work that is shared out


def test_parts_of_the_work_are_done_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "ALL", 3)
    together = threading.Barrier(3, timeout=PATIENCE)

    def compute(part: slice) -> tuple[list[int], int]:
        together.wait()
        return list(range(100))[part], torch.get_num_threads()

    parts = cores.share_out(compute, 100)
    assert [row for rows, _ in parts for row in rows] == list(range(100))
    assert [threads for _, threads in parts] == [1, 1, 1]


@pytest.mark.parametrize("rows", [1, 2])
def test_there_are_no_more_parts_than_rows(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(cores, "ALL", 3)
    assert cores.share_out(lambda part: part, rows) == [slice(row, row + 1) for row in range(rows)]


def test_what_fails_in_a_part_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "ALL", 2)

    def compute(part: slice) -> None:
        if part.start:
            raise ValueError("the second half")

    with pytest.raises(ValueError, match="the second half"):
        cores.share_out(compute, 10)


def test_shared_decoding_gives_the_same_pictures(monkeypatch: pytest.MonkeyPatch, small: Checkpoint) -> None:
    monkeypatch.setattr(cores, "ALL", 2)
    z = np.random.default_rng(0).normal(size=(101, 2)).astype(np.float32)
    alone, shared = (vae.decode_images(small.model, z, shared=sharing) for sharing in (False, True))
    assert np.abs(alone.astype(int) - shared).max() <= 1  # a sum in another order may round otherwise
