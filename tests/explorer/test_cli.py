"""The command line: info, render, and everything that may be asked for wrongly."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import vae
from explorer.failures import log_file
from vae import VAE, Checkpoint, Encodings, EpochReport, Terms
from vae.configuration import ModelConfig, TrainingConfig

REPOSITORY = Path(__file__).parents[2]
NARROW = ModelConfig(encoder_widths=(8,), decoder_widths=(8,))
Command = Callable[..., Any]  # of tests/conftest.py
Shape = tuple[int, int, int]


def save(path: Path, config: ModelConfig, history: tuple[EpochReport, ...] = ()) -> Path:
    codes = np.zeros((3, config.latent_dim), np.float32)
    encodings = Encodings(codes, codes + 1, np.zeros(3, np.int64))
    vae.save(path, Checkpoint(VAE(config), "default-2d", "mnist", TrainingConfig(), history, encodings))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A model of two epochs."""
    bad, good = Terms(-200.0, -198.0, 2.0), Terms(-150.5, -144.25, 6.25)
    history = (EpochReport(1, 5, 1.0, 9.0, bad, bad), EpochReport(2, 10, 2.0, 9.0, bad, good))
    return save(tmp_path / "model.safetensors", NARROW, history)


# --- info ------------------------------------------------------------------------------------------


def test_info_in_json_has_the_facts_under_their_names(command: Command, file: Path) -> None:
    outcome = command("info", file, "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out) == {
        "format_version": 1,
        "preset": "default-2d",
        "dataset": "mnist",
        "latent_dim": 2,
        "parameters": (784 + 1) * 8 + (8 + 1) * 4 + (2 + 1) * 8 + (8 + 1) * 784,
        "epochs": 2,
        "test": {"elbo": -150.5, "reconstruction": -144.25, "kl": 6.25},
    }


def test_info_in_words_says_the_same(command: Command, file: Path) -> None:
    outcome = command("info", file)
    assert outcome.code == 0
    for words in ("default-2d", "mnist", "13,396", "ELBO -150.50 nats", "reconstruction -144.25", "KL 6.25"):
        assert words in outcome.out


def test_info_of_a_model_stopped_in_its_first_epoch(command: Command, tmp_path: Path) -> None:
    path = save(tmp_path / "early", NARROW)
    assert json.loads(command("info", path, "--json").out)["test"] is None
    assert "no epoch was finished" in command("info", path).out


def test_the_module_runs_as_a_program(file: Path) -> None:
    program = [sys.executable, "-m", "explorer", "info", str(file), "--json"]
    result = subprocess.run(program, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout)["epochs"] == 2
    assert result.stderr == ""


# --- render ----------------------------------------------------------------------------------------


def test_render_draws_the_lecture_picture_by_default(command: Command, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "manifold.png"
    assert command("render", file, "--out", out).code == 0
    with Image.open(out) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (700, 700))
        pixels = np.asarray(image).reshape(25, 28, 25, 28).swapaxes(1, 2)
    codes = np.array([[-5.0, 5.0], [5.0, 5.0], [0.0, 0.0], [-5.0, -5.0]])
    decoded = vae.decode_images(vae.load(file).model, codes)[:, 0].astype(int)
    tiles = np.stack([pixels[0, 0], pixels[0, 24], pixels[12, 12], pixels[24, 0]])
    assert np.abs(tiles - decoded).max() <= 1
    assert np.abs(decoded[0] - decoded[1]).max() > 1  # the corners differ


def test_extent_and_grid_may_be_chosen(command: Command, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "manifold.png"
    assert command("render", file, "--out", out, "--extent", "0.5", "--grid", "3").code == 0
    with Image.open(out) as image:
        corner = np.asarray(image)[:28, :28].astype(int)
    assert image.size == (84, 84)
    decoded = vae.decode_images(vae.load(file).model, np.array([[-0.5, 0.5]]))[0, 0]
    assert np.abs(corner - decoded).max() <= 1


def test_as_many_images_as_fit_at_the_quantiles_of_the_prior(
    command: Command, file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "manifold.png"
    assert command("render", file, "--out", out, "--quantiles", "--pixels", "125").code == 0
    with Image.open(out) as image:
        corner = np.asarray(image)[:28, :28].astype(int)
    assert image.size == (112, 112)
    z = np.array([[-1.15035, 1.15035]])  # Φ⁻¹(1/8) and Φ⁻¹(7/8)
    assert np.abs(corner - vae.decode_images(vae.load(file).model, z)[0, 0]).max() <= 1


@pytest.mark.parametrize(
    ("shape", "latent_dim", "mode", "size"),
    [
        ((1, 6, 8), 1, "L", (32, 6)),
        ((1, 6, 8), 3, "L", (32, 24)),
        ((3, 6, 8), 2, "RGB", (32, 24)),
    ],
)
def test_other_dimensions_and_colours_are_drawn_too(
    command: Command,
    tmp_path: Path,
    shape: Shape,
    latent_dim: int,
    mode: str,
    size: tuple[int, int],
) -> None:
    file, out = save(tmp_path / "model", ModelConfig(shape, latent_dim, (8,), (8,))), tmp_path / "picture.png"
    assert command("render", file, "--out", out, "--grid", 4, "--extent", 2).code == 0
    with Image.open(out) as image:
        assert (image.mode, image.size) == (mode, size)
        last = np.asarray(image)[-6:, -8:].astype(int).reshape(6, 8, -1)
    z = np.array([[2.0, -2.0, 0.0][:latent_dim]])
    expected = vae.decode_images(vae.load(file).model, z)[0].transpose(1, 2, 0)
    assert np.abs(last - expected).max() <= 1


def test_pictures_of_two_channels_have_no_colours(command: Command, tmp_path: Path) -> None:
    file = save(tmp_path / "model", ModelConfig((2, 6, 8), 2, (8,), (8,)))
    command("render", file, "--out", tmp_path / "picture.png").assert_refused("2 channels")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--grid", "0"), ("--grid", "-3"), ("--grid", "2.5"), ("--grid", "many"), ("--grid", "100000"),
        ("--extent", "0"), ("--extent", "-1"), ("--extent", "nan"), ("--extent", "inf"), ("--extent", "far"),
        ("--pixels", "27"), ("--pixels", "8193"),
    ],
)  # fmt: skip
def test_render_refuses_nonsense(
    command: Command, file: Path, tmp_path: Path, option: str, value: str
) -> None:
    out = tmp_path / "picture.png"
    command("render", file, "--out", out, option, value).assert_refused(option[2:])
    assert not out.exists()


