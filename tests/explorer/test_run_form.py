"""The form of the next run: what it offers, what it refuses, what it keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot
from torch import nn

import vae
from explorer.session import Session
from explorer.views.run_fields import ADVANCED, ALL_FIELDS, FIELDS
from explorer.views.run_form import RunForm
from explorer.views.run_network import layers_of
from vae import families
from vae.configuration import ModelConfig
from vae.presets import PRESETS

PATIENCE = 60_000  # milliseconds
OF_IMAGES = [name for name, preset in PRESETS.items() if not preset.model.real_valued]
NONSENSE = [
    (name, text)
    for name, texts in {
        "components": ["", "0", "2.5", "many"],
        "inner_dim": ["", "0", "sixteen"],
        "fixed_sigma": ["", "0", "-1", "nan"],
        "levels": ["", "1", "257", "grey"],
        "input_noise": ["", "-0.1", "loud"],
        "input_dropout": ["", "0.95", "half"],
        "particles": ["", "0", "1.5"],
        "beta_warm_up": ["", "-1", "inf"],
        "weight_decay": ["", "-1", "some"],
    }.items()
    for text in texts
]


@pytest.fixture
def form(qtbot: QtBot, session: Session, settings: QSettings) -> RunForm:
    form = RunForm(session, settings)
    qtbot.addWidget(form)
    form.resize(320, 1000)
    with qtbot.waitExposed(form, timeout=PATIENCE):
        form.show()
    form.activateWindow()
    return form


def choose(form: RunForm, preset: str) -> None:
    form.preset_box.setCurrentIndex(form.preset_box.findData(preset))
    form.preset_box.activated.emit(form.preset_box.currentIndex())


def fill(form: RunForm, **texts: str) -> None:
    for name, text in texts.items():
        form.fields[name].setText(text)


def shown(form: RunForm) -> set[str]:
    return {field.name for field in ADVANCED if form.fields[field.name].isVisible()}


@pytest.mark.parametrize("name", OF_IMAGES)
def test_a_preset_is_read_back_as_it_is_and_told_with_its_source(form: RunForm, name: str) -> None:
    choose(form, name)
    choice, preset = form.read(), PRESETS[name]
    assert choice is not None
    assert (choice.preset, choice.model, choice.training) == (name, preset.model, preset.training)
    assert preset.description in form._description.text()
    assert preset.source
    assert preset.source in form._description.text()
    assert "Changed" not in form._description.text()


def test_presets_for_points_are_not_offered(form: RunForm) -> None:
    assert {form.preset_box.itemData(place) for place in range(form.preset_box.count())} == set(OF_IMAGES)


def test_every_advanced_choice_reaches_the_run(form: RunForm) -> None:
    choose(form, "default-2d")
    for field in ADVANCED:
        for value in field.choices:
            form.use_preset()
            fill(form, **{field.name: value})
            if field.name == "gradient":
                fill(form, objective="sampled-elbo")
            choice = form.read()
            assert choice is not None
            held = choice.model if field.kind is ModelConfig else choice.training
            assert getattr(held, field.name) == value


def test_the_advanced_fields_are_folded_until_they_are_asked_for(qtbot: QtBot, form: RunForm) -> None:
    assert shown(form) == set()
    qtbot.mouseClick(form.advanced, Qt.MouseButton.LeftButton)
    assert {"family", "network", "likelihood", "objective", "gradient", "particles", "schedule"} <= shown(
        form
    )
    qtbot.mouseClick(form.advanced, Qt.MouseButton.LeftButton)
    assert shown(form) == set()


def test_only_what_matters_is_shown(form: RunForm) -> None:
    form.unfold(True)
    choose(form, "default-2d")
    assert not shown(form) & {"sigma", "fixed_sigma", "levels", "components", "inner_dim"}
    fill(form, likelihood="gaussian")
    assert {"sigma", "fixed_sigma"} <= shown(form)
    fill(form, sigma="pixel")
    assert "fixed_sigma" not in shown(form)
    fill(form, likelihood="categorical", family="mixture")
    assert shown(form) & {"sigma", "fixed_sigma", "levels", "components"} == {"levels", "components"}
    fill(form, family="hierarchical")
    assert "inner_dim" in shown(form)


@pytest.mark.parametrize(("name", "text"), NONSENSE)
def test_nonsense_in_a_folded_field_is_told_beside_it(form: RunForm, name: str, text: str) -> None:
    fill(form, **{name: text})
    assert form.read() is None
    assert form.fields[name].isVisible()
    assert form.fields[name].hasFocus()
    assert form._error.isVisible()
    assert form._error.text().endswith(".")
    choose(form, "default-2d")
    assert not form._error.isVisible()
    assert form.read() is not None


def test_nonsense_covers_every_field_that_is_typed_into() -> None:
    assert {name for name, _ in NONSENSE} == {field.name for field in ADVANCED if not field.choices}


def test_nonsense_out_of_sight_is_scrolled_to(qtbot: QtBot, form: RunForm) -> None:
    area = QScrollArea()
    qtbot.addWidget(area)
    area.setWidgetResizable(True)
    area.resize(340, 300)
    area.setWidget(form)
    area.show()
    fill(form, weight_decay="heavy")
    assert form.read() is None
    qtbot.waitUntil(
        lambda: form._error.visibleRegion().boundingRect() == form._error.rect(), timeout=PATIENCE
    )
    area.takeWidget()  # both are closed by qtbot, one after the other


def test_fields_that_contradict_each_other_are_told(form: RunForm) -> None:
    choose(form, "default-2d")
    fill(form, gradient="score-function")
    assert form.read() is None
    assert "sampled-elbo" in form._error.text()
    fill(form, objective="sampled-elbo")
    choice = form.read()
    assert choice is not None
    assert choice.training == replace(
        PRESETS["default-2d"].training, objective="sampled-elbo", gradient="score-function"
    )
    assert form._description.text().endswith("Changed: objective, gradient.")
    fill(form, family="autoencoder")
    assert form.read() is None
    assert "autoencoder" in form._error.text()


def test_networks_that_are_too_large_together_are_told(form: RunForm) -> None:
    fill(form, encoder_widths="65000, 65000")
    assert form.read() is None
    assert "weights" in form._error.text()


def test_the_advanced_fields_survive_a_restart(
    qtbot: QtBot, session: Session, settings: QSettings, form: RunForm
) -> None:
    form.unfold(True)
    choose(form, "gaussian")
    fill(form, sigma="image", input_noise="0.25", network="convolutional")
    settings.sync()
    again = RunForm(session, QSettings(settings.fileName(), QSettings.Format.IniFormat))
    qtbot.addWidget(again)
    texts = {field.name: form.fields[field.name].text() for field in ALL_FIELDS}
    assert {field.name: again.fields[field.name].text() for field in ALL_FIELDS} == texts
    again.show()
    assert shown(again) == shown(form)


def test_a_family_of_ones_own_is_among_the_choices(
    qtbot: QtBot, session: Session, settings: QSettings
) -> None:
    vae.register("own", type("OwnVAE", (vae.VAE,), {}))
    try:
        form = RunForm(session, settings)
        qtbot.addWidget(form)
        fill(form, family="own")
        choice = form.read()
        assert choice is not None
        assert choice.model.family == "own"
    finally:
        del families.FAMILIES["own"]


def test_every_field_says_what_it_is(form: RunForm) -> None:
    for field in ALL_FIELDS:
        assert form.fields[field.name].toolTip() == field.tip
        assert field.tip
    assert len({field.name for field in ALL_FIELDS}) == len(FIELDS) + len(ADVANCED)


def test_the_wheel_scrolls_past_a_box_that_nobody_is_in(form: RunForm) -> None:
    box = form.fields["activation"]
    form.fields["seed"].setFocus()
    before, point = box.text(), QPointF(5, 5)
    event = QWheelEvent(
        point, QPointF(box.mapToGlobal(point)), QPoint(), QPoint(0, -120),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(box, event)
    assert box.text() == before


# --- what torch is asked for


def test_the_parameters_are_counted_once_a_model_is_open(
    qtbot: QtBot, form: RunForm, session: Session, small_model: Path
) -> None:
    choose(form, "default-2d")
    fill(form, encoder_widths="10", decoder_widths="20", latent_dim="3")
    assert "parameters" not in form._sketch.toolTip()
    with qtbot.waitSignal(session.workspace.model_changed, timeout=PATIENCE):
        session.workspace.open_model(small_model)
    by_hand = (784 * 10 + 10) + (10 * 6 + 6) + (3 * 20 + 20) + (20 * 784 + 784)
    assert f"{by_hand:,} parameters" in form._sketch.toolTip()
    fill(form, latent_dim="no number")
    assert f"{by_hand:,} parameters" in form._sketch.toolTip()


def test_devices_are_offered_where_there_is_more_than_one(
    qtbot: QtBot, form: RunForm, session: Session, small_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form.unfold(True)
    assert not form.device_box.isVisible()
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    with qtbot.waitSignal(session.workspace.model_changed, timeout=PATIENCE):
        session.workspace.open_model(small_model)
    assert form.device_box.isVisible()
    assert [form.device_box.itemText(place) for place in range(form.device_box.count())] == [
        "auto",
        "cuda",
        "cpu",
    ]
    form.device_box.setCurrentText("cpu")
    choice = form.read()
    assert choice is not None
    assert choice.device == "cpu"


# --- the sketch


@pytest.mark.parametrize("side", [28, 33])
def test_the_sketch_of_a_convolutional_network_has_its_sizes(side: int) -> None:
    config = replace(PRESETS["conv"].model, image_shape=(1, side, side))
    model = vae.build(config)
    sizes: list[int] = []
    for part in (*model.encoder.modules(), *model.decoder.modules()):
        if isinstance(part, nn.SiLU):
            part.register_forward_hook(lambda part, given, found: sizes.append(found[0].numel()))
    z, _ = model.encode(torch.zeros(1, 1, side, side))
    model.decode(z)
    units = [layer.units for layer in layers_of(config)]
    hidden = len(config.encoder_widths)
    assert units[1 : 1 + hidden] + units[2 + hidden : -1] == sizes


def test_the_sketch_of_two_levels_shows_both() -> None:
    layers = layers_of(PRESETS["hierarchical"].model)
    assert [(layer.name, layer.units) for layer in layers if layer.colour == "q"] == [("z", 2), ("w", 16)]
