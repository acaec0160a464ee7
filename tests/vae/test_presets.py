"""Every preset learns something, and comes back from its file as it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import vae
from vae import Arrays, Checkpoint, EpochReport, Training, strokes
from vae.inference import to_tensor
from vae.models import VAE
from vae.presets import PRESETS, Preset

TRAINED_ON, TESTED_ON = 320, 80


@pytest.fixture(scope="module")
def digits() -> Arrays:
    drawn = strokes.generate(TRAINED_ON + TESTED_ON, seed=8)
    return split(drawn.images, drawn.labels)


@pytest.fixture(scope="module")
def points() -> Arrays:
    """Two clusters on the plane, (N, 1, 1, 2)."""
    random, labels = np.random.default_rng(0), np.arange(TRAINED_ON + TESTED_ON) % 2
    values = random.normal(0.0, 0.2, (len(labels), 1, 1, 2)) + (2.0 * labels - 1.0)[:, None, None, None]
    return split(values.astype(np.float32), labels)


def split(images: np.ndarray, labels: np.ndarray) -> Arrays:
    return Arrays(images[:TRAINED_ON], labels[:TRAINED_ON], images[TRAINED_ON:], labels[TRAINED_ON:])


def made(preset: Preset, data: Arrays) -> VAE:
    shape = data.train_images.shape[1:]
    return vae.build(preset.model.fitted((shape[0], shape[1], shape[2]), int(data.train_labels.max()) + 1))


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_an_epoch_of_every_preset_raises_its_elbo_and_its_file_gives_it_back(
    preset: Preset, digits: Arrays, points: Arrays, tmp_path: Path
) -> None:
    data = points if preset.model.real_valued else digits
    model = made(preset, data)
    training = replace(preset.training, epochs=1, batch_size=64)
    before = vae.evaluate(model, data.test_images, data.test_labels)
    *_, last = Training(model, training, data)
    assert isinstance(last, EpochReport)
    assert last.test.elbo > before.elbo
    assert (last.test.label is not None) == (preset.model.family == "labels")

    encodings = vae.encode_images(model, data.test_images, data.test_labels)
    history = (last,)
    saved = Checkpoint(model, preset.name, "a few", training, history, encodings)
    vae.save(tmp_path / "model.safetensors", saved)
    loaded = vae.load(tmp_path / "model.safetensors")
    assert loaded.model.config == model.config
    assert type(loaded.model) is type(model)
    assert (loaded.training, loaded.history) == (training, history)
    x = to_tensor(data.test_images[:5], model)
    y = torch.from_numpy(data.test_labels[:5])
    with torch.no_grad():
        for one, other in zip(model.encode(x, y), loaded.model.encode(x, y), strict=True):
            assert torch.equal(one, other)
        z, _ = model.encode(x, y)
        assert torch.equal(model.decode(z, y), loaded.model.decode(z, y))
    again = vae.evaluate(loaded.model, data.test_images, data.test_labels)
    assert again == last.test


@pytest.mark.parametrize("name", ["conv", "default-2d", "conditional"])
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (3, 64, 64)])
def test_a_preset_fits_itself_to_grey_and_colour_pictures(name: str, shape: tuple[int, int, int]) -> None:
    model = vae.build(PRESETS[name].model.fitted(shape, classes=4))
    picture = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    encodings = vae.encode_images(model, picture, np.array([1, 3]))
    assert vae.decode_images(model, encodings.z_loc, 1).shape == picture.shape


def test_presets_differ() -> None:
    assert len({(preset.model, preset.training) for preset in PRESETS.values()}) == len(PRESETS)
    assert len({preset.title for preset in PRESETS.values()}) == len(PRESETS)