def test_render_does_not_write_over_the_model(command: Command, file: Path) -> None:
    content = file.read_bytes()
    command("render", file, "--out", file).assert_refused("replace the model")
    assert file.read_bytes() == content


# --- asked for wrongly -----------------------------------------------------------------------------


def no_model(path: Path) -> None:
    path.write_text("This is a letter.")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def newer(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'format_version\\": 1', b'format_version\\": 9'))


def other_weights(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'encoder_widths\\": [8]', b'encoder_widths\\": [9]'))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (Path.unlink, "There is no file"),
        (no_model, "is not a Latent Explorer model"),
        (truncated, "is not a Latent Explorer model, or it was cut short"),
        (newer, "newer version"),
        (other_weights, "do not fit"),
    ],
)
def test_a_file_that_is_no_good_is_refused(
    command: Command, file: Path, tmp_path: Path, damage: Any, words: str
) -> None:
    damage(file)
    command("info", file).assert_refused(words)
    command("info", file, "--json").assert_refused(words)
    command("render", file, "--out", tmp_path / "picture.png").assert_refused(words)
    assert not (tmp_path / "picture.png").exists()


def test_places_that_cannot_be_written_are_refused(command: Command, file: Path, tmp_path: Path) -> None:
    for out, words in ((tmp_path, "is a folder"), (tmp_path / "none" / "picture.png", "There is no folder")):
        command("render", file, "--out", out).assert_refused(words)
    command("tour", "--out", file).assert_refused("cannot be made")


def test_a_command_misspelt_is_not_taken_for_a_file(command: Command) -> None:
    command("tarin").assert_refused("no file tarin", "--help")


@pytest.mark.parametrize("arguments", [["--epochs", "3"], ["train", "extra"], ["info"], ["render", "model"]])
def test_what_argparse_refuses_has_its_exit_code(command: Command, arguments: list[str]) -> None:
    outcome = command(*arguments)
    assert outcome.code == 2
    assert outcome.err.startswith("usage: latent-explorer")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["FILE", "--data-dir", "train", "info", "render", "tour"]),
        (["train"], ["--preset", "--dataset", "--epochs", "--json", "kmnist", "best-2d"]),
        (["info"], ["FILE", "--json"]),
        (["render"], ["--out", "--extent", "--grid", "--quantiles", "--pixels"]),
        (["tour"], ["--out"]),
    ],
)
def test_help_names_what_there_is(command: Command, arguments: list[str], words: list[str]) -> None:
    outcome = command(*arguments, "--help")
    assert outcome.code == 0
    for word in words:
        assert word in outcome.out


def test_an_unforeseen_error_is_logged_and_told_without_its_traceback(
    command: Command, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> str:
        raise RuntimeError("nobody thought of this")

    for variable in ("HOME", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setattr(json, "dumps", fail)
    outcome = command("info", file, "--json")
    outcome.assert_refused("not foreseen", str(log_file()))
    assert "nobody thought of this" in log_file().read_text()
    assert "Traceback" in log_file().read_text()


def test_the_command_line_imports_neither_torch_nor_qt_before_it_must() -> None:
    program = (
        "import sys, vae, explorer.cli\n"
        "try: explorer.cli.main(['train', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('torch', 'pyro', 'torchvision', 'PySide6')))"
    )
    result = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, stdout=-3, check=False)
    assert result.returncode == 0


def test_info_writes_the_history_to_files(command: Command, file: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    outcome = command("info", file, "--csv", tmp_path / "h.csv", "--tensorboard", tmp_path / "events")
    assert outcome.code == 0
    epochs = len(vae.load(file).history)
    assert len((tmp_path / "h.csv").read_text().splitlines()) == 1 + 2 * epochs
    assert len(list((tmp_path / "events").iterdir())) == 1


def test_no_table_is_written_where_no_folder_is(command: Command, file: Path, tmp_path: Path) -> None:
    outcome = command("info", file, "--csv", tmp_path / "nowhere" / "h.csv")
    outcome.assert_refused("There is no folder")
