"""Model files: what is saved comes back."""

import copy
import dataclasses
import json
import os
import stat
import tempfile
from pathlib import Path

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

import vae
from vae import VAE, Checkpoint, Encodings, EpochReport, Terms
from vae.checkpoint import HEADER
from vae.configuration import ModelConfig, TrainingConfig

numbers = st.floats(-1e6, 1e6)
terms = st.builds(Terms, numbers, numbers, numbers, st.none() | numbers)
reports = st.builds(EpochReport, st.integers(1, 99), st.integers(1, 9_999), numbers, numbers, terms, terms)
histories = st.lists(reports, max_size=3).map(tuple)


@st.composite
def checkpoints(draw: st.DrawFn) -> Checkpoint:
    config = draw(st.from_type(ModelConfig))
    count = draw(st.integers(0, 5))
    codes = hnp.arrays(np.float32, (count, config.latent_dim), elements=st.floats(-1e3, 1e3, width=32))
    labels = hnp.arrays(np.int64, count, elements=st.integers(-1, 9))
    return Checkpoint(
        model=vae.build(config, seed=draw(st.integers(0, 99))),
        preset=draw(st.text(max_size=9)),
        dataset=draw(st.text(max_size=9)),
        training=draw(st.from_type(TrainingConfig)),
        history=draw(histories),
        encodings=Encodings(draw(codes), draw(codes), draw(labels)),
    )


def assert_same(one: Checkpoint, other: Checkpoint) -> None:
    for field in ("preset", "dataset", "training", "history", "format_version"):
        assert getattr(one, field) == getattr(other, field)
    assert one.model.config == other.model.config
    weights = other.model.state_dict()
    assert list(one.model.state_dict()) == list(weights)
    assert all(torch.equal(weight, weights[name]) for name, weight in one.model.state_dict().items())
    for field in ("z_loc", "z_scale", "labels"):
        mine, theirs = getattr(one.encodings, field), getattr(other.encodings, field)
        assert mine.dtype == theirs.dtype
        assert np.array_equal(mine, theirs)


@given(checkpoint=checkpoints())
def test_what_is_saved_comes_back_bit_by_bit(checkpoint: Checkpoint) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        vae.save(path, checkpoint)
        assert_same(checkpoint, vae.load(path))
        assert list(Path(folder).iterdir()) == [path]


def test_a_trained_model_comes_back_and_decodes_the_same(tmp_path: Path, small: Checkpoint) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (20, 1, 2, 3), dtype=np.uint8)
    before = copy.deepcopy(small)
    reports = list(vae.train(before.model, TrainingConfig(epochs=2), pictures, pictures))
    history = tuple(report for report in reports if isinstance(report, EpochReport))
    encodings = vae.encode_images(before.model, pictures, np.zeros(20, np.int64))
    before = dataclasses.replace(before, history=history, encodings=encodings)
    vae.save(tmp_path / "model", before)
    after = vae.load(str(tmp_path / "model"))
    assert_same(before, after)
    assert np.array_equal(
        vae.decode_images(before.model, encodings.z_loc), vae.decode_images(after.model, encodings.z_loc)
    )
    assert vae.evaluate(after.model, pictures) == history[-1].test


def test_a_loaded_model_can_be_trained_on(file: Path) -> None:
    model = vae.load(file).model
    pictures = np.random.default_rng(0).integers(0, 256, (20, 1, 2, 3), dtype=np.uint8)
    before = vae.evaluate(model, pictures)
    *_, last = vae.train(model, TrainingConfig(epochs=20, learning_rate=1e-2), pictures, pictures)
    assert isinstance(last, EpochReport)
    assert last.test.elbo > before.elbo


def test_a_file_of_before_families_and_likelihoods_is_read_as_the_plain_model(
    file: Path, small: Checkpoint
) -> None:
    with safe_open(file, framework="pt") as opened:
        tensors = {name: opened.get_tensor(name).clone() for name in opened.keys()}  # noqa: SIM118
        header = json.loads(opened.metadata()[HEADER])
    model = ("image_shape", "latent_dim", "encoder_widths", "decoder_widths", "activation", "input_dropout")
    training = (
        "epochs",
        "batch_size",
        "learning_rate",
        "warm_up",
        "weight_decay",
        "gradient_clip",
        "beta",
        "seed",
    )
    header["model"] = {name: header["model"][name] for name in model}
    header["training"] = {name: header["training"][name] for name in training}
    save_file(tensors, file, {HEADER: json.dumps(header)})
    assert_same(small, vae.load(file))


def test_saving_again_replaces_the_file(file: Path, small: Checkpoint) -> None:
    other = dataclasses.replace(small, model=VAE(ModelConfig((1, 2, 3), 2, (3,), (3,)), seed=7))
    vae.save(file, other)
    assert_same(other, vae.load(file))


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_saved_model_may_be_read_by_others(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_a_model_outlives_its_file(file: Path, small: Checkpoint) -> None:
    loaded = vae.load(file)
    with file.open("r+b") as opened:
        opened.write(bytes(file.stat().st_size))
    assert_same(small, loaded)
