"""A small model and its file."""

from pathlib import Path

import numpy as np
import pytest

import vae
from vae import VAE, Checkpoint, Encodings, EpochReport, Terms
from vae.configuration import ModelConfig, TrainingConfig


@pytest.fixture(scope="session")
def small() -> Checkpoint:
    """A model of 2 x 3 pixels, as if trained for two epochs."""
    random, score = np.random.default_rng(0), Terms(-3.5, -3.0, 0.5)
    z_loc, z_scale = random.random((2, 6, 2), np.float32)
    return Checkpoint(
        model=VAE(ModelConfig((1, 2, 3), 2, (5,), (4,))),
        preset="default-2d",
        dataset="mnist",
        training=TrainingConfig(),
        history=(EpochReport(1, 5, 0.5, 900.0, score, score), EpochReport(2, 10, 1.0, 900.0, score, score)),
        encodings=Encodings(z_loc, z_scale, np.arange(6)),
    )


@pytest.fixture
def file(tmp_path: Path, small: Checkpoint) -> Path:
    """The small model, saved."""
    path = tmp_path / "model.safetensors"
    vae.save(path, small)
    return path
