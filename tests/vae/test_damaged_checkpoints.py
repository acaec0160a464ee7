"""Files that are no models, or no longer: each is refused in words, and nothing in it is run."""

import dataclasses
import json
import pickle
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

import vae
from vae import Checkpoint
from vae.checkpoint import FORMAT_VERSION, HEADER
from vae.configuration import ModelConfig
from vae.errors import CheckpointError


def parts_of(file: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    with safe_open(file, framework="pt") as opened:
        tensors = {name: opened.get_tensor(name).clone() for name in opened.keys()}  # noqa: SIM118
        return tensors, json.loads(opened.metadata()[HEADER])


def rewrite(file: Path, header: Any = None, tensors: dict[str, Tensor] | None = None) -> None:
    old_tensors, old_header = parts_of(file)
    metadata = {HEADER: json.dumps(old_header if header is None else header)}
    save_file(old_tensors if tensors is None else tensors, file, metadata)


def test_a_file_cut_short_anywhere_is_refused(file: Path) -> None:
    content = file.read_bytes()
    for length in [*range(0, len(content), 9), len(content) - 1]:
        file.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match="not a Latent Explorer model"):
            vae.load(file)


@given(content=st.binary(max_size=200))
def test_random_bytes_are_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="not a Latent Explorer model"):
            vae.load(path)


def test_a_damaged_byte_is_refused_or_harmless(file: Path) -> None:
    content = bytearray(file.read_bytes())
    refused = 0
    for index in range(0, 8 + int.from_bytes(content[:8], "little"), 3):
        changed = content.copy()
        changed[index] ^= 1
        file.write_bytes(changed)
        try:
            vae.load(file)
        except CheckpointError:
            refused += 1
    assert refused > 30


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=6,
)
HEADER_KEYS = ("format_version", "preset", "dataset", "model", "training", "history", "versions")
MODEL_KEYS = tuple(field.name for field in dataclasses.fields(ModelConfig))


@given(key=st.sampled_from(HEADER_KEYS + MODEL_KEYS), value=json_values)
def test_whatever_stands_in_the_header_is_refused_or_read(small: Checkpoint, key: str, value: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        vae.save(path, small)
        _, header = parts_of(path)
        (header if key in HEADER_KEYS else header["model"])[key] = value
        rewrite(path, header)
        with suppress(CheckpointError):
            assert isinstance(vae.load(path), Checkpoint)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"format": "pt"},
        {HEADER: ""},
        {HEADER: "{"},
        {HEADER: "[1, 2]"},
        {HEADER: "{}"},
        {HEADER: '{"format_version": "1"}'},
        {HEADER: '{"format_version": 0}'},
        {HEADER: "[" * 100_000},
        {HEADER: "9" * 5_000},
    ],
)
def test_a_safetensors_file_of_others_is_refused(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.zeros(3)}, path, metadata)
    with pytest.raises(CheckpointError, match=r"other\.safetensors is not a Latent Explorer model: it lacks"):
        vae.load(path)


def test_a_newer_format_asks_for_an_update(file: Path) -> None:
    _, header = parts_of(file)
    rewrite(file, {"format_version": FORMAT_VERSION + 1, "all": "else", "may": ["differ"]})
    with pytest.raises(CheckpointError, match=r"newer version.*its format is 2.*Update Latent Explorer"):
        vae.load(file)
    rewrite(file, header)
    assert vae.load(file).history


@pytest.mark.parametrize("key", ["model", "training", "history", "preset", "dataset"])
def test_a_header_without_one_of_its_parts_is_damaged(file: Path, key: str) -> None:
    _, header = parts_of(file)
    del header[key]
    rewrite(file, header)
    with pytest.raises(CheckpointError, match=f"damaged.*'{key}'"):
        vae.load(file)


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("model", {"heads": 8}, "Unknown settings: heads"),
        ("training", {"momentum": 0.9}, "Unknown settings: momentum"),
        ("model", {"activation": "swish"}, "activation 'swish' is unknown"),
        ("model", {"latent_dim": 0}, "latent dimension must be"),
        ("model", {"latent_dim": "2"}, "latent dimension must be"),
        ("model", {"encoder_widths": 5}, "damaged"),
        ("model", {"encoder_widths": [65_536] * 4}, "weights, more than"),
        ("training", {"learning_rate": "fast"}, "learning rate must be"),
    ],
)
def test_settings_that_make_no_sense_are_named(
    file: Path, part: str, change: dict[str, Any], words: str
) -> None:
    _, header = parts_of(file)
    header[part] |= change
    rewrite(file, header)
    with pytest.raises(CheckpointError, match=words):
        vae.load(file)


