"""Random numbers that no other thread shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_DRAWS = frozenset(
    (
        *(torch.rand, torch.randn, torch.randint, torch.randperm, torch.normal, torch.bernoulli),
        *(torch.Tensor.uniform_, torch.Tensor.normal_, torch.Tensor.bernoulli_, torch.Tensor.random_),
    )
)


class DrawnFrom(TorchFunctionMode):
    """Within, new layers take their weights from a generator of their own, seeded with ``seed``.

    The same weights as after torch.manual_seed(seed), but torch's global generator is left alone: a run that
    trains in another thread draws from it. Holds for the calling thread.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Hand the generator to whatever draws; what torch.nn.init does names one."""
        named = dict(kwargs or {})
        if (func in _DRAWS or "generator" in named) and named.get("generator") is None:
            named["generator"] = self._generator
        return func(*args, **named)
