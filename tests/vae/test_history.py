from __future__ import annotations

import csv
import struct
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import vae
from vae import Checkpoint, EpochReport, Terms
from vae.configuration import ModelConfig
from vae.errors import CheckpointError, MissingPackageError
from vae.history import COLUMNS, Measure, Row, epoch_rows, read_record, write_csv
from vae.tensorboard import MOST_STEPS, write_events

HISTORY = (
    EpochReport(1, 5, 0.5, 900.0, Terms(-160.25, -150.0, 10.25), Terms(-150.5, -140.0, 10.5)),
    EpochReport(2, 10, 1.0, 950.0, Terms(-145.0, -135.0, 10.0), Terms(-1 / 3, 0.0, 1 / 3)),
)
STEP: Row = {"record": "step", "step": 3, "epoch": 0.6, "seconds": 0.3, "elbo": -200.5, "beta": 4.0}


def test_a_file_tells_its_record_without_its_weights(file: Path, small: Checkpoint) -> None:
    record = read_record(file)
    assert record.model == small.model.config
    assert record.training == small.training
    assert record.history == small.history
    assert (record.preset, record.dataset) == (small.preset, small.dataset)


def test_what_is_no_model_has_no_record(tmp_path: Path) -> None:
    path = tmp_path / "notes.safetensors"
    path.write_text("nothing of the kind")
    with pytest.raises(CheckpointError, match=r"notes\.safetensors is not a Latent Explorer model"):
        read_record(path)


@pytest.mark.parametrize(
    ("fields", "dataset", "difference"),
    [
        ({"latent_dim": 7, "activation": "tanh", "network": "convolutional"}, "mnist", ""),
        ({}, "kmnist", "data set Kuzushiji-MNIST, not MNIST"),
        ({"likelihood": "gaussian"}, "mnist", "likelihood Gaussian, not Bernoulli"),
        (
            {"likelihood": "categorical", "levels": 4},
            "mnist",
            "likelihood categorical, 4 levels, not Bernoulli",
        ),
        ({"family": "labels"}, "mnist", "bound on log p(x, y), not log p(x)"),
        ({"family": "hierarchical"}, "mnist", ""),
        ({"image_shape": (1, 8, 8)}, "mnist", "image size 1 × 8 × 8, not 1 × 28 × 28"),
    ],
)
def test_only_elbos_of_the_same_measure_compare(
    fields: dict[str, object], dataset: str, difference: str
) -> None:
    bernoulli = Measure.of(ModelConfig(), "mnist")
    other = Measure.of(replace(ModelConfig(), **fields), dataset)
    assert bernoulli.difference(other) == difference
    assert (bernoulli == other) == (not difference)


def test_the_table_reads_back_to_the_last_digit(tmp_path: Path) -> None:
    path = tmp_path / "history.csv"
    write_csv(path, [STEP, *epoch_rows(HISTORY)])
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [row["record"] for row in rows] == ["step", *["epoch, train", "epoch, test"] * 2]
    assert float(rows[0]["elbo"]) == -200.5
    assert rows[0]["kl"] == ""
    assert float(rows[4]["elbo"]) == -1 / 3
    assert float(rows[3]["images_per_second"]) == 950.0


def test_a_table_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="could not be saved"):
        write_csv(tmp_path / "nowhere" / "history.csv", [])


# --- TensorBoard


def events_in(folder: Path) -> Iterator[object]:
    """TFRecords: a length, its checksum, that many bytes, their checksum."""
    event_pb2 = pytest.importorskip("tensorboardX.proto.event_pb2")
    (path,) = folder.iterdir()
    content, place = path.read_bytes(), 0
    while place < len(content):
        (length,) = struct.unpack_from("<Q", content, place)
        yield event_pb2.Event.FromString(content[place + 12 : place + 12 + length])
        place += 12 + length + 4


def test_tensorboard_reads_the_same_numbers(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    write_events(tmp_path / "run", [STEP, *epoch_rows(HISTORY)])
    found = {
        (value.tag, event.step): value.simple_value
        for event in events_in(tmp_path / "run")
        for value in event.summary.value
    }
    assert found["step/elbo", 3] == -200.5
    assert found["step/beta", 3] == 4.0
    assert found["train/elbo", 5] == -160.25
    assert found["test/kl", 10] == pytest.approx(1 / 3)
    assert len(found) == 2 + 2 * (4 + 3)


def test_of_very_many_steps_tensorboard_gets_some(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    count = 2 * MOST_STEPS + 1
    write_events(tmp_path / "run", [{**STEP, "step": step} for step in range(1, count + 1)])
    steps = {event.step for event in events_in(tmp_path / "run") if event.summary.value}
    assert MOST_STEPS / 2 < len(steps) <= MOST_STEPS
    assert max(steps) == count


def test_without_the_package_the_way_to_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingPackageError, match=r"pip install latent-explorer\[tensorboard\]"):
        write_events(tmp_path / "run", [])
    assert not (tmp_path / "run").exists()


def test_a_real_run_makes_a_whole_table(tmp_path: Path, file: Path) -> None:
    write_csv(tmp_path / "h.csv", epoch_rows(vae.load(file).history))
    assert (tmp_path / "h.csv").read_text().count("\n") == 1 + 2 * 2
