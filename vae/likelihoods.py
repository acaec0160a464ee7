"""p(x|z): from the decoder's output to a distribution, a mean image and a log-probability.

Each likelihood reads ``outputs`` numbers for each value of x: the decoder gives (..., outputs · C, H, W) for
images (..., C, H, W). The leading dimensions are those of the codes, (B,) or (K, B) for K draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

import pyro.distributions as dist
import torch
from torch import Tensor
from torch.nn import functional

from vae.configuration import ModelConfig


class Likelihood(Protocol):
    """What a decoder's output means."""

    outputs: int  # numbers that the decoder puts out for each value of x

    def distribution(self, parameters: Tensor) -> dist.TorchDistribution:
        """p(x|z), a distribution over whole images."""

    def observation(self, x: Tensor) -> Tensor:
        """Images in the form that ``distribution`` scores."""

    def mean(self, parameters: Tensor) -> Tensor:
        """E[x|z], (..., C, H, W)."""

    def log_prob(self, parameters: Tensor, x: Tensor) -> Tensor:
        """log p of each value of ``x``, (..., C, H, W), in nats; their sum is log p(x|z)."""

    def draw(self, parameters: Tensor, generator: torch.Generator) -> Tensor:
        """A draw from p(x|z), (..., C, H, W)."""


class Bernoulli:
    """One Bernoulli a pixel, given its logit.

    Grey pixels in (0, 1) are scored by the same formula, -BCE, as Kingma & Welling's readers have done
    ever since; for them it is no normalised density. Pyro's check of the support would refuse them.
    """

    outputs = 1

    def distribution(self, parameters: Tensor) -> dist.TorchDistribution:
        """p(x|z), unchecked."""
        return _over_images(dist.Bernoulli(logits=parameters, validate_args=False))

    def observation(self, x: Tensor) -> Tensor:
        """As it is."""
        return x

    def mean(self, parameters: Tensor) -> Tensor:
        """The probability of ink."""
        return torch.sigmoid(parameters)

    def log_prob(self, parameters: Tensor, x: Tensor) -> Tensor:
        """x log p + (1 - x) log(1 - p)."""
        return -functional.binary_cross_entropy_with_logits(
            parameters, x.expand(parameters.shape), reduction="none"
        )

    def draw(self, parameters: Tensor, generator: torch.Generator) -> Tensor:
        """Ink or none."""
        return torch.bernoulli(self.mean(parameters), generator=generator)


class ContinuousBernoulli(Bernoulli):
    """The Bernoulli's formula, normalised over [0, 1]: Loaiza-Ganem & Cunningham (2019), equation 3."""

    def distribution(self, parameters: Tensor) -> dist.TorchDistribution:
        """p(x|z), a density on [0, 1]."""
        return _over_images(dist.ContinuousBernoulli(logits=parameters, validate_args=False))

    def mean(self, parameters: Tensor) -> Tensor:
        """E[x|z], which is not the parameter of the distribution."""
        mean: Tensor = dist.ContinuousBernoulli(logits=parameters, validate_args=False).mean
        return mean

    def log_prob(self, parameters: Tensor, x: Tensor) -> Tensor:
        """The density's logarithm."""
        density = dist.ContinuousBernoulli(logits=parameters, validate_args=False)
        log_prob: Tensor = density.log_prob(x)
        return log_prob

    def draw(self, parameters: Tensor, generator: torch.Generator) -> Tensor:
        """By the inverse of the cumulative distribution."""
        uniform = torch.rand(parameters.shape, generator=generator).to(parameters.device)
        drawn: Tensor = dist.ContinuousBernoulli(logits=parameters, validate_args=False).icdf(uniform)
        return drawn


