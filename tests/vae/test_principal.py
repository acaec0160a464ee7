"""The principal plane of encodings, against a singular value decomposition."""

from __future__ import annotations

import numpy as np
import pytest

from vae.principal import principal_chart


@pytest.mark.parametrize("dimensions", [3, 50])
def test_it_is_that_of_the_singular_value_decomposition(dimensions: int) -> None:
    random = np.random.default_rng(dimensions)
    turned = np.linalg.qr(random.standard_normal((dimensions, dimensions)))[0]
    spread = 2.0 ** -np.arange(dimensions)
    z = (random.standard_normal((300, dimensions)) * spread @ turned.T + 5.0).astype(np.float32)
    chart = principal_chart(z)
    centred = z - z.mean(0, dtype=np.float64)
    _, values, rows = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(chart.directions @ rows[:2].T), np.eye(2), atol=1e-4)
    np.testing.assert_allclose(chart.places(z).var(0), values[:2] ** 2 / len(z), rtol=1e-3)
    shares = 100 * values[:2] ** 2 / np.square(values).sum()
    assert chart.names == tuple(f"PC {place} ({share:.0f} %)" for place, share in enumerate(shares, start=1))
    assert chart.axes is None


def test_a_direction_has_the_sign_of_its_largest_part() -> None:
    z = np.random.default_rng(0).standard_normal((100, 6)).astype(np.float32)
    for codes in (z, -z):
        directions = principal_chart(codes).directions
        assert (directions[[0, 1], np.abs(directions).argmax(1)] > 0).all()
    np.testing.assert_allclose(principal_chart(z).directions, principal_chart(-z).directions, atol=1e-5)


def test_codes_that_are_all_the_same_have_a_plane_too() -> None:
    chart = principal_chart(np.ones((5, 3), np.float32))
    np.testing.assert_allclose(chart.directions @ chart.directions.T, np.eye(2), atol=1e-6)
    assert chart.names == ("PC 1 (0 %)", "PC 2 (0 %)")


def test_a_single_direction_is_a_line() -> None:
    assert principal_chart(np.arange(5.0)[:, None]).is_line
