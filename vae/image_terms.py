"""The terms of the ELBO of each image of a data set, and the entropy of what a code decodes to."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray

from vae.inference import by_all_cores, device_of, label_of, to_tensor
from vae.joint import in_slices
from vae.models import VAE

SLICE = 250  # images at a time: some 10 ms of a small model
SEED = 0


class ImageTerms:
    """Found slice by slice, in an order in which every part of the data is met early.

    The reconstruction is log p(x|z) at one draw of z from q(z|x).
    """

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
        self._images, self._labels = images, labels
        self._order = np.random.default_rng(SEED).permutation(len(images))
        self._chance = torch.Generator().manual_seed(SEED)
        self._done = 0
        self.reconstruction, self.kl, self.elbo = np.full((3, len(images)), np.nan, np.float32)

    @property
    def known(self) -> NDArray[np.int64]:
        """The images that are scored; the terms of the others are not numbers."""
        return self._order[: self._done]

    @property
    def complete(self) -> bool:
        """Whether all are."""
        return self._done == len(self._order)

    @torch.no_grad()
    def score_more(self, model: VAE) -> None:
        """Score another slice."""
        part = self._order[self._done : self._done + SLICE]
        x, labels = to_tensor(self._images[part], model), self._labels[part]
        told = model.needs_labels and bool(((labels >= 0) & (labels < model.config.classes)).all())
        y = torch.from_numpy(labels).to(x.device) if told else None
        reconstruction, kl, label = model.elbo_terms(x, y, self._chance).cpu().numpy()
        self.reconstruction[part], self.kl[part] = reconstruction, kl
        self.elbo[part] = reconstruction + label - kl
        self._done += len(part)


def pixel_entropies(
    model: VAE, codes: NDArray[np.float32], label: int | None
) -> Generator[None, None, NDArray[np.float32]]:
    """In slices, the entropy of p(x|z) of codes (N, D), summed over pixels: (N,), in nats."""
    y, device = label_of(model, label), device_of(model)

    def entropies(some: NDArray[np.float64]) -> NDArray[np.float64]:
        z = torch.from_numpy(some.astype(np.float32)).to(device)

        @torch.no_grad()
        def of(part: slice) -> NDArray[np.float64]:
            parameters = model.parameters_of_x(z[part], None if y is None else y.expand(len(z[part])))
            found: NDArray[np.float64] = (
                model.likelihood.entropy(parameters).flatten(1).sum(1).double().cpu().numpy()
            )
            return found

        return np.concatenate(by_all_cores(model, of, len(z)))

    found = yield from in_slices(entropies, codes.astype(np.float64))
    return found.astype(np.float32)
