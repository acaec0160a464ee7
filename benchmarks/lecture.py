"""Seconds to the loss that the lecture prints after its 12 epochs, against the lecture's own loop."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import vae
from benchmarks.digits import EPOCH, mnist_folder
from benchmarks.peers import lecture
from benchmarks.table import Aim, Row
from vae.datasets import load
from vae.presets import DEFAULT_PRESET, preset_of

LOSS = (
    146.72  # nats per image, minus the ELBO of the training set over its twelfth epoch, as the lecture prints
)
LECTURE_EPOCHS, LECTURE_BATCH = 12, 100
OUR_EPOCHS = 3  # as many as the preset needs, at least
BETWEEN = 100  # batches of the lecture's loop before each of our epochs and at the end


def measure(share: float) -> Iterator[Row]:
    """Our run from its first step to the end of the epoch that passes the loss; the lecture's by its pace."""
    folder = mnist_folder()
    if folder is None:
        return  # the loss is one of MNIST
    data = load("mnist", folder)
    preset = preset_of(DEFAULT_PRESET)
    model = vae.build(preset.model.fitted(data.info.image_shape, len(data.info.classes)))
    run = vae.Training(model, replace(preset.training, epochs=OUR_EPOCHS), data)
    peer = lecture(data, LECTURE_BATCH)
    paces = [_pace(peer, share)]
    for report in run:
        if isinstance(report, vae.EpochReport):
            paces.append(_pace(peer, share))
            if -report.train.elbo <= LOSS:
                twelve = statistics.median(paces) * LECTURE_EPOCHS * EPOCH / LECTURE_BATCH
                name = f"to a loss of {LOSS} nats, {DEFAULT_PRESET} with {OUR_EPOCHS} epochs"
                yield Row(name, report.seconds, "the lecture's 12 epochs", twelve, "s", Aim("ratio", 1 / 6))
                return
    raise RuntimeError(f"the loss did not come to {LOSS} nats in {OUR_EPOCHS} epochs")


def _pace(loop: Iterator[float], share: float) -> float:
    """Seconds a batch."""
    batches = max(10, round(BETWEEN * share))
    began = time.perf_counter()
    done = sum(1 for _ in islice(loop, batches))
    assert done == batches, "an epoch is shorter than what is measured"
    return (time.perf_counter() - began) / batches
