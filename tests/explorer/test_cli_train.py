"""``latent-explorer train``: what it prints, what it saves, and that nothing is lost when it ends early."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vae
from vae import datasets, presets, training
from vae.configuration import ModelConfig

Command = Callable[..., Any]  # of tests/conftest.py

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def train(command: Command, small_mnist: Path) -> Command:
    """Train on the small data set."""
    return partial(command, "train", "--data-dir", small_mnist, "--batch-size", 25)


# --- runs that end well ----------------------------------------------------------------------------


def test_json_has_an_object_for_each_epoch(train: Command, tmp_path: Path) -> None:
    outcome = train("--epochs", 2, "--json", "--out", tmp_path / "model")
    assert outcome.code == 0
    epochs = [json.loads(line) for line in outcome.out.splitlines()]
    assert [(epoch["epoch"], epoch["step"]) for epoch in epochs] == [(1, 3), (2, 6)]
    for epoch in epochs:
        assert set(epoch) == {"epoch", "step", "seconds", "images_per_second", "train", "test"}
        for part in ("train", "test"):
            terms = epoch[part]
            assert set(terms) == {"elbo", "reconstruction", "kl"}
            assert terms["elbo"] == pytest.approx(terms["reconstruction"] - terms["kl"])
        assert epoch["images_per_second"] > 0
    assert "6/6" in outcome.err  # the progress bar


def test_the_saved_model_is_the_one_that_was_trained(
    train: Command, command: Command, small_mnist: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model.safetensors"
    options = {"--epochs": 2, "--learning-rate": 2e-3, "--latent-dim": 3, "--beta": 0.5, "--seed": 7}
    outcome = train("--json", "--out", out, *(text for pair in options.items() for text in pair))
    epochs = [json.loads(line) for line in outcome.out.splitlines()]

    checkpoint, data = vae.load(out), datasets.load("mnist", small_mnist)
    assert (checkpoint.preset, checkpoint.dataset) == ("default-2d", "mnist")
    assert checkpoint.model.config.latent_dim == 3
    training = checkpoint.training
    chosen = (training.epochs, training.batch_size, training.learning_rate, training.beta, training.seed)
    assert chosen == (2, 25, 2e-3, 0.5, 7)
    assert [report.test.elbo for report in checkpoint.history] == [epoch["test"]["elbo"] for epoch in epochs]
    assert vae.evaluate(checkpoint.model, data.test_images) == checkpoint.history[-1].test
    encodings = vae.encode_images(checkpoint.model, data.test_images, data.test_labels)
    np.testing.assert_allclose(checkpoint.encodings.z_loc, encodings.z_loc, atol=1e-5)
    np.testing.assert_array_equal(checkpoint.encodings.labels, data.test_labels)
    facts = json.loads(command("info", out, "--json").out)
    assert (facts["epochs"], facts["latent_dim"]) == (2, 3)
    assert facts["test"] == epochs[-1]["test"]


def test_without_json_an_epoch_is_a_line_for_people(train: Command, tmp_path: Path) -> None:
    outcome = train("--epochs", 2, "--out", tmp_path / "model")
    lines = outcome.out.splitlines()
    assert len(lines) == 2
    for number, line in enumerate(lines, 1):
        assert line.startswith(f"epoch {number}")
        assert "test ELBO -" in line
    assert str(tmp_path / "model") in outcome.err


def test_the_built_in_data_need_no_folder(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "model"
    arguments = ("--dataset", "stroke-digits", "--epochs", 1, "--batch-size", 50, "--out", out, "--json")
    outcome = command("train", *arguments)
    assert outcome.code == 0
    assert json.loads(outcome.out)["test"]["elbo"] > -250
    assert vae.load(out).dataset == "stroke-digits"


def test_images_of_another_size_make_another_network(
    train: Command, small_mnist: Path, tmp_path: Path
) -> None:
    (small_mnist / "FashionMNIST").symlink_to(small_mnist / "MNIST")
    outcome = train("--dataset", "fashion-mnist-32", "--epochs", 1, "--out", tmp_path / "model")
    assert outcome.code == 0
    assert vae.load(tmp_path / "model").model.config.image_shape == (1, 32, 32)


def test_without_out_no_file_is_replaced(
    train: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(3):
        assert train("--epochs", 1).code == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"mnist-default-2d{number}.safetensors" for number in ("", "-2", "-3")}


# --- asked for wrongly -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "values", "words"),
    [
        ("--epochs", ["0", "-1", "abc", "1.5", "nan", "1e99"], "number of epochs"),
        ("--batch-size", ["0", "-1", "abc", "1.5", "inf"], "batch size"),
        ("--learning-rate", ["0", "-1", "abc", "nan", "inf", "1e9"], "learning rate"),
        ("--latent-dim", ["0", "-1", "two", "2.5", "1000000"], "latent dimension"),
        ("--beta", ["-1", "abc", "nan", "inf"], "Beta"),
        ("--seed", ["-1", "abc", "1.5", "99999999999999999999"], "seed"),
        ("--preset", ["best", ""], "There is no preset"),
        ("--dataset", ["cifar", ""], "There is no data set"),
    ],
)
def test_nonsense_is_named(
    train: Command, tmp_path: Path, option: str, values: list[str], words: str
) -> None:
    for value in values:
        train("--out", tmp_path / "model", option, value).assert_refused(words)
    assert not list(tmp_path.iterdir())


def test_a_place_to_save_is_looked_for_before_anything_else(command: Command, tmp_path: Path) -> None:
    for out, words in ((tmp_path, "is a folder"), (tmp_path / "none" / "model", "There is no folder")):
        command("train", "--data-dir", tmp_path / "data", "--out", out).assert_refused(words)
    assert not list(tmp_path.iterdir())


def test_a_damaged_data_file_is_named(train: Command, small_mnist: Path, tmp_path: Path) -> None:
    file = small_mnist / "MNIST" / "raw" / "train-images-idx3-ubyte"
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    try:
        train("--out", tmp_path / "model").assert_refused(str(file), "damaged")
    finally:
        file.write_bytes(content)


# --- runs that end early ---------------------------------------------------------------------------


@pytest.fixture
def endless(small_mnist: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run of its own process that would last for hours, when its first epoch is over."""
    program = [sys.executable, "-m", "explorer", "train", "--json", "--epochs", "100000"]
    program += ["--data-dir", str(small_mnist), "--out", str(tmp_path / "model")]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(program, cwd=REPOSITORY, text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["epoch"] == 1
        yield process
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process alone")
def test_ctrl_c_keeps_the_model_trained_so_far(endless: subprocess.Popen[str], tmp_path: Path) -> None:
    endless.send_signal(signal.SIGINT)
    _, err = endless.communicate()
    assert endless.returncode == 130
    assert f"the model trained so far is in {tmp_path / 'model'}" in err
    assert "Traceback" not in err
    assert len(vae.load(tmp_path / "model").history) >= 1


def test_a_reader_that_leaves_ends_the_run_and_the_model_is_kept(
    endless: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert endless.stdout is not None
    assert endless.stderr is not None
    endless.stdout.close()
    err = endless.stderr.read()
    assert endless.wait() == 1
    assert "the model trained so far" in err
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    assert len(vae.load(tmp_path / "model").history) >= 1


@pytest.fixture
def unstable(monkeypatch: pytest.MonkeyPatch) -> ModelConfig:
    """One preset alone, of a network too deep for a high learning rate."""
    deep = ModelConfig(encoder_widths=(64,) * 8, decoder_widths=(64,) * 8, activation="leaky-relu")
    _offer(monkeypatch, deep)
    return deep


def _offer(monkeypatch: pytest.MonkeyPatch, model: ModelConfig) -> None:
    preset = replace(presets.preset_of(presets.DEFAULT_PRESET), model=model)
    monkeypatch.setattr(presets, "PRESETS", {preset.name: preset})


@pytest.mark.usefixtures("unstable")
def test_a_loss_that_is_lost_is_told_and_the_run_goes_on(train: Command, tmp_path: Path) -> None:
    outcome = train("--learning-rate", 10, "--epochs", 200, "--json", "--out", tmp_path / "model")
    assert "The loss was lost at step" in outcome.err
    assert "with half the learning rate, 5." in outcome.err
    history = vae.load(tmp_path / "model").history
    assert [report.epoch for report in history] == list(range(1, len(history) + 1))


def test_a_run_that_goes_astray_keeps_its_last_good_weights(
    train: Command, tmp_path: Path, unstable: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(monkeypatch, replace(unstable, scale="exp"))  # which overflows once the learning rate has climbed
    monkeypatch.setattr(training, "MOST_ROLLBACKS", 1)
    outcome = train("--learning-rate", 0.1, "--epochs", 400, "--json", "--out", tmp_path / "model")
    assert outcome.code == 1
    assert "lower learning rate" in outcome.err
    assert "--resume" not in outcome.err  # it would be lost again
    assert "Traceback" not in outcome.err
    history = vae.load(tmp_path / "model").history
    assert [report.epoch for report in history] == list(range(1, len(history) + 1))
    assert 0 < len(history) < len(outcome.out.splitlines())  # epochs after the good weights are left out
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_run_that_has_learned_nothing_replaces_nothing(
    train: Command, tmp_path: Path, unstable: ModelConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    _offer(monkeypatch, replace(unstable, scale="exp"))  # which overflows at once
    (tmp_path / "model").write_text("better than nothing")
    outcome = train("--learning-rate", 10, "--epochs", 100, "--out", tmp_path / "model")
    assert outcome.code == 1
    assert "3 times in a row" in outcome.err
    assert "Nothing was learned" in outcome.err
    assert (tmp_path / "model").read_text() == "better than nothing"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
