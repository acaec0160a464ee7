"""What all tests share."""

import io
import os
import struct
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray

from explorer import cli
from vae import strokes
from vae.configuration import (
    ACTIVATIONS,
    LIKELIHOOD_NAMES,
    NETWORK_NAMES,
    SCALE_NAMES,
    SCHEDULES,
    SIGMAS,
    ModelConfig,
    TrainingConfig,
)
from vae.families import FAMILIES

# Windows are drawn where nobody need look on.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# One thread: tests are small, and the machine may be busy with something else.
torch.set_num_threads(1)

hypothesis.settings.register_profile("tests", deadline=None, max_examples=50)
hypothesis.settings.load_profile("tests")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

_widths = st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple)

# Networks small enough to make many of: st.from_type(ModelConfig) finds them here.
st.register_type_strategy(
    ModelConfig,
    st.builds(
        ModelConfig,
        image_shape=st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)),
        latent_dim=st.integers(1, 4),
        encoder_widths=_widths,
        decoder_widths=_widths,
        activation=st.sampled_from(ACTIVATIONS),
        family=st.sampled_from(tuple(FAMILIES)),
        network=st.sampled_from(NETWORK_NAMES),
        scale=st.sampled_from(SCALE_NAMES),
        input_dropout=st.floats(0.0, 0.9),
        input_noise=st.floats(0.0, 2.0),
        likelihood=st.sampled_from(LIKELIHOOD_NAMES),
        sigma=st.sampled_from(SIGMAS),
        levels=st.integers(2, 4),
        classes=st.integers(1, 4),
        components=st.integers(1, 4),
        inner_dim=st.integers(1, 4),
    ),
)
st.register_type_strategy(
    TrainingConfig,
    st.builds(
        TrainingConfig,
        epochs=st.integers(1, 100),
        batch_size=st.integers(1, 1000),
        schedule=st.sampled_from(SCHEDULES),
        learning_rate=st.floats(1e-6, 10.0),
        warm_up=st.floats(0.0, 1.0),
        weight_decay=st.floats(0.0, 1.0),
        gradient_clip=st.floats(1e-3, 1e9),
        particles=st.integers(1, 9),
        beta=st.floats(0.0, 100.0),
        beta_warm_up=st.floats(0.0, 9.0),
        seed=st.integers(0, 2**63 - 1),
    ),
)


@pytest.fixture(scope="session")
def stroke_pictures() -> NDArray[np.uint8]:
    """2,500 stroke digits, (N, 1, 28, 28)."""
    return strokes.generate(2_500, seed=3).images


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """A data folder that holds the real MNIST."""
    folder = Path(os.environ.get("LATENT_EXPLORER_DATA") or SHARED_DATA)
    if not (folder / "MNIST" / "raw" / "train-images-idx3-ubyte").is_file():
        pytest.skip(f"MNIST is not in {folder}; name its folder with LATENT_EXPLORER_DATA")
    return folder


def _idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory: pytest.TempPathFactory, stroke_pictures: NDArray[np.uint8]) -> Path:
    """A few stroke digits in the place of MNIST."""
    folder = tmp_path_factory.mktemp("data")
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    parts = {"train": stroke_pictures[:60], "t10k": stroke_pictures[60:80]}
    for part, pictures in parts.items():
        (raw / f"{part}-images-idx3-ubyte").write_bytes(_idx(pictures[:, 0]))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(_idx(np.arange(len(pictures), dtype=np.uint8) % 10))
    return folder


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def assert_refused(self, *words: str) -> None:
        """A sentence or two on one line of stderr, nothing else, and exit code 1."""
        assert self.code == 1
        assert self.out == ""
        assert self.err.startswith("latent-explorer: ")
        assert self.err.endswith(".\n")
        assert self.err.count("\n") == 1
        for word in words:
            assert word in self.err


Command = Callable[..., Outcome]


@pytest.fixture
def command() -> Command:
    """Call the command line in this process."""

    def call(*arguments: object) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                code = cli.main([str(argument) for argument in arguments])
            except SystemExit as end:  # argparse's own way out
                code = int(end.code or 0)
        return Outcome(code, out.getvalue(), err.getvalue())

    return call
