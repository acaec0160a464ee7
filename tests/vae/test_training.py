"""Training against formulas written by hand, and what happens when it is paused, ended or goes astray."""

import itertools
import math
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyro
import pytest
import torch
from numpy.typing import NDArray
from pyro.poutine.runtime import _PYRO_STACK
from torch import Tensor, nn
from torch.nn import functional

from vae import (
    VAE,
    Arrays,
    EpochReport,
    Report,
    RollbackReport,
    StepReport,
    Terms,
    Training,
    build,
    datasets,
    decode_images,
    encode_images,
    evaluate,
    train,
)
from vae.configuration import ModelConfig, TrainingConfig
from vae.errors import ConfigurationError, TrainingError
from vae.inference import to_tensor
from vae.presets import preset_of
from vae.schedule import learning_rate_at

Pictures = NDArray[np.uint8]

SMALL = ModelConfig((1, 4, 4), 2, (16, 8), (8, 16))
QUICK = TrainingConfig(epochs=2, batch_size=10, seed=4)  # five steps an epoch, the last of a smaller batch


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """46 grey pictures (N, 1, 4, 4)."""
    return np.random.default_rng(0).integers(0, 256, (46, 1, 4, 4), dtype=np.uint8)


def steps_of(reports: Iterable[Report]) -> list[StepReport]:
    return [report for report in reports if isinstance(report, StepReport)]


def epochs_of(reports: Iterable[Report]) -> list[EpochReport]:
    return [report for report in reports if isinstance(report, EpochReport)]


def curve(pictures: Pictures, config: TrainingConfig = QUICK, model: ModelConfig = SMALL) -> list[Terms]:
    return [report.train for report in steps_of(train(VAE(model), config, pictures, pictures))]


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    return {name: weight.clone() for name, weight in model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(weight, other[name]) for name, weight in one.items())


