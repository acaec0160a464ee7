"""Pyro's tutorial to the end: its own loop beside our preset, in nats and in seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch

import vae
from benchmarks.digits import mnist_folder
from benchmarks.peers import PIXELS, pyro_tutorial, tutorial_svi
from benchmarks.table import Aim, Row
from vae.datasets import load
from vae.presets import preset_of

WITHIN = 1.0  # nats
CHUNK = 1_000  # test images at a time


def measure(share: float) -> Iterator[Row]:
    """The test ELBO after the preset's epochs; the test set is scored within ours alone."""
    folder = mnist_folder()
    if folder is None:
        return  # the tutorial's images
    data, preset = load("mnist", folder), preset_of("pyro-tutorial")
    training = replace(preset.training, epochs=max(1, round(preset.training.epochs * share)))
    model = vae.build(preset.model.fitted(data.info.image_shape, len(data.info.classes)), training.seed)
    reports = [r for r in vae.Training(model, training, data) if isinstance(r, vae.EpochReport)]
    torch.manual_seed(training.seed)
    svi, began = tutorial_svi(preset.model.latent_dim), time.perf_counter()
    for _ in range(training.epochs):
        for _ in pyro_tutorial(data, training.batch_size, svi):
            pass
    seconds = time.perf_counter() - began
    test = torch.from_numpy(data.test_images.astype(np.float32) / 255).reshape(-1, PIXELS)
    loss = sum(svi.evaluate_loss(chunk) for chunk in test.split(CHUNK)) / len(test)
    what, peer = f"pyro-tutorial, epochs {training.epochs}", "the tutorial's model and loop"
    yield Row(f"{what}: −test ELBO", -reports[-1].test.elbo, peer, loss, "nats", Aim("difference", WITHIN))
    yield Row(what, reports[-1].seconds, peer, seconds, "s")
