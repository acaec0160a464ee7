"""Training without a window, a step and an epoch, against Pyro's tutorial and against PyTorch by hand."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import vae
from benchmarks.digits import EPOCH, sixty_thousand
from benchmarks.peers import SAME_NETWORK, plain_pytorch, pyro_tutorial
from benchmarks.table import Aim, Row
from vae.configuration import TrainingConfig
from vae.datasets import Dataset

TURN = 5_000  # images that each loop sees before it is the next one's turn
TURNS = 11  # the first is not counted: it makes the optimizers
AIMS = {100: (1 / 3, 1.45), 256: (1 / 4, 1.25)}  # by batch size: against Pyro's tutorial, by hand


def measure(share: float) -> Iterator[Row]:
    """Each loop goes on where it was, so that all three see as many batches of as many images."""
    data, title = sixty_thousand()
    for batch_size, (against_tutorial, against_hand) in AIMS.items():
        loops = (
            _ours(data, batch_size),
            pyro_tutorial(data, batch_size),
            plain_pytorch(data, batch_size),
        )
        steps = TURN // batch_size
        turns = [[_seconds(loop, steps) for loop in loops] for _ in range(max(2, round(TURNS * share)))]
        ours, tutorial, by_hand = (statistics.median(times) / steps for times in zip(*turns[1:], strict=True))
        epoch, batch = EPOCH / batch_size, f"batch {batch_size}"
        yield Row(
            f"an epoch of {title}, {batch}",
            ours * epoch,
            "Pyro's tutorial",
            tutorial * epoch,
            "s",
            Aim("ratio", against_tutorial),
        )
        yield Row(
            f"a step, {batch}",
            1000 * ours,
            "PyTorch by hand",
            1000 * by_hand,
            "ms",
            Aim("ratio", against_hand),
        )


def _seconds(loop: Iterator[Any], steps: int) -> float:
    began = time.perf_counter()
    done = sum(1 for _ in islice(loop, steps))
    assert done == steps, "an epoch is shorter than what is measured"
    return time.perf_counter() - began


def _ours(data: Dataset, batch_size: int) -> Iterator[Any]:
    config = TrainingConfig(epochs=1, batch_size=batch_size)
    return vae.Training(vae.build(SAME_NETWORK), config, data)
