"""A model of points for whoever speaks NumPy: what it decodes to, what it encodes, what it samples.

Codes are told in standard deviations of the Gaussian that z is sampled from, and called u: a VAE's prior,
where u is z itself, or the Gaussian fitted to the codes of an autoencoder, which has no prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from vae.likelihoods import Normal
from vae.models import VAE, Autoencoder
from vae.points import Cloud, Points, as_images, energy_distance

LEAST_VARIANCE = 1e-6  # of an autoencoder's codes: a dimension that it has given up has none
SAMPLES = 1_000  # that an energy distance is taken from


@dataclass(frozen=True)
class Normals:
    """p(x|z) of N codes: a Gaussian each, its axes those of the plane."""

    mean: Points  # (N, 2)
    sigma: NDArray[np.float32]  # (N, 2)


@dataclass(frozen=True)
class EnergyDistances:
    """Of samples to the held-out points: 0 for the same distribution. See `vae.points.energy_distance`.

    None where there is no such model.
    """

    autoencoder: float | None  # z from the Gaussian fitted to its codes
    autoencoder_standard: float | None  # z from N(0, I)
    vae: float | None  # z from the prior, x from p(x|z)
    data: float  # the points learned from, in place of samples: as near as can be


class PointModel:
    """A VAE or an autoencoder of points. The weights may change while it lives; then call ``refit``."""

    def __init__(self, model: VAE, points: Points) -> None:
        self.model = model
        self.is_autoencoder = isinstance(model, Autoencoder)
        self._x = _tensor(as_images(points))
        self.refit()

    @property
    def latent_dim(self) -> int:
        """D."""
        return self.model.config.latent_dim

    @torch.no_grad()
    def refit(self) -> None:
        """Fit the Gaussian that an autoencoder's codes are sampled from."""
        dimensions = self.latent_dim
        self._centre, self._factor = torch.zeros(dimensions), torch.eye(dimensions)
        if self.is_autoencoder:
            codes, _ = self.model.encode(self._x)
            covariance = torch.cov(codes.T).reshape(dimensions, dimensions)
            self._centre = codes.mean(0)
            self._factor = torch.linalg.cholesky(covariance + LEAST_VARIANCE * torch.eye(dimensions))

    @torch.no_grad()
    def decode(self, u: NDArray[np.floating]) -> Normals:
        """p(x|z) of codes (N, D)."""
        mean, sigma = self._parts(self._to_z(_tensor(u)))
        return Normals(_points(mean), _points(sigma))

    @torch.no_grad()
    def encode(self, points: Points) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """q(z|x) of points (N, 2): mean and standard deviation of u, (N, D) each; 0 of an autoencoder."""
        z_loc, z_scale = self.model.encode(_tensor(as_images(points)))
        u_loc = torch.linalg.solve_triangular(self._factor, (z_loc - self._centre).T, upper=False).T
        return u_loc.numpy(), z_scale.numpy()

    @torch.no_grad()
    def sample(self, count: int, seed: int = 0, *, standard: bool = False) -> Points:
        """Points (count, 2): z from its Gaussian, x from p(x|z); an autoencoder gives the decoded mean.

        With ``standard``, z is from N(0, I), whatever the codes of an autoencoder are like.
        """
        chance = torch.Generator().manual_seed(seed)
        u = torch.randn(count, self.latent_dim, generator=chance)
        z = u if standard else self._to_z(u)
        if self.is_autoencoder:
            return _points(self.model.decode(z))
        return _points(self.model.likelihood.draw(self.model.parameters_of_x(z), chance))

    def _to_z(self, u: Tensor) -> Tensor:
        return self._centre + u @ self._factor.T

    def _parts(self, z: Tensor) -> tuple[Tensor, Tensor]:
        likelihood = self.model.likelihood
        assert isinstance(likelihood, Normal)  # the only one for real values
        return likelihood.parts(self.model.parameters_of_x(z))


def compare(autoencoder: PointModel | None, vae: PointModel | None, cloud: Cloud) -> EnergyDistances:
    """How far the samples of each are from the held-out points."""

    def distance(model: PointModel | None, *, standard: bool = False) -> float | None:
        return (
            None if model is None else energy_distance(model.sample(SAMPLES, standard=standard), cloud.test)
        )

    return EnergyDistances(
        autoencoder=distance(autoencoder),
        autoencoder_standard=distance(autoencoder, standard=True),
        vae=distance(vae),
        data=energy_distance(cloud.train[:SAMPLES], cloud.test),
    )


def _tensor(values: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))


def _points(values: Tensor) -> Points:
    """(N, 1, 1, 2) -> (N, 2)."""
    points: Points = values.reshape(-1, 2).numpy()
    return points
