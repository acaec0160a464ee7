"""Where models are trained: names, and that no tensor is left behind on the processor."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import vae
from vae.configuration import DEVICES, ModelConfig
from vae.errors import ConfigurationError
from vae.objectives import estimate
from vae.presets import PRESETS
from vae.training_data import Arrays

SMALL = {"encoder_widths": (8, 6), "decoder_widths": (6, 8)}
ELSEWHERE = torch.device("meta")  # shapes without values: mixing it with the processor is an error


def test_auto_is_the_first_of_those_that_are_there() -> None:
    there = vae.available_devices()
    assert there[-1] == "cpu"
    assert vae.resolve_device("auto") == torch.device(there[0])
    assert vae.resolve_device("cpu") == torch.device("cpu")


def test_an_unknown_device_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=f"'tpu'.*{', '.join(DEVICES)}"):
        vae.resolve_device("tpu")


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(
        ConfigurationError, match=f"'{name}' is not there.* Choose one of auto, cpu."
    ) as caught:
        vae.resolve_device(name)
    assert "It takes" in str(caught.value)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "mixture"])  # Pyro looks at its values
def test_every_tensor_of_a_step_is_where_the_model_is(name: str) -> None:
    preset = PRESETS[name]
    shape = preset.model.image_shape if preset.for_points else (1, 28, 28)
    model = vae.build(replace(preset.model, **SMALL).fitted(shape, 10)).to(ELSEWHERE)
    x, y = torch.zeros(5, *shape, device=ELSEWHERE), torch.zeros(5, dtype=torch.long, device=ELSEWHERE)
    found = estimate(model, preset.training, x, y if model.needs_labels else None, beta=0.5)
    found.loss.backward()
    z_loc, z_scale = model.encode(x, y)
    parts = (
        found.loss,
        found.terms,
        z_scale,
        model.decode(z_loc, y),
        model.log_likelihood(x, z_loc, y),
        model.elbo_terms(x, y, torch.Generator()),
        *(weights.grad for weights in model.encoder.parameters()),
    )
    assert {part.device for part in parts} == {ELSEWHERE}
    if model.config.likelihood != "categorical":  # which is drawn on the processor, then moved
        drawn = model.likelihood.draw(model.parameters_of_x(z_loc, y), torch.Generator())
        assert drawn.device == ELSEWHERE


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("name", PRESETS)
def test_a_run_on_cuda_learns_is_kept_and_goes_on(name: str) -> None:
    preset = PRESETS[name]
    random = np.random.default_rng(0)
    if preset.for_points:
        images = random.standard_normal((64, *preset.model.image_shape), np.float32)
    else:
        images = random.integers(0, 256, (64, 1, 28, 28)).astype(np.uint8)
    data = Arrays(images, np.arange(64) % 10, images, np.arange(64) % 10)
    model = vae.build(replace(preset.model, **SMALL).fitted(images.shape[1:], 10))
    training = replace(preset.training, epochs=2, batch_size=16)
    run = vae.Training(model, training, data, vae.resolve_device("cuda"))
    reports = [next(run) for _ in range(5)]
    assert isinstance(reports[-1], vae.EpochReport)
    state = run.state()
    assert all(tensor.device.type == "cpu" for tensor in (*state.weights.values(), *state.moments.values()))
    again = vae.Training(vae.build(model.config), training, data, "cuda")
    again.take_up(state)
    assert np.isfinite([report.train.elbo for report in again]).all()
    encodings = vae.encode_images(model, images, data.test_labels)
    assert np.isfinite(encodings.z_loc).all()


def test_weights_are_counted_without_memory_for_them() -> None:
    config = ModelConfig(encoder_widths=(4,), decoder_widths=(3,))
    by_hand = (784 * 4 + 4) + (4 * 4 + 4) + (2 * 3 + 3) + (3 * 784 + 784)
    assert vae.count_parameters(config) == by_hand
