"""A model as it was before its training."""

from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor, nn

import vae
from vae import Checkpoint, Encodings
from vae.configuration import ModelConfig, TrainingConfig
from vae.errors import ConfigurationError

NARROW = ModelConfig(encoder_widths=(8,), decoder_widths=(8,))


def checkpoint_of(model: vae.VAE, training: TrainingConfig) -> Checkpoint:
    nothing = np.zeros((0, 2), np.float32)
    return Checkpoint(model, "", "", training, (), Encodings(nothing, nothing, np.zeros(0, np.int64)))


def test_it_is_where_its_training_began() -> None:
    training = TrainingConfig(epochs=1, batch_size=10, seed=5)
    images = np.random.default_rng(0).integers(0, 256, (40, 1, 28, 28)).astype(np.uint8)
    model = vae.build(NARROW, training.seed)
    began = {name: weights.clone() for name, weights in model.state_dict().items()}
    list(vae.train(model, training, images, images))
    twin = vae.untrained_twin(checkpoint_of(model, training)).model.state_dict()
    assert all(weights.equal(twin[name]) for name, weights in began.items())
    assert not all(weights.equal(twin[name]) for name, weights in model.state_dict().items())


class Own(nn.Module):
    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        z = x.reshape(len(x), -1)[:, :2]
        return z, z.exp()

    def decode(self, z: Tensor) -> Tensor:
        return z.sum(1, keepdim=True).sigmoid().expand(-1, 16).reshape(-1, 4, 4)


def test_a_model_of_a_script_has_none() -> None:
    model, _ = vae.adapt(Own(), np.zeros((5, 4, 4), np.uint8))
    with pytest.raises(ConfigurationError, match="script"):
        vae.untrained_twin(checkpoint_of(model, TrainingConfig()))
