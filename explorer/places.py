"""Folders the application reads and writes, and the models that come with it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from platformdirs import user_data_path

from vae.datasets import default_data_dir


@dataclass(frozen=True)
class Places:
    """Where things are."""

    data: Path  # data sets
    models: Path  # trained models that the application keeps by itself


def default_places(data: Path | None = None) -> Places:
    """The user's own folders, or another for the data sets."""
    return Places(data or default_data_dir(), user_data_path("latent-explorer", appauthor=False) / "models")


def built_in_models() -> dict[str, Path]:
    """The models that come with the application, by title; the first opens at start."""
    assets = Path(str(resources.files("assets")))
    return {
        "MNIST 2-D (built in)": assets / "mnist-2d.safetensors",
        "Stroke digits 2-D (built in)": assets / "strokes-2d.safetensors",
    }
