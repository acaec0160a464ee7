"""The gaps of images, one after the other, and what a sample of them comes to."""

import numpy as np
import pytest
from numpy.typing import NDArray

import vae
from vae import VAE
from vae.code_grid import code_grid
from vae.configuration import ModelConfig
from vae.errors import InferenceError
from vae.gap_sample import GapSample
from vae.image_gaps import ImageGaps

SMALL = ModelConfig((1, 4, 4), 2, (8,), (8,), classes=3)


def images_of(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, 1, 4, 4), np.uint8)


def find_all(gaps: ImageGaps, model: VAE) -> None:
    while not gaps.complete:
        gaps.find_more(model)


def sample_of(gap: list[float], labels: list[int] | None = None) -> GapSample:
    values = np.array(gap, np.float32)
    return GapSample(
        np.arange(len(gap)) * 10, np.array(labels or [-1] * len(gap)), values / 4, 3 * values / 4, total=100
    )


@pytest.mark.parametrize("family", ["vae", "conditional", "mixture", "labels"])
def test_each_image_has_the_gaps_that_it_has_by_itself(family: str) -> None:
    model = vae.build(ModelConfig((1, 4, 4), 2, (8,), (8,), classes=3, family=family), seed=0).eval()
    images, labels = images_of(3), np.array([2, 0, 2])
    gaps = ImageGaps(images, labels)
    find_all(gaps, model)
    sample = gaps.sample()
    assert sample.complete
    assert sorted(sample.images) == [0, 1, 2]
    for image, label, approximation, amortisation in zip(
        sample.images, sample.labels, sample.approximation, sample.amortisation, strict=True
    ):
        assert label == labels[image]
        grid = code_grid(model, int(label) if family == "conditional" else None)
        *_, own = vae.infer(model, images[image], grid, int(label))
        assert (approximation, amortisation) == pytest.approx((own.approximation, own.amortisation), abs=1e-5)
        assert gaps.gap[image] == pytest.approx(own.log_evidence - own.elbo, abs=1e-5)


def test_what_is_found_first_is_found_anew_by_nobody() -> None:
    model, gaps = VAE(SMALL), ImageGaps(images_of(5), np.zeros(5, np.int64))
    while not len(gaps.known):
        gaps.find_more(model)
    first = gaps.sample()
    assert first.total == 5
    assert not first.complete
    find_all(gaps, model)
    last = gaps.sample()
    assert last.images[0] == first.images[0]
    assert last.gap[0] == first.gap[0]
    assert len(first.images) == 1  # a sample does not grow


def test_labels_that_the_decoder_is_told_alternate() -> None:
    model = vae.build(ModelConfig((1, 4, 4), 2, (8,), (8,), classes=3, family="conditional"), seed=0).eval()
    labels = np.repeat(np.arange(3), 400)
    gaps = ImageGaps(images_of(1_200), labels)
    gaps.find_more(model)
    order = labels[gaps._order[:250]]
    assert (np.diff(order) >= 0).all()  # so that a grid serves many
    assert set(order) == {0, 1, 2}  # and no class waits for the end


def test_a_decoder_gone_wrong_is_told_each_time() -> None:
    model, gaps = VAE(SMALL), ImageGaps(images_of(2), np.zeros(2, np.int64))
    for weights in model.decoder.parameters():
        weights.data.fill_(float("nan"))
    for _ in range(2):
        with pytest.raises(InferenceError, match="not finite"):
            find_all(gaps, model)


# --- the histogram


def test_each_gap_is_in_the_bar_whose_edges_hold_it() -> None:
    gap = np.random.default_rng(0).lognormal(0.0, 2.0, 400)
    sample = sample_of(gap.tolist())
    bars = sample.bars()
    assert sum(bar.count for bar in bars) == 400
    for bar in bars:
        assert bar.count == ((gap >= bar.low) & (gap < bar.high)).sum()
        assert bar.approximation == pytest.approx(0.25 if bar.count else 0.0)
    assert [bar.place for bar in bars] == list(range(bars[0].place, bars[-1].place + 1))
    assert bars[-1].low <= gap.max() < bars[-1].high


def test_edges_are_round_numbers_and_the_first_bar_holds_all_below() -> None:
    bars = sample_of([0.0, 0.001, 1.0, 9.99, 10.0, 100.0]).bars()
    assert (bars[0].low, bars[0].count) == (0.0, 2)
    assert [(round(bar.low, 2), bar.count) for bar in bars[1:] if bar.count] == [
        *((1.0, 1), (6.31, 1), (10.0, 1), (100.0, 1))
    ]


def test_the_worst_come_first() -> None:
    sample = sample_of([0.5, 7.0, 2.0, 9.0, 6.5])
    assert sample.worst().tolist() == [3, 1, 4, 2, 0]
    (highest,) = (bar for bar in sample.bars() if bar.low < 7.0 < bar.high)
    assert sample.worst(highest.place).tolist() == [3, 1, 4]


def test_the_worst_class_is_that_of_the_largest_mean() -> None:
    labels = [0] * 5 + [1] * 6 + [2] * 4 + [-1] * 3
    gap = [1.0] * 5 + [2.0, 4.0] * 3 + [50.0] * 4 + [90.0] * 3  # of class 2, too few are known
    assert sample_of(gap, labels).worst_class() == (1, pytest.approx(3.0))
    assert sample_of(gap[:7], labels[:7]).worst_class() is None
    assert sample_of([1.0] * 20).worst_class() is None
