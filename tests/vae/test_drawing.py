"""Drawings, scaled and centred as the digits of MNIST are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vae.drawing import centre_like_mnist

MNIST = (1, 28, 28)
sides = st.integers(20, 200)


def block(top: int, left: int, height: int, width: int, side: int = 280) -> NDArray[np.uint8]:
    """A page with a rectangle of ink."""
    page = np.zeros((side, side), np.uint8)
    page[top : top + height, left : left + width] = 255
    return page


def box(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Height and width of what is inked."""
    rows, columns = np.nonzero(picture)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def centre_of_mass(picture: NDArray[np.uint8]) -> tuple[float, float]:
    weights = picture / picture.sum()
    row, column = (float(weights.sum(1 - axis) @ np.arange(picture.shape[axis])) for axis in (0, 1))
    return row, column


@given(height=sides, width=sides, top=st.integers(0, 80), left=st.integers(0, 80))
def test_the_box_of_the_ink_fills_20_of_28_pixels_in_its_proportions(
    height: int, width: int, top: int, left: int
) -> None:
    picture = centre_like_mnist(block(top, left, height, width), MNIST)
    assert picture.shape == MNIST
    assert picture.dtype == np.uint8
    tall, wide = box(picture[0])
    assert max(tall, wide) == 20
    assert tall == pytest.approx(20 * min(1, height / width), abs=0.51)
    assert wide == pytest.approx(20 * min(1, width / height), abs=0.51)
    assert centre_of_mass(picture[0]) == pytest.approx((13.5, 13.5), abs=0.51)


@given(top=st.integers(0, 80), left=st.integers(0, 80))
def test_where_it_was_drawn_makes_no_difference(top: int, left: int) -> None:
    here, there = (centre_like_mnist(block(*place, 120, 90), MNIST) for place in ((10, 10), (top, left)))
    assert np.array_equal(here, there)


def test_the_centre_of_mass_and_not_of_the_box_comes_to_the_middle() -> None:
    page = block(40, 60, 200, 20)  # a seven's mirror: heavy at the top
    page[40:80, 60:180] = 255
    picture = centre_like_mnist(page, MNIST)[0]
    rows = np.nonzero(picture)[0]
    assert centre_of_mass(picture) == pytest.approx((13.5, 13.5), abs=0.51)
    assert rows.min() > 27 - rows.max()


def test_ink_is_never_pushed_over_the_edge() -> None:
    page = block(0, 0, 4, 280)  # a long thin bar far from a heavy block
    page[:280, 275:] = 255
    picture = centre_like_mnist(page, MNIST)[0]
    assert box(picture) == (20, 20)


@pytest.mark.parametrize("shape", [MNIST, (3, 32, 32), (1, 20, 40)])
def test_an_empty_page_gives_an_empty_picture(shape: tuple[int, int, int]) -> None:
    picture = centre_like_mnist(np.zeros((280, 280), np.uint8), shape)
    assert picture.shape == shape
    assert not picture.any()


def test_colour_pictures_are_alike_in_all_channels() -> None:
    picture = centre_like_mnist(block(100, 30, 100, 100), (3, 32, 32))
    assert picture.shape == (3, 32, 32)
    assert np.array_equal(picture[0], picture[1])
    assert np.array_equal(picture[0], picture[2])
    assert box(picture[0]) == (23, 23)  # 32 x 20/28, rounded
    assert picture.max() == 255
    assert centre_of_mass(picture[0]) == pytest.approx((15.5, 15.5), abs=0.51)


@pytest.mark.parametrize("side", [1, 3])
def test_a_dot_fills_the_box_too(side: int) -> None:
    picture = centre_like_mnist(block(5, 270, side, side), MNIST)[0]
    assert box(picture) == (20, 20)
    assert picture.max() == 255


def test_a_page_of_a_few_pixels_is_enlarged() -> None:
    picture = centre_like_mnist(block(1, 1, 4, 2, side=8), MNIST)[0]
    assert box(picture) == (20, 10)
