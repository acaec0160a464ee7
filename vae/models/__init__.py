"""The families of models. To add one: a file beside these, and a line in `vae.families`."""

from __future__ import annotations

import torch

from vae.configuration import ModelConfig
from vae.errors import ConfigurationError
from vae.families import family_of
from vae.models.autoencoder import Autoencoder
from vae.models.conditional import ConditionalVAE
from vae.models.hierarchical import HierarchicalVAE
from vae.models.labels import LabelVAE
from vae.models.mixture import MixtureVAE
from vae.models.vae import VAE, kl_to_prior

__all__ = [
    "VAE",
    "Autoencoder",
    "ConditionalVAE",
    "HierarchicalVAE",
    "LabelVAE",
    "MixtureVAE",
    "build",
    "count_parameters",
    "kl_to_prior",
]


def build(config: ModelConfig, seed: int = 0) -> VAE:
    """A new model of the family that ``config`` names, its weights drawn from ``seed``.

    Raises:
        ConfigurationError: the family learns from labels, and the data set has none.
    """
    family = family_of(config.family)
    if family.needs_labels and not config.classes:
        raise ConfigurationError(
            f"Models of the family '{config.family}' learn from labels, and this data set has none. "
            "Choose another data set, or another preset."
        )
    return family(config, seed)


def count_parameters(config: ModelConfig) -> int:
    """How many numbers a model learns; no memory is taken for them."""
    with torch.device("meta"):
        return sum(weights.numel() for weights in build(config).parameters())
