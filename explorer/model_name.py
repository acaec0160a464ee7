"""How a model is named in other files: a built-in one by its title, others by their path."""

from __future__ import annotations

from pathlib import Path

from explorer.places import built_in_models


def name_of_model(path: Path) -> str:
    """The same for the same file, wherever the application is installed."""
    path = path.resolve()
    titles = (title for title, built_in in built_in_models().items() if built_in.resolve() == path)
    return next(titles, str(path))


def model_named(name: str) -> Path:
    """The file of that name, which need not be there."""
    return built_in_models().get(name) or Path(name)
