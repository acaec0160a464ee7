"""What is accepted as a configuration, and what is refused in which words."""

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae.configuration import (
    ACTIVATIONS,
    ModelConfig,
    TrainingConfig,
    from_mapping,
    require_real,
    require_whole,
)
from vae.errors import ConfigurationError
from vae.presets import DEFAULT_PRESET, PRESETS, preset_of

NO_NUMBERS: list[Any] = [math.nan, math.inf, -math.inf, "12", None, True, [1]]


@pytest.mark.parametrize(
    ("field", "words", "values"),
    [
        ("epochs", "number of epochs", [0, -1, 1.5, 10**9, *NO_NUMBERS]),
        ("batch_size", "batch size", [0, -1, 1.5, 10**9, *NO_NUMBERS]),
        ("learning_rate", "learning rate", [0, 0.0, -1e-3, 11, *NO_NUMBERS]),
        ("warm_up", "warm-up", [-0.1, 1.1, *NO_NUMBERS]),
        ("weight_decay", "weight decay", [-0.1, 1e3, *NO_NUMBERS]),
        ("gradient_clip", "gradient clip", [0.0, -1.0, 1e10, *NO_NUMBERS]),
        ("beta", "Beta", [-0.1, 1e7, *NO_NUMBERS]),
        ("seed", "seed", [-1, 0.5, 2**63, *NO_NUMBERS]),
        ("schedule", "schedule", ["", "cosine", 3]),
        ("objective", "objective", ["", "ELBO", "iwae", None]),
        ("gradient", "gradient", ["", "reinforce", None]),
        ("particles", "particles", [0, 1_001, 1.5, *NO_NUMBERS]),
        ("beta_warm_up", "warm-up of beta", [-0.1, 1e6, *NO_NUMBERS]),
    ],
)
def test_nonsense_in_a_training_configuration_is_named(field: str, words: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(ConfigurationError, match=words) as caught:
            TrainingConfig(**{field: value})
        assert str(value) in str(caught.value)


@pytest.mark.parametrize(
    ("field", "words", "values"),
    [
        ("image_shape", "image shape", [(28, 28), (1, 28, 0), (1, -28, 28), (1, 28.0, 28), (1, 10_000, 28)]),
        ("latent_dim", "latent dimension", [0, -2, 2.0, 10**6, *NO_NUMBERS]),
        ("encoder_widths", "encoder", [(), (0,), (512, -1), (512, 1.5), (10**6,), ("512",)]),
        ("decoder_widths", "decoder", [(), (0,), (512, -1), (512, 1.5), (10**6,), ("512",)]),
        ("activation", "activation", ["", "swish", "SiLU", 3]),
        ("input_dropout", "input dropout", [-0.1, 1.0, *NO_NUMBERS]),
        ("input_noise", "input noise", [-0.1, 11.0, *NO_NUMBERS]),
        ("family", "family", ["", "VAE", "gan"]),
        ("network", "network", ["", "transformer"]),
        ("scale", "scale", ["", "variance"]),
        ("likelihood", "likelihood", ["", "normal"]),
        ("sigma", "sigma", ["", "learned"]),
        ("fixed_sigma", "fixed sigma", [0.0, 101.0, *NO_NUMBERS]),
        ("levels", "levels", [1, 257, 2.0, *NO_NUMBERS]),
        ("real_valued", "real-valued", [0, "yes", None]),
        ("classes", "classes", [-1, 1.0, *NO_NUMBERS]),
        ("components", "components", [0, 1_001, *NO_NUMBERS]),
        ("inner_dim", "inner dimension", [0, 2_000, *NO_NUMBERS]),
    ],
)
def test_nonsense_in_a_model_configuration_is_named(field: str, words: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(ConfigurationError, match=words):
            ModelConfig(**{field: value})


def test_the_ends_of_each_range_belong_to_it() -> None:
    TrainingConfig(1, 1, "constant", 10.0, 0.0, 0.0, 1e9, particles=1, beta=0.0, beta_warm_up=0.0, seed=0)
    TrainingConfig(
        100_000, 1_000_000, "one-cycle", 1e-12, 1.0, 100.0, 1e-9, particles=1_000, beta=1e6, seed=2**63 - 1
    )
    ModelConfig((1, 1, 1), 1, (1,), (1,), ACTIVATIONS[0], input_dropout=0.0, input_noise=0.0, levels=2)
    ModelConfig((1, 4_096, 1), 1_024, (1_024,), (1_024,), ACTIVATIONS[-1], input_dropout=0.9, levels=256)
    ModelConfig((1, 16, 16), 2, (65_536,), (65_536,))


def test_a_network_that_memory_would_not_hold_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="weights, more than 100,000,000"):
        ModelConfig(encoder_widths=(65_536, 65_536))


@given(
    value=st.one_of(st.integers(), st.floats(), st.text()), least=st.integers(-9, 0), most=st.integers(0, 9)
)
def test_numbers_pass_if_and_only_if_they_lie_in_range(value: Any, least: int, most: int) -> None:
    number = isinstance(value, int | float)
    for require, fits in (
        (require_whole, isinstance(value, int) and least <= value <= most),
        (require_real, number and least <= value <= most),
    ):
        if fits:
            require("It", value, least, most)
        else:
            with pytest.raises(ConfigurationError, match="It must be a"):
                require("It", value, least, most)


@given(model=st.from_type(ModelConfig), training=st.from_type(TrainingConfig))
def test_configurations_survive_json(model: ModelConfig, training: TrainingConfig) -> None:
    for config in (model, training):
        values = json.loads(json.dumps(dataclasses.asdict(config)))
        assert from_mapping(type(config), values) == config


def test_settings_of_another_version_are_named() -> None:
    with pytest.raises(ConfigurationError, match="attention, heads"):
        from_mapping(ModelConfig, {"latent_dim": 2, "heads": 8, "attention": True})


def test_presets_are_found_by_their_own_names() -> None:
    assert DEFAULT_PRESET in PRESETS
    for name in PRESETS:
        preset = preset_of(name)
        assert preset.name == name
        assert preset.title
        assert preset.description


def test_an_unknown_preset_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=f"'best'.*{', '.join(PRESETS)}"):
        preset_of("best")
