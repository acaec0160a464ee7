"""The stroke digits: what a person or a model may rely on, measured from the pixels alone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from vae.strokes import FACTORS, StrokeDigits, generate

Doubles = NDArray[np.float64]


@pytest.fixture(scope="module")
def digits() -> StrokeDigits:
    return generate(3000, seed=7)


def ink(digits: StrokeDigits) -> Doubles:
    """Give the images as (N, 28, 28), 0 for paper to 1 for ink."""
    return digits.images[:, 0] / 255.0


def centres(images: Doubles) -> Doubles:
    """Give the centres of mass, (N, 2) as row and column, counted from the edge of the image in pixels."""
    places = np.arange(28) + 0.5
    mass = images.sum(axis=(1, 2))
    return np.stack((images.sum(axis=2) @ places / mass, images.sum(axis=1) @ places / mass), axis=1)


def lean(images: Doubles) -> Doubles:
    """Give the slant of the ink in degrees from its second moments: the shear that would upright it."""
    places = np.arange(28) + 0.5
    from_centre = places[np.newaxis] - centres(images)[:, :, np.newaxis].transpose(1, 0, 2)
    down, right = from_centre
    together = np.einsum("nij,ni,nj->n", images, down, right)
    upright = np.einsum("nij,ni,ni->n", images, down, down)
    return np.asarray(np.degrees(np.arctan(-together / upright)))


def correlation(measured: Doubles, factor: NDArray[np.floating]) -> float:
    return float(np.corrcoef(measured, factor)[0, 1])


def within_classes(digits: StrokeDigits, measured: Doubles, factor: str) -> Doubles:
    """Give the correlation of a measurement with a factor in each of the ten classes."""
    classes = [digits.labels == digit for digit in range(10)]
    return np.array([correlation(measured[one], digits.factors[factor][one]) for one in classes])


def test_shapes_and_types(digits: StrokeDigits) -> None:
    assert digits.images.shape == (3000, 1, 28, 28)
    assert digits.images.dtype == np.uint8
    assert digits.labels.shape == (3000,)
    assert digits.labels.dtype == np.int64
    assert tuple(digits.factors) == FACTORS
    for values in digits.factors.values():
        assert values.shape == (3000,)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()


def test_a_seed_gives_the_same_bytes_every_time(digits: StrokeDigits) -> None:
    again = generate(3000, seed=7)
    assert again.images.tobytes() == digits.images.tobytes()
    assert again.labels.tobytes() == digits.labels.tobytes()
    for name in FACTORS:
        assert again.factors[name].tobytes() == digits.factors[name].tobytes()


def test_another_seed_gives_other_digits() -> None:
    one, other = generate(50, seed=1), generate(50, seed=2)
    assert one.labels.tobytes() != other.labels.tobytes()
    drawn = {image.tobytes() for image in np.concatenate((one.images, other.images))}
    assert len(drawn) == 100


@pytest.mark.parametrize("count", [1, 9, 1003])
def test_classes_are_balanced(count: int) -> None:
    numbers = np.bincount(generate(count, seed=3).labels, minlength=10)
    assert numbers.sum() == count
    assert np.ptp(numbers) <= 1


def test_classes_are_mixed(digits: StrokeDigits) -> None:
    # Of neighbours in a well mixed order a tenth are of the same class.
    alike = np.mean(digits.labels[1:] == digits.labels[:-1])
    assert 0.07 < alike < 0.13


@pytest.mark.parametrize("count", [0, -5])
def test_a_count_below_one_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"at least 1, not {count}"):
        generate(count, seed=0)


def test_ink_fits_the_box_of_mnist(digits: StrokeDigits) -> None:
    inked = digits.images[:, 0] > 0
    extents = []
    for axis in (1, 2):
        profile = np.asarray(inked.any(axis=axis))
        extents.append(28 - profile.argmax(axis=1) - profile[:, ::-1].argmax(axis=1))
    longer = np.maximum(*extents)
    assert longer.max() <= 20
    assert longer.min() >= 17
    assert np.mean(longer >= 19) > 0.9


def test_ink_is_centred(digits: StrokeDigits) -> None:
    # MNIST moves by whole pixels, too, and puts the centre at pixel 14, half a pixel past the middle.
    off = np.abs(centres(ink(digits)) - 14.5)
    assert off.max() < 1
    assert off.mean() < 0.3


def test_strokes_are_white_with_soft_edges(digits: StrokeDigits) -> None:
    images = digits.images[:, 0]
    assert np.mean(images == 0) > 0.7
    assert np.mean(images.max(axis=(1, 2)) > 200) > 0.99
    half_inked = np.count_nonzero((images > 20) & (images < 235), axis=(1, 2))
    grey = half_inked / np.count_nonzero(images, axis=(1, 2))
    assert grey.min() > 0.2
    assert grey.mean() < 0.75


def test_slant_is_seen_in_the_moments(digits: StrokeDigits) -> None:
    measured = lean(ink(digits))
    assert within_classes(digits, measured, "slant").min() > 0.7
    plain = (digits.labels == 1) & (digits.factors["style"] == 0)
    assert np.abs(measured[plain] - digits.factors["slant"][plain]).mean() < 2


def test_thickness_is_seen_in_the_ink(digits: StrokeDigits) -> None:
    images = ink(digits)
    assert within_classes(digits, images.sum(axis=(1, 2)), "thickness").min() > 0.6
    # A bare 1 is a line about as high as the box: its width is its ink over its length.
    plain = (digits.labels == 1) & (digits.factors["style"] == 0)
    slant = np.radians(digits.factors["slant"][plain])
    thickness = digits.factors["thickness"][plain]
    width = images[plain].sum(axis=(1, 2)) / (19 / np.cos(slant))
    assert np.abs(width - thickness).mean() < 0.3


def test_proportion_is_seen_in_the_width(digits: StrokeDigits) -> None:
    upright = np.abs(digits.factors["slant"]) < 10
    zeros = upright & (digits.labels == 0)
    inked = digits.images[zeros, 0] > 127
    width = inked.any(axis=1).sum(axis=1)
    assert correlation(width / inked.any(axis=2).sum(axis=1), digits.factors["proportion"][zeros]) > 0.7


def test_rise_tilts_the_top_of_a_seven(digits: StrokeDigits) -> None:
    plain = (digits.labels == 7) & (digits.factors["style"] == 0)
    tilts = []
    for image in digits.images[plain, 0]:
        columns = np.flatnonzero(image.max(axis=0) > 127)
        edge = (image[:, columns] > 127).argmax(axis=0)
        bar = edge < edge.min() + 8
        tilts.append(np.degrees(np.arctan(-np.polyfit(columns[bar], edge[bar], 1)[0])))
    assert correlation(np.array(tilts), digits.factors["rise"][plain]) > 0.7


def test_wobble_bends_a_bare_one(digits: StrokeDigits) -> None:
    plain = (digits.labels == 1) & (digits.factors["style"] == 0)
    bends = []
    for image in ink(digits)[plain]:
        rows = np.flatnonzero(image.max(axis=1) > 0.9)[1:-1]
        middle = image[rows] @ np.arange(28) / image[rows].sum(axis=1)
        straight = np.polyval(np.polyfit(rows, middle, 1), rows)
        bends.append(np.std(middle - straight))
    assert correlation(np.array(bends), digits.factors["wobble"][plain]) > 0.35


def test_style_puts_a_foot_under_a_one(digits: StrokeDigits) -> None:
    def width_of_foot(style: int) -> Doubles:
        ones = digits.images[(digits.labels == 1) & (digits.factors["style"] == style), 0] > 127
        lower = ones[:, 18:]
        return np.asarray(lower.sum(axis=2).max(axis=1), dtype=float)

    bare, footed = width_of_foot(0), width_of_foot(2)
    assert np.median(footed) > 1.8 * np.median(bare)


def test_digits_can_be_told_apart(digits: StrokeDigits) -> None:
    others = generate(500, seed=8)
    known = ink(digits).reshape(3000, -1)
    asked = ink(others).reshape(500, -1)
    distance = (known**2).sum(axis=1) - 2 * asked @ known.T
    nearest = digits.labels[distance.argmin(axis=1)]
    assert np.mean(nearest == others.labels) > 0.9
