"""What is read at the cursor: densities, the nearest image, a warning far off the data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from explorer.main_window import MainWindow
from explorer.views.cursor_readout import CursorReadout
from explorer.views.pictures import to_image
from vae import Checkpoint
from vae.dataset import Part

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds

Mouse = Any  # of conftest.py


@pytest.fixture
def readout(qtbot: QtBot, window: MainWindow) -> CursorReadout:
    near = window.session.near_data
    qtbot.waitUntil(lambda: near.count == 300 and near.picture_of(0) is not None, timeout=PATIENCE)
    return window.explore.decoded_card.readout


def read_at(qtbot: QtBot, window: MainWindow, z: np.ndarray) -> None:
    """Go there, and wait until it is read."""
    readout = window.explore.decoded_card.readout
    window.session.exploration.pin_code(z.astype(np.float32))
    qtbot.waitUntil(lambda: not readout._timer.isActive(), timeout=PATIENCE)


def number_in(text: str) -> float:
    return float(text.split()[2].replace("−", "-"))


def test_both_densities_are_those_of_prior_and_aggregate_posterior(
    qtbot: QtBot, window: MainWindow, readout: CursorReadout, small: Checkpoint
) -> None:
    loc, scale = (
        torch.from_numpy(part).double() for part in (small.encodings.z_loc, small.encodings.z_scale)
    )
    q = MixtureSameFamily(Categorical(torch.ones(len(loc))), Independent(Normal(loc, scale), 1))
    p = Independent(Normal(torch.zeros(2), torch.ones(2)), 1)
    for z in (np.array((0.2, -0.4)), small.encodings.z_loc[7], np.array((1.5, 1.0))):
        read_at(qtbot, window, z)
        place = torch.from_numpy(z).float()
        assert number_in(readout.log_p.text()) == pytest.approx(float(p.log_prob(place)), abs=0.006)
        assert number_in(readout.log_q.text()) == pytest.approx(float(q.log_prob(place.double())), abs=0.006)
        assert readout.log_q.text().endswith("nats")


def test_the_nearest_image_is_shown_with_its_label_and_distance(
    qtbot: QtBot, window: MainWindow, readout: CursorReadout, small: Checkpoint
) -> None:
    z = small.encodings.z_loc[42] + 1e-4
    nearest = int(np.linalg.norm(small.encodings.z_loc - z, axis=1).argmin())
    read_at(qtbot, window, z)
    data = window.session.workspace.dataset
    assert readout.nearest.image == to_image(data.test_images[nearest])
    assert readout.nearest.lines == (f"nearest: {small.encodings.labels[nearest]}", "0.00 away")
    assert "No data here" not in readout.nearest.toolTip()


def test_far_off_the_data_a_warning_says_so(
    qtbot: QtBot, window: MainWindow, readout: CursorReadout, small: Checkpoint
) -> None:
    far = np.array((9.0, -9.0))
    distance = np.linalg.norm(small.encodings.z_loc - far, axis=1).min()
    read_at(qtbot, window, far)
    assert readout.nearest.lines == ("no data", f"within {distance:.2f}")
    assert f"the nearest image lies {distance:.2f} away" in readout.nearest.toolTip()
    for index in (0, 100, 299):
        read_at(qtbot, window, small.encodings.z_loc[index])
        assert readout.nearest.lines[0] != "no data"


def test_a_click_makes_the_nearest_image_the_input(
    qtbot: QtBot, window: MainWindow, readout: CursorReadout, mouse: Mouse, small: Checkpoint
) -> None:
    read_at(qtbot, window, small.encodings.z_loc[123])
    mouse.click(readout.nearest)
    assert window.session.inputs.selection.index == 123


def test_an_image_of_the_training_set_can_be_the_input_too(
    qtbot: QtBot, window: MainWindow, readout: CursorReadout, mouse: Mouse
) -> None:
    window.session.encoded_data.choose(Part.TRAINING)
    near, data = window.session.near_data, window.session.workspace.dataset
    qtbot.waitUntil(lambda: near.part is Part.TRAINING, timeout=PATIENCE)
    read_at(qtbot, window, window.session.encoded_data.points.encodings.z_loc[567])
    assert "1,000 encoded training images" in readout.nearest.toolTip()
    mouse.click(readout.nearest)
    assert np.array_equal(window.session.inputs.selection.picture, data.train_images[567])
    caption = f"training image 567 · label {data.train_labels[567]}"
    assert window.explore.input_card._caption.text() == caption


def test_an_autoencoder_has_neighbours_but_no_densities(
    qtbot: QtBot,
    window: MainWindow,
    readout: CursorReadout,
    open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
) -> None:
    open_in(window, save_model("points", family="autoencoder"))
    qtbot.waitUntil(lambda: window.session.near_data.count == 20, timeout=PATIENCE)
    read_at(qtbot, window, np.array((0.5, 0.5)))
    assert not readout.log_p.isVisible()
    assert readout.nearest.isVisible()


def test_in_more_dimensions_all_of_them_count(
    qtbot: QtBot,
    window: MainWindow,
    readout: CursorReadout,
    open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
) -> None:
    open_in(window, save_model("deep", latent_dim=5))
    near = window.session.near_data
    qtbot.waitUntil(lambda: near.count == 20, timeout=PATIENCE)
    z = window.session.encoded_data.points.encodings.z_loc[4] + np.array((0, 0, 0, 0.25, 0), np.float32)
    read_at(qtbot, window, z)
    assert readout.nearest.lines[1].endswith("0.25 away") or readout.nearest.lines == (
        "no data",
        "within 0.25",
    )
