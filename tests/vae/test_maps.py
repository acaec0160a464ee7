"""Maps of the plane, against closed forms and brute force."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.distributions import (
    Bernoulli,
    Categorical,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
)

import vae
from vae import VAE, Encodings
from vae.aggregate import contrast_with_prior, share_in_holes, split_kl
from vae.around import local_means, local_medians, nearest
from vae.chart import Chart, axis_chart
from vae.configuration import ModelConfig
from vae.gaussian_mixture import Mixture
from vae.image_gaps import ImageGaps
from vae.image_terms import ImageTerms, pixel_entropies
from vae.likelihoods import LIKELIHOODS
from vae.magnification import indicatrices, pullback_metrics, volume_element
from vae.maps import cell_at, edges, in_bounds, map_grid, robust_range, row_of
from vae.models import MixtureVAE
from vae.tiles import TileGrid

SMALL = ModelConfig((1, 4, 4), 2, (8,), (8,))
GRID = map_grid(-3.0, 3.0, -3.0, 3.0, 40)
HERE = np.zeros(2, np.float32)
PLANE = axis_chart(2)
T = TypeVar("T")


def last(slices: Generator[object, None, T]) -> T:
    """What a computation in slices comes to."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            return end.value


def encoded(loc: object, scale: object, labels: object = ()) -> Encodings:
    z_loc = np.array(loc, np.float32)
    return Encodings(
        z_loc, np.broadcast_to(np.float32(scale), z_loc.shape).copy(), np.array(labels, np.int64)
    )


def over_cells(mixture: Mixture, chart: Chart, grid: TileGrid) -> NDArray[np.float64]:
    return last(mixture.over_cells(*(torch.from_numpy(part) for part in edges(chart, grid)))).numpy()


# --- cells


def test_the_cells_cover_the_view_and_keep_their_places_when_it_moves() -> None:
    grid, moved = (map_grid(-3.2 + by, 3.2 + by, -2.5, 2.5, 96) for by in (0.0, 0.4))
    assert grid.left <= -3.2 < 3.2 <= grid.left + grid.width
    assert grid.bottom <= -2.5 < 2.5 <= grid.bottom + grid.height
    assert 75 <= grid.columns <= 98
    assert grid.step == moved.step
    assert (moved.left - grid.left) / grid.step == pytest.approx(round((moved.left - grid.left) / grid.step))


def test_the_cell_of_a_place_holds_it() -> None:
    centres = GRID.centres().reshape(GRID.rows, GRID.columns, 2)
    for row, column in ((0, 0), (3, 7), (GRID.rows - 1, GRID.columns - 1)):
        assert cell_at(GRID, *centres[row, column].tolist()) == (row, column)
    assert cell_at(GRID, GRID.left - 0.01, 0.0) is None
    assert cell_at(GRID, 0.0, GRID.bottom + GRID.height + 0.01) is None


def test_a_few_extreme_values_do_not_stretch_the_range() -> None:
    values = np.concatenate((np.linspace(0, 1, 1_000), [1e9, np.nan, -np.inf]))
    assert robust_range(values) == pytest.approx((0.02, 0.98), abs=2e-3)
    assert robust_range(np.full(3, np.nan)) == (0.0, 1.0)


# --- the aggregate posterior


