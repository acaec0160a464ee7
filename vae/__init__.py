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
    from vae.aggregate import Share, Surgery, contrast_with_prior, is_known_on, share_in_holes, split_kl
    from vae.animation import write_pictures
    from vae.checkpoint import Checkpoint, load, save
    from vae.class_map import accuracy, components_of, knows_classes, most_probable
    from vae.code_grid import CodeGrid, building_grid
    from vae.cores import give_way, use_all_cores, use_one_core
    from vae.decoded import Decoded, decode_code
    from vae.devices import available_devices, resolve_device
    from vae.diagnostics import (
        Judgement,
        Units,
        finding_units,
        has_more_than_z,
        judge,
        kl_of_image,
        units_of,
        units_of_encodings,
    )
    from vae.drawing import centre_like_mnist
    from vae.families import register
    from vae.forward_pass import ForwardPass, Scores, join_scores, pass_forward, score_draws
    from vae.gaps import Gaps, gaps_of, infer
    from vae.geometry import Curve, geodesics, mean_images, measuring_line, straight_line
    from vae.gradient_variance import GradientVariance, variance_of_gradient
    from vae.image_gaps import ImageGaps
    from vae.image_terms import ImageTerms, pixel_entropies
    from vae.inference import (
        Encodings,
        Posterior,
        decode_images,
        encode_images,
        evaluate,
        is_told_labels,
        posterior_of,
    )
    from vae.joint import why_not_exact
    from vae.magnification import Indicatrices, indicatrices, pullback_metrics, volume_element
    from vae.models import VAE, build, count_parameters
    from vae.nearest import Nearby, NearData, near_data
    from vae.posterior import ExactPosterior, exact
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
    from vae.training import Training, prepare_optimizer, train
    from vae.training_data import Arrays, TrainingData
    from vae.training_state import TrainingState
    from vae.twin import untrained_twin

# torch's threads would spin while they wait for each other: where another program wants the processor too,
# a training step then takes thirty times as long. Read once, when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Linux's, which are GNU's, may spin for some 20 µs: the next operation of a step then finds them awake, and
# where nobody else wants the processor a step takes two thirds of the time.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

_HOMES = {
    "adapter": ("adapt",),
    "animation": ("write_pictures",),
    "aggregate": ("Share", "Surgery", "contrast_with_prior", "is_known_on", "share_in_holes", "split_kl"),
    "checkpoint": ("Checkpoint", "load", "save"),
    "class_map": ("accuracy", "components_of", "knows_classes", "most_probable"),
    "code_grid": ("CodeGrid", "building_grid"),
    "cores": ("give_way", "use_all_cores", "use_one_core"),
    "decoded": ("Decoded", "decode_code"),
    "devices": ("available_devices", "resolve_device"),
    "diagnostics": (
        "Judgement",
        "Units",
        "finding_units",
        "has_more_than_z",
        "judge",
        "kl_of_image",
        "units_of",
        "units_of_encodings",
    ),
    "drawing": ("centre_like_mnist",),
    "families": ("register",),
    "forward_pass": ("ForwardPass", "Scores", "join_scores", "pass_forward", "score_draws"),
    "geometry": ("Curve", "geodesics", "mean_images", "measuring_line", "straight_line"),
    "gaps": ("Gaps", "gaps_of", "infer"),
    "gradient_variance": ("GradientVariance", "variance_of_gradient"),
    "image_gaps": ("ImageGaps",),
    "image_terms": ("ImageTerms", "pixel_entropies"),
    "inference": (
        "Encodings",
        "Posterior",
        "decode_images",
        "encode_images",
        "evaluate",
        "is_told_labels",
        "posterior_of",
    ),
    "magnification": ("Indicatrices", "indicatrices", "pullback_metrics", "volume_element"),
    "joint": ("why_not_exact",),
    "models": ("VAE", "build", "count_parameters"),
    "nearest": ("NearData", "Nearby", "near_data"),
    "posterior": ("ExactPosterior", "exact"),
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
    "training": ("Training", "prepare_optimizer", "train"),
    "training_data": ("Arrays", "TrainingData"),
    "training_state": ("TrainingState",),
    "twin": ("untrained_twin",),
}
_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "VAE",
    "Arrays",
    "Checkpoint",
    "CodeGrid",
    "Curve",
    "Decoded",
    "Encodings",
    "EpochReport",
    "ExactPosterior",
    "ForwardPass",
    "Gaps",
    "GradientVariance",
    "ImageGaps",
    "ImageTerms",
    "Indicatrices",
    "Judgement",
    "NearData",
    "Nearby",
    "Posterior",
    "Prior",
    "Report",
    "RollbackReport",
    "RunHeader",
    "Scores",
    "Share",
    "StepReport",
    "Surgery",
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
    "building_grid",
    "centre_like_mnist",
    "components_of",
    "contrast_with_prior",
    "count_parameters",
    "decode_code",
    "decode_images",
    "device_for",
    "encode_images",
    "epoch_as_json",
    "evaluate",
    "exact",
    "finding_units",
    "gaps_of",
    "geodesics",
    "give_way",
    "has_more_than_z",
    "indicatrices",
    "infer",
    "is_known_on",
    "is_told_labels",
    "join_scores",
    "judge",
    "kl_of_image",
    "knows_classes",
    "load",
    "load_run",
    "mean_images",
    "measuring_line",
    "most_probable",
    "near_data",
    "pass_forward",
    "pixel_entropies",
    "posterior_of",
    "prepare_optimizer",
    "prior_of",
    "pullback_metrics",
    "read_run_header",
    "register",
    "require_same_data",
    "resolve_device",
    "save",
    "save_run",
    "score_draws",
    "share_in_holes",
    "split_kl",
    "straight_line",
    "terms_as_json",
    "train",
    "units_of",
    "units_of_encodings",
    "untrained_twin",
    "use_all_cores",
    "use_one_core",
    "variance_of_gradient",
    "volume_element",
    "why_not_exact",
    "write_pictures",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds ``name``, once somebody asks for it (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'vae' has no attribute '{name}'")
    return getattr(importlib.import_module(f"vae.{_MODULES[name]}"), name)
