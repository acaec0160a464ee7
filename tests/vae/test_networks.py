"""Encoders and decoders: shapes, the ways to a scale, and what a label does to them."""

import math
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn.functional import one_hot, softplus

from vae.configuration import ModelConfig
from vae.networks import LEAST_SCALE, Decoder, Encoder

WIDTHS = (4, 6, 8)  # channels of three convolutions


def convolutional(image_shape: tuple[int, int, int], latent_dim: int = 3) -> ModelConfig:
    return ModelConfig(image_shape, latent_dim, WIDTHS, WIDTHS[::-1], network="convolutional")


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(28, 28), (29, 29), (32, 32), (33, 47), (45, 28), (63, 63), (64, 64)])
@torch.no_grad()
def test_convolutions_take_pictures_of_any_size_and_give_them_back(
    size: tuple[int, int], channels: int
) -> None:
    config = convolutional((channels, *size))
    x, y = torch.rand(2, channels, *size), one_hot(torch.tensor([1, 4]), 5).float()
    for z_loc, z_scale in (Encoder(config, 3)(x), Encoder(config, 3, classes=5)(x, y)):
        assert z_loc.shape == z_scale.shape == (2, 3)
        assert (z_scale > 0).all()
    for outputs in (1, 2, 16):
        decoder = Decoder(config, 3, outputs)
        assert decoder(torch.randn(2, 3)).shape == (2, outputs * channels, *size)
        assert decoder(torch.randn(5, 2, 3)).shape == (5, 2, outputs * channels, *size)


@torch.no_grad()
def test_each_convolution_halves_the_picture_and_each_of_the_decoder_doubles_it() -> None:
    config = convolutional((3, 28, 40))
    sides: list[tuple[int, ...]] = []
    encoder, decoder = Encoder(config, 3), Decoder(config, 3, 1)
    for network in (encoder, decoder):
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                layer.register_forward_hook(
                    lambda part, inputs, output: sides.append(tuple(output.shape[1:]))
                )
    encoder(torch.rand(1, 3, 28, 40))
    decoder(torch.randn(1, 3))
    assert sides[:3] == [(4, 14, 20), (6, 7, 10), (8, 4, 5)]
    assert sides[3:] == [(6, 7, 10), (4, 14, 20), (3, 28, 40)]


@torch.no_grad()
def test_codes_of_several_draws_are_decoded_like_each_alone() -> None:
    z = torch.randn(5, 2, 3)
    for config in (convolutional((1, 28, 28)), ModelConfig((1, 4, 4), 3, (8,), (8,))):
        decoder = Decoder(config, 3, 2)
        together = decoder(z)
        torch.testing.assert_close(together, torch.stack([decoder(one) for one in z]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", ["dense", "convolutional"])
@torch.no_grad()
def test_the_encoder_listens_to_the_label(network: str) -> None:
    config = ModelConfig((1, 28, 28), 3, (8,), (8,), network=network)
    encoder, x = Encoder(config, 3, classes=5), torch.rand(1, 1, 28, 28).expand(5, -1, -1, -1)
    z_loc, z_scale = encoder(x, torch.eye(5))
    for values in (z_loc, z_scale):
        assert all(not torch.equal(one, other) for one, other in pairwise(values))


@torch.no_grad()
def test_a_scale_is_made_of_the_second_half_of_the_output() -> None:
    by_hand = {
        "softplus": lambda raw: softplus(raw) + LEAST_SCALE,
        "exp": lambda raw: raw.exp(),
        "log-variance": lambda raw: raw.exp().sqrt(),  # the output is log sigma squared
    }
    x = torch.rand(6, 1, 4, 4)
    for scale, function in by_hand.items():
        encoder = Encoder(ModelConfig((1, 4, 4), 3, (8,), (8,), scale=scale), 3)
        raw = encoder.layers(x)
        z_loc, z_scale = encoder(x)
        assert torch.equal(z_loc, raw[:, :3])
        torch.testing.assert_close(z_scale, function(raw[:, 3:]))


def test_the_lectures_network_has_the_lectures_weights() -> None:
    """784-400-200-2 and back, a mean and a log-variance from the last hidden layer."""
    config = ModelConfig((1, 28, 28), 2, (400, 200), (200, 400), "leaky-relu", scale="log-variance")
    encoder = 784 * 400 + 400 + 400 * 200 + 200 + 2 * (200 * 2 + 2)
    decoder = 2 * 200 + 200 + 200 * 400 + 400 + 400 * 784 + 784
    weights = sum(
        p.numel() for network in (Encoder(config, 2), Decoder(config, 2, 1)) for p in network.parameters()
    )
    assert weights == encoder + decoder


@pytest.mark.parametrize("network", ["dense", "convolutional"])
def test_the_configuration_knows_how_many_weights_there_will_be(network: str) -> None:
    """To within the biases, so that a network that memory would not hold is refused before it is made."""
    config = ModelConfig(
        (3, 33, 47), 3, WIDTHS, WIDTHS[::-1], network=network, likelihood="categorical", levels=4
    )
    networks = (Encoder(config, 3), Decoder(config, 3, config.outputs))
    weights = [p for network in networks for p in network.parameters() if p.ndim > 1]
    assert config._weights() == sum(math.prod(p.shape) for p in weights)
