"""p(x|z): from the decoder's output to a distribution, a mean image and a log-probability."""

from __future__ import annotations

import pyro.distributions as dist
import torch
from torch import Tensor
from torch.nn import functional


def bernoulli(logits: Tensor) -> dist.TorchDistribution:
    """One Bernoulli a pixel, (B, C, H, W) logits -> a distribution over B images.

    Grey pixels in (0, 1) are scored by the same formula, -BCE, as Kingma & Welling's readers have done
    ever since; for them it is no normalised density. Pyro's check of the support would refuse them.
    """
    pixels: dist.TorchDistribution = dist.Bernoulli(logits=logits, validate_args=False).to_event(3)
    return pixels


def bernoulli_mean(logits: Tensor) -> Tensor:
    """The mean image E[x|z], in [0, 1], shaped as ``logits``."""
    return torch.sigmoid(logits)


def bernoulli_log_prob(logits: Tensor, x: Tensor) -> Tensor:
    """log p(x|z) in nats per image: (B, C, H, W) logits and pixels -> (B,)."""
    return -functional.binary_cross_entropy_with_logits(logits, x, reduction="none").flatten(1).sum(1)
