"""The tour: the main job, done by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from explorer import tour
from explorer.places import Places
from explorer.theme import LIGHT, apply_theme
from vae.errors import LatentExplorerError

STEPS = ["open", "drag", "encode", "draw", "train", "follow"]


@pytest.fixture(autouse=True)
def brief(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Train for a moment only."""
    monkeypatch.setattr(tour, "TRAINING", 600)
    yield
    apply_theme(qapp, LIGHT)


def test_the_tour_saves_a_picture_of_each_step(
    places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "tour"
    assert tour.run_tour(folder, places) == 0
    paths = sorted(folder.iterdir())
    assert [path.name for path in paths] == [f"{n}-{name}.png" for n, name in enumerate(STEPS, start=1)]
    pictures = [QImage(str(path)) for path in paths]
    for place, picture in enumerate(pictures):
        assert picture.width() >= 760
        assert picture.height() >= 520
        assert picture not in pictures[:place]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [str(path) for path in paths]
    assert not places.models.exists()  # what the tour trains is nobody's


def test_a_tour_that_cannot_save_says_so_and_closes_its_window(
    places: Places, tmp_path: Path, small_model: Path
) -> None:
    (tmp_path / "1-open.png").mkdir()
    with pytest.raises(LatentExplorerError, match=r"1-open.png could not be written"):
        tour.run_tour(tmp_path, places, small_model)
    assert not any(widget.isVisible() for widget in QApplication.topLevelWidgets())
