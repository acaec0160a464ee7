"""The command `train` on the user's own images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import vae
from vae.own_data import name_of
from vae.own_pictures import Reading

Command = Any  # of conftest.py


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for place in range(20):
            pixels = random.integers(0, 256, (20, 25, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{place}.png")
    return tmp_path / "pets"


def test_a_folder_is_trained_on_and_named_in_the_model(
    command: Command, folder: Path, tmp_path: Path
) -> None:
    (folder / "dog" / "broken.png").write_text("no picture")
    out = tmp_path / "model.safetensors"
    outcome = command("train", "--dataset", folder, "--epochs", 1, "--out", out, "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)["epoch"] == 1
    assert "41 images, read as 28 × 28 pixels in colour: 0.1 MB, 35 to train and 6 to test." in outcome.err
    assert "broken.png: it is no picture" in outcome.err
    checkpoint = vae.load(out)
    assert checkpoint.dataset == name_of(folder, Reading(28, 3))
    assert checkpoint.model.config.image_shape == (3, 28, 28)
    assert checkpoint.model.config.classes == 2


def test_size_and_colours_can_be_asked_for(command: Command, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "model.safetensors"
    wanted = ("--image-size", 16, "--grey", "--epochs", 1, "--out", out)
    assert command("train", "--dataset", folder, *wanted).code == 0
    checkpoint = vae.load(out)
    assert checkpoint.dataset == name_of(folder, Reading(16, 1))
    again = tmp_path / "again.safetensors"
    assert command("train", "--dataset", checkpoint.dataset, "--epochs", 1, "--out", again).code == 0
    assert vae.load(again).dataset == checkpoint.dataset


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--image-size", 2), ("image size", "from 8 to 128")),
        (("--image-size", "large"), ("image size", "not large")),
        (("--dataset", "nowhere"), ("There is no data set 'nowhere'", "folder or file of images")),
        (("--dataset", "mnist", "--grey"), ("for a folder or file of images, not for 'mnist'",)),
    ],
)
def test_what_makes_no_sense_is_refused(
    options: tuple[object, ...], words: tuple[str, ...], command: Command, folder: Path
) -> None:
    command("train", "--dataset", folder, *options).assert_refused(*words)


def test_an_empty_folder_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    command("train", "--dataset", tmp_path / "empty").assert_refused("empty", "Choose a folder")


def test_labels_are_asked_for_where_there_are_none(command: Command, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((30, 8, 8), np.uint8))
    outcome = command("train", "--dataset", tmp_path / "a.npy", "--preset", "labels", "--epochs", 1)
    assert outcome.code == 1
    assert "learn from labels, and this data set has none" in outcome.err
