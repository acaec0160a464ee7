"""A dense layer whose products, in training, use AVX-512 on an AMD processor too.

torch has MKL multiply matrices, and MKL keeps processors that are not Intel's to AVX2. oneDNN, which torch
has for convolutions, uses AVX-512 wherever it is: the same single precision at twice the speed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

LEAST_PRODUCTS = 4_000_000  # of two numbers, in a layer: for fewer, calling oneDNN costs more than it saves


class Linear(nn.Linear):
    """torch's layer, with the same weights, while it learns from batches of some size.

    Only then: oneDNN compiles its code anew for each number of rows, which takes it milliseconds and a
    megabyte. A run has two of them, the full batch and the last one; exploring has any.
    """

    def forward(self, x: Tensor) -> Tensor:
        """``x`` (..., in) -> (..., out)."""
        learns = torch.is_grad_enabled() and self.weight.requires_grad
        if learns and len(x) * self.weight.numel() >= LEAST_PRODUCTS and _by_one_dnn(x):
            product: Tensor = _Product.apply(x, self.weight, self.bias)  # type: ignore[no-untyped-call]
            return product
        return super().forward(x)


class _Product(torch.autograd.Function):
    """``x @ weight.T + bias`` and its gradients, each a product too."""

    @staticmethod
    def forward(context: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        context.save_for_backward(x, weight)
        return _times_transposed(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = context.saved_tensors
        return (
            _times_transposed(gradient, weight.t()) if context.needs_input_grad[0] else None,
            _times_transposed(gradient.t(), x.t()),
            gradient.sum(0),
        )


def _times_transposed(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """``a @ b.T + bias`` by oneDNN. The operator is what torch.compile() makes of nn.Linear."""
    product: Tensor = torch.ops.mkldnn._linear_pointwise.default(a, b, bias, "none", [], "")
    return product


def _by_one_dnn(x: Tensor) -> bool:
    return x.dim() == 2 and x.is_cpu and x.dtype == torch.float32 and _mkl_is_held_back()


@cache
def _mkl_is_held_back() -> bool:
    """Whether this processor has AVX-512 and is not Intel's."""
    processor = torch.cpu.get_capabilities()
    is_intel = "Intel" in processor.get("cpu_name", "")
    return torch.backends.mkldnn.is_available() and processor.get("avx512_f", False) and not is_intel
