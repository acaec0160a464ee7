"""Where a model is trained: the processor, or an accelerator that is there."""

from __future__ import annotations

import torch

from vae.configuration import DEVICES, require_choice
from vae.errors import ConfigurationError

_WAYS_OUT = {
    "cuda": "It takes an NVIDIA graphics card, its driver, and a PyTorch that was built for CUDA",
    "mps": "It takes a Mac with Apple silicon",
}


def available_devices() -> tuple[str, ...]:
    """The names of what is there, the fastest first; the last is "cpu"."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return (*(name for name, is_there in there.items() if is_there), "cpu")


def resolve_device(name: str) -> torch.device:
    """The device of that name; "auto" is the fastest that is there.

    Raises:
        ConfigurationError: the name is unknown, or no such device is there.
    """
    require_choice("The device", name, DEVICES)
    there = available_devices()
    if name == "auto":
        return torch.device(there[0])
    if name not in there:
        raise ConfigurationError(
            f"The device '{name}' is not there. {_WAYS_OUT[name]}. Choose one of auto, {', '.join(there)}."
        )
    return torch.device(name)