def test_one_gaussian_is_the_density_of_the_normal_distribution() -> None:
    mixture = Mixture.on(PLANE, np.float32([[0.3, -0.4]]), np.float32([[0.9, 0.5]]))
    fine = map_grid(-3.0, 3.0, -3.0, 3.0, 128)
    truth = Normal(torch.tensor([0.3, -0.4]), torch.tensor([0.9, 0.5]))
    places = torch.from_numpy(fine.centres())
    expected = truth.log_prob(places).sum(1).exp().numpy()
    np.testing.assert_allclose(over_cells(mixture, PLANE, fine).ravel(), expected, atol=2e-3)
    np.testing.assert_allclose(
        mixture.log_density(places.double()), truth.log_prob(places).sum(1), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("scale", [1e-4, 0.01, 0.3])
def test_no_gaussian_is_lost_between_two_cells_however_narrow(scale: float) -> None:
    loc = np.random.default_rng(0).uniform(-1.5, 1.5, (50, 2)).astype(np.float32)
    density = over_cells(Mixture.on(PLANE, loc, np.full_like(loc, scale)), PLANE, GRID)
    assert density.sum() * GRID.step**2 == pytest.approx(1.0, abs=1e-5)


def test_a_leaning_plane_sees_the_same_mixture_turned() -> None:
    turn = np.array([[0.6, 0.8], [-0.8, 0.6]], np.float32)
    chart = Chart(np.float32([0.2, 0.1]), turn, ("a", "b"))
    random = np.random.default_rng(0)
    loc, scale = random.normal(size=(30, 2)).astype(np.float32), random.uniform(0.3, 0.9, (30, 2))
    mixture = Mixture.on(chart, loc, scale.astype(np.float32))
    assert not mixture.upright
    codes = torch.from_numpy(chart.codes(GRID.centres(), HERE))
    each = Normal(torch.from_numpy(loc), torch.from_numpy(scale).float()).log_prob(codes[:, None]).sum(2)
    expected = (each.logsumexp(1) - math.log(30)).exp().reshape(GRID.rows, GRID.columns)
    np.testing.assert_allclose(over_cells(mixture, chart, GRID), expected, atol=3e-3)


def test_what_the_plane_does_not_show_is_summed_out() -> None:
    random = np.random.default_rng(0)
    directions = np.linalg.qr(random.standard_normal((5, 2)))[0].T.astype(np.float32)
    chart = Chart(np.zeros(5, np.float32), directions, ("a", "b"))
    loc, scale = random.normal(size=(4, 5)).astype(np.float32), random.uniform(0.3, 0.9, (4, 5))
    mixture = Mixture.on(chart, loc, scale.astype(np.float32))
    drawn = loc[:, None] + scale[:, None] * random.standard_normal((4, 50_000, 5))
    seen = (drawn @ directions.T).reshape(-1, 2)
    np.testing.assert_allclose(mixture.draw(200_000, torch.Generator()).mean(0), seen.mean(0), atol=0.02)
    for low, high in ((0.0, 1.0), (-1.0, 0.0)):
        cell = torch.tensor([low, high]).double()
        share = ((seen > low) & (seen < high)).all(1).mean()
        edge = torch.linspace(low, high, 21).double()
        assert float(last(mixture.over_cells(edge, edge)).mean()) == pytest.approx(share, rel=0.03), cell


def test_equal_distributions_have_no_contrast_and_no_holes() -> None:
    prior = vae.prior_of(VAE(SMALL))
    found = last(contrast_with_prior(encoded([[0.0, 0.0]], 1.0), prior, PLANE, GRID))
    known = np.isfinite(found.log_ratio)
    np.testing.assert_allclose(found.log_ratio[known], 0.0, atol=1e-5)
    assert not (found.hole_depth > 0).any()
    assert last(share_in_holes(encoded([[0.0, 0.0]], 1.0), prior, PLANE)).value == 0.0


def test_a_hole_is_where_the_prior_expects_codes_and_there_are_none() -> None:
    """q is a narrow Gaussian at the centre: q < p / 10 outside a circle whose radius is known."""
    scale, prior = 0.25, vae.prior_of(VAE(SMALL))
    radius = math.sqrt(2.0 * math.log(10.0 / scale**2) / (1.0 / scale**2 - 1.0))
    found = last(contrast_with_prior(encoded([[0.0, 0.0]], scale), prior, PLANE, GRID))
    away = np.hypot(*GRID.centres().T).reshape(GRID.rows, GRID.columns)
    certain = (np.abs(away - radius) > 0.1) & (np.abs(away - 2.0) > 0.1)
    expected = (away > radius) & (away < 2.0)
    np.testing.assert_array_equal((found.hole_depth > 0)[certain], expected[certain])
    share = last(share_in_holes(encoded([[0.0, 0.0]], scale), prior, PLANE))
    truth = math.exp(-(radius**2) / 2.0) - math.exp(-2.0)
    assert abs(share.value - truth) < 4.0 * share.error


def test_a_line_has_densities_over_its_own_coordinate() -> None:
    model = VAE(replace(SMALL, latent_dim=1))
    line = row_of(map_grid(-3.0, 3.0, -3.0, 3.0, 128))
    found = last(contrast_with_prior(encoded([[1.0]], 0.5), vae.prior_of(model), axis_chart(1), line))
    z = torch.from_numpy(line.centres()[:, 0])
    expected = Normal(1.0, 0.5).log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    assert found.log_ratio.shape == (1, line.columns)
    inside = np.isfinite(found.log_ratio) & (found.log_ratio > -3.0)
    np.testing.assert_allclose(found.log_ratio[inside], expected[inside[0]], atol=0.05)


def test_spaced_by_quantiles_the_contrast_is_that_of_the_same_codes() -> None:
    prior, codes = vae.prior_of(VAE(SMALL)), encoded([[0.5, -0.2], [-1.0, 0.3]], 0.4)
    chart = replace(PLANE, quantiles=True)
    grid = map_grid(-0.1, 1.1, -0.1, 1.1, 128)
    found = last(contrast_with_prior(codes, prior, chart, grid))
    middle = (np.abs(grid.centres() - 0.5) < 0.4).all(1).reshape(grid.rows, grid.columns)
    inside = middle & (found.log_ratio > -3.0)
    z = torch.from_numpy(chart.coordinates(grid.centres())).double()
    log_q = Mixture.on(PLANE, codes.z_loc, codes.z_scale).log_density(z)
    expected = (log_q.numpy() - prior.log_density(z.numpy())).reshape(grid.rows, grid.columns)
    np.testing.assert_allclose(found.log_ratio[inside], expected[inside], atol=0.05)
    assert not in_bounds(chart, grid)[0, 0]


# --- Hoffman & Johnson


def settled(encodings: Encodings, prior: vae.Prior) -> vae.Surgery:
    *_, surgery = split_kl(encodings, prior)
    return surgery


def test_images_that_are_encoded_alike_cannot_be_told_apart() -> None:
    surgery = settled(encoded(np.tile([[0.4, -1.0]], (70, 1)), 0.3), vae.prior_of(VAE(SMALL)))
    kl = 2 * (0.5 * (0.3**2 - 1.0) - math.log(0.3)) + 0.5 * (0.4**2 + 1.0)
    assert surgery.information == pytest.approx(0.0, abs=1e-6)
    assert surgery.mean_kl == pytest.approx(kl, rel=1e-6)
    assert surgery.marginal_kl == pytest.approx(kl, rel=1e-5)


def test_images_that_are_far_apart_are_told_apart_for_certain() -> None:
    loc = np.stack(np.meshgrid(np.arange(8.0), np.arange(8.0)), axis=-1).reshape(-1, 2)
    surgery = settled(encoded(loc, 0.01), vae.prior_of(VAE(SMALL)))
    assert surgery.information == pytest.approx(math.log(64), abs=1e-9)
    assert surgery.most_information == math.log(64)


@pytest.mark.parametrize("family", [VAE, MixtureVAE])
def test_the_parts_add_up_and_the_information_is_that_of_a_quadrature(family: type[VAE]) -> None:
    prior = vae.prior_of(family(replace(SMALL, components=3)))
    assert prior is not None
    codes = encoded([[-0.5, 0.0], [0.5, 0.2], [0.0, 0.0], [2.0, 1.0]], 0.5)
    surgery = settled(codes, prior)
    assert surgery.information + surgery.marginal_kl == pytest.approx(surgery.mean_kl, abs=1e-9)
    grid = map_grid(-8.0, 8.0, -8.0, 8.0, 256)
    z = torch.from_numpy(grid.centres()).double()
    each = Normal(torch.from_numpy(codes.z_loc).double(), 0.5).log_prob(z[:, None]).sum(2)
    log_q, log_p = each.logsumexp(1) - math.log(4), torch.from_numpy(prior.log_density(z.numpy()))
    weights = each.exp() * grid.step**2
    information = float((weights * (each - log_q[:, None])).sum(0).mean())
    marginal = float((weights.mean(1) * (log_q - log_p)).sum())
    assert abs(surgery.information - information) < 4 * surgery.information_error
    assert abs(surgery.marginal_kl - marginal) < 4 * surgery.marginal_kl_error + 1e-3
    assert (surgery.mean_kl_error == 0.0) == (family is VAE)


# --- the data around each place


def test_the_mean_of_constant_data_is_constant_and_nothing_is_said_where_there_are_none() -> None:
    places = np.random.default_rng(0).normal(0.0, 0.5, (2_000, 2))
    means = local_means(places, np.full(2_000, -7.5), GRID)
    known = np.isfinite(means)
    np.testing.assert_allclose(means[known], -7.5, rtol=1e-6)
    away = np.hypot(*GRID.centres().T).reshape(means.shape)
    assert known[away < 0.5].all()
    assert not known[away > 3.6].any()


def test_the_mean_is_that_of_nadaraya_and_watson() -> None:
    random = np.random.default_rng(0)
    places = random.uniform(-3.2, 3.2, (60_000, 2))
    values = np.sin(places[:, 0]) + places[:, 1] + random.normal(0.0, 0.1, 60_000)
    means = local_means(places, values, GRID)
    centres = GRID.centres()
    for cell in (0, 17, 500, len(centres) - 1):
        weights = np.exp(-0.5 * np.square((places - centres[cell]) / GRID.step).sum(1))
        assert means.ravel()[cell] == pytest.approx(weights @ values / weights.sum(), abs=0.03)


def test_the_median_is_that_of_what_the_kernel_weighs() -> None:
    random = np.random.default_rng(0)
    places = random.normal(0.0, 1.0, (3_000, 2))
    values = random.lognormal(0.0, 2.0, 3_000).astype(np.float32)
    values[7] = np.nan
    medians = last(local_medians(places, values, GRID))
    known, cells = np.isfinite(values), GRID.centres()
    counts = {1.0: 0, 2.0: 0, 4.0: 0}
    for cell in range(0, len(cells), 37):
        away = np.square((places[known] - cells[cell]) / GRID.step).sum(1)
        for width in counts:
            weights = np.exp(-0.5 * away / width**2)
            if weights.sum() > 6.0:
                counts[width] += 1
                found = medians.ravel()[cell]
                assert weights[values[known] <= found].sum() >= 0.49 * weights.sum()
                assert weights[values[known] >= found].sum() >= 0.49 * weights.sum()
                break
        else:
            assert np.isnan(medians.ravel()[cell])
    assert all(counts.values())


def test_a_few_huge_values_do_not_move_the_median() -> None:
    places, random = np.random.default_rng(0).normal(0.0, 0.5, (2_000, 2)), np.random.default_rng(1)
    values = random.uniform(1.0, 2.0, 2_000)
    huge = np.where(random.random(2_000) < 0.05, 1e4, values)
    before, after = (last(local_medians(places, given, GRID)) for given in (values, huge))
    assert np.nanmax(after) <= 2.0
    np.testing.assert_allclose(np.nanmedian(after), np.nanmedian(before), atol=0.1)


def test_the_nearest_is_the_nearest() -> None:
    random = np.random.default_rng(0)
    points = np.column_stack((random.normal(size=(500, 2)), random.uniform(0.0, 1.0, 500)))
    centres = GRID.centres().reshape(GRID.rows, GRID.columns, 2)
    found = last(nearest(points, centres))
    cells = np.pad(centres.reshape(-1, 2), ((0, 0), (0, 1)))
    gaps = np.linalg.norm(cells[:, None] - points, axis=2)
    chosen = gaps[np.arange(len(cells)), found.ravel()]
    np.testing.assert_allclose(chosen, gaps.min(1), atol=1e-6)


# --- what the decoder says


def test_the_entropies_are_those_of_torch() -> None:
    raw = 3.0 * torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(0)).double()
    bernoulli = LIKELIHOODS["bernoulli"](SMALL).entropy(raw)
    torch.testing.assert_close(bernoulli, Bernoulli(logits=raw).entropy())
    levels = LIKELIHOODS["categorical"](replace(SMALL, levels=3)).entropy(raw)
    torch.testing.assert_close(levels[:, 0], Categorical(logits=raw.movedim(1, -1)).entropy())
    learned = LIKELIHOODS["gaussian"](replace(SMALL, sigma="pixel"))
    mean, sigma = learned.parts(raw[:, :2])
    torch.testing.assert_close(learned.entropy(raw[:, :2]), Normal(mean, sigma).entropy())
    fixed = LIKELIHOODS["gaussian"](replace(SMALL, fixed_sigma=0.2))
    torch.testing.assert_close(fixed.entropy(raw), Normal(raw, 0.2).entropy())


