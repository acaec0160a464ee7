"""What is typed into the form: what is refused, told and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot

from explorer.run import RunState
from explorer.session import Session
from explorer.tabs.train import TrainTab
from explorer.views.run_fields import FIELDS
from explorer.views.run_form import OFFERED
from vae.presets import PRESETS

Fill = Callable[..., None]  # of conftest.py

NONSENSE = {
    "encoder_widths": ["wide", "", "64, many", "0", "1.5"],
    "decoder_widths": ["narrow", "", "-3"],
    "latent_dim": ["two", "", "0", "2.5", "99999"],
    "beta": ["lots", "", "-1", "nan", "inf"],
    "learning_rate": ["slow", "", "0", "-0.1", "1e9"],
    "batch_size": ["some", "", "0", "1e3"],
    "epochs": ["12 or so", "", "0"],
    "seed": ["apple", "", "-1", str(2**63)],
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_told_beside_its_field_and_starts_nothing(
    qtbot: QtBot, tab: TrainTab, session: Session, fill: Fill, name: str
) -> None:
    good = {field.name: tab.form.fields[field.name].text() for field in FIELDS}
    error, word = tab.form._error, name.split("_")[0]
    for text in NONSENSE[name]:
        fill(**{name: text})
        qtbot.mouseClick(tab.controls.start_button, Qt.MouseButton.LeftButton)
        assert error.isVisible(), text
        assert word in error.text().lower(), text
        assert error.text().endswith("."), text
        assert tab.form.fields[name].hasFocus(), text
        shown = {field.name: tab.form.fields[field.name].text() for field in FIELDS}
        assert shown == good | {name: text}
        assert not session.waiting, text
        assert session.run.state is RunState.IDLE, text
        fill(**{name: good[name]})
        assert not error.isVisible(), text
        tab.form.preset_box.setFocus()


def test_nonsense_covers_every_field() -> None:
    assert set(NONSENSE) == {field.name for field in FIELDS if not field.choices}


def test_what_departs_from_the_preset_is_said(tab: TrainTab, fill: Fill) -> None:
    tab.form.use_preset()
    assert "Changed" not in tab.form._description.text()
    fill(epochs="3", beta="4")
    assert tab.form._description.text().endswith("Changed: beta, epochs.")
    choice = tab.form.read()
    assert choice is not None
    assert choice.training == replace(PRESETS[choice.preset].training, epochs=3, beta=4.0)


def test_the_form_survives_a_restart(
    qtbot: QtBot, session: Session, settings: QSettings, tab: TrainTab, fill: Fill
) -> None:
    name = list(OFFERED)[-1]
    tab.form.preset_box.setCurrentIndex(tab.form.preset_box.findData(name))
    tab.form.use_preset()
    tab.form.dataset_box.setCurrentIndex(tab.form.dataset_box.findData("kmnist"))
    fill(activation="tanh")
    fill(encoder_widths="31, 7", beta="0.5", seed="not yet sure")
    session.live_model.set_following(False)
    settings.sync()
    again = TrainTab(session, QSettings(settings.fileName(), QSettings.Format.IniFormat))
    qtbot.addWidget(again)
    assert again.form.preset.name == name
    assert again.form.dataset == "kmnist"
    assert again.form.fields["activation"].text() == "tanh"
    assert again.form.fields["encoder_widths"].text() == "31, 7"
    assert again.form.fields["beta"].text() == "0.5"
    assert again.form.fields["seed"].text() == "not yet sure"
    assert not again._following.isChecked()


def test_settings_of_another_version_fall_back(qtbot: QtBot, session: Session, settings: QSettings) -> None:
    settings.setValue("train/preset", "gone")
    settings.setValue("train/dataset", "gone")
    settings.setValue("train/activation", "gone")
    tab = TrainTab(session, settings)
    qtbot.addWidget(tab)
    assert tab.form.dataset == "stroke-digits"
    assert tab.form.fields["activation"].text() == tab.form.preset.model.activation


def test_following_is_the_sessions(tab: TrainTab, session: Session) -> None:
    session.live_model.set_following(False)
    assert not tab._following.isChecked()
    tab._following.setChecked(True)
    assert session.live_model.following
