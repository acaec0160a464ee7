"""A model whose data set is not on this computer: the notice, the download and its end."""

from __future__ import annotations

import gzip
import hashlib
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from explorer.main_window import MainWindow
from explorer.messages import Downloading
from explorer.places import Places
from explorer.views.data_card import DataCard
from vae import datasets

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds
PIECE = 4_096  # bytes that the server sends at once
IMAGES = 300  # of noise, which does not compress

Mouse = Any  # of conftest.py


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content = self.server.files.get(self.path.strip("/"))
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        try:
            for start in range(0, len(content or b""), PIECE):
                self.wfile.write(content[start : start + PIECE])
                self.server.hurry.wait(0.05)
        except ConnectionError:
            pass  # cancelled

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """Takes seconds for a file, until it is told to hurry."""

    daemon_threads = False
    block_on_close = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.hurry = threading.Event()
        random = np.random.default_rng(0)
        self.files: dict[str, bytes] = {}
        for part, count in (("train", IMAGES), ("t10k", IMAGES // 2)):
            images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
            labels = random.integers(0, 10, count, dtype=np.uint8)
            for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
                head = struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape)
                self.files[f"{name}.gz"] = gzip.compress(head + array.tobytes(), mtime=0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server to which torchvision's MNIST is pointed."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        known = datasets._torchvision_mnist().MNIST
        checksums = {name: hashlib.md5(data, usedforsecurity=False) for name, data in server.files.items()}
        monkeypatch.setattr(known, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
        monkeypatch.setattr(known, "resources", [(name, md5.hexdigest()) for name, md5 in checksums.items()])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.hurry.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def window(
    qtbot: QtBot,
    open_window: Callable[[], MainWindow],
    open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
) -> MainWindow:
    """A window with a model of MNIST, where MNIST is not."""
    window = open_window()
    open_in(window, save_model("of MNIST", dataset="mnist"))
    return window


@pytest.fixture
def card(window: MainWindow) -> DataCard:
    return window.explore.data_card


def begin_download(qtbot: QtBot, window: MainWindow, mouse: Mouse, card: DataCard) -> Downloading:
    """Press the button, and wait for the first bytes."""
    with qtbot.waitSignal(
        window.session.workspace.download_changed,
        check_params_cb=lambda message: message is not None and message.progress.done > 0,
        timeout=PATIENCE,
    ) as signal:
        mouse.click(card._download)
    message: Downloading = signal.args[0]
    return message


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_is_missing_is_told_and_stroke_digits_take_its_place(window: MainWindow, card: DataCard) -> None:
    assert window.session.workspace.dataset.info.name == "stroke-digits"
    assert window.explore.input_card.image.picture is not None
    assert window.session.exploration.posterior is not None
    assert card._notice.text() == "The images of MNIST are not on this computer (12 MB)."
    assert card._notice.isVisible()
    assert card._download.isVisible()
    assert card._download.text() == "Download"
    assert not window.banner.isVisible()
    assert window.boxes.data_box.itemText(0) == "MNIST …"


def test_data_that_are_chosen_and_missing_are_offered_too(
    qtbot: QtBot, window: MainWindow, card: DataCard
) -> None:
    box, picture = window.boxes.data_box, window.explore.input_card.image.picture
    box.setCurrentIndex(box.findData("kmnist"))
    with qtbot.waitSignal(window.session.workspace.dataset_missing, timeout=PATIENCE):
        box.activated.emit(box.currentIndex())
    assert card._notice.text() == "The images of Kuzushiji-MNIST are not on this computer (21 MB)."
    assert box.currentText() == "Stroke digits"
    assert np.array_equal(window.explore.input_card.image.picture, picture)


def test_the_notice_goes_with_the_model(
    window: MainWindow, card: DataCard, open_in: Callable[[MainWindow, Path], None], small_model: Path
) -> None:
    assert card._notice.isVisible()
    open_in(window, small_model)
    assert not card._notice.isVisible()
    assert not card._download.isVisible()


def test_a_download_shows_its_progress_and_then_the_images(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, card: DataCard, server: Server, places: Places
) -> None:
    message = begin_download(qtbot, window, mouse, card)
    assert message.name == "mnist"
    assert card._bar.isVisible()
    assert card._bar.value() > 0
    assert card._bar.text().startswith("MNIST: ")
    assert not card._notice.isVisible()
    assert card._download.text() == "Cancel"
    done: list[int] = []
    window.session.workspace.download_changed.connect(lambda m: m and done.append(m.progress.done))
    with qtbot.waitSignal(window.session.workspace.dataset_changed, timeout=PATIENCE):
        server.hurry.set()
    assert done == sorted(done)
    data = window.session.workspace.dataset
    assert data.info.name == "mnist"
    assert len(data.test_images) == IMAGES // 2
    assert np.array_equal(window.explore.input_card.image.picture, data.test_images[0])
    assert card.title.text() == "MNIST, test set"
    for widget in (card._bar, card._notice, card._download):
        assert not widget.isVisible()
    assert window.boxes.data_box.currentText() == "MNIST"
    assert len(files_in(places.data)) == 4


def test_a_download_can_be_cancelled_and_begun_again(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, card: DataCard, server: Server, places: Places
) -> None:
    begin_download(qtbot, window, mouse, card)
    with qtbot.waitSignal(window.session.workspace.dataset_given_up, timeout=PATIENCE):
        mouse.click(card._download)
    assert not card._bar.isVisible()
    assert card._notice.isVisible()
    assert card._download.text() == "Download"
    assert files_in(places.data) == []
    assert window.session.workspace.dataset.info.name == "stroke-digits"
    server.hurry.set()
    with qtbot.waitSignal(window.session.workspace.dataset_changed, timeout=PATIENCE):
        mouse.click(card._download)
    assert window.session.workspace.dataset.info.name == "mnist"


def test_a_download_that_fails_is_told(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, card: DataCard, server: Server, places: Places
) -> None:
    server.files.clear()
    with qtbot.waitSignal(window.session.failed, timeout=PATIENCE):
        mouse.click(card._download)
    assert window.banner.isVisible()
    assert "answered '404 Not Found'" in window.banner.sentence.text()
    assert card._download.text() == "Download"
    assert card._download.isVisible()
    assert files_in(places.data) == []


def test_closing_the_window_in_mid_download_leaves_no_half_a_file(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, card: DataCard, server: Server, places: Places
) -> None:
    begin_download(qtbot, window, mouse, card)
    assert [name for name in files_in(places.data) if name.endswith(".part")]
    window.close()
    assert files_in(places.data) == []


def test_the_plane_can_be_explored_while_data_are_downloaded(
    qtbot: QtBot, window: MainWindow, mouse: Mouse, card: DataCard, server: Server
) -> None:
    begin_download(qtbot, window, mouse, card)
    with qtbot.waitSignal(window.session.exploration.manifold_ready, timeout=PATIENCE):
        window.explore.plane_card.plane.request_tiles()
    assert card._bar.isVisible()