def test_the_entropy_of_a_continuous_bernoulli_is_its_integral() -> None:
    likelihood = LIKELIHOODS["continuous-bernoulli"](SMALL)
    raw = torch.tensor([-6.0, -0.5, -1e-3, 0.0, 0.02, 2.0, 8.0]).double()
    x = (torch.arange(20_000).double() + 0.5) / 20_000
    log_p = likelihood.log_prob(raw.expand(len(x), -1), x[:, None].expand(-1, len(raw)))
    torch.testing.assert_close(likelihood.entropy(raw), -(log_p.exp() * log_p).mean(0), rtol=1e-4, atol=1e-5)


def test_the_entropy_of_an_image_is_summed_over_its_pixels() -> None:
    model = VAE(SMALL)
    codes = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    with torch.no_grad():
        logits = model.parameters_of_x(torch.from_numpy(codes))
    expected = Bernoulli(logits=logits).entropy().sum((1, 2, 3))
    np.testing.assert_allclose(last(pixel_entropies(model, codes, None)), expected, rtol=1e-4)


class Decoding(VAE):
    """Decodes by a given function, codes (B, D) -> (B, 16)."""

    of: Callable[[Tensor], Tensor]

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.of(z).reshape(len(z), 1, 4, 4)


def decoding(latent_dim: int, of: Callable[[Tensor], Tensor]) -> Decoding:
    model = Decoding(replace(SMALL, latent_dim=latent_dim))
    model.of = of
    return model


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_a_linear_decoder_magnifies_everywhere_alike(latent_dim: int) -> None:
    linear = torch.randn(latent_dim, 16, generator=torch.Generator().manual_seed(0))
    chart, beyond = axis_chart(latent_dim), np.full(latent_dim, 0.3, np.float32)
    grid = row_of(GRID) if chart.is_line else GRID
    found = last(pullback_metrics(decoding(latent_dim, lambda z: z @ linear), chart, grid, beyond, None))
    shown = linear[:2]
    expected = math.sqrt(torch.linalg.det(shown @ shown.T))
    np.testing.assert_allclose(volume_element(found), expected, rtol=1e-3)
    assert found.shape == (grid.rows, grid.columns, *[min(latent_dim, 2)] * 2)


