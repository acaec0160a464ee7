"""An epoch of training without a window, against Pyro's tutorial and against PyTorch by hand."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import vae
from benchmarks.peers import BATCH, SAME_NETWORK, plain_pytorch, pyro_tutorial
from benchmarks.table import Aim, Row
from vae import strokes
from vae.configuration import TrainingConfig
from vae.datasets import Dataset, default_data_dir, is_available, load

TURN = 50  # batches that each loop does before it is the next one's turn
TURNS = 9  # the first is not counted: it makes the optimizers
EPOCH = 60_000  # images
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the checkout, where there is one


def measure(share: float) -> Iterator[Row]:
    """Each loop goes on where it was, so that all three see as many batches of as many images."""
    data, title = _data()
    loops = (_ours(data), pyro_tutorial(data), plain_pytorch(data))
    turns = [[_seconds(loop) for loop in loops] for _ in range(max(2, round(TURNS * share)))]
    ours, tutorial, by_hand = (
        statistics.median(times) * EPOCH / (TURN * BATCH) for times in zip(*turns[1:], strict=True)
    )
    name = f"an epoch of {title}, batch {BATCH}"
    yield Row(name, ours, "Pyro's tutorial", tutorial, "s", Aim("ratio", 0.5))
    yield Row(name, ours, "PyTorch by hand", by_hand, "s", Aim("ratio", 1.6))


def _seconds(loop: Iterator[Any]) -> float:
    began = time.perf_counter()
    done = sum(1 for _ in islice(loop, TURN))
    assert done == TURN, "an epoch is shorter than what is measured"
    return time.perf_counter() - began


def _ours(data: Dataset) -> Iterator[Any]:
    config = TrainingConfig(epochs=1, batch_size=BATCH)
    return vae.train(vae.VAE(SAME_NETWORK), config, data.train_images, data.test_images)


def _data() -> tuple[Dataset, str]:
    """MNIST where it can be read; else as many stroke digits."""
    named = os.environ.get("LATENT_EXPLORER_DATA")
    for folder in (Path(named) if named else SHARED, default_data_dir()):
        if is_available("mnist", folder):
            return load("mnist", folder), "MNIST"
    digits, built_in = strokes.generate(EPOCH, seed=0), load("stroke-digits", SHARED)
    data = replace(built_in, train_images=digits.images, train_labels=digits.labels)
    return data, f"{EPOCH:,} stroke digits (no MNIST here)"
