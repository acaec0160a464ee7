"""Variational autoencoders: models, training, data and files. Knows nothing of any window.

Shapes, used throughout:
    B  images in a batch
    C  channels of an image
    H  height of an image, in pixels
    W  width of an image, in pixels
    D  dimensions of the latent code z
    G  points of a grid on the latent plane

All terms of the ELBO are in nats per image.

The names below are looked up on first use: importing torch takes seconds, which a window
that is about to open does not have.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vae.checkpoint import Checkpoint, load, save
    from vae.cores import use_all_cores, use_one_core
    from vae.drawing import centre_like_mnist
    from vae.forward_pass import ForwardPass, Scores, join_scores, pass_forward, score_draws
    from vae.inference import Encodings, Posterior, decode_images, encode_images, posterior_of
    from vae.models import VAE, build, count_parameters
    from vae.reports import (
        EpochReport,
        Report,
        RollbackReport,
        StepReport,
        Terms,
        epoch_as_json,
        terms_as_json,
    )
    from vae.training import Arrays, Training, TrainingData, evaluate, prepare_optimizer, train
    from vae.training_state import TrainingState

# torch's threads would spin while they wait for each other: where another program wants the processor too,
# a training step then takes thirty times as long. Read once, when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Linux's, which are GNU's, may spin for some 20 µs: the next operation of a step then finds them awake, and
# where nobody else wants the processor a step takes two thirds of the time.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

_HOMES = {
    "checkpoint": ("Checkpoint", "load", "save"),
    "cores": ("use_all_cores", "use_one_core"),
    "drawing": ("centre_like_mnist",),
    "forward_pass": ("ForwardPass", "Scores", "join_scores", "pass_forward", "score_draws"),
    "inference": ("Encodings", "Posterior", "decode_images", "encode_images", "posterior_of"),
    "models": ("VAE", "build", "count_parameters"),
    "reports": (
        "EpochReport",
        "Report",
        "RollbackReport",
        "StepReport",
        "Terms",
        "epoch_as_json",
        "terms_as_json",
    ),
    "training": ("Arrays", "Training", "TrainingData", "evaluate", "prepare_optimizer", "train"),
    "training_state": ("TrainingState",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "VAE",
    "Arrays",
    "Checkpoint",
    "Encodings",
    "EpochReport",
    "ForwardPass",
    "Posterior",
    "Report",
    "RollbackReport",
    "Scores",
    "StepReport",
    "Terms",
    "Training",
    "TrainingData",
    "TrainingState",
    "build",
    "centre_like_mnist",
    "count_parameters",
    "decode_images",
    "encode_images",
    "epoch_as_json",
    "evaluate",
    "join_scores",
    "load",
    "pass_forward",
    "posterior_of",
    "prepare_optimizer",
    "save",
    "score_draws",
    "terms_as_json",
    "train",
    "use_all_cores",
    "use_one_core",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds ``name``, once somebody asks for it (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'vae' has no attribute '{name}'")
    return getattr(importlib.import_module(f"vae.{_MODULES[name]}"), name)