def terms_by_hand(model: VAE, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """E_q log p(x|z) by one draw, and the KL, summed over the batch (Kingma & Welling 2013, eq. 10)."""
    z_loc, z_scale = model.encoder(x)
    logits = model.decoder(z_loc + z_scale * noise)
    reconstruction = -functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
    kl = -0.5 * (1 + z_scale.square().log() - z_loc.square() - z_scale.square()).sum()
    return reconstruction, kl


def test_the_first_report_is_the_elbo_by_hand(pictures: Pictures) -> None:
    model = VAE(SMALL)
    batch = torch.randperm(46, generator=torch.Generator().manual_seed(QUICK.seed))[:10]
    torch.manual_seed(QUICK.seed)
    noise = torch.normal(torch.zeros(10, 2), torch.ones(10, 2))
    with torch.no_grad():
        reconstruction, kl = terms_by_hand(model, to_tensor(pictures[batch.numpy()], model), noise)

    report = next(train(model, QUICK, pictures, pictures))

    assert isinstance(report, StepReport)
    assert report.train.reconstruction == pytest.approx(reconstruction.item() / 10, rel=1e-5)
    assert report.train.kl == pytest.approx(kl.item() / 10, rel=1e-5)
    assert report.train.elbo == pytest.approx(report.train.reconstruction - report.train.kl, rel=1e-9)


def test_beta_changes_the_run_but_not_the_scale_of_its_report(pictures: Pictures) -> None:
    long = replace(QUICK, epochs=20, learning_rate=2e-2)
    curves = {beta: curve(pictures, replace(long, beta=beta)) for beta in (0.0, 1.0, 20.0)}
    assert curves[0.0][0] == curves[1.0][0] == curves[20.0][0]
    assert curves[0.0][-1].kl > curves[1.0][-1].kl > curves[20.0][-1].kl
    for report in itertools.chain.from_iterable(curves.values()):
        assert report.elbo == pytest.approx(report.reconstruction - report.kl)


def test_the_guide_sees_pixels_through_dropout_only_in_training(pictures: Pictures) -> None:
    hidden = replace(SMALL, input_dropout=0.5)
    assert curve(pictures, model=hidden)[0] != curve(pictures)[0]
    assert evaluate(VAE(hidden), pictures) == evaluate(VAE(SMALL), pictures)


def test_reports_count_steps_and_epochs(pictures: Pictures) -> None:
    reports = list(train(VAE(SMALL), QUICK, pictures, pictures))
    steps, epochs = steps_of(reports), epochs_of(reports)
    assert [report.step for report in steps] == list(range(1, 11))
    assert {report.steps for report in steps} == {10}
    assert [report.epoch for report in steps] == pytest.approx([step / 5 for step in range(1, 11)])
    assert [(report.epoch, report.step) for report in epochs] == [(1, 5), (2, 10)]
    assert [type(report).__name__ for report in reports] == (["StepReport"] * 5 + ["EpochReport"]) * 2
    seconds = [report.seconds for report in reports]
    assert seconds == sorted(seconds)
    assert all(report.images_per_second > 0 for report in epochs)


def test_an_epoch_reports_the_mean_over_its_images_not_its_batches(pictures: Pictures) -> None:
    reports = list(train(VAE(SMALL), QUICK, pictures, pictures))
    steps, sizes = steps_of(reports)[:5], [10, 10, 10, 10, 6]
    mean = sum(size * step.train.elbo for size, step in zip(sizes, steps, strict=True)) / 46
    assert epochs_of(reports)[0].train.elbo == pytest.approx(mean, rel=1e-6)


def test_an_epoch_reports_the_test_set_as_evaluate_scores_it(pictures: Pictures) -> None:
    model = VAE(SMALL)
    for report in train(model, QUICK, pictures[:30], pictures[30:]):
        if isinstance(report, EpochReport):
            assert report.test == evaluate(model, pictures[30:])


def test_evaluate_scores_by_the_exact_kl_in_chunks() -> None:
    model = VAE(SMALL)
    many = np.random.default_rng(1).integers(0, 256, (2_300, 1, 4, 4), dtype=np.uint8)
    with torch.no_grad():
        reconstruction, kl = terms_by_hand(model, to_tensor(many, model), torch.randn(2_300, 2))
    terms = evaluate(model, many)
    assert terms == evaluate(model, many)
    assert terms.kl == pytest.approx(kl.item() / 2_300, rel=1e-4)
    assert terms.reconstruction == pytest.approx(reconstruction.item() / 2_300, abs=0.05)
    assert terms.elbo == pytest.approx(terms.reconstruction - terms.kl)


def test_the_same_seed_gives_the_same_curve_and_another_another(pictures: Pictures) -> None:
    assert curve(pictures) == curve(pictures)
    assert curve(pictures, replace(QUICK, seed=5)) != curve(pictures)


def test_looking_at_the_model_between_two_steps_changes_nothing(pictures: Pictures) -> None:
    model, seen = VAE(SMALL), []
    for report in train(model, QUICK, pictures, pictures):
        encodings = encode_images(model, pictures, np.zeros(46, np.int64))
        decode_images(model, encodings.z_loc)
        evaluate(model, pictures)
        if isinstance(report, StepReport):
            seen.append(report.train)
    assert seen == curve(pictures)


def test_seconds_leave_pauses_out(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, paused = time.perf_counter, 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: clock() + paused)
    last = 0.0
    for report in train(VAE(SMALL), QUICK, pictures, pictures):
        last = report.seconds
        paused += 1_000.0
    assert last < 1_000.0


def test_a_run_that_is_let_go_leaves_a_model_to_go_on_with(pictures: Pictures) -> None:
    model = VAE(SMALL)
    run = train(model, QUICK, pictures, pictures)
    started = weights_of(model)
    next(run)
    next(run)
    learned = weights_of(model)
    del run
    assert not same(learned, started)
    assert same(weights_of(model), learned)
    assert len(steps_of(train(model, QUICK, pictures, pictures))) == 10
    assert not same(weights_of(model), learned)


def test_nothing_is_left_in_what_pyro_shares_between_runs(pictures: Pictures) -> None:
    pyro.clear_param_store()
    run = train(VAE(SMALL), QUICK, pictures, pictures)
    next(run)
    assert not _PYRO_STACK
    assert not list(pyro.get_param_store())
    assert pyro.poutine.runtime.am_i_wrapped() is False


@pytest.mark.parametrize("warm_up", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("epochs", [1, 2, 9, 19])
def test_a_run_may_have_any_number_of_steps(pictures: Pictures, warm_up: float, epochs: int) -> None:
    config = replace(QUICK, batch_size=1_000, epochs=epochs, warm_up=warm_up)
    assert len(curve(pictures, config)) == epochs


def test_the_elbo_rises_on_stroke_digits(stroke_pictures: Pictures) -> None:
    model = VAE(ModelConfig(encoder_widths=(64, 32), decoder_widths=(32, 64)))
    config = TrainingConfig(epochs=6, batch_size=50, learning_rate=5e-3)
    before = evaluate(model, stroke_pictures[2_000:])
    reports = list(train(model, config, stroke_pictures[:2_000], stroke_pictures[2_000:]))
    after = [report.test for report in epochs_of(reports)]
    assert before.elbo < -400
    assert after[0].elbo > before.elbo + 200
    assert after[-1].elbo > after[0].elbo + 5
    assert after[-1].kl > 1  # the codes are used: not a decoder of one mean image


def broken(model: VAE) -> None:
    """Put into a weight what an overflow would leave there."""
    with torch.no_grad():
        next(model.decoder.parameters())[0] = math.nan


def at_step(run: Training, step: int) -> StepReport:
    """Drive the run to the report of this step."""
    return next(report for report in run if isinstance(report, StepReport) and report.step == step)


def test_a_loss_that_is_lost_rolls_back_and_goes_on_at_half_the_learning_rate(pictures: Pictures) -> None:
    model, config = VAE(SMALL), replace(QUICK, epochs=30)
    run = train(model, config, pictures, pictures)
    at_step(run, 50)
    kept = weights_of(model)
    last = at_step(run, 73)
    broken(model)
    back = next(run)
    assert isinstance(back, RollbackReport)
    assert (back.step, back.lost_step, back.epoch) == (50, 74, 10.0)
    assert back.learning_rate == config.learning_rate / 2
    assert back.seconds >= last.seconds
    assert same(weights_of(model), kept)
    reports = list(run)
    assert [report.step for report in steps_of(reports)] == list(range(51, 151))
    halved = replace(config, learning_rate=config.learning_rate / 2)
    rates = [learning_rate_at(halved, step, 150)[0] for step in range(50, 150)]
    assert [report.learning_rate for report in steps_of(reports)] == rates
    assert all(math.isfinite(report.train.elbo) for report in steps_of(reports))


def test_what_was_changed_in_the_run_outlives_a_rollback(pictures: Pictures) -> None:
    model = VAE(SMALL)
    run = train(model, replace(QUICK, epochs=30), pictures, pictures)
    at_step(run, 53)
    run.config = replace(run.config, beta=3.0)
    broken(model)
    assert isinstance(next(run), RollbackReport)
    assert at_step(run, 51).beta == 3.0


def test_three_losses_in_a_row_stop_the_run_with_the_last_good_weights(pictures: Pictures) -> None:
    model = VAE(SMALL)
    run = train(model, replace(QUICK, epochs=30), pictures, pictures)
    at_step(run, 50)
    kept = weights_of(model)
    for step in (53, 60):
        at_step(run, step)
        broken(model)
        assert isinstance(next(run), RollbackReport)
    at_step(run, 73)
    broken(model)
    with pytest.raises(TrainingError, match=r"step 74, 3 times in a row.* step 50 are kept") as caught:
        next(run)
    assert caught.value.good_step == 50
    assert same(weights_of(model), kept)


def test_losses_with_a_good_stretch_between_them_are_not_in_a_row(pictures: Pictures) -> None:
    model = VAE(SMALL)
    run = train(model, replace(QUICK, epochs=30), pictures, pictures)
    for step in (10, 20, 60, 70, 120, 130):
        at_step(run, step)
        broken(model)
        back = next(run)
        assert isinstance(back, RollbackReport)
        assert back.step == step // 50 * 50
    assert back.learning_rate == QUICK.learning_rate / 2**6


def test_a_loss_that_is_lost_at_once_gives_back_the_first_weights(pictures: Pictures) -> None:
    model = VAE(SMALL)
    first = weights_of(model)
    run = train(model, QUICK, pictures, pictures)
    for _ in range(2):
        next(run)
        broken(model)
        assert isinstance(next(run), RollbackReport)
        assert same(weights_of(model), first)
    next(run)
    broken(model)
    with pytest.raises(TrainingError, match="Nothing was learned") as caught:
        next(run)
    assert caught.value.good_step == 0
    assert same(weights_of(model), first)


def test_weights_that_the_last_step_of_an_epoch_broke_are_not_reported(pictures: Pictures) -> None:
    model = VAE(SMALL)
    run = train(model, replace(QUICK, epochs=1), pictures, pictures)
    assert len(list(itertools.islice(run, 5))) == 5
    broken(model)
    back = next(run)
    assert isinstance(back, RollbackReport)
    assert (back.step, back.lost_step) == (0, 5)
    assert math.isfinite(evaluate(model, pictures).elbo)
    *_, last = run
    assert isinstance(last, EpochReport)
    assert math.isfinite(last.test.elbo)


def test_a_learning_rate_far_too_high_ends_in_an_error_and_finite_weights(pictures: Pictures) -> None:
    deep = replace(SMALL, encoder_widths=(64,) * 8, decoder_widths=(64,) * 8, activation="leaky-relu")
    model = VAE(deep)
    config = TrainingConfig(epochs=300, learning_rate=10.0, schedule="constant")
    run = train(model, config, pictures, pictures)
    reports: list[Report] = []
    with pytest.raises(TrainingError, match="lower learning rate"):
        reports.extend(run)
    assert reports
    assert all(torch.isfinite(weight).all() for weight in model.parameters())
    assert all(math.isfinite(report.train.elbo) for report in steps_of(reports))


@pytest.mark.parametrize("family", ["labels", "conditional"])
def test_a_model_of_labels_is_not_trained_without_them(pictures: Pictures, family: str) -> None:
    model = build(replace(SMALL, family=family, classes=3))
    labels = np.arange(46) % 3
    assert next(Training(model, QUICK, Arrays(pictures, labels, pictures, labels))).step == 1
    for unknown in (-1, 3):
        some = np.where(np.arange(46) < 2, unknown, labels)
        with pytest.raises(ConfigurationError, match=f"'{family}' learns from labels, and 2 of the 46"):
            Training(model, QUICK, Arrays(pictures, some, pictures, labels))
    with pytest.raises(ConfigurationError, match="46 of the 46"):
        train(model, QUICK, pictures, pictures)


@pytest.mark.parametrize("family", ["mixture", "autoencoder"])
@pytest.mark.parametrize(
    "change",
    [{"objective": "importance-weighted"}, {"objective": "sampled-elbo", "gradient": "score-function"}],
)
def test_what_a_family_cannot_be_trained_on_is_refused(
    pictures: Pictures, family: str, change: dict[str, str]
) -> None:
    model = build(replace(SMALL, family=family))
    with pytest.raises(ConfigurationError, match=f"'{family}'.*Choose the objective 'elbo'"):
        train(model, replace(QUICK, **change), pictures, pictures)


def test_on_the_real_mnist_one_short_epoch_finds_digits(mnist_folder: Path) -> None:
    data = datasets.load("mnist", mnist_folder)
    preset = preset_of("default-2d")
    config = replace(preset.training, epochs=1)
    run = train(VAE(preset.model), config, data.train_images[:20_000], data.test_images[:2_000])
    *_, last = run
    assert isinstance(last, EpochReport)
    assert last.test.elbo > -190
    assert last.test.kl > 2
