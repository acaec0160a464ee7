"""Pictures in, numbers out."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vae import VAE, build, decode_images, encode_images, posterior_of
from vae.configuration import ModelConfig
from vae.inference import CHUNK, POSTERIOR_SAMPLES, to_pictures, to_tensor
from vae.models import kl_to_prior

Pictures = NDArray[np.uint8]


def random_pictures(count: int, shape: tuple[int, int, int]) -> Pictures:
    return np.random.default_rng(count).integers(0, 256, (count, *shape), dtype=np.uint8)


def test_every_grey_survives_the_way_to_a_tensor_and_back() -> None:
    greys = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    x = to_tensor(greys, VAE(ModelConfig()))
    assert x.dtype == torch.float32
    assert (x.min().item(), x.max().item()) == (0.0, 1.0)
    assert np.array_equal(to_pictures(x), greys)


def test_images_are_rounded_to_the_nearest_grey() -> None:
    assert to_pictures(torch.tensor([0.4, 0.6, 254.4, 254.6]) / 255).tolist() == [0, 1, 254, 255]


def test_pictures_are_read_in_their_own_order_however_they_lie_in_memory() -> None:
    pictures = random_pictures(3, (1, 4, 4))
    flipped = pictures[:, :, ::-1, :]
    model = VAE(ModelConfig())
    assert torch.equal(to_tensor(flipped, model), to_tensor(pictures, model).flip(2))


@given(config=st.from_type(ModelConfig), count=st.integers(1, 5))
def test_encode_and_decode_give_arrays_of_the_promised_shapes(config: ModelConfig, count: int) -> None:
    model, pictures = build(config), random_pictures(count, config.image_shape)
    encodings = encode_images(model, pictures, np.arange(count))
    assert encodings.z_loc.shape == encodings.z_scale.shape == (count, config.latent_dim)
    assert encodings.z_loc.dtype == encodings.z_scale.dtype == np.float32
    assert encodings.labels.tolist() == list(range(count))
    decoded = decode_images(model, encodings.z_loc)
    assert decoded.shape == pictures.shape
    assert decoded.dtype == np.uint8


def test_more_pictures_than_a_chunk_are_encoded_like_each_alone() -> None:
    model = VAE(ModelConfig((1, 4, 4), 2, (8,), (8,)))
    pictures = random_pictures(CHUNK + 3, (1, 4, 4))
    together = encode_images(model, pictures, np.zeros(len(pictures), np.int64))
    for index in (0, CHUNK - 1, CHUNK, CHUNK + 2):
        alone = encode_images(model, pictures[index : index + 1], np.zeros(1, np.int64))
        np.testing.assert_allclose(together.z_loc[index], alone.z_loc[0], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(together.z_scale[index], alone.z_scale[0], rtol=1e-4, atol=1e-5)


def test_decode_takes_codes_of_any_precision() -> None:
    model, z = VAE(ModelConfig()), np.random.default_rng(0).standard_normal((3, 2))
    assert np.array_equal(decode_images(model, z), decode_images(model, z.astype(np.float32)))


def test_the_posterior_of_one_picture_agrees_with_encode_and_decode(stroke_pictures: Pictures) -> None:
    model, picture = VAE(ModelConfig()), stroke_pictures[0]
    posterior = posterior_of(model, picture)
    encodings = encode_images(model, picture[None], np.zeros(1, np.int64))
    assert np.array_equal(posterior.z_loc, encodings.z_loc[0])
    assert np.array_equal(posterior.z_scale, encodings.z_scale[0])
    assert np.array_equal(posterior.picture, decode_images(model, encodings.z_loc)[0])
    kl = kl_to_prior(torch.from_numpy(encodings.z_loc), torch.from_numpy(encodings.z_scale))
    assert posterior.terms.kl == pytest.approx(kl.item())
    assert posterior.terms.elbo == pytest.approx(posterior.terms.reconstruction - posterior.terms.kl)
    assert posterior_of(model, picture).terms == posterior.terms


@torch.no_grad()
def test_the_reconstruction_term_is_a_mean_over_the_posterior(
    stroke_pictures: Pictures,
) -> None:
    model, picture = VAE(ModelConfig()), stroke_pictures[1]
    for weight in model.decoder.parameters():
        weight.mul_(2)  # so that the picture depends on z
    x = to_tensor(picture[None], model)
    z_loc, z_scale = model.encode(x)
    z = z_loc + z_scale * torch.randn(20_000, 2, generator=torch.Generator().manual_seed(1))
    log_likelihood = model.log_likelihood(x.expand(len(z), -1, -1, -1), z)
    standard_error = log_likelihood.std().item() / POSTERIOR_SAMPLES**0.5
    assert standard_error > 0
    difference = posterior_of(model, picture).terms.reconstruction - log_likelihood.mean().item()
    assert abs(difference) < 4 * standard_error
