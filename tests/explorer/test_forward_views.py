"""Parts of the forward pass on their own: its code, its layers, its numbers."""

from __future__ import annotations

import re

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from explorer.views.forward_lane import CodeStrip
from explorer.views.forward_layers import _arrange
from explorer.views.forward_pixels import round_up
from explorer.views.forward_words import nats, number, shape


def plain(label: QLabel) -> str:
    return re.sub("<[^>]*>", "", label.text())


def test_code_lights_one_line(qtbot: QtBot) -> None:
    code = CodeStrip(("a < b", "c"))
    qtbot.addWidget(code)
    assert code.lit is None
    code.light(0)
    assert code.lit == "a < b"
    assert plain(code).startswith("a &lt; b")
    code.light(None)
    assert code.lit is None


@pytest.mark.parametrize("units", [1, 2, 3, 64, 784, 12_288])
def test_a_layer_has_room_for_every_unit(units: int) -> None:
    block = _arrange(units, 30, 100)
    assert block.rows * block.columns >= units
    assert block.rect.width() <= 30
    assert block.rect.height() <= 100


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0.1), (0.35, 0.4), (2.0, 2.0), (2.1, 2.5), (90.0, 100.0)]
)
def test_the_bar_reaches_to_a_round_number(value: float, expected: float) -> None:
    assert round_up(value) == pytest.approx(expected)


def test_numbers_and_shapes_are_written_as_books_do() -> None:
    assert number(-1.25) == "−1.250"
    assert nats(-1234.5) == "−1,234.50"
    assert shape(2) == "(1, 2)"
    assert shape() == "(1,)"
