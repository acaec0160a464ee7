"""What models and unfinished runs are kept in: safetensors under a JSON header. Never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyro
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes
from torch import Tensor

from vae.errors import CheckpointError
from vae.files import write_whole


@dataclass(frozen=True)
class Kind:
    """What a file may be."""

    noun: str  # with its article
    key: str  # of our JSON in the safetensors metadata
    lacks: str  # what a file of another origin is without
    choose: str  # the way out
    format_version: int


MODEL = Kind(
    noun="a Latent Explorer model",
    key="latent_explorer",
    lacks="our description of the network",
    choose="Choose a .safetensors file that Latent Explorer saved",
    format_version=1,
)
RUN = Kind(
    noun="an unfinished run of Latent Explorer",
    key="latent_explorer_run",
    lacks="our description of the run",
    choose="Choose a file that Latent Explorer left when a run was cut off",
    format_version=1,
)


def write(path: Path, kind: Kind, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write a file; whatever stood there stays until the new one is whole.

    Raises:
        CheckpointError: the file cannot be written, for example because the disk is full.
    """
    full = {
        "format_version": kind.format_version,
        **header,
        "versions": {"torch": str(torch.__version__), "pyro-ppl": pyro.__version__},
    }
    write_whole(path, to_bytes(dict(tensors), metadata={kind.key: json.dumps(full)}))


def read(path: Path, kind: Kind) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the header of a file that write() wrote.

    Raises:
        CheckpointError: there is no such file, it is of another kind, damaged, or of a newer format.
    """
    return _read(path, kind, whole=True)


def read_header(path: Path, kind: Kind) -> dict[str, Any]:
    """The header alone, which takes no time.

    Raises:
        CheckpointError: as read().
    """
    return _read(path, kind, whole=False)[1]


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin so, by the rest of their names."""
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}


def _read(path: Path, kind: Kind, *, whole: bool) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        if not path.is_file():
            raise CheckpointError(f"There is no file {path}. Check the name and the folder.")
        with path.open("rb"), safe_open(path, framework="pt") as file:  # Python knows better why it may not
            metadata = file.metadata() or {}
            names = file.keys() if whole else ()
            # Copied: what the file maps into memory would end with it, were it overwritten in place.
            tensors = {name: file.get_tensor(name).clone() for name in names}
    except SafetensorError as error:
        raise CheckpointError(
            f"{path.name} is not {kind.noun}, or it was cut short while it was copied ({error}). "
            f"{kind.choose}, or copy it again."
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror or error}. Check that you may read the file."
        ) from error
    header = _header(path, kind, metadata)
    version = header.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise CheckpointError(_not_ours(path, kind))
    if version > kind.format_version:
        raise CheckpointError(
            f"{path.name} was saved by a newer version of Latent Explorer (its format is {version}, this "
            f"version reads up to {kind.format_version}). Update Latent Explorer to open it."
        )
    return tensors, header


def _header(path: Path, kind: Kind, metadata: Mapping[str, str]) -> dict[str, Any]:
    for other in (MODEL, RUN):
        if other is not kind and other.key in metadata:
            raise CheckpointError(f"{path.name} is {other.noun}, not {kind.noun}. {kind.choose}.")
    try:
        header = json.loads(metadata.get(kind.key) or "null")
    except (ValueError, RecursionError) as error:
        raise CheckpointError(_not_ours(path, kind)) from error
    if not isinstance(header, dict):
        raise CheckpointError(_not_ours(path, kind))
    return header


def _not_ours(path: Path, kind: Kind) -> str:
    return f"{path.name} is not {kind.noun}: it lacks {kind.lacks}. {kind.choose}."
