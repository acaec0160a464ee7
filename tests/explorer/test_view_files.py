"""Views of the plane, saved in one session and opened in another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from explorer.app import open_window as start
from explorer.bookmarks import Bookmark
from explorer.main_window import MainWindow
from explorer.places import Places
from explorer.view_state import StoredChart, StoredEnd, StoredPicture, ViewState, read_view, write_view
from explorer.viewpoint import Colouring
from explorer.views.legend import FAINT, FULL
from explorer.views.spacing_chip import SpacingChip
from vae.chart import Chart
from vae.dataset import Part
from vae.errors import ViewError
from vae.maps import MapKind

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds

Mouse = Any  # of conftest.py
Open = Callable[[MainWindow, Path], None]


@pytest.fixture
def open_view(qtbot: QtBot) -> Open:
    """Open a view, and wait until all is there."""

    def open_it(window: MainWindow, path: Path) -> None:
        with qtbot.waitSignal(window.session.view_files.opened, timeout=PATIENCE):
            window.open_path(path)

    return open_it


@pytest.fixture
def view(window: MainWindow, tmp_path: Path) -> Path:
    """A view with everything in it."""
    session, card = window.session, window.explore.plane_card
    session.inputs.select_test_image(17)
    session.exploration.set_chart(
        Chart(np.zeros(2, np.float32), np.array(((0.6, 0.8), (-0.8, 0.6)), np.float32), ("PC 1", "PC 2"))
    )
    session.exploration.pin_code(np.array((0.125, -1.7), np.float32))
    session.bookmarks.add_pin()
    session.paths.put_pin(0)
    session.paths.put_image(1)
    session.paths.go(0.3)
    session.exploration.pin_code(np.array((0.125, -1.7), np.float32))
    session.maps.choose(MapKind.ENTROPY)
    card.plane.show_view(QRectF(-1.25, -2.5, 1.5, 1.0))
    session.encoded_data.choose(Part.TRAINING)
    for switch in switches(window).values():
        switch.click()
    session.viewpoint.colour_points(Colouring("class", 4))
    window.explore.pages.show_page_of("Places")
    path = tmp_path / "a view.json"
    session.view_files.save(path)
    return path


def switches(window: MainWindow) -> dict[str, QPushButton]:
    """All that the row above the plane has to switch on and off, but for the chart's own chips."""
    card = window.explore.plane_card
    row = card.findChildren(QPushButton, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return {
        button.text(): button
        for button in row
        if button.isCheckable() and not button.isHidden() and not isinstance(button, SpacingChip)
    }


def described(window: MainWindow) -> dict[str, object]:
    """What is seen of the plane."""
    session, card = window.session, window.explore.plane_card
    chart, a, b = session.exploration.chart, *session.paths.ends
    return {
        "model": session.workspace.model.path,
        "dataset": session.workspace.dataset.info.name,
        "input": session.inputs.selection.picture.tolist(),
        "z": session.exploration.pin.tolist(),
        "picture": session.exploration.picture.tolist(),
        "chart": (chart.origin.tolist(), chart.directions.tolist(), chart.names, chart.quantiles),
        "view": card.plane.chosen_view,
        "layers": {name: switch.isChecked() for name, switch in switches(window).items()},
        "part": session.encoded_data.part,
        "legend": [chip.isChecked() for chip in card.legend.classes._chips],
        "colour": card.legend.colour_box.currentText(),
        "slider": window.explore.path_card.slider.value(),
        "page": window.explore.pages.shown,
        "path shown": window.explore.path_card.isVisible(),
        "map": session.maps.chosen,
        "ends": [end and (end.z.tolist(), end.image and end.image.seen.tolist()) for end in (a, b)],
        "bookmarks": session.bookmarks.marks,
    }


# --- there and back


def test_a_new_session_shows_the_same(
    qtbot: QtBot, window: MainWindow, view: Path, open_window: Callable[[], MainWindow], open_view: Open,
    open_in: Open, save_model: Callable[..., Path],
) -> None:  # fmt: skip
    window.session.workspace.places.bookmarks.unlink()
    other = open_window()
    open_in(other, save_model("other", latent_dim=5))
    open_view(other, view)
    assert "a view.json" in other.statusBar().currentMessage()
    assert described(other) == described(window)
    assert {"Points", "All q", "p(z|x)", "Path"} <= set(switches(window))
    planes = [shown.explore.plane_card.plane for shown in (window, other)]
    qtbot.waitUntil(lambda: planes[0].view_rect() == planes[1].view_rect(), timeout=PATIENCE)
    for plane in planes:
        qtbot.waitUntil(lambda plane=plane: len(plane._places) == 1_000, timeout=PATIENCE)
    assert np.array_equal(planes[0]._colours, planes[1]._colours)
    assert (planes[1]._colours[:, 3] == FAINT).any()
    assert not other.banner.isVisible()


def test_opening_a_view_of_the_open_model_is_one_move(
    window: MainWindow, mouse: Mouse, view: Path, open_view: Open
) -> None:
    saved, plane = described(window), window.explore.plane_card.plane
    mouse.click(window.explore.input_card.next)
    mouse.click(plane.viewport(), QPoint(300, 300))
    mouse.click(window.explore.plane_card.home_button)
    before = window.session.moves.standpoint
    open_view(window, view)
    assert described(window) == saved
    window.session.moves.undo()
    assert before.same_as(window.session.moves.standpoint)


def test_a_factor_that_colours_the_points_is_kept(
    window: MainWindow, tmp_path: Path, open_window: Callable[[], MainWindow], open_view: Open
) -> None:
    window.explore.plane_card.legend.colour_box.setCurrentText("slant")
    window.session.view_files.save(tmp_path / "slant.json")
    other = open_window()
    open_view(other, tmp_path / "slant.json")
    assert other.explore.plane_card.legend.colour_box.currentText() == "slant"
    planes = [shown.explore.plane_card.plane for shown in (window, other)]
    assert np.array_equal(planes[0]._colours, planes[1]._colours)


def test_a_view_from_before_these_were_kept_shows_the_test_set_by_class(
    window: MainWindow, view: Path, open_view: Open
) -> None:
    values = json.loads(view.read_text())
    for later in ("part", "colouring", "share", "page"):
        del values[later]
    view.write_text(json.dumps(values))
    open_view(window, view)
    assert window.session.encoded_data.part is Part.TEST
    assert (window.explore.plane_card.plane._colours[:, 3] == FULL).all()
    assert window.explore.pages.shown == "Places"
    assert described(window)["z"] == pytest.approx([0.125, -1.7])


def test_a_drawing_is_kept_pixel_by_pixel(
    window: MainWindow, mouse: Mouse, tmp_path: Path, open_window: Callable[[], MainWindow], open_view: Open
) -> None:
    card = window.explore.input_card
    mouse.click(card.draw)
    mouse.drag(card.pad, [QPoint(60, 40), QPoint(60, 100), QPoint(60, 160)])
    window.session.view_files.save(tmp_path / "drawn.json")
    other = open_window()
    open_view(other, tmp_path / "drawn.json")
    assert described(other) == described(window)
    assert other.session.inputs.selection.index is None
    rows = json.loads((tmp_path / "drawn.json").read_text())["drawing"]["rows"]
    assert [bytes.fromhex(row) for row in rows] == [
        row.tobytes() for row in window.session.inputs.selection.picture[0]
    ]


def test_a_told_label_and_noise_are_kept(
    window: MainWindow, open_in: Open, save_model: Callable[..., Path], tmp_path: Path,
    open_window: Callable[[], MainWindow], open_view: Open,
) -> None:  # fmt: skip
    open_in(window, save_model("conditional", family="conditional", input_noise=0.5))
    window.session.exploration.tell_label(6)
    window.explore.input_card.noise.setValue(10)
    window.session.view_files.save(tmp_path / "told.json")
    other = open_window()
    open_view(other, tmp_path / "told.json")
    assert described(other) == described(window)
    assert other.session.exploration.label == 6
    assert other.explore.input_card.noise.value() == 10


def test_a_view_goes_with_its_model_to_another_folder(
    window: MainWindow, view: Path, small_model: Path, tmp_path: Path, open_view: Open
) -> None:
    folder = tmp_path / "sent"
    folder.mkdir()
    shutil.copy(small_model, folder)
    values = json.loads(view.read_text()) | {"model": f"/nowhere/{small_model.name}"}
    (folder / "view.json").write_text(json.dumps(values))
    open_view(window, folder / "view.json")
    assert window.session.workspace.model.path == folder / small_model.name
    assert not window.banner.isVisible()


# --- ways to open and save


def test_menu_drop_and_command_line(
    qtbot: QtBot, qapp: QApplication, window: MainWindow, view: Path, tmp_path: Path, places: Places,
    settings: QSettings, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    opened, saved = window.session.view_files.opened, tmp_path / "again.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "again"), ""))
    window.save_view()
    assert read_view(saved) == read_view(view)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(saved), ""))
    with qtbot.waitSignal(opened, timeout=PATIENCE):
        window.open_view()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(view))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with qtbot.waitSignal(opened, timeout=PATIENCE):
        QApplication.sendEvent(window, QDragEnterEvent(QPoint(50, 50), copy, data, left, none))
        QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), copy, data, left, none))
    other = start(qapp, places, settings, view)
    qtbot.addWidget(other)
    with qtbot.waitSignal(other.session.view_files.opened, timeout=PATIENCE):
        other.tabs.completed.emit()  # which the fixture "unhurried" holds back
    assert described(other)["z"] == described(window)["z"]


