"""Families of models: the protocol that all meet, and one of the user's own."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyro
import pytest
import torch

import vae
from vae import VAE, Checkpoint, families
from vae.configuration import ModelConfig, TrainingConfig
from vae.errors import CheckpointError, ConfigurationError
from vae.protocol import Model

SMALL = ModelConfig(image_shape=(1, 6, 6), encoder_widths=(16,), decoder_widths=(16,), classes=10)
REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def laplace_vae() -> type[VAE]:
    """The model that the README adds."""
    (example,) = (
        block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "LaplaceVAE" in block
    )
    names: dict[str, Any] = {"__name__": "laplace"}
    exec(example, names)
    assert families.FAMILIES.pop("laplace") is names["LaplaceVAE"]
    return names["LaplaceVAE"]


@pytest.fixture
def laplace(laplace_vae: type[VAE]) -> Iterator[str]:
    vae.register("laplace", laplace_vae)
    yield "laplace"
    del families.FAMILIES["laplace"]


@pytest.mark.parametrize("name", families.FAMILIES)
@torch.no_grad()
def test_every_family_meets_the_protocol(name: str) -> None:
    family = families.family_of(name)
    for member, promised in inspect.getmembers(Model, inspect.isfunction):
        if not member.startswith("_"):
            offered = list(inspect.signature(getattr(family, member)).parameters)
            assert offered == list(inspect.signature(promised).parameters)
    model = vae.build(replace(SMALL, family=name))
    x, y = torch.rand(5, 1, 6, 6), torch.arange(5)
    z_loc, z_scale = model.encode(x, y)
    assert z_loc.shape == z_scale.shape == (5, 2)
    assert model.decode(z_loc, y).shape == x.shape
    assert model.log_likelihood(x, z_loc, y).shape == (5,)
    assert model.elbo_terms(x, y, torch.Generator()).shape == (3, 5)
    trace = pyro.poutine.trace(model.model).get_trace(x, y)
    assert trace.nodes["x"]["is_observed"]
    pyro.poutine.trace(model.guide).get_trace(x, y)


def test_a_family_of_ones_own_is_trained_kept_and_opened(
    laplace: str, laplace_vae: type[VAE], tmp_path: Path
) -> None:
    images = np.repeat([0, 255], 30 * 36).astype(np.uint8).reshape(60, 1, 6, 6)  # black ones and white ones
    config = replace(SMALL, family=laplace)
    training = TrainingConfig(epochs=20, batch_size=20, learning_rate=1e-2)
    model = vae.build(config)
    before = vae.evaluate(model, images)
    reports = list(vae.train(model, training, images, images))
    assert type(model) is laplace_vae
    assert reports[-1].test.elbo > before.elbo + 10.0
    path = tmp_path / "laplace.safetensors"
    encodings = vae.encode_images(model, images, np.zeros(60, np.int64))
    vae.save(path, Checkpoint(model, "own", "own", training, (), encodings))
    opened = vae.load(path).model
    assert type(opened) is laplace_vae
    assert vae.evaluate(opened, images) == reports[-1].test


def test_a_file_of_a_family_that_nobody_knows_says_so(laplace_vae: type[VAE], tmp_path: Path) -> None:
    vae.register("laplace", laplace_vae)
    model = vae.build(replace(SMALL, family="laplace"))
    path = tmp_path / "laplace.safetensors"
    encodings = vae.encode_images(model, np.zeros((1, 1, 6, 6), np.uint8), np.zeros(1, np.int64))
    vae.save(path, Checkpoint(model, "own", "own", TrainingConfig(), (), encodings))
    del families.FAMILIES["laplace"]
    with pytest.raises(CheckpointError, match=r"laplace\.safetensors cannot be opened.*'laplace'.*register"):
        vae.load(path)


def test_an_unknown_family_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=f"'diffusion'.*{', '.join(families.FAMILIES)}"):
        ModelConfig(family="diffusion")


def test_a_name_is_given_once(laplace: str, laplace_vae: type[VAE]) -> None:
    vae.register(laplace, laplace_vae)  # a notebook's cell that runs again
    with pytest.raises(ConfigurationError, match="'conditional' already"):
        vae.register("conditional", laplace_vae)


def test_models_that_learn_from_labels_refuse_data_without() -> None:
    for name in ("labels", "conditional"):
        with pytest.raises(ConfigurationError, match=f"'{name}' learn from labels"):
            vae.build(ModelConfig(family=name, classes=0))


def test_what_the_readme_says_of_the_library_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = (
        block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "vae.exact(" in block
    )
    monkeypatch.chdir(REPOSITORY)
    names: dict[str, Any] = {}
    exec(example, names)
    model, picture, found = names["model"], names["images"][0], names["exact"]
    x = torch.from_numpy(picture[None] / np.float32(255.0))
    wide = torch.distributions.MultivariateNormal(
        torch.from_numpy(found.loc), torch.from_numpy(4.0 * found.covariance)
    )
    torch.manual_seed(0)
    z = wide.sample((20_000,))
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
    with torch.no_grad():
        likelihood = model.log_likelihood(x.expand(len(z), -1, -1, -1), z.float()).double()
    sampled = (likelihood + prior - wide.log_prob(z)).logsumexp(0).item() - np.log(len(z))
    assert found.log_evidence == pytest.approx(sampled, abs=0.05)
    assert names["terms"].elbo == pytest.approx(names["terms"].reconstruction - names["terms"].kl)
    assert found.modes[0].mass == max(mode.mass for mode in found.modes)
