"""Somebody's own encoder and decoder: torch modules and plain functions, whatever layout they use."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import vae
from vae import Checkpoint
from vae.configuration import TrainingConfig
from vae.errors import AdapterError, CheckpointError

Array = NDArray[Any]
N, SIDE = 12, 6


class Own(nn.Module):
    """As somebody may have written it: log-variance, dropout, one row of pixels."""

    def __init__(self, latent_dim: int = 2, pixels: int = SIDE * SIDE) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(pixels, 2 * latent_dim))
        self.decoder = nn.Linear(latent_dim, pixels)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z_loc, log_variance = self.encoder(x).chunk(2, -1)
        return z_loc, torch.exp(0.5 * log_variance)

    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.decoder(z))


class Principal:
    """Principal components in numpy; colours last."""

    def __init__(self, images: Array, latent_dim: int) -> None:
        rows = images.reshape(len(images), -1) / 255.0
        self.shape, self.mean = images.shape[1:], rows.mean(0)
        self.axes = np.linalg.svd(rows - self.mean, full_matrices=False)[2][:latent_dim]

    def encode(self, x: Array) -> tuple[Array, Array]:
        codes = (x.reshape(len(x), -1) - self.mean) @ self.axes.T
        return codes, np.full_like(codes, 0.1)

    def decode(self, z: Array) -> Array:
        return np.clip(z @ self.axes + self.mean, 0.0, 1.0).reshape(-1, *self.shape)


def drawn(*shape: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_a_torch_module_is_explored_as_it_is(latent_dim: int) -> None:
    own, images = Own(latent_dim), drawn(N, SIDE, SIDE)
    model, pictures = vae.adapt(own, images)
    assert model.config.latent_dim == latent_dim
    np.testing.assert_array_equal(pictures, images[:, None])
    x = torch.from_numpy(images).float() / 255.0
    with torch.no_grad():
        z_loc, z_scale = own.eval().encode(x)
        mean = own.decode(z_loc).numpy().reshape(N, 1, SIDE, SIDE)
    encodings = vae.encode_images(model, pictures, np.zeros(N, np.int64))
    np.testing.assert_allclose(encodings.z_loc, z_loc, atol=1e-6)
    np.testing.assert_allclose(encodings.z_scale, z_scale, atol=1e-6)
    np.testing.assert_array_equal(vae.decode_images(model, encodings.z_loc), np.round(mean * 255))


@pytest.mark.parametrize("channels", [1, 3])
def test_numpy_functions_with_colours_last_are_explored(channels: int) -> None:
    images = drawn(N, 5, 7, channels)
    own = Principal(images, 3)
    model, pictures = vae.adapt(own, images)
    assert model.config.image_shape == (channels, 5, 7)
    np.testing.assert_array_equal(pictures, images.transpose(0, 3, 1, 2))
    encodings = vae.encode_images(model, pictures, np.zeros(N, np.int64))
    z_loc, _ = own.encode(images / 255.0)
    np.testing.assert_allclose(encodings.z_loc, z_loc, atol=1e-5)
    decoded = np.round(own.decode(z_loc) * 255).transpose(0, 3, 1, 2)
    assert np.abs(vae.decode_images(model, encodings.z_loc).astype(int) - decoded).max() <= 1


def test_plain_functions_may_take_tensors() -> None:
    own = Own().eval()
    model, _ = vae.adapt(SimpleNamespace(encode=own.encode, decode=own.decode), drawn(N, 1, SIDE, SIDE))
    z = torch.randn(4, 2)
    torch.testing.assert_close(model.decode(z), own.decode(z).reshape(4, 1, SIDE, SIDE), atol=1e-5, rtol=0)


def test_pixels_are_scored_as_bernoulli_unless_the_model_knows_better() -> None:
    own, images = Own().eval(), drawn(N, SIDE, SIDE)
    model, pictures = vae.adapt(own, images)
    x, z = torch.from_numpy(pictures).float() / 255.0, torch.randn(N, 2)
    p = own.decode(z).double().reshape(x.shape)
    by_hand = (x * p.log() + (1 - x) * (1 - p).log()).sum((1, 2, 3))
    torch.testing.assert_close(model.log_likelihood(x, z).double(), by_hand, rtol=1e-5, atol=1e-4)

    own.log_likelihood = lambda x, z: -(x - own.decode(z).reshape(x.shape)).square().sum((1, 2))
    squares = -(x - p).square().sum((1, 2, 3))
    torch.testing.assert_close(model.log_likelihood(x, z).double(), squares, rtol=1e-5, atol=1e-5)
    terms = vae.posterior_of(model, pictures[0]).terms
    assert terms.elbo == pytest.approx(terms.reconstruction - terms.kl)


def test_floating_point_images_are_those_of_their_bytes() -> None:
    images = drawn(N, SIDE, SIDE)
    for values in (images / 255.0, torch.from_numpy(images) / 255.0):
        np.testing.assert_array_equal(vae.adapt(Own(), values)[1], images[:, None])


def test_a_copy_shares_the_model() -> None:
    own = Own()
    own.handle = (value for value in ())  # nothing that could be copied
    model, _ = vae.adapt(own, drawn(N, SIDE, SIDE))
    again = copy.deepcopy(model)
    np.testing.assert_array_equal(vae.decode_images(again, np.eye(2)), vae.decode_images(model, np.eye(2)))


def test_it_cannot_be_kept_in_a_file(tmp_path: Path) -> None:
    model, pictures = vae.adapt(Own(), drawn(N, SIDE, SIDE))
    encodings = vae.encode_images(model, pictures, np.zeros(N, np.int64))
    path = tmp_path / "own.safetensors"
    with pytest.raises(CheckpointError, match="script cannot be kept in a file"):
        vae.save(path, Checkpoint(model, "own", "own", TrainingConfig(), (), encodings))
    assert not path.exists()


# --- what is refused, in which words


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (drawn(N, 36), r"shape \(12, 36\).*\(N, H, W\)"),
        (drawn(N, 5, 7, 4), r"shape \(12, 5, 7, 4\)"),
        (drawn(0, 6, 6), r"no images.*\(0, 6, 6\)"),
        (drawn(N, 6, 6).astype(np.float32), "float32 from 0 to 255"),
        (drawn(N, 6, 6).astype(np.int64), "int64 from 0 to 255"),
        (np.full((N, 6, 6), np.nan), "nan"),
    ],
)
def test_what_are_no_images_is_refused(images: Array, words: str) -> None:
    with pytest.raises(AdapterError, match=words):
        vae.adapt(Own(), images)


def without(name: str) -> object:
    functions = {"encode": Own().encode, "decode": Own().decode}
    del functions[name]
    return SimpleNamespace(**functions)


def giving(encode: Any = None, decode: Any = None) -> object:
    own = Own().eval()
    return SimpleNamespace(encode=encode or own.encode, decode=decode or own.decode)


def codes(*shapes: tuple[int, ...], scale: float = 1.0) -> Any:
    return lambda x: tuple(torch.full(shape, scale) for shape in shapes)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (without("encode"), r"has no encode\(\)"),
        (without("decode"), r"has no decode\(\)"),
        (giving(encode=lambda x: x.mean((1, 2))), r"encode\(\) gives \(8,\) for 8 images.*\(8, D\)"),
        (giving(encode=codes((8, 2))), r"encode\(\) gives \(8, 2\) for 8 images"),
        (giving(encode=codes((8, 2), (8, 3))), r"\(8, 2\) and \(8, 3\)"),
        (giving(encode=codes((4, 2), (4, 2))), r"\(4, 2\) and \(4, 2\) for 8 images"),
        (giving(encode=codes((8, 2), (8, 2), (8, 2))), r"\(8, 2\) and \(8, 2\) and \(8, 2\)"),
        (giving(encode=codes((8, 2), (8, 2), scale=-1.0)), "z_scale of -1.*exp"),
        (giving(encode=codes((8, 2), (8, 2), scale=np.nan)), "not finite"),
        (giving(decode=lambda z: z), r"decode\(\) gives \(8, 2\) for codes.*\(8, 6, 6\)"),
        (giving(decode=lambda z: (z, z)), r"decode\(\) gives \(8, 2\) and \(8, 2\)"),
        (giving(decode=lambda z: torch.full((8, 36), 3.0)), r"decode\(\) gives values from 3 to 3.*sigmoid"),
        (giving(encode=lambda x: x.nonsense), r"encode\(\) fails for.*\(8, 6, 6\).*numpy.*nonsense.*tensor"),
    ],
)
def test_functions_that_do_not_fit_are_refused(own: object, words: str) -> None:
    with pytest.raises(AdapterError, match=words):
        vae.adapt(own, drawn(N, SIDE, SIDE))
