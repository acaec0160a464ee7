"""A run that is taken up from its file goes on to the last digit; whatever else is in the file is refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file

import vae
from vae import Arrays, EpochReport, RunHeader, StepReport, Training, UnfinishedRun
from vae.configuration import ModelConfig, TrainingConfig
from vae.errors import CheckpointError
from vae.tensor_file import RUN

SMALL = ModelConfig((1, 4, 4), 2, (16, 8), (8, 16), classes=3)
QUICK = TrainingConfig(epochs=4, batch_size=10, seed=4, beta_warm_up=2.0)  # five steps an epoch


@pytest.fixture(scope="module")
def data() -> Arrays:
    """46 grey pictures (N, 1, 4, 4) with labels, for both parts."""
    chance = np.random.default_rng(0)
    pictures: NDArray[np.uint8] = chance.integers(0, 256, (46, 1, 4, 4), dtype=np.uint8)
    labels = chance.integers(0, 3, 46)
    return Arrays(pictures, labels, pictures, labels)


def begin(data: Arrays, model: ModelConfig = SMALL, training: TrainingConfig = QUICK) -> Training:
    return Training(vae.build(model, training.seed), training, data)


def header_of(run: Training, history: Iterable[EpochReport] = ()) -> RunHeader:
    config = run.model.config
    return RunHeader("lecture", "mnist", 46, config, run.config, tuple(history), run.step, run.epoch, "cpu")


def to_disk_and_back(run: Training, path: Path) -> UnfinishedRun:
    vae.save_run(path, UnfinishedRun(header_of(run), run.state()))
    return vae.load_run(path)


def timeless(reports: Iterable[vae.Report]) -> list[vae.Report]:
    """Without what a clock tells."""
    clocks = {StepReport: {"seconds": 0.0}, EpochReport: {"seconds": 0.0, "images_per_second": 0.0}}
    return [replace(report, **clocks[type(report)]) for report in reports]  # type: ignore[arg-type, index]


FAMILIES = [
    {},
    {"input_dropout": 0.3, "input_noise": 0.2},
    {"family": "labels"},
    {"family": "hierarchical", "inner_dim": 3},
    {"family": "mixture", "components": 4},
    {"network": "convolutional"},
]


@pytest.mark.parametrize("fields", FAMILIES)
@pytest.mark.parametrize("after", [0, 3, 5, 6, 13])  # reports: at the start, in an epoch, at its end, ...
def test_a_resumed_run_goes_on_to_the_last_digit(
    data: Arrays, tmp_path: Path, fields: dict[str, Any], after: int
) -> None:
    model = replace(SMALL, **fields)
    whole = begin(data, model)
    expected = timeless(whole)

    cut_off = begin(data, model)
    before = timeless(next(cut_off) for _ in range(after))
    read = to_disk_and_back(cut_off, tmp_path / "run")
    resumed = begin(data, read.header.model, read.header.training)
    torch.rand(7)  # whatever else is drawn meanwhile
    resumed.take_up(read.state)
    after_it = timeless(resumed)

    assert before + after_it == expected
    weights = whole.model.state_dict()
    assert all(torch.equal(weights[name], found) for name, found in resumed.model.state_dict().items())


def test_a_changed_learning_rate_and_beta_are_resumed(data: Arrays, tmp_path: Path) -> None:
    def train(run: Training) -> list[vae.Report]:
        run.config = replace(run.config, learning_rate=1e-4, beta=3.0)
        return timeless(run)

    whole = begin(data)
    next(whole)
    expected = train(whole)
    cut_off = begin(data)
    next(cut_off)
    cut_off.config = replace(QUICK, learning_rate=1e-4, beta=3.0)
    read = to_disk_and_back(cut_off, tmp_path / "run")
    resumed = begin(data, SMALL, read.header.training)
    resumed.take_up(read.state)
    assert resumed.config.beta == 3.0
    assert timeless(resumed) == expected
    steps = [report for report in expected if isinstance(report, StepReport)]
    assert steps[-1].beta == 3.0
    assert max(step.learning_rate for step in steps) <= 1e-4


def test_what_is_drawn_between_two_reports_changes_nothing(data: Arrays) -> None:
    expected, disturbed = timeless(begin(data)), []
    for report in begin(data):
        torch.manual_seed(99)
        torch.rand(5)
        disturbed.append(report)
    assert timeless(disturbed) == expected


def test_two_runs_at_once_do_not_disturb_each_other(data: Arrays) -> None:
    other = replace(QUICK, seed=9)
    expected = timeless(begin(data)), timeless(begin(data, training=other))
    pairs = list(zip(begin(data), begin(data, training=other), strict=True))
    assert (timeless(one for one, _ in pairs), timeless(two for _, two in pairs)) == expected


def test_models_that_are_built_in_another_thread_draw_nothing_from_the_global_generator() -> None:
    done = threading.Event()

    def build() -> None:
        while not done.is_set():
            vae.build(SMALL, seed=3)
            vae.count_parameters(replace(SMALL, family="mixture"))

    torch.manual_seed(1)
    expected = [torch.rand(1).item() for _ in range(20_000)]
    thread = threading.Thread(target=build)
    thread.start()
    try:
        torch.manual_seed(1)
        assert [torch.rand(1).item() for _ in range(20_000)] == expected
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("family", ["vae", "mixture", "hierarchical", "labels"])
def test_a_seed_gives_the_weights_that_torch_would_draw(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(SMALL, family=family, network="convolutional" if family == "vae" else "dense")
    built = vae.build(config, seed=11).state_dict()
    again = vae.build(config, seed=0)
    torch.manual_seed(11)
    again.build()  # without a generator of its own
    assert all(torch.equal(weights, built[name]) for name, weights in again.state_dict().items())


# --- the file


def test_a_run_comes_back_whole(data: Arrays, tmp_path: Path) -> None:
    run = begin(data)
    history = [report for report in (next(run) for _ in range(8)) if isinstance(report, EpochReport)]
    saved = UnfinishedRun(header_of(run, history), run.state())
    vae.save_run(tmp_path / "run", saved)
    read = vae.load_run(tmp_path / "run")
    assert read.header == saved.header == vae.read_run_header(tmp_path / "run")
    assert read.header.epoch == 7 / 5
    assert (read.state.seconds, read.state.totals) == (saved.state.seconds, saved.state.totals)
    for name, moment in saved.state.moments.items():
        assert torch.equal(moment, read.state.moments[name])


@pytest.fixture
def file(data: Arrays, tmp_path: Path) -> Path:
    run = begin(data)
    for _ in range(7):
        next(run)
    path = tmp_path / "cut off.unfinished"
    vae.save_run(path, UnfinishedRun(header_of(run), run.state()))
    return path


def rewrite(file: Path, header: dict[str, Any] | None = None, **tensors: torch.Tensor | None) -> None:
    with safe_open(file, framework="pt") as opened:
        old = {name: opened.get_tensor(name).clone() for name in opened.keys()}  # noqa: SIM118
        old_header = json.loads(opened.metadata()[RUN.key])
    new = {name: tensor for name, tensor in (old | tensors).items() if tensor is not None}
    save_file(new, file, {RUN.key: json.dumps(old_header | (header or {}))})


def test_a_file_cut_short_is_refused(file: Path) -> None:
    content = file.read_bytes()
    for length in range(0, len(content), 999):
        file.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match="not an unfinished run"):
            vae.load_run(file)
        with pytest.raises(CheckpointError, match="not an unfinished run"):
            vae.read_run_header(file)


def test_a_model_is_no_run_and_a_run_no_model(file: Path, data: Arrays, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is an unfinished run of Latent Explorer, not a"):
        vae.load(file)
    model = vae.build(SMALL)
    encodings = vae.encode_images(model, data.test_images, data.test_labels)
    vae.save(tmp_path / "model", vae.Checkpoint(model, "lecture", "mnist", QUICK, (), encodings))
    with pytest.raises(CheckpointError, match="is a Latent Explorer model, not an unfinished run"):
        vae.load_run(tmp_path / "model")


def test_a_newer_format_asks_for_an_update(file: Path) -> None:
    rewrite(file, {"format_version": 2})
    with pytest.raises(CheckpointError, match="Update Latent Explorer"):
        vae.load_run(file)


@pytest.mark.parametrize(
    "header",
    [
        {"step": -1},
        {"step": "7"},
        {"images": 0},
        {"totals": [1.0]},
        {"totals": None},
        {"seconds": "long"},
        {"history": [{}]},
        {"training": {"momentum": 1}},
        {"model": {"latent_dim": 0}},
    ],
)
def test_a_header_that_makes_no_sense_is_damaged(file: Path, header: dict[str, Any]) -> None:
    rewrite(file, header)
    with pytest.raises(CheckpointError, match=r"damaged|do not fit"):
        vae.load_run(file)


@pytest.mark.parametrize(
    "tensors",
    [
        {"order": None},
        {"chance": torch.zeros(5, dtype=torch.uint8)},
        {"order": torch.zeros(5056)},
        {"optimizer.0.exp_avg": torch.zeros(3)},
        {"optimizer.0.exp_avg": torch.full((16, 16), torch.nan)},
        {"optimizer.99.exp_avg": torch.zeros(1)},
        {"optimizer.x": torch.zeros(1)},
        {"model.decoder.layers.0.weight": None},
    ],
)
def test_tensors_that_do_not_fit_are_refused(file: Path, tensors: dict[str, torch.Tensor | None]) -> None:
    rewrite(file, **tensors)
    with pytest.raises(CheckpointError, match=r"damaged|do not fit"):
        vae.load_run(file)


def test_other_data_are_refused(file: Path) -> None:
    record = vae.read_run_header(file)
    vae.require_same_data(record, 46)
    with pytest.raises(CheckpointError, match=r"learned from 46 images of the data set 'mnist'.* has 45"):
        vae.require_same_data(record, 45)