def test_a_curved_decoder_magnifies_as_its_derivative_does() -> None:
    """x = (z₁², z₁ z₂, sin z₂, 0, ...)."""

    def curved(z: Tensor) -> Tensor:
        z1, z2 = z.T
        parts = torch.stack((z1.square(), z1 * z2, z2.sin()), dim=1)
        return torch.nn.functional.pad(parts, (0, 13))

    grid = map_grid(-2.0, 2.0, -2.0, 2.0, 128)
    found = volume_element(last(pullback_metrics(decoding(2, curved), PLANE, grid, HERE, None)))
    z1, z2 = grid.centres().T.astype(np.float64)
    across = np.stack((2 * z1, z2, 0 * z1))
    up = np.stack((0 * z1, z1, np.cos(z2)))
    expected = np.linalg.norm(np.cross(across, up, axis=0), axis=0)
    np.testing.assert_allclose(found.ravel(), expected, atol=2e-3)


def test_spaced_by_quantiles_the_metric_is_still_that_of_z() -> None:
    linear = torch.randn(2, 16, generator=torch.Generator().manual_seed(0))
    chart, grid = replace(PLANE, quantiles=True), map_grid(0.02, 0.98, 0.02, 0.98, 64)
    found = last(pullback_metrics(decoding(2, lambda z: z @ linear), chart, grid, HERE, None))
    inside = (np.abs(grid.centres() - 0.5) < 0.45).all(1).reshape(grid.rows, grid.columns)
    expected = math.sqrt(torch.linalg.det(linear @ linear.T))
    np.testing.assert_allclose(volume_element(found)[inside], expected, rtol=1e-2)


