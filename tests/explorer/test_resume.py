"""Nothing is lost: a run whose process is killed is resumed, on the command line and in the window."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import vae
from explorer import run_keeper
from explorer.run_keeper import cut_off_runs, is_free

Command = Callable[..., Any]  # of tests/conftest.py

REPOSITORY = Path(__file__).parents[2]
EPOCHS = 40
# The command line, but for a save after every other step instead of every five seconds.
SAVING_OFTEN = (
    "import sys; from explorer import cli, run_keeper; run_keeper.EVERY = 0.0; sys.exit(cli.main())"
)


@pytest.fixture(scope="module")
def options(small_mnist: Path) -> list[str]:
    """Three steps an epoch, with dropout: chance matters in each of them."""
    text = (
        f"train --preset best-2d --batch-size 25 --epochs {EPOCHS} --seed 3 --json --data-dir {small_mnist}"
    )
    return text.split()


Killed = tuple[Path, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def killed_once(options: list[str], tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """A run of its own process that was killed: its folder, and what it said of its first epochs."""
    folder = tmp_path_factory.mktemp("killed")
    program = [sys.executable, "-c", SAVING_OFTEN, *options, "--out", str(folder / "model")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    narrow = 4096  # bytes: full before the run is over, which then waits to be killed
    with subprocess.Popen(
        program, cwd=REPOSITORY, env=environment, text=True, pipesize=narrow, **pipes
    ) as process:  # type: ignore[call-overload]
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(5)]
        process.kill()  # SIGKILL, wherever it is: in a step, in the middle of a file
        lines += process.stdout.readlines()
    return folder, [json.loads(line) for line in lines if line.endswith("\n")]


@pytest.fixture
def killed(killed_once: Killed, tmp_path: Path) -> list[dict[str, Any]]:
    """What it said; what it left is in ``tmp_path``."""
    folder, epochs = killed_once
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return epochs


def timeless(epoch: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in epoch.items() if name not in ("seconds", "images_per_second")}


def epochs_of(text: str) -> dict[int, dict[str, Any]]:
    return {epoch["epoch"]: timeless(epoch) for epoch in map(json.loads, text.splitlines())}


def test_a_killed_run_goes_on_to_the_last_digit(
    killed: list[dict[str, Any]], command: Command, options: list[str], small_mnist: Path, tmp_path: Path
) -> None:
    file = tmp_path / "model.unfinished"
    header = vae.read_run_header(file)
    assert 0 < header.step < 3 * EPOCHS
    assert is_free(file)
    assert not (tmp_path / "model").exists()

    outcome = command("train", "--resume", file, "--data-dir", small_mnist, "--json")
    assert outcome.code == 0, outcome.err
    whole = command(*options, "--out", tmp_path / "whole")
    expected, resumed = epochs_of(whole.out), epochs_of(outcome.out)
    assert len(expected) == EPOCHS
    assert min(resumed) == int(header.epoch) + 1
    assert {epoch["epoch"]: timeless(epoch) for epoch in killed} | resumed == expected
    for epoch in killed:  # those that were told after the last save are told again, and the same
        assert resumed.get(epoch["epoch"], timeless(epoch)) == timeless(epoch)

    kept, unbroken = vae.load(tmp_path / "model"), vae.load(tmp_path / "whole")
    assert [timeless(vae.epoch_as_json(report)) for report in kept.history] == list(expected.values())
    weights = unbroken.model.state_dict()
    assert all(weights[name].equal(found) for name, found in kept.model.state_dict().items())
    assert {path.name for path in tmp_path.iterdir()} == {"model", "whole"}


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C cannot be sent to one process alone")
def test_ctrl_c_leaves_a_run_to_resume_from_its_very_step(
    command: Command, options: list[str], small_mnist: Path, tmp_path: Path
) -> None:
    program = [
        sys.executable,
        "-m",
        "explorer",
        *options,
        "--epochs",
        "100000",
        "--out",
        str(tmp_path / "model"),
    ]
    with subprocess.Popen(
        program, cwd=REPOSITORY, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert process.returncode == 130
    file = tmp_path / "model.unfinished"
    assert f"--resume '{file}'" in err
    step = vae.read_run_header(file).step
    assert f"Ended at step {step + 1:,}" in err  # the step after a state shows that it is good
    assert vae.load_run(file).state.step == step
    assert is_free(file)
    command(*options, "--out", tmp_path / "model").assert_refused("holds a run that was cut off", "--resume")


def test_a_resumed_run_may_become_another_model_and_is_as_it_was_begun(
    killed: list[dict[str, Any]], command: Command, small_mnist: Path, tmp_path: Path
) -> None:
    file = tmp_path / "model.unfinished"
    command("train", "--resume", file, "--beta", 2, "--epochs", 3).assert_refused(
        "leave out --epochs, --beta"
    )
    command("train", "--resume", tmp_path / "none").assert_refused("There is no file")
    outcome = command("train", "--resume", file, "--data-dir", small_mnist, "--out", tmp_path / "other")
    assert outcome.code == 0
    assert len(vae.load(tmp_path / "other").history) == EPOCHS
    assert file.exists()
    assert not (tmp_path / "model").exists()


def test_a_run_that_goes_on_is_not_taken_away(
    command: Command, killed: list[dict[str, Any]], small_mnist: Path, tmp_path: Path
) -> None:
    file = tmp_path / "model.unfinished"
    assert cut_off_runs(tmp_path) == [file]
    lock = run_keeper._hold(file)
    assert cut_off_runs(tmp_path) == []
    outcome = command("train", "--resume", file, "--data-dir", small_mnist)
    outcome.assert_refused("belongs to a run that still goes on")
    lock.unlock()
    assert cut_off_runs(tmp_path) == [file]
    run_keeper.discard(file)
    assert not list(tmp_path.iterdir())