def test_a_model_in_no_file_has_no_views(window: MainWindow, tmp_path: Path) -> None:
    workspace = window.session.workspace
    workspace.show_model(workspace.model.checkpoint, "In memory", None)
    window.session.view_files.save(tmp_path / "view.json")
    assert window.banner.sentence.text().endswith("Save the model first, then the view.")
    assert not (tmp_path / "view.json").exists()


# --- what is no longer there


def test_a_missing_model_is_named_and_the_open_one_shown(
    window: MainWindow, view: Path, open_view: Open
) -> None:
    saved = described(window)
    values = json.loads(view.read_text()) | {"model": "/nowhere/lost.safetensors", "bookmarks": []}
    view.write_text(json.dumps(values))
    window.explore.plane_card.home_button.click()
    open_view(window, view)
    assert "/nowhere/lost.safetensors" in window.banner.sentence.text()
    assert described(window) == saved


def test_a_damaged_model_is_named(window: MainWindow, view: Path, tmp_path: Path, open_view: Open) -> None:
    (tmp_path / "damaged.safetensors").write_text("no model")
    model = window.session.workspace.model
    view.write_text(
        json.dumps(json.loads(view.read_text()) | {"model": str(tmp_path / "damaged.safetensors")})
    )
    open_view(window, view)
    assert "damaged.safetensors, cannot be opened" in window.banner.sentence.text()
    assert window.session.workspace.model is model