@pytest.mark.filterwarnings("error")
def test_beyond_the_quantiles_the_metric_is_not_known() -> None:
    chart, grid = replace(PLANE, quantiles=True), map_grid(-0.25, 1.25, -0.25, 1.25, 16)
    found = last(pullback_metrics(decoding(2, lambda z: z.repeat(1, 8)), chart, grid, HERE, None))
    outside = ((grid.centres() < 0) | (grid.centres() > 1)).any(1).reshape(grid.rows, grid.columns)
    assert np.array_equal(np.isnan(volume_element(found)), outside)


def test_a_step_to_the_rim_of_an_ellipse_changes_the_image_by_what_is_said() -> None:
    linear = torch.tensor([[3.0, 1.0], [0.0, 1.0]]) @ torch.eye(2, 16)
    model = decoding(2, lambda z: z @ linear)
    found = indicatrices(last(pullback_metrics(model, PLANE, GRID, HERE, None)), PLANE, GRID)
    assert found is not None
    for outline in found.outlines:
        steps = torch.from_numpy(outline - outline[:-1].mean(0)) @ linear
        np.testing.assert_allclose(steps.norm(dim=1), found.step, rtol=2e-3)
    boxes = np.ptp(found.outlines, axis=1)
    spacing = np.diff(np.unique(found.outlines.mean(1)[:, 0].round(3))).min()
    assert boxes.max() < spacing


