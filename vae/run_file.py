"""An unfinished run in one file: all that is needed to go on with it, on another day, to the same end."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vae.checkpoint import fitting_model
from vae.configuration import ModelConfig, TrainingConfig, from_mapping, require_real, require_whole
from vae.devices import available_devices
from vae.errors import CheckpointError, ConfigurationError
from vae.models import VAE
from vae.reports import EpochReport, epoch_as_json, epoch_from_json
from vae.tensor_file import RUN, below, read, read_header, write
from vae.training_state import TrainingState

WEIGHTS = "model."
MOMENTS = "optimizer."
ORDER, CHANCE = "order", "chance"
MOST = 2**63 - 1  # steps, images


@dataclass(frozen=True)
class RunHeader:
    """What a run is, and how far it has come."""

    preset: str
    dataset: str
    images: int  # in the training set: with another number the run would not be the same
    model: ModelConfig
    training: TrainingConfig
    history: tuple[EpochReport, ...]
    step: int  # steps done
    epoch: float  # epochs done
    device: str  # that it was trained on


@dataclass(frozen=True, eq=False)
class UnfinishedRun:
    """A run and its whole state."""

    header: RunHeader
    state: TrainingState


def save_run(path: Path, run: UnfinishedRun) -> None:
    """Write ``run`` to ``path``; whatever stood there stays until the new file is whole.

    Raises:
        CheckpointError: the file cannot be written, for example because the disk is full.
    """
    header, state = run.header, run.state
    tensors = {WEIGHTS + name: tensor for name, tensor in state.weights.items()}
    tensors |= {MOMENTS + name: tensor for name, tensor in state.moments.items()}
    tensors |= {ORDER: state.order, CHANCE: state.chance}
    values = {field.name: getattr(header, field.name) for field in dataclasses.fields(header)} | {
        "model": dataclasses.asdict(header.model),
        "training": dataclasses.asdict(header.training),
        "history": [epoch_as_json(report) for report in header.history],
        "unscored": state.unscored,
        "seconds": state.seconds,
        "epoch_began": state.epoch_began,
        "totals": state.totals,
    }
    write(path, RUN, {name: tensor.contiguous() for name, tensor in tensors.items()}, values)


def load_run(path: Path | str) -> UnfinishedRun:
    """Read a file that save_run() wrote.

    Raises:
        CheckpointError: there is no such file, it is no unfinished run, it is damaged or of a newer format,
            or its tensors do not fit its configuration.
    """
    path = Path(path)
    tensors, values = read(path, RUN)
    header = _header(path, values)
    weights, moments = below(WEIGHTS, tensors), below(MOMENTS, tensors)
    model = fitting_model(path, header.model, weights)
    try:
        state = TrainingState(
            weights=weights,
            moments=moments,
            order=_generator_state(tensors[ORDER]),
            chance=_generator_state(tensors[CHANCE]),
            config=header.training,
            step=header.step,
            unscored=values["unscored"] is True,
            seconds=_real(values["seconds"]),
            epoch_began=_real(values["epoch_began"]),
            totals=tuple(_real(total) for total in values["totals"]),
        )
    except (ConfigurationError, KeyError, TypeError, RuntimeError) as error:
        raise _damaged(path, error) from error
    if len(state.totals) != 3 or not _fit(moments, model):
        raise _damaged(path, "the optimizer's part does not fit the network")
    return UnfinishedRun(header, state)


def read_run_header(path: Path | str) -> RunHeader:
    """What is known of an unfinished run; its tensors are left unread.

    Raises:
        CheckpointError: there is no such file, it is no unfinished run, it is damaged or of a newer format.
    """
    path = Path(path)
    return _header(path, read_header(path, RUN))


def device_for(header: RunHeader) -> str:
    """Where to go on: on the device that it was trained on, or, if that is not there, the fastest."""
    return header.device if header.device in available_devices() else "auto"


def require_same_data(header: RunHeader, images: int) -> None:
    """Raise CheckpointError unless the training set holds as many images as the run's did."""
    if images != header.images:
        raise CheckpointError(
            f"The run learned from {header.images:,} images of the data set '{header.dataset}', and here it "
            f"has {images:,}. Resume it where the same data are, or begin another run."
        )


def _header(path: Path, values: Mapping[str, Any]) -> RunHeader:
    try:
        for name, least in (("step", 0), ("images", 1)):
            require_whole(f"'{name}'", values[name], least, MOST)
        return RunHeader(
            preset=str(values["preset"]),
            dataset=str(values["dataset"]),
            images=values["images"],
            model=from_mapping(ModelConfig, values["model"]),
            training=from_mapping(TrainingConfig, values["training"]),
            history=tuple(epoch_from_json(epoch) for epoch in values["history"]),
            step=values["step"],
            epoch=_real(values["epoch"]),
            device=str(values["device"]),
        )
    except (ConfigurationError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, error) from error


def _real(value: Any) -> float:
    require_real("A number", value, -1e300, 1e300)
    return float(value)


def _generator_state(state: Tensor) -> Tensor:
    """``state``, once a generator has taken it."""
    torch.Generator().set_state(state)
    return state


def _fit(moments: Mapping[str, Tensor], model: VAE) -> bool:
    """Whether the optimizer's tensors are named and shaped as those of the model's parameters."""
    shapes = [weights.shape for weights in model.parameters()]
    for key, tensor in moments.items():
        place, _, name = key.partition(".")
        if not (place.isdecimal() and int(place) < len(shapes) and name):
            return False
        if tensor.shape not in (torch.Size(), shapes[int(place)]) or not torch.isfinite(tensor).all():
            return False
    return True


def _damaged(path: Path, reason: object) -> CheckpointError:
    return CheckpointError(
        f"{path.name} is damaged: its description of the run cannot be read ({reason}). "
        "Use another copy of the file, or begin the run again."
    )
