"""A decoder that may be slow, used a few codes at a time, so that other work can step in between."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence

import torch
from torch import Tensor

FIRST = 4  # codes that are decoded at once to begin with
MOST = 256  # in the end
HASTE, REST = 0.002, 0.008  # seconds: a quicker slice is followed by a larger one, a slower by a smaller

Decode = Callable[[Tensor], Tensor]  # codes (N, D) -> the pixels of their mean images (N, P)


class SlowDecoder:
    """As many codes between two breaks as take some milliseconds."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._at_once = FIRST

    def images(self, codes: Tensor) -> Generator[None, None, Tensor]:
        """Codes (N, D) -> (N, P), without gradients."""
        parts = yield from self._decoded(codes, traced=False)
        return torch.cat([images for _, images in parts])

    def traced(self, codes: Tensor) -> Generator[None, None, TracedImages]:
        """The same, with the way back to the codes, if the decoder lets gradients through."""
        return TracedImages((yield from self._decoded(codes, traced=True)))

    def _decoded(self, codes: Tensor, *, traced: bool) -> Generator[None, None, list[tuple[Tensor, Tensor]]]:
        parts: list[tuple[Tensor, Tensor]] = []
        start = 0
        while start < len(codes):
            part = codes[start : start + self._at_once].clone().requires_grad_(traced)
            began = time.perf_counter()
            with torch.set_grad_enabled(traced):
                parts.append((part, self._decode(part)))
            self._keep_pace(time.perf_counter() - began)
            start += len(part)
            yield None
        return parts

    def _keep_pace(self, seconds: float) -> None:
        if seconds > REST:
            self._at_once = max(1, self._at_once // 2)
        elif seconds < HASTE:
            self._at_once = min(2 * self._at_once, MOST)


class TracedImages:
    """Images (N, P) in parts, each with the codes that it was decoded from."""

    def __init__(self, parts: Sequence[tuple[Tensor, Tensor]]) -> None:
        self._parts = parts
        self.images = torch.cat([images.detach() for _, images in parts])
        self.differentiable = all(images.requires_grad for _, images in parts)

    def pulled_back(self, pull: Tensor) -> Generator[None, None, Tensor]:
        """(N, D) Jᵀ times ``pull`` (N, P), once."""
        found: list[Tensor] = []
        for codes, images in self._parts:
            own, pull = pull[: len(codes)], pull[len(codes) :]
            # of their sum: to compare the shapes of images and pull, torch would first import 500 modules
            found += torch.autograd.grad((images * own).sum(), codes)
            yield None
        return torch.cat(found)
