"""The same network as another, before it has learned anything."""

from __future__ import annotations

import numpy as np

from vae.adapter import AdaptedModel
from vae.checkpoint import Checkpoint
from vae.errors import ConfigurationError
from vae.inference import Encodings
from vae.models import build


def untrained_twin(checkpoint: Checkpoint) -> Checkpoint:
    """A model of the same configuration and seed at step 0, without encodings.

    Raises:
        ConfigurationError: the model came from a script, and cannot be built here.
    """
    if isinstance(checkpoint.model, AdaptedModel):
        raise ConfigurationError(
            "A model that came from a script cannot be built untrained: its encoder and decoder are the "
            "script's own. Choose another model."
        )
    config, seed = checkpoint.model.config, checkpoint.training.seed
    nothing = np.zeros((0, config.latent_dim), np.float32)
    return Checkpoint(
        model=build(config, seed).eval(),
        preset=checkpoint.preset,
        dataset=checkpoint.dataset,
        training=checkpoint.training,
        history=(),
        encodings=Encodings(nothing, nothing, np.zeros(0, np.int64)),
    )
