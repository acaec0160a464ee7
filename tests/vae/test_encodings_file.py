"""The encodings of a data set, read back by others."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vae
from vae.configuration import ModelConfig
from vae.datasets import DATASETS, Dataset
from vae.encodings_file import write_encodings
from vae.errors import CheckpointError, ConfigurationError

NARROW = ModelConfig(latent_dim=3, encoder_widths=(16,), decoder_widths=(16,), classes=10)


@pytest.fixture
def data(stroke_pictures: NDArray[np.uint8]) -> Dataset:
    labels = np.arange(1_700) % 11 - 1  # some of them unknown
    train, test = slice(1_200), slice(1_200, 1_700)
    info = DATASETS["stroke-digits"]
    return Dataset(
        *(info, stroke_pictures[train], labels[train], stroke_pictures[test], labels[test]), test_factors={}
    )


@pytest.fixture
def model() -> vae.VAE:
    return vae.build(NARROW, seed=1).eval()


def expected(model: vae.VAE, data: Dataset) -> dict[str, NDArray[np.generic]]:
    train = vae.encode_images(model, data.train_images, data.train_labels)
    test = vae.encode_images(model, data.test_images, data.test_labels)
    return {
        "z_loc": np.concatenate((train.z_loc, test.z_loc)),
        "z_scale": np.concatenate((train.z_scale, test.z_scale)),
        "labels": np.concatenate((train.labels, test.labels)),
        "index": np.concatenate((np.arange(1_200), np.arange(500))),
        "split": np.array(["train"] * 1_200 + ["test"] * 500),
    }


def write(path: Path, model: vae.VAE, data: Dataset) -> list[float]:
    return list(write_encodings(path, model, data))


def test_arrays_are_those_of_encode_images(tmp_path: Path, model: vae.VAE, data: Dataset) -> None:
    shares = write(tmp_path / "codes.npz", model, data)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with np.load(tmp_path / "codes.npz") as stored:
        for name, values in expected(model, data).items():
            assert np.array_equal(stored[name], values), name
        kl = 0.5 * (stored["z_loc"] ** 2 + stored["z_scale"] ** 2 - 1 - 2 * np.log(stored["z_scale"])).sum(1)
        np.testing.assert_allclose(stored["kl"], kl, rtol=1e-4)
        np.testing.assert_allclose(stored["elbo"], stored["reconstruction"] - stored["kl"], rtol=1e-5)


def test_a_table_holds_the_same_numbers_to_the_last_digit(
    tmp_path: Path, model: vae.VAE, data: Dataset
) -> None:
    write(tmp_path / "codes.csv", model, data)
    with (tmp_path / "codes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    columns = expected(model, data)
    assert [row["split"] for row in rows] == columns["split"].tolist()
    assert [int(row["index"]) for row in rows] == columns["index"].tolist()
    assert [int(row["label"] or -1) for row in rows] == columns["labels"].tolist()
    for name in ("z_loc", "z_scale"):
        read = np.array([[row[f"{name}_{place}"] for place in (1, 2, 3)] for row in rows], np.float32)
        assert np.array_equal(read, columns[name])


@pytest.mark.parametrize("family", ["conditional", "labels", "autoencoder", "hierarchical"])
def test_every_family_is_encoded(tmp_path: Path, data: Dataset, family: str) -> None:
    write(tmp_path / "codes.npz", vae.build(replace(NARROW, family=family), seed=1).eval(), data)
    with np.load(tmp_path / "codes.npz") as stored:
        assert stored["z_loc"].shape == (1_700, 3)
        assert np.isfinite(stored["elbo"]).all()


def test_what_cannot_be_written_is_said(tmp_path: Path, model: vae.VAE, data: Dataset) -> None:
    with pytest.raises(ConfigurationError, match=r"'codes\.xlsx' .* \.csv or \.npz"):
        write(tmp_path / "codes.xlsx", model, data)
    other = vae.build(replace(NARROW, image_shape=(1, 32, 32)), seed=1)
    with pytest.raises(ConfigurationError, match="1 × 28 × 28, and the model encodes 1 × 32 × 32"):
        write(tmp_path / "codes.csv", other, data)
    with pytest.raises(CheckpointError, match="could not be saved"):
        write(tmp_path / "gone" / "codes.csv", model, data)
    assert not list(tmp_path.iterdir())
