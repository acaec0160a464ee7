"""A trained model in one file: safetensors weights and a JSON header. Never pickle.

The header holds the format version, the configuration, the data set's name and the training history;
beside the weights stand the encodings of the test set, so that a plane can be drawn without the data.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyro
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from vae.configuration import ModelConfig, TrainingConfig, from_mapping
from vae.errors import CheckpointError, ConfigurationError
from vae.files import write_whole
from vae.inference import Encodings
from vae.models import VAE, build
from vae.reports import EpochReport, Terms, epoch_as_json

FORMAT_VERSION = 1
HEADER = "latent_explorer"  # the key of our JSON in the safetensors metadata
WEIGHTS = "model."
ENCODINGS = "test."


@dataclass(frozen=True)
class Checkpoint:
    """A model and what is known of it."""

    model: VAE
    preset: str
    dataset: str
    training: TrainingConfig
    history: tuple[EpochReport, ...]
    encodings: Encodings  # of the test set
    format_version: int = FORMAT_VERSION


def save(path: Path | str, checkpoint: Checkpoint) -> None:
    """Write ``checkpoint`` to ``path``; whatever stood there stays until the new file is whole.

    Raises:
        CheckpointError: the file cannot be written, for example because the disk is full.
    """
    path = Path(path)
    model, encodings = checkpoint.model, checkpoint.encodings
    tensors = {WEIGHTS + name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    tensors |= {
        ENCODINGS + field.name: torch.from_numpy(np.ascontiguousarray(getattr(encodings, field.name)))
        for field in dataclasses.fields(encodings)
    }
    header = {
        "format_version": FORMAT_VERSION,
        "preset": checkpoint.preset,
        "dataset": checkpoint.dataset,
        "model": dataclasses.asdict(model.config),
        "training": dataclasses.asdict(checkpoint.training),
        "history": [epoch_as_json(report) for report in checkpoint.history],
        "versions": {"torch": str(torch.__version__), "pyro-ppl": pyro.__version__},
    }
    write_whole(path, to_bytes(tensors, metadata={HEADER: json.dumps(header)}))


def load(path: Path | str) -> Checkpoint:
    """Read a file that save() wrote.

    Raises:
        CheckpointError: there is no such file, it is no model, it is damaged or of a newer format, or its
            weights do not fit its configuration.
    """
    path = Path(path)
    tensors, header = _read(path)
    version = header.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise CheckpointError(_not_ours(path))
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"{path.name} was saved by a newer version of Latent Explorer (its format is {version}, this "
            f"version reads up to {FORMAT_VERSION}). Update Latent Explorer to open it."
        )
    try:
        checkpoint = Checkpoint(
            model=_build(path, from_mapping(ModelConfig, header["model"]), _below(WEIGHTS, tensors)),
            preset=str(header["preset"]),
            dataset=str(header["dataset"]),
            training=from_mapping(TrainingConfig, header["training"]),
            history=tuple(_epoch_report(values) for values in header["history"]),
            encodings=Encodings(**{name: t.numpy() for name, t in _below(ENCODINGS, tensors).items()}),
            format_version=version,
        )
    except (ConfigurationError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{path.name} is damaged: its description of the model cannot be read ({error}). "
            "Use another copy of the file, or train the model again."
        ) from error
    _check_encodings(path, checkpoint)
    return checkpoint


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        if not path.is_file():
            raise CheckpointError(f"There is no file {path}. Check the name and the folder.")
        with path.open("rb"), safe_open(path, framework="pt") as file:  # Python knows better why it may not
            text = (file.metadata() or {}).get(HEADER)
            # Copied: what the file maps into memory would end with it, were it overwritten in place.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - no mapping
    except SafetensorError as error:
        raise CheckpointError(
            f"{path.name} is not a Latent Explorer model, or it was cut short while it was copied ({error}). "
            "Choose a .safetensors file that Latent Explorer saved, or copy it again."
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror or error}. Check that you may read the file."
        ) from error
    try:
        header = json.loads(text or "null")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(_not_ours(path)) from error
    if not isinstance(header, dict):
        raise CheckpointError(_not_ours(path))
    return tensors, header


def _not_ours(path: Path) -> str:
    return (
        f"{path.name} is not a Latent Explorer model: it lacks our description of the network. "
        "Choose a .safetensors file that Latent Explorer saved."
    )


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _build(path: Path, config: ModelConfig, weights: dict[str, Tensor]) -> VAE:
    """A model that holds ``weights``; the shapes are compared before any memory is taken."""
    with torch.device("meta"):
        model = build(config)
    if _shapes(model.state_dict()) != _shapes(weights):
        raise CheckpointError(
            f"The weights in {path.name} do not fit the network that the file describes. "
            "The file is damaged or was edited: use another copy, or train the model again."
        )
    if not all(torch.isfinite(tensor).all() for tensor in weights.values()):
        raise CheckpointError(
            f"{path.name} holds weights that are not finite numbers: its training went astray. "
            "Use an earlier copy, or train the model again with a lower learning rate."
        )
    model.load_state_dict(weights, assign=True)
    return model.eval()


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in tensors.items()}


def _epoch_report(values: Mapping[str, Any]) -> EpochReport:
    terms: dict[str, Any] = {name: Terms(**_numbers(values[name])) for name in ("train", "test")}
    others = {name: value for name, value in values.items() if name not in terms}
    return EpochReport(**_numbers(others), **terms)


def _numbers(values: Mapping[str, Any]) -> Mapping[str, Any]:
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in values.values()):
        raise ValueError("the history holds something else than numbers")
    return values


def _check_encodings(path: Path, checkpoint: Checkpoint) -> None:
    encodings = checkpoint.encodings
    labels = encodings.labels
    shape = (labels.size, checkpoint.model.config.latent_dim)
    fit = labels.ndim == 1 and labels.dtype == np.int64
    for z in (encodings.z_loc, encodings.z_scale):
        fit = fit and z.shape == shape and z.dtype == np.float32 and bool(np.isfinite(z).all())
    if not fit:
        raise CheckpointError(
            f"The encodings in {path.name} do not fit its latent space. "
            "The file is damaged: use another copy, or train the model again."
        )
