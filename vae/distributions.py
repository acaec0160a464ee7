"""Distributions over whole images and codes."""

from __future__ import annotations

from typing import Any

import pyro.distributions as dist
import torch


class Whole(dist.Independent):
    """Independent values that make one event, as ``to_event`` gives them.

    A plate expands the distribution at each of its sites, and most have its shape already: expanding them
    then costs nothing, nor does the gradient through it.
    """

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Itself, where it has that shape."""
        if torch.Size(batch_shape) == self.batch_shape:
            return self
        return super().expand(batch_shape, _instance)  # type: ignore[no-untyped-call]