def test_a_model_of_another_latent_space_is_left_as_it_is(
    window: MainWindow, view: Path, open_in: Open, save_model: Callable[..., Path], open_view: Open
) -> None:
    other = save_model("other", latent_dim=5)
    view.write_text(json.dumps(json.loads(view.read_text()) | {"model": str(other)}))
    open_view(window, view)
    assert "another latent space" in window.banner.sentence.text()
    assert window.session.workspace.model.path == other
    assert window.session.exploration.pin.shape == (5,)


@pytest.mark.parametrize("dataset", ["mnist", "butterflies"])
def test_a_missing_data_set_is_named_and_the_rest_shown(
    window: MainWindow, view: Path, open_view: Open, dataset: str
) -> None:
    view.write_text(json.dumps(json.loads(view.read_text()) | {"dataset": dataset}))
    window.explore.plane_card.home_button.click()
    open_view(window, view)
    assert f"'{dataset}'" in window.banner.sentence.text()
    assert described(window)["z"] == pytest.approx([0.125, -1.7])
    assert described(window)["map"] is MapKind.ENTROPY


# --- files that make no sense


SIMPLE = ViewState(
    model="MNIST 2-D (built in)",
    dataset="mnist",
    test_image=None,
    drawing=StoredPicture((1, 2, 3), bytes((0, 1, 2, 3, 254, 255))),
    noise=0.5,
    label=3,
    z=(0.125, -1.7),
    chart=StoredChart((0.0, 0.0), ((1.0, 0.0), (0.0, 1.0)), ("z₁", "z₂"), quantiles=True),
    view=(-1.0, -2.0, 0.5, 0.25),
    layers=("Manifold", "q(z|x)"),
    part=Part.TRAINING,
    colouring=Colouring("slant", None),
    map=MapKind.KL,
    path=(StoredEnd((1.0, 2.0), StoredPicture((3, 1, 1), b"abc"), 7), None),
    way="geodesic",
    share=0.25,
    page="Evidence",
    bookmarks=(Bookmark("between 4 and 9", (3.0, 4.0), None),),
)


