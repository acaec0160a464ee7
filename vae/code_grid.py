"""The latent space decoded once on a grid: log p(x|z) of one image is then one product with a matrix."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding_bag

from vae.adapter import AdaptedModel
from vae.inference import by_all_cores, device_of, label_of
from vae.joint import Floats, Joint, at_once, in_slices
from vae.lattice import Cells, centres
from vae.models import VAE
from vae.prior import Prior, prior_of

CELLS = {1: 1_024, 2: 128}  # along each of D dimensions
MEMORY = 256_000_000  # bytes that a grid may hold; it has fewer cells where images are large
REACH = 5.0  # standard deviations of each Gaussian of the prior that the grid spans
SEARCHED = 20.0  # how far a prior that is made of no Gaussians is looked for
FAINT = 12.5  # nats below the densest place that such a prior is spanned to, as by REACH
INKED = 0.5  # share of a picture's statistics that are not 0, from which on all are multiplied


@dataclass(frozen=True, eq=False)
class CodeGrid:
    """Cells that span the prior, and what the decoder says at their middles, under one version of a model."""

    model: VAE
    label: int | None  # what the decoder is told; None of a model that is told none
    places: NDArray[np.int64]  # (G, D) of the cells
    shape: tuple[int, ...]  # cells along each dimension
    width: float  # of a cell
    origin: Floats  # (D,) the corner of the first
    natural: Tensor | None  # (S, G) of the likelihood; None where a model scores images by itself
    constant: Tensor | None  # (G,)
    log_prior: Floats  # (G,) log p(z) in nats

    def scoring(self, joint: Joint) -> Generator[None, None, Cells]:
        """log p(x, z) of one image in all cells."""
        z = centres(self.places, self.width, self.origin)
        if self.natural is None or self.constant is None:
            values = yield from in_slices(joint, z)
        else:
            values = self._product(joint) + self.log_prior + joint.log_label(z)
        return Cells(self.places, values, self.width, self.origin)

    @torch.no_grad()
    def _product(self, joint: Joint) -> Floats:
        """(G,) log p(x|z); black pixels, most of them in many data sets, need not be multiplied."""
        assert self.natural is not None and self.constant is not None
        statistics = joint.model.likelihood.statistics(joint.x[0])
        inked = statistics.nonzero()[:, 0]
        if len(inked) < INKED * len(statistics):
            weights, start = statistics[inked], inked.new_zeros(1)
            product = embedding_bag(  # adds rows up where they are
                inked, self.natural, start, mode="sum", per_sample_weights=weights
            )[0]
        else:
            product = statistics @ self.natural
        return (product + self.constant).cpu().double().numpy()


def code_grid(model: VAE, label: int | None = None) -> CodeGrid:
    """Decode the grid; ``label`` is what the decoder is told, if it is told any."""
    return at_once(building_grid(model, label))


def building_grid(model: VAE, label: int | None = None) -> Generator[float, None, CodeGrid]:
    """The same slice by slice; the share of it that is decoded, in [0, 1], after each."""
    prior = prior_of(model)
    assert prior is not None
    low, high = _extent(prior, model.config.latent_dim)
    statistics = _statistics(model)
    cells = min(CELLS[len(low)], int((MEMORY / (4 * max(statistics, 1))) ** (1 / len(low))))
    width = float((high - low).max()) / cells
    shape = tuple(int(n) for n in np.ceil((high - low) / width - 1e-9))
    places = np.array(list(itertools.product(*map(range, shape))), np.int64).reshape(-1, len(low))
    origin = (low + high - np.array(shape) * width) / 2
    z = centres(places, width, origin)
    log_prior = prior.log_density(z)
    if not statistics:
        return CodeGrid(model, label, places, shape, width, origin, None, None, log_prior)
    filled = _Filled(model, label_of(model, label), statistics, len(places))
    for _ in in_slices(filled, z):
        yield filled.share
    return CodeGrid(
        *(model, label, places, shape, width, origin, filled.natural, filled.constant), log_prior=log_prior
    )


class _Filled:
    """What the likelihood takes from the decoder's output, cell by cell."""

    def __init__(self, model: VAE, y: Tensor | None, statistics: int, cells: int) -> None:
        self._model, self._y, self._count = model, y, 0
        self.natural = torch.empty(statistics, cells, device=device_of(model))
        self.constant = torch.empty(cells, device=device_of(model))

    @property
    def share(self) -> float:
        """Of the cells that are decoded."""
        return self._count / len(self.constant)

    def __call__(self, z: Floats) -> Floats:
        """Decode the next of them, by all cores; there is no score to return yet."""
        codes = torch.from_numpy(z.astype(np.float32)).to(self.constant.device)
        constant, natural = (values[..., self._count :] for values in (self.constant, self.natural))

        @torch.no_grad()
        def fill(part: slice) -> None:
            y = None if self._y is None else self._y.expand(part.stop - part.start)
            found, constant[part] = self._model.likelihood.natural(
                self._model.parameters_of_x(codes[part], y)
            )
            natural[:, part] = found.T

        by_all_cores(self._model, fill, len(codes))
        self._count += len(codes)
        return np.zeros(len(codes))


def _statistics(model: VAE) -> int:
    """How many numbers of one image the likelihood reads; 0 where the model scores images by itself."""
    if isinstance(model, AdaptedModel):
        by_itself = model.has_own_likelihood
    else:
        by_itself = type(model).log_likelihood is not VAE.log_likelihood
    return 0 if by_itself else len(model.likelihood.statistics(torch.zeros(model.config.image_shape)))


def _extent(prior: Prior, latent_dim: int) -> tuple[Floats, Floats]:
    """The corners (D,) of what the grid spans."""
    if len(prior.loc):
        loc, scale = prior.loc.astype(np.float64), prior.scale.astype(np.float64)
        return (loc - REACH * scale).min(0), (loc + REACH * scale).max(0)
    along = np.linspace(-SEARCHED, SEARCHED, 401)
    z = np.stack(np.meshgrid(*[along] * latent_dim, indexing="ij"), -1).reshape(-1, latent_dim)
    density = prior.log_density(z)
    dense = z[density > density.max() - FAINT]
    step = along[1] - along[0]
    return dense.min(0) - step, dense.max(0) + step
