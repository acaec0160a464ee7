"""The dense layer is torch's in all but speed."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

import vae
from vae import linear
from vae.configuration import ModelConfig, TrainingConfig
from vae.linear import Linear
from vae.objectives import estimate

BATCH, INPUTS, OUTPUTS = 100, 784, 300  # enough products for oneDNN


@pytest.fixture(params=(True, False), ids=("oneDNN", "MKL"))
def held_back(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether MKL is held back on this processor: both answers, whatever it is."""
    if request.param and not torch.backends.mkldnn.is_available():
        pytest.skip("this build of torch has no oneDNN")
    monkeypatch.setattr(linear, "_mkl_is_held_back", lambda: request.param)


def _layer(dtype: torch.dtype = torch.float32) -> tuple[Linear, Tensor]:
    torch.manual_seed(1)
    return Linear(INPUTS, OUTPUTS, dtype=dtype), torch.randn(BATCH, INPUTS, dtype=dtype, requires_grad=True)


@pytest.mark.usefixtures("held_back")
def test_output_and_gradients_are_those_of_the_formula_in_double_precision() -> None:
    layer, x = _layer()
    along = torch.randn(BATCH, OUTPUTS)
    found = layer(x)
    (found * along).sum().backward()

    exact_x, weight, bias = (
        tensor.detach().double().requires_grad_() for tensor in (x, layer.weight, layer.bias)
    )
    exact = exact_x @ weight.T + bias
    (exact * along).sum().backward()
    for single, double in (
        (found, exact),
        (x.grad, exact_x.grad),
        (layer.weight.grad, weight.grad),
        (layer.bias.grad, bias.grad),
    ):
        assert single is not None
        assert double is not None
        torch.testing.assert_close(single, double.float(), rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("held_back")
def test_images_that_need_no_gradient_and_frozen_weights_are_taken_too() -> None:
    layer, x = _layer()
    layer(x.detach()).sum().backward()
    assert layer.weight.grad is not None

    layer.requires_grad_(False)
    layer(x).sum().backward()
    torch.testing.assert_close(x.grad, layer.weight.sum(0).expand(BATCH, -1), rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("held_back")
def test_rows_may_stand_in_any_shape() -> None:
    layer, x = _layer()
    three = layer(x.reshape(4, BATCH // 4, INPUTS))
    three.sum().backward()
    torch.testing.assert_close(three.reshape(BATCH, OUTPUTS), layer(x), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(x.grad, layer.weight.sum(0).expand(BATCH, -1), rtol=1e-4, atol=1e-4)


@pytest.mark.usefixtures("held_back")
def test_other_precisions_are_left_to_torch() -> None:
    layer, x = _layer(torch.float64)
    assert torch.equal(layer(x), functional.linear(x, layer.weight, layer.bias))


def test_only_what_learns_is_handed_to_one_dnn(monkeypatch: pytest.MonkeyPatch) -> None:
    """It compiles its code anew for each number of rows: exploring asks for any."""
    monkeypatch.setattr(linear, "_mkl_is_held_back", lambda: True)
    layer, x = _layer()
    monkeypatch.setattr(linear, "_Product", None)  # whoever calls it fails
    with torch.no_grad():
        layer(x)
    layer(x[:2])
    with pytest.raises(AttributeError):
        layer(x)


@pytest.mark.parametrize("objective", ["elbo", "importance-weighted"])
def test_a_step_has_the_same_loss_and_gradients_by_either_library(
    monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    if not torch.backends.mkldnn.is_available():
        pytest.skip("this build of torch has no oneDNN")
    config = TrainingConfig(objective=objective, particles=1 if objective == "elbo" else 3)
    model = vae.build(ModelConfig(encoder_widths=(OUTPUTS,), decoder_widths=(OUTPUTS,)))
    x = torch.rand(BATCH, 1, 28, 28, generator=torch.Generator().manual_seed(2))

    def step(held_back: bool) -> tuple[Tensor, list[Tensor]]:
        monkeypatch.setattr(linear, "_mkl_is_held_back", lambda: held_back)
        torch.manual_seed(3)
        model.zero_grad()
        loss = estimate(model, config, x, None, 1.0).loss / BATCH
        loss.backward()
        return loss, [weights.grad for weights in model.parameters() if weights.grad is not None]

    (loss, gradients), (same_loss, same_gradients) = step(True), step(False)
    torch.testing.assert_close(loss, same_loss)
    torch.testing.assert_close(gradients, same_gradients, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("processor", "held_back"),
    [
        ({"cpu_name": "AMD EPYC 9655", "avx512_f": True}, True),
        ({"cpu_name": "AMD EPYC 7763", "avx512_f": False}, False),
        ({"cpu_name": "Intel(R) Xeon(R) Platinum 8480+", "avx512_f": True}, False),
        ({"architecture": "aarch64"}, False),
    ],
)
def test_mkl_is_held_back_where_avx_512_is_not_intels(
    monkeypatch: pytest.MonkeyPatch, processor: dict[str, object], held_back: bool
) -> None:
    if not torch.backends.mkldnn.is_available():
        pytest.skip("this build of torch has no oneDNN")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: processor)
    assert linear._mkl_is_held_back.__wrapped__() == held_back  # not what it remembers of this processor
