"""Training without a window, a step and an epoch, against Pyro's tutorial and against PyTorch by hand."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

import vae
from benchmarks.apart import Apart, seconds_of
from benchmarks.digits import EPOCH, sixty_thousand
from benchmarks.peers import SAME_NETWORK
from benchmarks.table import Aim, Row
from vae.configuration import TrainingConfig
from vae.datasets import Dataset

TURN = 10_000  # images that each loop sees before it is the next one's turn
TURNS = 6  # an epoch; the first is not counted: it makes the optimizers
WARM_UP = 8  # steps of a turn that are not timed: the tutorial's worker process fills its queue meanwhile
AIMS = {100: (1 / 3, 1.45), 256: (1 / 4, 1.25)}  # by batch size: against Pyro's tutorial, by hand


def measure(share: float) -> Iterator[Row]:
    """Each loop goes on where it was, so that all three see as many batches of as many images."""
    data, title = sixty_thousand()
    for batch_size, (against_tutorial, against_hand) in AIMS.items():
        steps = TURN // batch_size
        with closing(Apart("tutorial", batch_size)) as peer, closing(Apart("by hand", batch_size)) as plain:
            loops = (partial(seconds_of, _ours(data, batch_size)), peer.seconds, plain.seconds)
            turns = [[_step(loop, steps) for loop in loops] for _ in range(max(2, round(TURNS * share)))]
        ours, tutorial, by_hand = (statistics.median(times) for times in zip(*turns[1:], strict=True))
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


def _step(seconds: Callable[[int], float], steps: int) -> float:
    """Seconds, in a turn of so many."""
    seconds(WARM_UP)
    return seconds(steps - WARM_UP) / (steps - WARM_UP)


def _ours(data: Dataset, batch_size: int) -> Iterator[Any]:
    config = TrainingConfig(epochs=1, batch_size=batch_size)
    return vae.Training(vae.build(SAME_NETWORK), config, data)
