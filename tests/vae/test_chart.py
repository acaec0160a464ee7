"""Which place of the plane stands for which code."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from vae.chart import FARTHEST, Chart, axis_chart, outline


def test_two_dimensions_are_the_plane_itself() -> None:
    chart, z = axis_chart(2), np.array([[0.1, -2.3], [4.5, 6.7]], np.float32)
    assert np.array_equal(chart.places(z), z)
    assert np.array_equal(chart.codes(z, np.array([9.0, 9.0], np.float32)), z)
    assert chart.names == ("z₁", "z₂")


def test_one_dimension_lies_on_a_line_and_spreads_as_a_disc() -> None:
    chart = axis_chart(1)
    assert chart.places(np.array([[1.5]])).tolist() == [[1.5, 0.0]]
    assert chart.covariances(np.array([[0.25]]))[0].tolist() == [[0.0625, 0.0], [0.0, 0.0625]]
    assert chart.codes(np.array([[1.5, 7.0]]), np.zeros(1, np.float32)).tolist() == [[1.5]]


def test_any_two_dimensions_keep_the_others_as_they_are() -> None:
    chart, beyond = axis_chart(5, 3, 0), np.arange(5, dtype=np.float32)
    assert chart.names == ("z₄", "z₁")
    assert chart.places(beyond[None]).tolist() == [[3.0, 0.0]]
    assert chart.codes(np.array([[-1.0, 8.0]]), beyond).tolist() == [[8.0, 1.0, 2.0, -1.0, 4.0]]
    scale = np.array([[5.0, 6.0, 7.0, 8.0, 9.0]])
    assert chart.covariances(scale)[0].tolist() == [[64.0, 0.0], [0.0, 25.0]]


def test_a_slanting_plane_finds_its_codes_again() -> None:
    random = np.random.default_rng(0)
    directions = np.linalg.qr(random.standard_normal((4, 2)))[0].T.astype(np.float32)
    chart = Chart(random.standard_normal(4).astype(np.float32), directions, ("a", "b"))
    places, beyond = random.standard_normal((7, 2)), random.standard_normal(4).astype(np.float32)
    codes = chart.codes(places, beyond)
    np.testing.assert_allclose(chart.places(codes), places, atol=1e-5)
    off_plane = np.eye(4) - directions.T @ directions
    np.testing.assert_allclose(codes @ off_plane, np.tile(beyond @ off_plane, (7, 1)), atol=1e-5)
    scale = np.array([[0.1, 0.2, 0.3, 0.4]])
    seen = np.cov((random.standard_normal((200_000, 4)) * scale @ directions.T).T)
    np.testing.assert_allclose(chart.covariances(scale)[0], seen, atol=2e-3)


def test_an_outline_lies_at_its_number_of_standard_deviations() -> None:
    covariance = np.array([[2.0, 0.9], [0.9, 0.7]])
    away = outline(np.array([3.0, -1.0]), covariance, 2.0) - np.array([3.0, -1.0])
    distances = np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance), away)
    np.testing.assert_allclose(distances, 4.0, rtol=1e-4)
    assert np.allclose(away[0], away[-1], atol=1e-6)


# --- quantiles of the prior

NORMAL = NormalDist()


def test_a_place_is_the_share_of_the_prior_below_each_coordinate() -> None:
    chart = replace(axis_chart(2), quantiles=True)
    z = np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    expected = [[NORMAL.cdf(value) for value in code] for code in z.tolist()]
    np.testing.assert_allclose(chart.places(z), expected, atol=1e-6)
    np.testing.assert_allclose(chart.codes(chart.places(z), np.zeros(2, np.float32)), z, atol=1e-4)


def test_codes_of_places_are_the_quantiles_of_the_prior() -> None:
    chart, shares = replace(axis_chart(2), quantiles=True), np.array([[0.1, 0.5], [0.025, 0.999]])
    expected = [[NORMAL.inv_cdf(share) for share in place] for place in shares.tolist()]
    np.testing.assert_allclose(chart.codes(shares, np.zeros(2, np.float32)), expected, atol=1e-4)


def test_beyond_the_unit_square_stand_the_farthest_codes() -> None:
    chart, beyond = replace(axis_chart(2), quantiles=True), np.zeros(2, np.float32)
    assert chart.bounds == (0.0, 0.0, 1.0, 1.0)
    assert chart.codes(np.array([[-0.5, 0.5], [1.0, 7.0]]), beyond).tolist() == [
        [-FARTHEST, 0.0],
        [FARTHEST, FARTHEST],
    ]
    assert axis_chart(2).bounds is None


def test_the_quantiles_are_the_priors_wherever_the_chart_has_its_origin() -> None:
    chart = replace(axis_chart(3, 2, 0), origin=np.array([1.0, 2.0, -3.0], np.float32), quantiles=True)
    assert chart.places(np.zeros((1, 3))).tolist() == [[0.5, 0.5]]
    z, beyond = np.array([[0.3, 7.0, -1.2]], np.float32), np.array([9.0, 7.0, 9.0], np.float32)
    np.testing.assert_allclose(chart.places(z)[0], [NORMAL.cdf(-1.2), NORMAL.cdf(0.3)], atol=1e-6)
    np.testing.assert_allclose(chart.codes(chart.places(z), beyond), z, atol=1e-5)


def test_a_line_of_quantiles_runs_through_the_middle() -> None:
    chart = replace(axis_chart(1), quantiles=True)
    assert chart.places(np.zeros((1, 1))).tolist() == [[0.5, 0.5]]
    assert chart.codes(np.array([[0.5, 0.9]]), np.zeros(1, np.float32)).tolist() == [[0.0]]


@pytest.mark.parametrize("quantiles", [False, True])
def test_outlines_are_bent_as_the_places_are(quantiles: bool) -> None:
    chart = replace(axis_chart(2), quantiles=quantiles)
    loc, scale = np.array([[0.5, -1.0], [0.0, 0.0]]), np.array([[0.2, 0.4], [1.0, 1.0]])
    for place, (middle, spread) in enumerate(zip(loc, scale, strict=True)):
        points = chart.outlines(loc, scale, 2.0)[place]
        away = (chart.codes(points, np.zeros(2, np.float32)) - middle) / spread
        np.testing.assert_allclose(np.hypot(*away.T), 2.0, atol=1e-3)
        assert np.allclose(points[0], points[-1], atol=1e-6)


# --- one direction, or others than the axes


def test_on_a_line_a_gaussian_is_a_bell_cut_off_at_its_standard_deviations() -> None:
    (area,) = axis_chart(1).outlines(np.array([[0.5]]), np.array([[0.2]]), 2.0)
    assert area[[0, -1], 1].tolist() == [0.0, 0.0]  # closed along the line
    assert area[:, 0].min() == pytest.approx(0.1)
    assert area[:, 0].max() == pytest.approx(0.9)
    under = area[1:-1]
    densities = [NormalDist(0.5, 0.2).pdf(z) for z in under[:, 0].tolist()]
    np.testing.assert_allclose(under[:, 1] / under[:, 1].max(), densities / np.max(densities), rtol=1e-4)


def test_the_height_of_a_line() -> None:
    assert axis_chart(2).line is None
    assert axis_chart(1).line == 0.0
    assert replace(axis_chart(1), quantiles=True).line == pytest.approx(0.5)


def test_a_chart_knows_its_axes_unless_it_slants() -> None:
    assert axis_chart(5, 3, 0).axes == (3, 0)
    assert axis_chart(1).axes == (0,)
    slanting = Chart(
        np.zeros(2, np.float32), np.array([[0.6, 0.8], [-0.8, 0.6]], np.float32), ("a", "b (3 %)")
    )
    assert slanting.axes is None
    assert slanting.short_names == ("a", "b")


def test_the_outline_on_a_slanting_plane_is_that_of_the_projected_covariance() -> None:
    random = np.random.default_rng(1)
    directions = np.linalg.qr(random.standard_normal((4, 2)))[0].T.astype(np.float32)
    chart = Chart(random.standard_normal(4).astype(np.float32), directions, ("a", "b"))
    loc, scale = (
        random.standard_normal((1, 4)).astype(np.float32),
        np.array([[0.1, 0.9, 0.4, 0.2]], np.float32),
    )
    projected = directions @ np.diag(scale[0] ** 2) @ directions.T
    assert abs(projected[0, 1]) > 0.01  # it is rotated
    away = chart.outlines(loc, scale, 2.0)[0] - chart.places(loc)[0]
    distances = np.einsum("ni,ij,nj->n", away, np.linalg.inv(projected), away)
    np.testing.assert_allclose(distances, 4.0, rtol=1e-3)