# --- terms of images


def test_the_terms_are_found_slice_by_slice_and_are_those_of_the_elbo() -> None:
    model, images = VAE(SMALL), np.random.default_rng(0).integers(0, 256, (600, 1, 4, 4), np.uint8)
    terms = ImageTerms(images, np.zeros(600, np.int64))
    terms.score_more(model)
    assert 0 < len(terms.known) < 600
    assert np.isfinite(terms.elbo).sum() == len(terms.known)
    while not terms.complete:
        terms.score_more(model)
    expected = vae.evaluate(model, images)
    assert terms.kl.mean() == pytest.approx(expected.kl, rel=1e-4)
    assert terms.reconstruction.mean() == pytest.approx(expected.reconstruction, rel=1e-2)
    np.testing.assert_allclose(terms.elbo, terms.reconstruction - terms.kl, rtol=1e-5)


def test_the_gap_is_log_p_less_the_elbo() -> None:
    model, images = VAE(SMALL), np.random.default_rng(0).integers(0, 256, (3, 1, 4, 4), np.uint8)
    gaps = ImageGaps(images, np.zeros(3, np.int64))
    while not gaps.complete:
        gaps.find_more(model)
    assert sorted(gaps.known) == [0, 1, 2]
    for picture, gap in zip(images, gaps.gap, strict=True):
        expected = vae.exact(model, picture).log_evidence - vae.posterior_of(model, picture).terms.elbo
        assert gap == pytest.approx(max(expected, 0.0), abs=5e-3)


def test_a_mixture_agrees_with_torch_where_gaussians_lean() -> None:
    random = np.random.default_rng(0)
    roots = torch.from_numpy(random.normal(size=(3, 2, 2)))
    covariance = roots @ roots.mT + 0.1 * torch.eye(2)
    loc, z = (torch.from_numpy(random.normal(size=(count, 2))) for count in (3, 40))
    each = MultivariateNormal(loc, covariance)
    expected = MixtureSameFamily(Categorical(logits=torch.zeros(3)), each).log_prob(z)
    torch.testing.assert_close(Mixture(loc, covariance).log_density(z), expected)
