"""The families of models. To add one: a file beside these, and a line in FAMILIES."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch

from vae.configuration import ModelConfig
from vae.models.autoencoder import Autoencoder
from vae.models.conditional import ConditionalVAE
from vae.models.hierarchical import HierarchicalVAE
from vae.models.labels import LabelVAE
from vae.models.mixture import MixtureVAE
from vae.models.vae import VAE, kl_to_prior

FAMILIES: Mapping[str, type[VAE]] = MappingProxyType(
    {
        "vae": VAE,
        "labels": LabelVAE,
        "conditional": ConditionalVAE,
        "hierarchical": HierarchicalVAE,
        "mixture": MixtureVAE,
        "autoencoder": Autoencoder,
    }
)

__all__ = [
    "FAMILIES",
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
    """A new model of the family that ``config`` names, its weights drawn from ``seed``."""
    return FAMILIES[config.family](config, seed)


def count_parameters(config: ModelConfig) -> int:
    """How many numbers a model learns; no memory is taken for them."""
    with torch.device("meta"):
        return sum(weights.numel() for weights in build(config).parameters())
