"""Seconds to the loss that the lecture prints after its 12 epochs, against the lecture's own loop."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import vae
from benchmarks.apart import Apart
from benchmarks.digits import EPOCH, mnist_folder
from benchmarks.table import Aim, Row
from vae.datasets import load
from vae.presets import DEFAULT_PRESET, preset_of

LOSS = (
    146.72  # nats per image, minus the ELBO of the training set over its twelfth epoch, as the lecture prints
)
LECTURE_EPOCHS, LECTURE_BATCH = 12, 100
OURS: dict[str, Any] = {
    "epochs": 3,
    "batch_size": 256,
    "learning_rate": 1e-2,
}  # options of `train`; the rest is the preset's
BETWEEN = 100  # batches of the lecture's loop before each of our epochs and at the end


def measure(share: float) -> Iterator[Row]:
    """Our run from its first step to the end of the epoch that passes the loss; the lecture's by its pace."""
    folder = mnist_folder()
    if folder is None:
        return  # the loss is one of MNIST
    data = load("mnist", folder)
    preset = preset_of(DEFAULT_PRESET)
    model = vae.build(preset.model.fitted(data.info.image_shape, len(data.info.classes)))
    run = vae.Training(model, replace(preset.training, **OURS), data)
    with closing(Apart("lecture", LECTURE_BATCH)) as peer:
        paces = [_pace(peer, share)]
        for report in run:
            if isinstance(report, vae.EpochReport):
                paces.append(_pace(peer, share))
                if -report.train.elbo <= LOSS:
                    break
        else:
            raise RuntimeError(f"the loss did not come to {LOSS} nats with {_in_words(OURS)}")
    twelve = statistics.median(paces) * LECTURE_EPOCHS * EPOCH / LECTURE_BATCH
    name = f"to a loss of {LOSS} nats, {DEFAULT_PRESET} with {_in_words(OURS)}"
    yield Row(name, report.seconds, "the lecture's 12 epochs", twelve, "s", Aim("ratio", 1 / 6))


def _in_words(options: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in options.items())


def _pace(peer: Apart, share: float) -> float:
    """Seconds a batch."""
    batches = max(10, round(BETWEEN * share))
    return peer.seconds(batches) / batches
