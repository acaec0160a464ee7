"""The images that training is measured with."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from vae import strokes
from vae.datasets import Dataset, default_data_dir, is_available, load

EPOCH = 60_000  # images
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"  # beside the checkout, where there is one


def mnist_folder() -> Path | None:
    """Where MNIST is, if it is anywhere."""
    named = os.environ.get("LATENT_EXPLORER_DATA")
    folders = (Path(named) if named else SHARED, default_data_dir())
    return next((folder for folder in folders if is_available("mnist", folder)), None)


def sixty_thousand() -> tuple[Dataset, str]:
    """MNIST where it can be read; else as many stroke digits. And the name."""
    if (folder := mnist_folder()) is not None:
        return load("mnist", folder), "MNIST"
    digits, built_in = strokes.generate(EPOCH, seed=0), load("stroke-digits", SHARED)
    data = replace(built_in, train_images=digits.images, train_labels=digits.labels)
    return data, f"{EPOCH:,} stroke digits (no MNIST here)"
