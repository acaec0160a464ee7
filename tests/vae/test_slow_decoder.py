"""A decoder that is used a few codes at a time gives what it gives all at once."""

from __future__ import annotations

import time
from collections.abc import Generator

import pytest
import torch
from torch import Tensor

from vae.joint import at_once
from vae.slow_decoder import Decode, SlowDecoder

CODES = torch.linspace(-2.0, 2.0, 42).reshape(21, 2)
WEIGHTS = torch.linspace(-1.0, 1.0, 10).reshape(2, 5)


def curved(z: Tensor) -> Tensor:
    return (z @ WEIGHTS).sin()


def noting(sizes: list[int], seconds: float = 0.0) -> Decode:
    """Takes so long for each code."""

    def decode(z: Tensor) -> Tensor:
        sizes.append(len(z))
        end = time.perf_counter() + seconds * len(z)
        while time.perf_counter() < end:
            pass
        return curved(z)

    return decode


def breaks(steps: Generator[None, None, Tensor]) -> int:
    return sum(1 for _ in steps)


def test_images_are_those_of_all_codes() -> None:
    torch.testing.assert_close(at_once(SlowDecoder(curved).images(CODES)), curved(CODES))


def test_what_is_pulled_back_is_the_jacobians_share() -> None:
    traced = at_once(SlowDecoder(curved).traced(CODES))
    pull = torch.linspace(0.0, 1.0, 105).reshape(21, 5)
    assert traced.differentiable
    expected = torch.einsum("np,np,dp->nd", pull, (CODES @ WEIGHTS).cos(), WEIGHTS)  # sin' = cos
    torch.testing.assert_close(at_once(traced.pulled_back(pull)), expected)


def test_a_decoder_without_gradients_says_so() -> None:
    assert not at_once(SlowDecoder(lambda z: curved(z.detach())).traced(CODES)).differentiable


def test_a_break_leaves_gradients_as_they_were() -> None:
    steps = SlowDecoder(curved).images(CODES)
    next(steps)
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("seconds", [0.005, 0.02])
def test_of_a_slow_decoder_few_codes_are_decoded_between_two_breaks(seconds: float) -> None:
    sizes: list[int] = []
    assert breaks(SlowDecoder(noting(sizes, seconds)).images(CODES)) == len(sizes)
    assert sum(sizes) == len(CODES)
    assert sizes[-1] == 1


def test_of_a_quick_one_ever_more() -> None:
    sizes: list[int] = []
    decoder = SlowDecoder(noting(sizes))
    for _ in range(20):
        at_once(decoder.images(CODES))
    assert max(sizes) == len(CODES)
