"""What the training worker does where the loss is lost, or the disk fails it."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from PySide6.QtWidgets import QApplication

import vae
from explorer.messages import EpochEnded, NotSaved, Progress, RolledBack, RunEnded, RunRequest
from explorer.places import Places
from explorer.training_worker import TrainingWorker
from vae import datasets
from vae.configuration import ModelConfig, TrainingConfig

pytestmark = pytest.mark.usefixtures("saving_often")

TINY = ModelConfig(encoder_widths=(16,), decoder_widths=(16,), input_dropout=0.2)
ENDLESS = TrainingConfig(epochs=100_000, batch_size=25, learning_rate=5e-3)  # forty steps an epoch


@pytest.fixture
def worker(qapp: QApplication, places: Places) -> Iterator[tuple[TrainingWorker, list[Any]]]:
    """A worker of this thread that waits for its first step, and what it posts."""
    worker, posted = TrainingWorker(), []
    worker.posted.connect(posted.append)
    data = datasets.load("stroke-digits", places.data)
    model = TINY.fitted(data.info.image_shape, 10)
    worker.start(
        RunRequest(1, "default-2d", data, model, ENDLESS, places.models / "m.safetensors", paused=True)
    )
    yield worker, posted
    worker.stop()


def break_weights(worker: TrainingWorker) -> None:
    with torch.no_grad():
        next(worker._model.parameters()).fill_(math.nan)


def test_a_loss_that_is_lost_leaves_curves_and_history_in_one_piece(
    worker: tuple[TrainingWorker, list[Any]],
) -> None:
    training_worker, posted = worker
    while training_worker._training.step < 85:
        training_worker._train(seconds=0.0)
    break_weights(training_worker)
    for _ in range(3):
        training_worker._train(seconds=0.05)
    (lost,) = (message.report for message in posted if isinstance(message, RolledBack))
    assert (lost.step, lost.lost_step, lost.learning_rate) == (50, 86, 2.5e-3)
    steps: list[int] = []
    epochs: list[int] = []
    for message in posted:
        match message:
            case Progress():
                steps += [report.step for report in message.steps]
            case EpochEnded():
                epochs.append(message.report.epoch)
            case RolledBack():
                steps = [step for step in steps if step <= message.report.step]
                epochs = [epoch for epoch in epochs if 40 * epoch <= message.report.step]
    assert steps == list(range(1, training_worker._training.step + 1))
    assert [report.epoch for report in training_worker._keeper.history] == epochs
    assert training_worker._training.config.learning_rate == 2.5e-3


def test_three_losses_in_a_row_keep_the_last_good_model(
    worker: tuple[TrainingWorker, list[Any]], places: Places
) -> None:
    training_worker, posted = worker
    while training_worker._training.step < 55:
        training_worker._train(seconds=0.0)
    good = training_worker._training._last_good
    for _ in range(3):
        break_weights(training_worker)
        training_worker._train(seconds=0.0)
    ended = posted[-1]
    assert isinstance(ended, RunEnded)
    assert "3 times in a row" in str(ended.failure)
    assert "The weights of step 50 are kept" in str(ended.failure)
    assert (ended.step, [report.epoch for report in ended.checkpoint.history]) == (50, [1])
    kept = vae.load(ended.path).model.state_dict()
    assert all(torch.equal(good.weights[name], found) for name, found in kept.items())
    assert [path.name for path in places.models.iterdir()] == ["m.safetensors"]


def test_weights_that_lose_the_loss_are_never_saved(worker: tuple[TrainingWorker, list[Any]]) -> None:
    training_worker, _ = worker
    file = training_worker._keeper.file
    while not file.exists():
        training_worker._train(seconds=0.0)
    for _ in range(5):
        break_weights(training_worker)
        before = file.read_bytes()
        training_worker._train(seconds=0.0)  # goes back
        assert file.read_bytes() == before
        for _ in range(60):  # to the next good state
            training_worker._train(seconds=0.0)
    assert torch.isfinite(torch.cat([w.flatten() for w in vae.load_run(file).state.weights.values()])).all()


def test_a_place_that_cannot_be_written_is_told_once_and_training_goes_on(
    worker: tuple[TrainingWorker, list[Any]], places: Places
) -> None:
    training_worker, posted = worker
    shutil.rmtree(places.models)
    places.models.write_text("in the way")
    for _ in range(20):
        training_worker._train(seconds=0.0)
    assert training_worker._training.step == 20
    (told,) = (message.failure for message in posted if isinstance(message, NotSaved))
    assert "could not be saved" in str(told)
    places.models.unlink()
