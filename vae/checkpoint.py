"""A trained model in one file: safetensors weights and a JSON header. Never pickle.

The header holds the format version, the configuration, the data set's name and the training history;
beside the weights stand the encodings of the test set, so that a plane can be drawn without the data.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vae.adapter import AdaptedModel
from vae.configuration import ModelConfig, TrainingConfig, from_mapping
from vae.errors import CheckpointError, ConfigurationError
from vae.families import UnknownFamilyError
from vae.inference import Encodings
from vae.models import VAE, build
from vae.reports import EpochReport, epoch_as_json, epoch_from_json
from vae.tensor_file import MODEL, below, read, write

FORMAT_VERSION = MODEL.format_version
HEADER = MODEL.key
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
        CheckpointError: the file cannot be written, for example because the disk is full, or the model is
            somebody's own encoder and decoder.
    """
    path = Path(path)
    model, encodings = checkpoint.model, checkpoint.encodings
    if isinstance(model, AdaptedModel):
        raise CheckpointError(
            "A model that came from a script cannot be kept in a file: its encoder and decoder are the "
            "script's own. Save it there."
        )
    weights = model.state_dict()
    tensors = {WEIGHTS + name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    tensors |= {
        ENCODINGS + field.name: torch.from_numpy(np.ascontiguousarray(getattr(encodings, field.name)))
        for field in dataclasses.fields(encodings)
    }
    header = {
        "preset": checkpoint.preset,
        "dataset": checkpoint.dataset,
        "model": dataclasses.asdict(model.config),
        "training": dataclasses.asdict(checkpoint.training),
        "history": [epoch_as_json(report) for report in checkpoint.history],
    }
    write(path, MODEL, tensors, header)


def load(path: Path | str) -> Checkpoint:
    """Read a file that save() wrote.

    Raises:
        CheckpointError: there is no such file, it is no model, it is damaged or of a newer format, or its
            weights do not fit its configuration.
    """
    path = Path(path)
    tensors, header = read(path, MODEL)
    try:
        checkpoint = Checkpoint(
            model=fitting_model(path, from_mapping(ModelConfig, header["model"]), below(WEIGHTS, tensors)),
            preset=str(header["preset"]),
            dataset=str(header["dataset"]),
            training=from_mapping(TrainingConfig, header["training"]),
            history=tuple(epoch_from_json(values) for values in header["history"]),
            encodings=Encodings(**{name: t.numpy() for name, t in below(ENCODINGS, tensors).items()}),
            format_version=header["format_version"],
        )
    except UnknownFamilyError as error:
        raise CheckpointError(f"{path.name} cannot be opened. {error}") from error
    except (ConfigurationError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{path.name} is damaged: its description of the model cannot be read ({error}). "
            "Use another copy of the file, or train the model again."
        ) from error
    _check_encodings(path, checkpoint)
    return checkpoint


def fitting_model(path: Path, config: ModelConfig, weights: dict[str, Tensor]) -> VAE:
    """A model that holds ``weights``; the shapes are compared before any memory is taken.

    Raises:
        CheckpointError: they do not fit, or are not finite.
    """
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
