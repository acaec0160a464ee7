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
    from vae.adapter import adapt
    from vae.checkpoint import Checkpoint, load, save
    from vae.class_map import accuracy, components_of, knows_classes, most_probable
    from vae.cores import use_all_cores, use_one_core
    from vae.decoded import Decoded, decode_code
    from vae.devices import available_devices, resolve_device
    from vae.diagnostics import Judgement, Units, judge, units_of, units_of_encodings
    from vae.drawing import centre_like_mnist
    from vae.families import register
    from vae.forward_pass import ForwardPass, Scores, join_scores, pass_forward, score_draws
    from vae.gradient_variance import GradientVariance, variance_of_gradient
    from vae.inference import (
        Encodings,
        Posterior,
        decode_images,
        encode_images,
        is_told_labels,
        posterior_of,
    )
    from vae.models import VAE, build, count_parameters
    from vae.prior import Prior, prior_of
    from vae.reports import (
        EpochReport,
        Report,
        RollbackReport,
        StepReport,
        Terms,
        epoch_as_json,
        terms_as_json,
    )
    from vae.run_file import (
        RunHeader,
        UnfinishedRun,
        device_for,
        load_run,
        read_run_header,
        require_same_data,
        save_run,
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
    "adapter": ("adapt",),
    "checkpoint": ("Checkpoint", "load", "save"),
    "class_map": ("accuracy", "components_of", "knows_classes", "most_probable"),
    "cores": ("use_all_cores", "use_one_core"),
    "decoded": ("Decoded", "decode_code"),
    "devices": ("available_devices", "resolve_device"),
    "diagnostics": ("Judgement", "Units", "judge", "units_of", "units_of_encodings"),
    "drawing": ("centre_like_mnist",),
    "families": ("register",),
    "forward_pass": ("ForwardPass", "Scores", "join_scores", "pass_forward", "score_draws"),
    "gradient_variance": ("GradientVariance", "variance_of_gradient"),
    "inference": (
        "Encodings",
        "Posterior",
        "decode_images",
        "encode_images",
        "is_told_labels",
        "posterior_of",
    ),
    "models": ("VAE", "build", "count_parameters"),
    "prior": ("Prior", "prior_of"),
    "reports": (
        "EpochReport",
        "Report",
        "RollbackReport",
        "StepReport",
        "Terms",
        "epoch_as_json",
        "terms_as_json",
    ),
    "run_file": (
        "RunHeader",
        "UnfinishedRun",
        "device_for",
        "load_run",
        "read_run_header",
        "require_same_data",
        "save_run",
    ),
    "training": ("Arrays", "Training", "TrainingData", "evaluate", "prepare_optimizer", "train"),
    "training_state": ("TrainingState",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "VAE",
    "Arrays",
    "Checkpoint",
    "Decoded",
    "Encodings",
    "EpochReport",
    "ForwardPass",
    "GradientVariance",
    "Judgement",
    "Posterior",
    "Prior",
    "Report",
    "RollbackReport",
    "RunHeader",
    "Scores",
    "StepReport",
    "Terms",
    "Training",
    "TrainingData",
    "TrainingState",
    "UnfinishedRun",
    "Units",
    "accuracy",
    "adapt",
    "available_devices",
    "build",
    "centre_like_mnist",
    "components_of",
    "count_parameters",
    "decode_code",
    "decode_images",
    "device_for",
    "encode_images",
    "epoch_as_json",
    "evaluate",
    "is_told_labels",
    "join_scores",
    "judge",
    "knows_classes",
    "load",
    "load_run",
    "most_probable",
    "pass_forward",
    "posterior_of",
    "prepare_optimizer",
    "prior_of",
    "read_run_header",
    "register",
    "require_same_data",
    "resolve_device",
    "save",
    "save_run",
    "score_draws",
    "terms_as_json",
    "train",
    "units_of",
    "units_of_encodings",
    "use_all_cores",
    "use_one_core",
    "variance_of_gradient",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds ``name``, once somebody asks for it (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'vae' has no attribute '{name}'")
    return getattr(importlib.import_module(f"vae.{_MODULES[name]}"), name)
