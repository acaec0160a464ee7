"""The user's own images in the window: dropped, looked into, read, trained on, and found again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from explorer.main_window import MainWindow
from explorer.messages import DownloadCancelled, ReadingImages
from explorer.views.model_boxes import OPEN_IMAGES
from explorer.views.own_data_dialog import OwnDataDialog
from vae import own_source
from vae.own_data import name_of, preview, scan
from vae.own_pictures import Reading

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """60 pictures of two classes, of 40 x 36 pixels in colour."""
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for place in range(30):
            pixels = random.integers(0, 256, (36, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{place}.png")
    return tmp_path / "pets"


@pytest.fixture
def dialog(window: MainWindow) -> OwnDataDialog:
    return window.boxes.dialog


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    window.dropEvent(
        QDropEvent(
            QPointF(),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
    )


def drop_and_look(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    """Drop it, and wait for the preview."""
    with qtbot.waitSignal(window.session.workspace.images_previewed, timeout=PATIENCE):
        drop(window, path)


def read(qtbot: QtBot, window: MainWindow, path: Path) -> None:
    """Drop it, press Read, and wait until it is the open data set."""
    drop_and_look(qtbot, window, path)
    with qtbot.waitSignal(window.boxes.images_read, timeout=PATIENCE):
        window.boxes.dialog.read_button.click()


def test_a_dropped_folder_is_shown_before_it_is_read(
    qtbot: QtBot, window: MainWindow, dialog: OwnDataDialog, folder: Path
) -> None:
    before = window.session.workspace.dataset
    drop_and_look(qtbot, window, folder)
    assert dialog.isVisible()
    assert dialog.options.reading() == Reading(32, 3)
    assert dialog.options.found.text() == "60 images of 40 × 36 pixels"
    assert dialog.options.classes.text() == "2: cat, dog"
    assert dialog.options.split.text() == "50 to train and 10 to test, drawn by the seed"
    assert dialog.options.memory.text() == "0.2 MB"
    assert len(dialog.preview._images) == 18
    assert not dialog.notice.isVisible()
    assert window.session.workspace.dataset is before


def test_what_is_chosen_is_previewed(
    qtbot: QtBot, window: MainWindow, dialog: OwnDataDialog, folder: Path
) -> None:
    drop_and_look(qtbot, window, folder)
    chosen = Reading(48, 1, "pad")
    with qtbot.waitSignal(
        window.session.workspace.images_previewed,
        check_params_cb=lambda message: message.reading == chosen,
        timeout=PATIENCE,
    ) as signal:
        for box, data in (("size_box", 48), ("colour_box", 1), ("framing_box", "pad")):
            widget = getattr(dialog.options, box)
            widget.setCurrentIndex(widget.findData(data))
    assert np.array_equal(signal.args[0].pictures, preview(scan(folder), chosen))
    assert dialog.options.memory.text() == "0.1 MB"


def test_what_is_read_is_open_and_chosen_for_training(
    qtbot: QtBot, window: MainWindow, dialog: OwnDataDialog, folder: Path
) -> None:
    read(qtbot, window, folder)
    name = name_of(folder, Reading(32, 3))
    data = window.session.workspace.dataset
    assert data.info.name == name
    assert data.info.classes == ("cat", "dog")
    assert data.train_images.shape == (50, 3, 32, 32)
    assert not dialog.isVisible()
    assert window.tabs.currentWidget() is window.train  # no model fits yet
    for box in (window.boxes.data_box, window.train.form.dataset_box):
        assert box.currentText() == "pets, 32 × 32 in colour"
        assert box.currentData() == name
    assert window.explore.data_card.title.text() == "pets, 32 × 32 in colour, test set"


def test_a_run_on_own_images_is_kept_and_finds_them_again(
    qtbot: QtBot,
    window: MainWindow,
    folder: Path,
    open_in: Callable[[MainWindow, Path], None],
    small_model: Path,
) -> None:
    read(qtbot, window, folder)
    form = window.train.form
    form.fields["encoder_widths"].setText("8")
    form.fields["decoder_widths"].setText("8")
    form.fields["epochs"].setText("1")
    with qtbot.waitSignal(window.session.run.ended, timeout=PATIENCE) as signal:
        window.train.controls.started.emit()
    checkpoint, path = signal.args[0].checkpoint, signal.args[0].path
    name = name_of(folder, Reading(32, 3))
    assert checkpoint.dataset == name
    assert checkpoint.model.config.image_shape == (3, 32, 32)
    assert path.name.startswith("pets, 32 × 32 in colour")
    workspace = window.session.workspace
    open_in(window, small_model)
    qtbot.waitUntil(lambda: workspace.dataset.info.name == "stroke-digits", timeout=PATIENCE)
    open_in(window, path)
    qtbot.waitUntil(lambda: workspace.dataset.info.name == name, timeout=PATIENCE)
    assert window.session.exploration.posterior is not None


def test_a_model_whose_images_are_gone_opens_all_the_same(
    qtbot: QtBot,
    window: MainWindow,
    open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
    tmp_path: Path,
) -> None:
    path = save_model("of pets", dataset=name_of(tmp_path / "gone", Reading(28, 1)))
    with qtbot.waitSignal(window.session.failed, timeout=PATIENCE) as signal:
        open_in(window, path)
    assert "There are no images at" in str(signal.args[0])
    assert "gone" in window.banner.sentence.text()
    assert window.session.workspace.model.path == path
    assert window.session.workspace.dataset.info.name == "stroke-digits"
    assert not window.explore.data_card._download.isVisible()


def test_what_cannot_be_read_is_listed(
    qtbot: QtBot, window: MainWindow, dialog: OwnDataDialog, folder: Path
) -> None:
    (folder / "cat" / "broken.png").write_text("no picture")
    drop_and_look(qtbot, window, folder)
    assert dialog.skipped_title.text() == "Will be left out: 1 file that cannot be read"
    assert "broken.png: it is no picture" in dialog.skipped.toPlainText()
    with qtbot.waitSignal(window.boxes.images_read, timeout=PATIENCE):
        dialog.read_button.click()
    assert dialog.isVisible()  # there is something to be told
    assert dialog.notice.text() == "Read 60 images; they are the open data set now."
    assert dialog.skipped_title.text() == "Left out: 1 file that cannot be read"
    assert dialog.cancel_button.text() == "Close"
    dialog.cancel_button.click()
    assert not dialog.isVisible()


@pytest.mark.parametrize("name", ["empty", "file"])
def test_what_holds_no_images_is_told_and_nothing_is_lost(
    name: str, qtbot: QtBot, window: MainWindow, dialog: OwnDataDialog, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("hello")
    before = window.session.workspace.dataset
    with qtbot.waitSignal(window.session.workspace.images_refused, timeout=PATIENCE):
        drop(window, tmp_path / name)
    assert dialog.isVisible()
    assert str(tmp_path / name) in dialog.notice.text()
    assert not dialog.read_button.isEnabled()
    assert window.session.workspace.dataset is before
    dialog.reject()


def test_too_much_for_the_memory_cannot_be_read(
    qtbot: QtBot,
    window: MainWindow,
    dialog: OwnDataDialog,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_source, "MOST_BYTES", 60 * 3 * 40 * 40)
    drop_and_look(qtbot, window, folder)
    assert dialog.read_button.isEnabled()
    dialog.options.size_box.setCurrentIndex(dialog.options.size_box.findData(64))
    assert "at most 40 × 40 pixels in colour" in dialog.notice.text()
    assert not dialog.read_button.isEnabled()
    dialog.options.size_box.setCurrentIndex(dialog.options.size_box.findData(28))
    assert not dialog.notice.isVisible()
    assert dialog.read_button.isEnabled()
    dialog.reject()


def test_reading_shows_its_progress_and_can_be_cancelled(
    qtbot: QtBot, window: MainWindow, dialog: OwnDataDialog, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (500, 500), dtype=np.uint8)
    (tmp_path / "large").mkdir()
    Image.fromarray(noise).save(tmp_path / "large" / "0.png")
    content = (tmp_path / "large" / "0.png").read_bytes()
    for place in range(1, 300):
        (tmp_path / "large" / f"{place}.png").write_bytes(content)
    workspace = window.session.workspace
    before, given_up = workspace.dataset, []
    workspace.dataset_given_up.connect(given_up.append)
    drop_and_look(qtbot, window, tmp_path / "large")
    with qtbot.waitSignal(
        workspace.download_changed,
        check_params_cb=lambda message: isinstance(message, ReadingImages) and message.progress.done > 0,
        timeout=PATIENCE,
    ):
        dialog.read_button.click()
    assert dialog.bar.isVisible()
    assert dialog.bar.text().endswith("of 300 images")
    assert not dialog.options.isEnabled()
    with qtbot.waitSignal(workspace.dataset_given_up, timeout=PATIENCE):
        dialog.cancel_button.click()
    assert isinstance(given_up[0], DownloadCancelled)
    assert dialog.isVisible()
    assert dialog.options.isEnabled()
    assert not dialog.bar.isVisible()
    assert workspace.dataset is before
    dialog.cancel_button.click()
    assert not dialog.isVisible()


def test_the_data_box_opens_the_dialog_and_remembers(
    qtbot: QtBot, window: MainWindow, dialog: OwnDataDialog, folder: Path
) -> None:
    box = window.boxes.data_box
    box.setCurrentIndex(box.findText(OPEN_IMAGES))
    box.activated.emit(box.currentIndex())
    assert dialog.isVisible()
    assert box.currentText() == "Stroke digits"
    dialog.reject()
    read(qtbot, window, folder)
    box.setCurrentIndex(box.findData("stroke-digits"))
    with qtbot.waitSignal(window.session.workspace.dataset_changed, timeout=PATIENCE):
        box.activated.emit(box.currentIndex())
    assert box.findText("pets, 32 × 32 in colour") >= 0
    assert window._settings.own_data == (name_of(folder, Reading(32, 3)),)


def test_images_without_labels_can_be_explored(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 256, (30, 28, 28), dtype=np.uint8))
    read(qtbot, window, tmp_path / "a.npy")
    assert window.explore.input_card._caption.text() == "test image 0"
    assert window.session.exploration.posterior is not None  # the open model is of this size
    assert window.tabs.currentWidget() is window.explore
