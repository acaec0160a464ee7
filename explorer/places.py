"""Folders the application reads and writes, and the models that come with it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from platformdirs import user_data_path

from vae.datasets import default_data_dir

MOST_KEPT_SHOWN = 8


@dataclass(frozen=True)
class Places:
    """Where things are."""

    data: Path  # data sets
    models: Path  # trained models that the application keeps by itself

    @property
    def bookmarks(self) -> Path:
        """The file of marked places, beside the models."""
        return self.models.parent / "bookmarks.json"

    def kept_runs(self) -> list[Path]:
        """The last trained models, the latest first."""
        files = sorted(self.models.glob("*.safetensors"), key=lambda path: path.stat().st_mtime, reverse=True)
        return files[:MOST_KEPT_SHOWN]


def default_places(data: Path | None = None) -> Places:
    """The user's own folders, or another for the data sets."""
    return Places(data or default_data_dir(), user_data_path("latent-explorer", appauthor=False) / "models")


def built_in_models() -> dict[str, Path]:
    """The models that come with the application, by title; the first opens at start."""
    return {
        "MNIST 2-D (built in)": _asset("mnist-2d.safetensors"),
        "Stroke digits 2-D (built in)": _asset("strokes-2d.safetensors"),
    }


def icon() -> Path:
    """The application's picture."""
    return _asset("icon.png")


def _asset(name: str) -> Path:
    return Path(str(resources.files("assets"))) / name