def test_a_history_of_something_else_than_numbers_is_damaged(file: Path) -> None:
    _, header = parts_of(file)
    for change in ({"epoch": "1"}, {"train": {"elbo": -1.0}}, {"test": None}, {"seconds": None}, {"more": 1}):
        rewrite(file, header | {"history": [header["history"][0] | change]})
        with pytest.raises(CheckpointError, match="damaged"):
            vae.load(file)


WEIGHT = "model.decoder.layers.0.weight"


@pytest.mark.parametrize(
    "change",
    [
        {"latent_dim": 3},
        {"encoder_widths": [6]},
        {"decoder_widths": [4, 4]},
        {"image_shape": [1, 3, 3]},
        {"encoder_widths": [6_000] * 3},  # 288 MB
    ],
)
def test_weights_that_do_not_fit_are_refused_before_memory_is_taken(
    file: Path, change: dict[str, Any]
) -> None:
    resource = pytest.importorskip("resource")
    _, header = parts_of(file)
    header["model"] |= change
    rewrite(file, header)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match="do not fit the network"):
        vae.load(file)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 100_000  # kilobytes


@pytest.mark.parametrize("weight", [None, torch.zeros(4, 2, dtype=torch.float64), torch.zeros(2, 4)])
def test_a_weight_missing_or_of_another_kind_does_not_fit(file: Path, weight: Tensor | None) -> None:
    tensors, _ = parts_of(file)
    del tensors[WEIGHT]
    rewrite(file, tensors=tensors if weight is None else tensors | {WEIGHT: weight})
    with pytest.raises(CheckpointError, match="do not fit the network"):
        vae.load(file)


def test_a_weight_too_many_does_not_fit(file: Path) -> None:
    tensors, _ = parts_of(file)
    rewrite(file, tensors=tensors | {"model.decoder.layers.9.weight": torch.zeros(2)})
    with pytest.raises(CheckpointError, match="do not fit the network"):
        vae.load(file)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(file: Path, value: float) -> None:
    tensors, _ = parts_of(file)
    tensors[WEIGHT][1, 1] = value
    rewrite(file, tensors=tensors)
    with pytest.raises(CheckpointError, match="not finite"):
        vae.load(file)


@pytest.mark.parametrize(
    "change",
    [
        {"test.z_loc": torch.zeros(5, 2)},
        {"test.z_scale": torch.zeros(6, 3)},
        {"test.z_loc": torch.zeros(6, 2, dtype=torch.float64)},
        {"test.z_loc": torch.full((6, 2), torch.nan)},
        {"test.labels": torch.zeros(6, 1, dtype=torch.int64)},
        {"test.labels": torch.zeros(6)},
        {"test.labels": torch.tensor(6)},
    ],
)
def test_encodings_that_do_not_fit_are_refused(file: Path, change: dict[str, Tensor]) -> None:
    tensors, _ = parts_of(file)
    rewrite(file, tensors=tensors | change)
    with pytest.raises(CheckpointError, match="encodings"):
        vae.load(file)


class Payload:
    """What runs when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    marker, path = tmp_path / "pwned", tmp_path / "model.safetensors"
    torch.save(Payload(marker), tmp_path / "model.pt")
    path.write_bytes(pickle.dumps(Payload(marker)))
    for file in (path, tmp_path / "model.pt"):
        with pytest.raises(CheckpointError, match="not a Latent Explorer model"):
            vae.load(file)
    assert not marker.exists()
    pickle.loads(path.read_bytes())
    assert marker.exists()  # it would have run
