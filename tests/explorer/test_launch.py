"""``explorer.launch``: the window on somebody's own model, from a script and where Qt runs already."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torch import Tensor, nn

import explorer
from explorer import launcher
from explorer.main_window import MainWindow
from explorer.messages import Failure
from vae.errors import AdapterError

PATIENCE = 60_000  # milliseconds
REPOSITORY = Path(__file__).parents[2]

SCRIPT = """
import numpy as np
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QApplication
from types import SimpleNamespace
import explorer

def encode(x):
    return x.reshape(len(x), -1)[:, :2], np.ones((len(x), 2))

def decode(z):
    application = QApplication.instance()
    if application and QThread.currentThread() is application.thread() and application.topLevelWidgets():
        QTimer.singleShot(0, application.closeAllWindows)  # seen enough
    return 1 / (1 + np.exp(-z.repeat(32, axis=1)))

images = np.random.default_rng(0).random((20, 8, 8))
for _ in range(2):
    explorer.launch(SimpleNamespace(encode=encode, decode=decode), images)
print("closed")
"""


class Own(nn.Module):
    def __init__(self, latent_dim: int) -> None:
        super().__init__()
        self.encoder, self.decoder = nn.Linear(784, 2 * latent_dim), nn.Linear(latent_dim, 784)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z_loc, z_scale = self.encoder(x.flatten(1)).chunk(2, -1)
        return z_loc, torch.exp(z_scale)

    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.decoder(z)).view(-1, 28, 28)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path) -> None:
    """Leave the settings of whoever runs the tests alone."""
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path))


@pytest.fixture
def pictures(stroke_pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return stroke_pictures[:40, 0]


@pytest.fixture
def closed(qapp: QApplication) -> Iterator[None]:
    yield
    for window in list(launcher._windows):
        window.close()


def tiles(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.session.exploration.manifold_ready, timeout=PATIENCE):
        window.explore.plane_card.plane.request_tiles()


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_a_torch_module_opens_where_qt_runs_already(
    qtbot: QtBot, closed: None, pictures: NDArray[np.uint8], latent_dim: int
) -> None:
    own, labels = Own(latent_dim), np.array(["a", "b"] * 20)
    window = explorer.launch(own, pictures, labels)  # returns at once
    assert window.isVisible()
    session = window.session
    assert session.workspace.model.latent_dim == latent_dim
    np.testing.assert_array_equal(session.workspace.dataset.test_images[:, 0], pictures)
    assert session.workspace.dataset.info.classes == ("a", "b")
    np.testing.assert_array_equal(session.workspace.dataset.test_labels, np.arange(40) % 2)
    tiles(qtbot, window)

    session.inputs.select_test_image(3)
    with torch.no_grad():
        z_loc, z_scale = own.encode(torch.from_numpy(pictures[3:4]).float() / 255.0)
        mean = own.decode(z_loc)
    qtbot.waitUntil(lambda: session.exploration.posterior is not None, timeout=PATIENCE)
    np.testing.assert_allclose(session.exploration.posterior.z_loc, z_loc[0], atol=1e-5)
    np.testing.assert_allclose(session.exploration.posterior.z_scale, z_scale[0], atol=1e-5)
    np.testing.assert_array_equal(session.exploration.picture, np.round(mean.numpy() * 255))


def test_numpy_functions_without_labels_open(
    qtbot: QtBot, closed: None, stroke_pictures: NDArray[np.uint8]
) -> None:
    images = np.repeat(stroke_pictures[:30].transpose(0, 2, 3, 1), 3, axis=3)  # colours last
    mean = images.mean(0) / 255.0
    own = SimpleNamespace(
        encode=lambda x: (np.stack((x.mean((1, 2, 3)), x.std((1, 2, 3))), 1), np.full((len(x), 2), 0.2)),
        decode=lambda z: np.clip(mean * (1.0 + z[:, :1, None, None]), 0.0, 1.0),
    )
    window = explorer.launch(own, images)
    tiles(qtbot, window)
    assert window.session.workspace.dataset.info.classes == ()
    assert window.session.workspace.model.image_shape == (3, 28, 28)
    for index in range(window.tabs.count()):
        window.tabs.setCurrentIndex(index)
    box = window.boxes.data_box
    assert box.currentText() == "Your images"


def test_the_images_are_there_again_after_others(
    qtbot: QtBot, closed: None, pictures: NDArray[np.uint8]
) -> None:
    window = explorer.launch(Own(2), pictures)
    workspace, box = window.session.workspace, window.boxes.data_box
    for title, count in (("Stroke digits", None), ("Your images", len(pictures))):
        with qtbot.waitSignal(workspace.dataset_changed, timeout=PATIENCE):
            box.setCurrentIndex(box.findText(title))
            box.activated.emit(box.currentIndex())
        assert workspace.dataset.info.title == title
        assert count in (None, len(workspace.dataset.test_images))


def test_saving_says_that_it_cannot_be_kept(
    qtbot: QtBot, closed: None, pictures: NDArray[np.uint8], tmp_path: Path
) -> None:
    window = explorer.launch(Own(2), pictures)
    with qtbot.waitSignal(window.session.failed, timeout=PATIENCE) as signal:
        window.session.workspace.save_model(tmp_path / "own.safetensors")
    failure: Failure = signal.args[0]
    assert "cannot be kept in a file" in failure.sentence
    assert failure.log is None


def test_labels_that_do_not_fit_are_refused(closed: None, pictures: NDArray[np.uint8]) -> None:
    with pytest.raises(AdapterError, match=r"labels have the shape \(3,\).*40 images"):
        explorer.launch(Own(2), pictures, [1, 2, 3])
    assert not launcher._windows


def test_a_closed_window_is_let_go(qtbot: QtBot, closed: None, pictures: NDArray[np.uint8]) -> None:
    window = explorer.launch(Own(2), pictures)
    assert window in launcher._windows
    images = weakref.ref(window.session.workspace.dataset)
    window.close()
    qtbot.waitUntil(lambda: not launcher._windows, timeout=PATIENCE)
    del window
    gc.collect()
    assert images() is None  # a notebook has its memory back


def test_a_script_goes_on_when_its_windows_are_closed(tmp_path: Path) -> None:
    homes = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    outcome = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | homes | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert outcome.stdout == "closed\n"
    assert outcome.returncode == 0
    assert "Traceback" not in outcome.stderr