class Normal:
    """One Normal a value: its mean, and a standard deviation that is fixed or learned.

    A fixed sigma makes log p(x|z) the squared distance, -|x - mu|² / 2 sigma² and a constant. A learned one
    comes from the decoder, one for each value of x or one for the whole image.
    """

    LEAST_SIGMA = 0.01  # else a pixel that never changes has a density without bounds

    def __init__(self, sigma: str, fixed_sigma: float, *, bounded: bool) -> None:
        self.outputs = 1 if sigma == "fixed" else 2
        self._sigma = sigma
        self._fixed = fixed_sigma
        self._bounded = bounded  # whether the mean is a grey value in [0, 1]

    def parts(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation, (..., C, H, W) each."""
        if self._sigma == "fixed":
            mean, sigma = parameters, parameters.new_full((), self._fixed).expand(parameters.shape)
        else:
            mean, raw = parameters.chunk(2, dim=-3)
            if self._sigma == "image":
                raw = raw.mean((-3, -2, -1), keepdim=True).expand(mean.shape)
            sigma = functional.softplus(raw) + self.LEAST_SIGMA
        return torch.sigmoid(mean) if self._bounded else mean, sigma

    def distribution(self, parameters: Tensor) -> dist.TorchDistribution:
        """p(x|z), unchecked."""
        return _over_images(dist.Normal(*self.parts(parameters), validate_args=False))

    def observation(self, x: Tensor) -> Tensor:
        """As it is."""
        return x

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean."""
        return self.parts(parameters)[0]

    def log_prob(self, parameters: Tensor, x: Tensor) -> Tensor:
        """-(x - mu)² / 2 sigma² - log sigma - log(2 pi) / 2."""
        mean, sigma = self.parts(parameters)
        return -0.5 * ((x - mean) / sigma).square() - sigma.log() - 0.5 * math.log(2.0 * math.pi)

    def draw(self, parameters: Tensor, generator: torch.Generator) -> Tensor:
        """The mean and sigma times noise."""
        mean, sigma = self.parts(parameters)
        return mean + sigma * torch.randn(mean.shape, generator=generator).to(mean.device)


class Categorical:
    """A probability for each of some levels of grey, from black (0) to white (1) in equal steps."""

    def __init__(self, levels: int) -> None:
        self.outputs = levels

    def logits(self, parameters: Tensor) -> Tensor:
        """(..., levels · C, H, W) -> (..., C, H, W, levels)."""
        logits: Tensor = parameters.unflatten(-3, (self.outputs, -1)).movedim(-4, -1)
        return logits

    def distribution(self, parameters: Tensor) -> dist.TorchDistribution:
        """p(x|z), a probability of levels."""
        return _over_images(dist.Categorical(logits=self.logits(parameters), validate_args=False))

    def observation(self, x: Tensor) -> Tensor:
        """The nearest level, a whole number."""
        return (x * (self.outputs - 1)).round().long()

    def mean(self, parameters: Tensor) -> Tensor:
        """The mean grey value."""
        grey = torch.linspace(0.0, 1.0, self.outputs, device=parameters.device)
        mean: Tensor = self.logits(parameters).softmax(-1) @ grey
        return mean

    def log_prob(self, parameters: Tensor, x: Tensor) -> Tensor:
        """The logarithm of the level's probability."""
        log_probs = self.logits(parameters).log_softmax(-1)
        level = self.observation(x).expand(log_probs.shape[:-1]).unsqueeze(-1)
        return log_probs.gather(-1, level).squeeze(-1)

    def draw(self, parameters: Tensor, generator: torch.Generator) -> Tensor:
        """Any level, by its probability."""
        probabilities = self.logits(parameters).softmax(-1)
        drawn = torch.multinomial(probabilities.flatten(0, -2), 1, generator=generator)
        return drawn.reshape(probabilities.shape[:-1]) / (self.outputs - 1)


LIKELIHOODS: Mapping[str, Callable[[ModelConfig], Likelihood]] = MappingProxyType(
    {
        "bernoulli": lambda config: Bernoulli(),
        "continuous-bernoulli": lambda config: ContinuousBernoulli(),
        "gaussian": lambda config: Normal(config.sigma, config.fixed_sigma, bounded=not config.real_valued),
        "categorical": lambda config: Categorical(config.levels),
    }
)


def _over_images(values: dist.TorchDistribution) -> dist.TorchDistribution:
    whole: dist.TorchDistribution = values.to_event(3)
    return whole