def spoilt(values: dict[str, Any], **others: object) -> str:
    return json.dumps(values | others)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda values: "z = 3", "it is no JSON"),
        (lambda values: "[1, 2]", "was not written by Latent Explorer"),
        (lambda values: spoilt(values, format=2), "a newer Latent Explorer (format 2, not 1)"),
        (lambda values: spoilt(values, format=True), "'format' is no whole number"),
        (lambda values: spoilt(values, z=[0.0, float("nan")]), "it holds NaN"),
        (lambda values: spoilt(values).replace("0.125", "1e999"), "'z' is no list of numbers"),
        (lambda values: spoilt(values, z="here"), "'z' is no list"),
        (lambda values: spoilt(values, z=[0.0]), "of different latent spaces"),
        (lambda values: spoilt(values, z=[]), "'z' is no list of numbers"),
        (lambda values: spoilt(values, model=None), "'model' is no text"),
        (lambda values: spoilt(values, test_image=-1), "'test_image' is no whole number"),
        (lambda values: spoilt(values, label=1.5), "'label' is no whole number"),
        (lambda values: spoilt(values, noise=-0.5), "'noise' is below 0"),
        (lambda values: spoilt(values, view=[0, 0, 0, 1]), "left, bottom, width and height"),
        (lambda values: spoilt(values, layers=[1]), "'layers' is no list of texts"),
        (lambda values: spoilt(values, page=3), "'page' is no text"),
        (lambda values: spoilt(values, share=1.5), "'share' is not between 0 and 1"),
        (lambda values: spoilt(values, map="treasure"), "an unknown map, 'treasure'"),
        (lambda values: spoilt(values, map=["kl"]), "an unknown map"),
        (lambda values: spoilt(values, way="home"), "an unknown way, 'home'"),
        (lambda values: spoilt(values, part="half"), "an unknown part of the data, 'half'"),
        (lambda values: spoilt(values, part=["test"]), "an unknown part of the data"),
        (lambda values: spoilt(values, colouring="red"), "'colouring' is no object"),
        (lambda values: spoilt(values, colouring={"by": "class", "alone": -1}), "'alone' is no whole number"),
        (lambda values: spoilt(values, path=[None]), "has not two ends"),
        (lambda values: spoilt(values, bookmarks=[3]), "a bookmark is no object"),
        (
            lambda values: spoilt(values, drawing={"channels": 1, "rows": ["00", "0g"]}),
            "'drawing' is no picture",
        ),
        (
            lambda values: spoilt(values, chart=values["chart"] | {"directions": [[1, 0], [1, 0]]}),
            "not at right angles",
        ),
        (lambda values: json.dumps({"format": 1}), "it lacks 'path'"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(
    tmp_path: Path, spoil: Callable[[dict[str, Any]], str], reason: str
) -> None:
    path = tmp_path / "a view.json"
    write_view(path, SIMPLE)
    assert read_view(path) == SIMPLE
    path.write_text(spoil(json.loads(path.read_text())))
    with pytest.raises(ViewError) as refused:
        read_view(path)
    sentence = str(refused.value)
    assert sentence.startswith("a view.json is no view that can be opened: ")
    assert reason in sentence
    assert sentence.endswith(".")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ViewError, match=r"gone\.json .*No such file"):
        read_view(tmp_path / "gone.json")


def test_a_refused_file_changes_nothing(window: MainWindow, view: Path) -> None:
    view.write_text(spoilt(json.loads(view.read_text()), way="home"))
    window.explore.plane_card.home_button.click()
    saved = described(window)
    window.open_path(view)
    assert "an unknown way, 'home'" in window.banner.sentence.text()
    assert described(window) == saved


def test_what_was_read_is_what_was_written(view: Path) -> None:
    state = read_view(view)
    assert isinstance(state, ViewState)
    assert state.z == tuple(np.array((0.125, -1.7), np.float32).tolist())
    assert state.test_image == 17
    assert state.view == pytest.approx((-1.25, -2.5, 1.5, 1.0))
    assert state.map is MapKind.ENTROPY
    assert "Points" not in state.layers
