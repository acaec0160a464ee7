"""What the menu File > Export writes, read by others."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

import vae
from explorer.main_window import MainWindow
from explorer.theme import current_theme

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds
SVG = "{http://www.w3.org/2000/svg}"

Named = Callable[[Path], Path]
Command = Callable[..., object]


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Named:
    """Let the user choose this name."""

    def choose(path: Path) -> Path:
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        return path

    return choose


def test_the_menu_offers_what_there_is(window: MainWindow) -> None:
    file = next(menu.menu() for menu in window.menuBar().actions() if menu.text() == "&File")
    exports = [action.menu() for action in file.actions() if action.menu() is window.exports]
    assert exports == [window.exports]
    window.exports.aboutToShow.emit()
    assert all(entry.isEnabled() for entry in window.exports.entries)
    assert not any(entry.isEnabled() for entry in window.exports.of_path)
    texts = [entry.text().replace("&", "") for entry in window.exports.actions() if entry.text()]
    assert all(text.endswith("…") for text in texts)
    assert len(texts) == len(set(texts)) == 7


# --- SVG


def lines(drawing: ET.Element, colour: str) -> list[np.ndarray[Any, Any]]:
    """The closed lines of this colour, each as places (S, 2) in pixels."""
    groups = [group for group in drawing.iter(f"{SVG}g") if group.get("stroke") == colour]
    found = [line.get("points", "") for group in groups for line in group.iter(f"{SVG}polygon")]
    return [np.array([place.split(",") for place in line.split()], float) for line in found]


def test_the_plane_is_drawn_with_lines_and_letters(window: MainWindow, named: Named, tmp_path: Path) -> None:
    plane = window.explore.plane_card.plane
    window.explore.plane_card.zoom_to_posterior()
    plane.repaint()
    path = named(tmp_path / "plane.svg")
    window.exports.save_plane_as_svg()
    drawing = ET.parse(path).getroot()
    assert drawing.tag == f"{SVG}svg"
    posterior = window.session.exploration.posterior
    (left, right), _ = plane.plane.viewRange()
    pixel = (right - left) / plane.plane.width()
    ellipses = sorted(np.ptp(line[:, 0]) * pixel for line in lines(drawing, current_theme().q))
    for sigmas in (1, 2):  # as wide as the ellipses are, and of strokes that nothing enlarges
        assert min(abs(width - 2 * sigmas * posterior.z_scale[0]) for width in ellipses) < 2 * pixel
    assert not any("vector-effect" in line.attrib for line in drawing.iter(f"{SVG}polygon"))
    assert len(list(drawing.iter(f"{SVG}image"))) >= 1
    letters = "".join("".join(text.itertext()) for text in drawing.iter(f"{SVG}text"))
    assert "z₁" in letters
    assert "z₂" in letters


def test_the_drawing_looks_as_the_plane_does(window: MainWindow, named: Named, tmp_path: Path) -> None:
    plane = window.explore.plane_card.plane
    path = named(tmp_path / "plane.svg")
    window.exports.save_plane_as_svg()
    seen = plane.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    drawn = QImage(seen.size(), QImage.Format.Format_RGB32)
    drawn.fill(QColor("magenta"))
    painter = QPainter(drawn)
    QSvgRenderer(QByteArray(path.read_bytes())).render(painter, QRectF(drawn.rect()))
    painter.end()
    axes = plane.mapFromScene(plane.plane.sceneBoundingRect()).boundingRect()  # Qt reads no clipping
    values = [
        np.asarray(image.copy(axes).convertToFormat(QImage.Format.Format_Grayscale8).constBits(), int)
        for image in (seen, drawn)
    ]
    assert np.abs(values[0] - values[1]).mean() < 10.0  # but for the edges of what is drawn


def test_a_drawing_that_cannot_be_written_is_said(window: MainWindow, named: Named, tmp_path: Path) -> None:
    path = named(tmp_path / "gone" / "plane.svg")
    window.exports.save_plane_as_svg()
    assert str(path) in window.banner.sentence.text()


# --- encodings


@pytest.mark.parametrize("suffix", [".csv", ".npz"])
def test_encodings_are_written_while_one_walks_on(
    qtbot: QtBot, window: MainWindow, named: Named, tmp_path: Path, suffix: str
) -> None:
    path, session = named(tmp_path / f"codes{suffix}"), window.session
    with qtbot.waitSignal(
        session.noted, check_params_cb=lambda text: text == f"Saved {path}", timeout=PATIENCE
    ):
        window.exports.save_encodings()
        window.exports.aboutToShow.emit()
        assert not window.exports.entries[-1].isEnabled()
        session.exploration.pin_at(0.5, 0.5)
    data, model = session.workspace.dataset, session.workspace.model.checkpoint.model
    expected = vae.encode_images(model, data.test_images, data.test_labels)
    if suffix == ".npz":
        with np.load(path) as stored:
            test = stored["split"] == "test"
            read = stored["z_loc"][test]
    else:
        rows = [row for row in csv.DictReader(io.StringIO(path.read_text())) if row["split"] == "test"]
        read = np.array([(row["z_loc_1"], row["z_loc_2"]) for row in rows], np.float32)
    np.testing.assert_allclose(read, expected.z_loc, atol=1e-6)
    window.exports.aboutToShow.emit()
    assert window.exports.entries[-1].isEnabled()


def test_encodings_that_cannot_be_written_are_told(
    qtbot: QtBot, window: MainWindow, named: Named, tmp_path: Path
) -> None:
    path = named(tmp_path / "gone" / "codes.csv")
    with qtbot.waitSignal(window.session.failed, timeout=PATIENCE):
        window.exports.save_encodings()
    assert str(path) in window.banner.sentence.text()
    assert window.session.encodings_export.possible


def test_the_command_encodes(command: Command, small_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "codes.npz"
    assert command("encode", small_model, "--out", out).code == 0
    with np.load(out) as stored:
        assert stored["z_loc"].shape == (1_300, 2)
    command("encode", small_model, "--out", tmp_path / "codes.txt").assert_refused(
        "codes.txt", ".csv or .npz"
    )
    command("encode", small_model, "--out", tmp_path / "gone" / "x.csv").assert_refused("gone")
    command(
        *("encode", small_model, "--dataset", "mnist", "--data-dir", tmp_path, "--out", out)
    ).assert_refused("MNIST is not in")
    command("encode", tmp_path / "no.safetensors", "--out", out).assert_refused("no.safetensors")
