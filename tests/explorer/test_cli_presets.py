"""``latent-explorer presets``, and ``train --device``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import vae
from vae.presets import PRESETS

Command = Callable[..., Any]  # of tests/conftest.py

REPOSITORY = Path(__file__).parents[2]


def test_every_preset_is_listed_with_what_it_is_and_its_source(command: Command) -> None:
    outcome = command("presets")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    for preset in PRESETS.values():
        place = lines.index(preset.name)
        assert preset.description in lines[place + 1]
        assert preset.source
        assert preset.source in lines[place + 2]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_in_the_readme(name: str) -> None:
    rows = [
        row for row in (REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines() if row[:1] == "|"
    ]
    assert any(f"`{name}`" in row for row in rows)


def test_a_model_is_trained_on_the_processor(command: Command, small_mnist: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    assert (
        command("train", "--data-dir", small_mnist, "--epochs", 1, "--device", "cpu", "--out", out).code == 0
    )
    assert len(vae.load(out).history) == 1


@pytest.mark.parametrize(("device", "words"), [("cuda", "is not there"), ("tpu", "auto, cpu, cuda, mps")])
def test_a_device_that_is_not_there_is_refused(
    command: Command,
    small_mnist: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    device: str,
    words: str,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    outcome = command("train", "--data-dir", small_mnist, "--device", device, "--out", tmp_path / "model")
    outcome.assert_refused(f"'{device}'", words)
    assert not (tmp_path / "model").exists()
