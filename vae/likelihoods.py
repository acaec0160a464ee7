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
from pyro.distributions.torch_distribution import TorchDistributionMixin
from torch import Tensor, distributions
from torch.nn import functional

from vae.configuration import ModelConfig
from vae.distributions import Whole

LARGEST_LOGIT = 10.0  # of a continuous Bernoulli: else an ever black pixel has a density without bounds
SMALL_LOGIT = 0.1  # below it, in halves, quotients of small numbers give way to their series


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

    def entropy(self, parameters: Tensor) -> Tensor:
        """The entropy of each value, (..., C, H, W), in nats; of a density, the differential one."""

    def statistics(self, x: Tensor) -> Tensor:
        """T(x) (S,) of one image (C, H, W), as of an exponential family."""

    def natural(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """What (G, C, H, W) say of any image: (G, S) and (G,), log p(x|z) = natural · T(x) + constant."""


class Bernoulli:
    """One Bernoulli a pixel, given its logit.

    Grey pixels in (0, 1) are scored by the same formula, -BCE, as Kingma & Welling's readers have done
    ever since; for them it is no normalised density. Pyro's check of the support would refuse them.
    """

    outputs = 1

    def distribution(self, parameters: Tensor) -> dist.TorchDistribution:
        """p(x|z), unchecked."""
        return _Ink(dist.Bernoulli(logits=parameters, validate_args=False), 3)

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
        uniform = torch.rand(parameters.shape, generator=generator).to(parameters.device)
        return (uniform < self.mean(parameters)).to(parameters.dtype)

    def entropy(self, parameters: Tensor) -> Tensor:
        """log(1 + exp(l)) - l p, of ink or none."""
        return functional.softplus(parameters) - parameters * torch.sigmoid(parameters)

    def statistics(self, x: Tensor) -> Tensor:
        """The pixels."""
        return x.flatten()

    def natural(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """The logits, and log p of the black image."""
        black = self.log_prob(parameters, parameters.new_zeros(()))
        return parameters.flatten(1), black.flatten(1).sum(1)


class ContinuousBernoulli(Bernoulli):
    """The Bernoulli's formula, normalised over [0, 1]: Loaiza-Ganem & Cunningham (2019), equation 3."""

    def entropy(self, parameters: Tensor) -> Tensor:
        """Of the density: below 0, which is that of an even spread."""
        values = self.values(parameters)
        return -values.logits * values.mean - values.log_prob(torch.zeros_like(parameters))

    def natural(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """The logits within their bounds, and the log density of the black image."""
        return self.values(parameters).logits.flatten(1), super().natural(parameters)[1]

    def values(self, parameters: Tensor) -> _FromLogits:
        """p of each value by itself."""
        logits = LARGEST_LOGIT * torch.tanh(parameters / LARGEST_LOGIT)
        return _FromLogits(logits=logits, validate_args=False)

    def distribution(self, parameters: Tensor) -> dist.TorchDistribution:
        """p(x|z), a density on [0, 1]."""
        return _over_images(self.values(parameters))

    def mean(self, parameters: Tensor) -> Tensor:
        """E[x|z], which is not the parameter of the distribution."""
        return self.values(parameters).mean

    def log_prob(self, parameters: Tensor, x: Tensor) -> Tensor:
        """The density's logarithm."""
        return self.values(parameters).log_prob(x)

    def draw(self, parameters: Tensor, generator: torch.Generator) -> Tensor:
        """By the inverse of the cumulative distribution."""
        uniform = torch.rand(parameters.shape, generator=generator).to(parameters.device)
        return self.values(parameters).icdf(uniform)


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

    def entropy(self, parameters: Tensor) -> Tensor:
        """log(sigma) + log(2 pi e) / 2."""
        return self.parts(parameters)[1].log() + 0.5 * math.log(2.0 * math.pi * math.e)

    def statistics(self, x: Tensor) -> Tensor:
        """The values and their squares."""
        return torch.cat((x.flatten(), x.flatten().square()))

    def natural(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """mu / sigma² and -1 / 2 sigma², and the log density of x = 0."""
        mean, sigma = (part.flatten(1) for part in self.parts(parameters))
        precision = sigma.square().reciprocal()
        at_zero = self.log_prob(parameters, parameters.new_zeros(())).flatten(1).sum(1)
        return torch.cat((mean * precision, -0.5 * precision), 1), at_zero


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
        grey = torch.linspace(0.0, 1.0, self.outputs, dtype=parameters.dtype, device=parameters.device)
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
        drawn = torch.multinomial(probabilities.flatten(0, -2).cpu(), 1, generator=generator)
        return drawn.to(parameters.device).reshape(probabilities.shape[:-1]) / (self.outputs - 1)

    def entropy(self, parameters: Tensor) -> Tensor:
        """-Σ p log p over the levels."""
        log_probs = self.logits(parameters).log_softmax(-1)
        return -(log_probs.exp() * log_probs).sum(-1)

    def statistics(self, x: Tensor) -> Tensor:
        """A one for the level of each value."""
        return functional.one_hot(self.observation(x), self.outputs).flatten().to(x.dtype)

    def natural(self, parameters: Tensor) -> tuple[Tensor, Tensor]:
        """The log-probabilities of the levels."""
        return self.logits(parameters).log_softmax(-1).flatten(1), parameters.new_zeros(len(parameters))


LIKELIHOODS: Mapping[str, Callable[[ModelConfig], Likelihood]] = MappingProxyType(
    {
        "bernoulli": lambda config: Bernoulli(),
        "continuous-bernoulli": lambda config: ContinuousBernoulli(),
        "gaussian": lambda config: Normal(config.sigma, config.fixed_sigma, bounded=not config.real_valued),
        "categorical": lambda config: Categorical(config.levels),
    }
)


class _Ink(Whole):
    """A Bernoulli for each pixel, its log-probability negated once an image instead of at each pixel."""

    def log_prob(self, value: Tensor) -> Tensor:
        """-BCE, summed over the image."""
        logits = self.base_dist.logits
        cross_entropy = functional.binary_cross_entropy_with_logits(
            logits, value.expand(logits.shape), reduction="none"
        )
        return -cross_entropy.flatten(-3).sum(-1)


class _FromLogits(distributions.ContinuousBernoulli, TorchDistributionMixin):
    """The continuous Bernoulli as functions of its logit l alone.

    torch's goes by the probability, which it holds 1e-7 away from 0 and 1: beyond, where the logits of black
    pixels go, it is not normalised and its constant has no gradient.
    """

    def log_prob(self, value: Tensor) -> Tensor:
        """-BCE and the logarithm of l / tanh(l / 2)."""
        cross_entropy = functional.binary_cross_entropy_with_logits(
            self.logits, value.expand(self.logits.shape), reduction="none"
        )
        half = self.logits.abs() / 2.0
        small = half.square() * (1.0 / 3.0 - 7.0 / 90.0 * half.square())
        large = half.clamp(min=SMALL_LOGIT)
        quotient = torch.where(half < SMALL_LOGIT, small, (large / large.tanh()).log())
        return math.log(2.0) + quotient - cross_entropy

    @property
    def mean(self) -> Tensor:
        """1/2 + (coth(l / 2) - 2 / l) / 2."""
        half = self.logits / 2.0
        near = half.abs() < SMALL_LOGIT
        small = half * (1.0 / 3.0 - half.square() / 45.0)
        large = torch.where(near, torch.ones_like(half), half)
        return 0.5 + 0.5 * torch.where(near, small, 1.0 / large.tanh() - 1.0 / large)

    def icdf(self, value: Tensor) -> Tensor:
        """log(1 + u (exp(l) - 1)) / l for l < 0, mirrored for l > 0."""
        falling = -self.logits.abs().clamp(min=1e-6)
        mirrored = self.logits > 0
        u = torch.where(mirrored, 1.0 - value, value)
        x = ((u * falling.expm1()).log1p() / falling).clamp(0.0, 1.0)
        return torch.where(mirrored, 1.0 - x, x)


def _over_images(values: dist.TorchDistribution) -> dist.TorchDistribution:
    return Whole(values, 3)
