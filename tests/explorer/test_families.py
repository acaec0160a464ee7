"""Models of every family and likelihood on the real window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

import vae
from explorer.main_window import MainWindow
from explorer.plane_messages import Manifold
from explorer.theme import CLASSES
from explorer.views.map_colours import FINER
from explorer.views.pictures import to_image
from vae import VAE
from vae.maps import MapKind, cell_at
from vae.models import LabelVAE, MixtureVAE

pytestmark = pytest.mark.usefixtures("unhurried")

PATIENCE = 60_000  # milliseconds
PLACE = QPoint(220, 180)

Mouse = Any  # of conftest.py


@pytest.fixture
def window(
    open_window: Callable[[], MainWindow],
    open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
    request: pytest.FixtureRequest,
) -> MainWindow:
    """A window on a model of the family that the test names."""
    window = open_window()
    open_in(window, save_model("other", family=request.param))
    return window


def network(window: MainWindow) -> VAE:
    model = window.session.workspace.model
    assert model is not None
    return vae.load(model.path).model


def one_family(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("window", [name], indirect=True)


# --- conditional: the decoder is told a label


def assert_decoded_as(window: MainWindow, label: int) -> None:
    exploration = window.session.exploration
    expected = vae.decode_images(network(window), exploration.z[None], label)[0]
    shown = window.explore.decoded_card.picture.picture
    assert shown is not None
    assert np.abs(shown.astype(int) - expected).max() <= 1


@one_family("conditional")
def test_the_label_that_is_clicked_is_decoded_everywhere(
    qtbot: QtBot, window: MainWindow, mouse: Mouse
) -> None:
    exploration, chooser = window.session.exploration, window.explore.decoded_card.labels
    own = window.session.inputs.selection.label
    assert chooser.isVisible()
    assert "p(x|z, y)" in window.explore.decoded_card.title.text()
    assert "q(z|x, y)" in window.explore.posterior_card.title.text()
    assert chooser.names == tuple("0123456789")
    assert chooser.label == own
    assert_decoded_as(window, own)
    asked, tiles = (own + 3) % 10, list[Manifold]()
    exploration.manifold_ready.connect(tiles.append)
    mouse.click(chooser, chooser.cell(asked).center())
    assert chooser.label == asked
    assert_decoded_as(window, asked)

    def tiles_are_as_asked() -> bool:
        expected = vae.decode_images(network(window), tiles[-1].grid.centres()[:1], asked)[0]
        first = tiles[-1].picture[:, :28, :28].astype(int)
        return bool(np.abs(first - expected).max() <= 1)

    qtbot.waitUntil(lambda: bool(tiles) and tiles_are_as_asked(), timeout=PATIENCE)
    mouse.click(window.explore.plane_card.plane.viewport(), PLACE)
    assert_decoded_as(window, asked)
    for label, image in enumerate(chooser.images):
        assert image == to_image(vae.decode_code(network(window), exploration.z, label).picture)


@one_family("conditional")
def test_a_test_image_is_encoded_with_its_own_label_and_a_drawing_with_the_chosen_one(
    window: MainWindow, mouse: Mouse
) -> None:
    exploration, chooser = window.session.exploration, window.explore.decoded_card.labels
    before, own = exploration.posterior.z_loc, window.session.inputs.selection.label
    mouse.click(chooser, chooser.cell((own + 1) % 10).center())
    np.testing.assert_array_equal(exploration.posterior.z_loc, before)
    ink = np.zeros((40, 40), np.uint8)
    ink[5:35, 18:22] = 255
    window.session.inputs.select_drawing(ink)
    for label in (4, 8):
        mouse.click(chooser, chooser.cell(label).center())
        expected = vae.posterior_of(network(window), window.session.inputs.selection.picture, label)
        np.testing.assert_allclose(exploration.posterior.z_loc, expected.z_loc, rtol=1e-4, atol=1e-6)
    window.session.inputs.select_test_image(5)
    assert exploration.label == window.session.inputs.selection.label


@one_family("vae")
def test_other_models_offer_no_label_and_no_map(window: MainWindow) -> None:
    card = window.explore.decoded_card
    for widget in (card.labels, card.label_title, card.classes, card._sigma):
        assert not widget.isVisible()
    assert window.session.maps.why_not(MapKind.CLASSES)


# --- labels: the code tells the label


@one_family("labels")
def test_the_plane_shows_which_label_is_most_probable_where(qtbot: QtBot, window: MainWindow) -> None:
    card, maps = window.explore.plane_card, window.session.maps
    card.map_box.setCurrentIndex(card.map_box.findData(MapKind.CLASSES))
    qtbot.waitUntil(lambda: maps.found is not None and maps.found.grid.columns > 64, timeout=PATIENCE)
    classes = maps.found
    model = network(window)
    assert isinstance(model, LabelVAE)
    with torch.no_grad():
        expected = model.classifier(torch.from_numpy(classes.grid.centres())).softmax(-1).numpy()
    labels, probabilities = expected.argmax(1), expected.max(1)
    np.testing.assert_array_equal(classes.labels.ravel(), labels)
    np.testing.assert_allclose(classes.values.ravel(), probabilities, rtol=1e-5)
    cell = cell_at(classes.grid, *window.session.exploration.cursor)
    likeliest = int(np.ravel_multi_index(cell, classes.labels.shape))
    assert card.map.bar.text == f"{labels[likeliest]}, p = {probabilities[likeliest]:.2f}"
    row, column = np.unravel_index(probabilities.argmax(), classes.labels.shape)
    drawn = card.map._colours.image[::-1][FINER * row, FINER * column]
    assert tuple(drawn[:3]) == QColor(CLASSES[labels[probabilities.argmax()]]).getRgb()[:3]


@one_family("labels")
def test_the_share_of_labels_that_are_right_is_told(qtbot: QtBot, window: MainWindow) -> None:
    source, data = window.explore.plane_card.legend.source, window.session.workspace.dataset
    qtbot.waitUntil(lambda: "label right for" in source.text(), timeout=PATIENCE)
    model = network(window)
    assert isinstance(model, LabelVAE)
    with torch.no_grad():
        z_loc, _ = model.encode(torch.from_numpy(data.test_images / np.float32(255.0)))
        share = (model.classifier(z_loc).argmax(1).numpy() == data.test_labels).mean()
    assert f"label right for {share:.1%}" in source.text()


@one_family("labels")
def test_the_three_most_probable_labels_follow_the_cursor(window: MainWindow, mouse: Mouse) -> None:
    mouse.click(window.explore.plane_card.plane.viewport(), PLACE)
    model = network(window)
    assert isinstance(model, LabelVAE)
    with torch.no_grad():
        expected = model.classifier(torch.from_numpy(window.session.exploration.z)).softmax(-1).topk(3)
    rows = window.explore.decoded_card.classes.rows
    assert [label for label, _, _ in rows] == expected.indices.tolist()
    assert [share for _, _, share in rows] == pytest.approx(expected.values.tolist(), rel=1e-4)
    assert "log p(y|z)" in window.explore.posterior_card.terms.text().replace("<sub>", "")


# --- mixture


@one_family("mixture")
def test_components_are_drawn_to_scale_and_colour_the_points(qtbot: QtBot, window: MainWindow) -> None:
    card, data = window.explore.plane_card, window.session.workspace.dataset
    model = network(window)
    assert isinstance(model, MixtureVAE)
    loc, scale = (part.detach().numpy() for part in model.component_parts())
    rects = card.plane._components.rects
    assert len(rects) == 10
    for rect, (x, y), (across, up) in zip(rects, loc, scale, strict=True):
        assert (rect.center().x(), rect.center().y()) == pytest.approx((x, y), abs=1e-5)
        assert (rect.width(), rect.height()) == pytest.approx((2 * across, 2 * up), rel=1e-5)
        assert card.plane.home.contains(rect)
    assert not card.plane._circles.isVisible()
    card.layers["Prior"].click()
    assert not card.plane._components.isVisible()
    qtbot.waitUntil(lambda: card.legend.colour_box.findText("component") >= 0, timeout=PATIENCE)
    card.legend.colour_box.setCurrentText("component")
    with torch.no_grad():
        chosen = model.component_probabilities(torch.from_numpy(data.test_images / np.float32(255.0))).argmax(
            1
        )
    expected = np.array([QColor(CLASSES[component]).getRgb()[:3] for component in chosen])
    np.testing.assert_array_equal(card.plane._colours[:, :3], expected)
    assert [chip.text() for chip in card.legend.classes._chips] == [str(place) for place in range(1, 11)]


# --- autoencoder


@one_family("autoencoder")
def test_an_autoencoder_shows_points_where_a_vae_shows_ellipses(
    qtbot: QtBot, window: MainWindow, mouse: Mouse
) -> None:
    card, explore = window.explore.plane_card, window.explore
    assert not card.layers["Prior"].isVisible()
    assert not card.plane._circles.isVisible()
    assert "encodes to a point" in explore.posterior_card.terms.text()
    assert "KL <b>" not in explore.posterior_card.terms.text()
    assert not explore.posterior_card.sample.isEnabled()
    assert not explore.decoded_card.readout.log_p.isVisible()
    z = window.session.exploration.posterior.z_loc
    mouse.click(card.zoom_button)
    view = card.plane.view_rect()
    assert view.contains(*z.tolist())
    assert 0 < view.width() < card.plane.home.width()
    qtbot.waitUntil(card.plane._callout.isVisible, timeout=PATIENCE)
    around = explore.close_up_card.view
    assert around._ring.isVisible()
    codes = window.session.encoded_data.points.encodings.z_loc
    across = min(around.view_rect().width(), around.view_rect().height())
    assert across == pytest.approx(7 * codes.std(0).max() / 20, rel=0.01)


@one_family("autoencoder")
def test_the_whole_plane_of_an_autoencoder_holds_its_codes(window: MainWindow) -> None:
    home, codes = window.explore.plane_card.plane.home, window.session.encoded_data.points.encodings.z_loc
    inside = [home.contains(*code) for code in codes.tolist()]
    assert np.mean(inside) >= 0.9
    assert window.explore.plane_card.plane.view_rect().contains(home.center())


# --- noise


@one_family("vae")
def test_noise_is_added_before_the_image_is_encoded(
    window: MainWindow, open_in: Callable[[MainWindow, Path], None], save_model: Callable[..., Path]
) -> None:
    plain = window.session.workspace.model.path
    assert not window.explore.input_card.noise.isVisible()
    open_in(window, save_model("denoising", input_noise=0.5))
    card, exploration = window.explore.input_card, window.session.exploration
    assert card.noise.isVisible()
    picture = window.session.inputs.selection.picture
    card.noise.setValue(card.noise.maximum() // 2)
    assert card._sigma.text() == "0.50"
    expected = vae.posterior_of(network(window), picture, None, 0.5)
    np.testing.assert_allclose(exploration.posterior.z_loc, expected.z_loc, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(card.image.picture, expected.seen)
    np.testing.assert_array_equal(exploration.pin, exploration.posterior.z_loc)
    window.session.inputs.select_test_image(3)
    assert not np.array_equal(card.image.picture, window.session.inputs.selection.picture)
    card.noise.setValue(card.noise.maximum())
    open_in(window, plain)  # has never seen noise
    assert not card.noise.isVisible()
    np.testing.assert_array_equal(card.image.picture, window.session.inputs.selection.picture)


# --- all of them

MODELS: dict[str, dict[str, object]] = {
    "hierarchical": {"family": "hierarchical"},
    "mixture on a line": {"family": "mixture", "latent_dim": 1},
    "conditional in five dimensions": {"family": "conditional", "latent_dim": 5},
    "labels in three dimensions": {"family": "labels", "latent_dim": 3},
    "autoencoder on a line": {"family": "autoencoder", "latent_dim": 1},
    "convolutional autoencoder": {
        "family": "autoencoder",
        "network": "convolutional",
        "encoder_widths": (4, 8),
        "decoder_widths": (8, 4),
    },
    "fifty dimensions": {"latent_dim": 50},
    "gaussian": {"likelihood": "gaussian"},
    "gaussian, sigma of the image": {"likelihood": "gaussian", "sigma": "image"},
    "gaussian, sigma of the pixel": {"likelihood": "gaussian", "sigma": "pixel"},
    "continuous Bernoulli": {"likelihood": "continuous-bernoulli"},
    "categorical": {"likelihood": "categorical", "levels": 4},
}


@pytest.mark.parametrize("window", ["vae"], indirect=True)
def test_every_model_is_explored_and_passed_forward(
    qtbot: QtBot,
    window: MainWindow,
    open_in: Callable[[MainWindow, Path], None],
    save_model: Callable[..., Path],
) -> None:
    """Whatever was open before, nothing is raised and nothing is warned of, which would fail the test."""
    exploration, explore = window.session.exploration, window.explore
    for name, fields in MODELS.items():
        explore.plane_card.path_button.setChecked(True)
        exploration.pin_at(0.0, 0.0)
        explore.path_card.set_a.click()
        exploration.pin_at(0.5, 0.5)
        explore.path_card.set_b.click()
        open_in(window, save_model(name, **fields))
        assert exploration.posterior is not None, name
        assert len(exploration.pin) == fields.get("latent_dim", 2)
        explore.plane_card.zoom_button.click()
        exploration.sample_posterior()
        exploration.preview(0.3, -0.4)
        assert ("σ of" in explore.decoded_card._sigma.text()) >= ("sigma" in fields)
        assert explore.decoded_card._sigma.isVisible() == ("sigma" in fields), name
        window.tabs.setCurrentWidget(window.forward_pass)
        qtbot.waitUntil(lambda: window.forward_pass._scores is not None, timeout=PATIENCE)
        window.forward_pass.redraw(3)
        assert not window.grab().isNull()
        shown = window.forward_pass.elbo._table.isVisible()
        assert shown == (fields.get("family") not in ("autoencoder", "hierarchical")), name
        assert shown or "log p(x|z) =" in window.forward_pass.elbo.note.text()
        window.tabs.setCurrentWidget(explore)
        assert not window.grab().isNull()
        explore.plane_card.home_button.click()


@pytest.mark.parametrize("window", ["vae"], indirect=True)
def test_the_words_on_the_elbo_fit_the_likelihood(
    window: MainWindow, open_in: Callable[[MainWindow, Path], None], save_model: Callable[..., Path]
) -> None:
    tip = window.explore.posterior_card.terms.toolTip
    assert "as by a Bernoulli" in tip()
    open_in(window, save_model("grey", likelihood="continuous-bernoulli"))
    assert "may be positive" in tip()
    assert "as by a Bernoulli" not in tip()


@one_family("mixture")
def test_the_plane_follows_what_grows_in_training_until_another_view_is_chosen(
    window: MainWindow, mouse: Mouse
) -> None:
    plane, workspace = window.explore.plane_card.plane, window.session.workspace
    weights = dict(workspace.model.checkpoint.model.state_dict())
    workspace.show_weights(weights | {"component_loc": 3.0 * weights["component_loc"]})
    assert plane.view_rect().contains(plane.home)
    mouse.wheel(plane.viewport(), PLACE, 2)
    chosen = plane.view_rect()
    workspace.show_weights(weights | {"component_loc": 9.0 * weights["component_loc"]})
    assert plane.view_rect() == chosen
    mouse.click(window.explore.plane_card.home_button)
    assert plane.view_rect().contains(plane.home)
