"""log p(x, z) of one image as a function of its code, and expectations of it under a Gaussian q(z|x)."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Generator
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.models import VAE, LabelVAE, MixtureVAE
from vae.models.vae import kl_between
from vae.prior import prior_of

NODES = {1: 32, 2: 16}  # of the quadrature along each of D dimensions; that of 8 errs by 2e-4 nats on MNIST
NEGLIGIBLE = 1e-7  # weight of a node, as a share of the largest
SLICE_SECONDS = 0.008  # of work before something more urgent may step in
FEW = 24  # codes may take twice as long: each slice reads all weights from memory, however few codes it has
FIRST_SLICE, LARGEST_SLICE = 16, 2_048  # codes

Floats = NDArray[np.float64]
Found = TypeVar("Found")


class Joint:
    """log p(x, z), or log p(x, y, z), at any codes z.

    Of a model that is told the label, it is log p(x, z|y); of one that scores a label that is known,
    log p(x, y, z).
    """

    def __init__(self, model: VAE, x: Tensor, y: Tensor | None) -> None:
        """One image (1, C, H, W) and its label (1,), if the model has a use for one and knows it."""
        prior = prior_of(model)
        assert prior is not None
        self.model, self.x, self.y, self.prior = model, x, y, prior

    @torch.no_grad()
    def log_likelihood(self, z: Floats) -> Floats:
        """log p(x|z) of codes (N, D): (N,) nats."""
        codes = self._codes(z)
        y = None if self.y is None else self.y.expand(len(codes))
        found = self.model.log_likelihood(self.x.expand(len(codes), -1, -1, -1), codes, y)
        return found.cpu().double().numpy()

    @torch.no_grad()
    def log_label(self, z: Floats) -> Floats:
        """log p(y|z), or zeros where it is no part of the model or y is not known."""
        if not isinstance(self.model, LabelVAE) or self.y is None:
            return np.zeros(len(z))
        log_probs = self.model.classifier(self._codes(z)).log_softmax(-1)
        found: Floats = log_probs[:, self.y[0]].cpu().double().numpy()
        return found

    def __call__(self, z: Floats) -> Floats:
        """(N,) nats at codes (N, D)."""
        return self.log_likelihood(z) + self.prior.log_density(z) + self.log_label(z)

    def _codes(self, z: Floats) -> Tensor:
        return torch.from_numpy(np.asarray(z, np.float32)).to(self.x.device)


def why_not_exact(model: VAE) -> str | None:
    """A sentence on why p(z|x) and log p(x) of this model cannot be computed; None where they can."""
    config = model.config
    if config.family == "autoencoder":
        return "An autoencoder has no prior, so there is no p(z|x) and no log p(x)."
    if not model.latent_is_z:
        return (
            "Between z and x this model has a level of its own, over which no sum on the plane can be taken: "
            "p(z|x) cannot be computed exactly."
        )
    if config.latent_dim not in NODES:
        return (
            "p(z|x) is computed exactly for one or two latent dimensions, and this model has "
            f"{config.latent_dim}: a sum over a grid of so many cannot be taken."
        )
    return None


@functools.cache
def nodes(latent_dim: int) -> tuple[Floats, Floats]:
    """Codes (N, D) and weights (N,) with sum w f(e) = E f(e) for e from N(0, I): Gauss and Hermite's."""
    places, weights = np.polynomial.hermite_e.hermegauss(NODES[latent_dim])
    along = np.meshgrid(*[places] * latent_dim, indexing="ij")
    product = functools.reduce(np.multiply.outer, [weights] * latent_dim).ravel()
    kept = product > NEGLIGIBLE * product.max()
    return np.stack(along, -1).reshape(-1, latent_dim)[kept], product[kept] / product[kept].sum()


def entropy(z_scale: Floats) -> float:
    """Of a diagonal Gaussian of standard deviations (D,), in nats."""
    return float(np.log(z_scale).sum()) + 0.5 * len(z_scale) * (1.0 + math.log(2.0 * math.pi))


@torch.no_grad()
def elbo_terms(joint: Joint, z_loc: Tensor, z_scale: Tensor, seen: Tensor) -> Floats:
    """(3,) of q(z|x) with mean and standard deviation (1, D): E_q log p(x|z), the KL, E_q log p(y|z).

    What `VAE.elbo_terms` estimates by draws, with the expectations by quadrature. A mixture's KL is its own,
    that of q(c|x) included; it is shown ``seen``.
    """
    loc, scale = (part[0].cpu().double().numpy() for part in (z_loc, z_scale))
    places, weights = nodes(len(loc))
    z = loc + scale * places
    if isinstance(joint.model, MixtureVAE):
        kl = float(joint.model.elbo_terms(joint.x, joint.y, torch.Generator(), seen)[1, 0])
    elif len(joint.prior.loc) == 1:
        prior = (torch.from_numpy(part).to(z_loc.device) for part in (joint.prior.loc, joint.prior.scale))
        kl = float(kl_between(z_loc, z_scale, *prior))
    else:
        kl = -entropy(scale) - float(weights @ joint.prior.log_density(z))
    return np.array((weights @ joint.log_likelihood(z), kl, weights @ joint.log_label(z)))


def in_slices(score: Callable[[Floats], Floats], z: Floats) -> Generator[None, None, Floats]:
    """Score codes (N, D) a few at a time, so many as take some milliseconds; (N,) in the end."""
    found, start, size = np.empty(len(z)), 0, FIRST_SLICE
    while start < len(z):
        part, began = slice(start, start + size), time.perf_counter()
        found[part] = score(z[part])
        start += size
        pace = SLICE_SECONDS / max(time.perf_counter() - began, 1e-6)
        size = min(max(int(size * pace), min(FEW, int(size * 2 * pace)), 1), 2 * size, LARGEST_SLICE)
        yield None
    return found


def at_once(steps: Generator[object, None, Found]) -> Found:
    """What a generator returns in the end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Found = end.value
            return result
