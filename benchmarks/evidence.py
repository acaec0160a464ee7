"""log p(x) and p(z|x) of test images by quadrature, beside importance sampling with 50,000 samples."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

import vae
from benchmarks.digits import mnist_folder
from benchmarks.table import Aim, Row
from benchmarks.window import DATASET
from explorer.places import built_in_models
from vae.code_grid import code_grid
from vae.datasets import default_data_dir, load
from vae.joint import at_once
from vae.posterior import Encoded, ExactPosterior, coarse, encoded, refining

IMAGES = 100
SAMPLES = 50_000
CHUNK = 5_000  # samples at a time
PROPOSED = (  # standard deviations, in those of a mode's larger region, and shares
    *((1.5, 0.45), (4.0, 0.3), (12.0, 0.15)),
)
FROM_PRIOR = 0.1  # share of the proposal that is the prior
PEER = "importance sampling, 50,000 samples"


@dataclass(frozen=True)
class Estimate:
    """log p(x) by importance sampling, in nats."""

    log_evidence: float
    standard_error: float
    seconds: float


def measure(share: float) -> Iterator[Row]:
    """Times are medians over images. The differences are told of two images: the worst and the median."""
    folder = mnist_folder()
    name = "mnist" if folder is not None else DATASET
    pictures = load(name, folder or default_data_dir()).test_images[: max(3, round(IMAGES * share))]
    model = _model(name)
    vae.use_one_core()  # as the plane thread does
    grid = code_grid(model)
    seconds: list[tuple[float, float]] = []
    ours: list[ExactPosterior] = []
    images = [encoded(model, picture) for picture in pictures]
    for image in images:
        began = time.perf_counter()
        cells = at_once(grid.scoring(image.joint))
        coarse(cells)
        seen = time.perf_counter()
        ours.append(at_once(refining(image, cells)))
        seconds.append((seen - began, time.perf_counter() - began))
    vae.use_all_cores()
    peers = [importance_sampling(image, exact) for image, exact in zip(images, ours, strict=True)]
    early, late = 1_000 * np.median(seconds, axis=0)
    peer = 1_000 * float(np.median([estimate.seconds for estimate in peers]))
    yield Row("p(z|x) of an image, coarse", float(early), PEER, peer, "ms", Aim("ours", 5.0))
    yield Row("p(z|x) of an image, refined", float(late), PEER, peer, "ms", Aim("ours", 150.0))
    differences = np.abs([a.log_evidence - b.log_evidence for a, b in zip(ours, peers, strict=True)])
    order = np.argsort(differences)
    for what, place in (("median", order[len(order) // 2]), ("largest", order[-1])):
        of_peer = peers[place]
        told = f"−log p(x), image of the {what} difference ({differences[place]:.4f})"
        of = f"{PEER} (± {of_peer.standard_error:.4f})"
        yield Row(told, -ours[place].log_evidence, of, -of_peer.log_evidence, "nats", Aim("difference", 0.02))


@torch.no_grad()
def importance_sampling(image: Encoded, exact: ExactPosterior) -> Estimate:
    """With proposals from wider Gaussians around the modes, and from the prior.

    The density of the proposal is its own; what is estimated does not depend on how well it was chosen.
    """
    began = time.perf_counter()
    generator = torch.Generator().manual_seed(0)
    dimensions = len(exact.loc)
    held = sum(mode.mass for mode in exact.modes)
    parts = [
        (share * mode.mass / held, mode.loc, wider**2 * mode.covariance)
        for mode in exact.modes
        for wider, share in PROPOSED
    ]
    parts.append((FROM_PRIOR, np.zeros(dimensions), np.eye(dimensions)))
    shares, loc, covariance = (torch.from_numpy(np.stack(part)) for part in zip(*parts, strict=True))
    gaussians = MultivariateNormal(loc, covariance)
    proposal = MixtureSameFamily(Categorical(shares), gaussians)
    which = torch.multinomial(shares, SAMPLES, replacement=True, generator=generator)
    noise = torch.randn(SAMPLES, dimensions, generator=generator, dtype=torch.float64)
    z = loc[which] + (gaussians.scale_tril[which] @ noise[:, :, None])[:, :, 0]
    log_weights: Tensor = torch.cat(
        [torch.from_numpy(image.joint(part.numpy())) - proposal.log_prob(part) for part in z.split(CHUNK)]
    )
    weights = (log_weights - log_weights.max()).exp()
    mean = weights.mean()
    return Estimate(
        log_evidence=float(log_weights.max() + mean.log()),
        standard_error=float(weights.std() / mean / SAMPLES**0.5),
        seconds=time.perf_counter() - began,
    )


def _model(dataset: str) -> vae.VAE:
    """The built-in model of the data set."""
    for path in built_in_models().values():
        checkpoint = vae.load(path)
        if checkpoint.dataset == dataset:
            return checkpoint.model.eval()
    raise LookupError(f"no built-in model was trained on '{dataset}'")
