"""p(x|z) against numerical sums and integrals, and against torch's distributions."""

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, ContinuousBernoulli, Normal

from vae.configuration import LIKELIHOOD_NAMES, ModelConfig
from vae.likelihoods import LARGEST_LOGIT, LIKELIHOODS, Likelihood
from vae.likelihoods import Normal as NormalLikelihood

SHAPE = (2, 3, 4)  # C, H, W
KINDS = {
    "bernoulli": ModelConfig(SHAPE),
    "continuous-bernoulli": ModelConfig(SHAPE, likelihood="continuous-bernoulli"),
    "categorical": ModelConfig(SHAPE, likelihood="categorical", levels=5),
    "gaussian": ModelConfig(SHAPE, likelihood="gaussian", fixed_sigma=0.3),
    "gaussian-image": ModelConfig(SHAPE, likelihood="gaussian", sigma="image"),
    "gaussian-pixel": ModelConfig(SHAPE, likelihood="gaussian", sigma="pixel"),
    "gaussian-real": ModelConfig(SHAPE, likelihood="gaussian", sigma="pixel", real_valued=True),
}


def likelihood_of(kind: str) -> Likelihood:
    return LIKELIHOODS[KINDS[kind].likelihood](KINDS[kind])


def parameters_for(likelihood: Likelihood, *leading: int, spread: float = 3.0) -> Tensor:
    """Any output of a decoder, in double precision."""
    generator = torch.Generator().manual_seed(1)
    channels, height, width = SHAPE
    shape = (*leading, likelihood.outputs * channels, height, width)
    return spread * torch.randn(shape, generator=generator, dtype=torch.float64)


def support_of(kind: str, likelihood: Likelihood, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Values (N, 1, 1, 1, 1) of x and the weight of each in a sum, or in an integral by Simpson's rule."""
    if kind == "bernoulli":
        values = torch.tensor([0.0, 1.0]).double()
        return values.reshape(-1, 1, 1, 1, 1), torch.ones(2, 1, 1, 1, 1)
    if kind == "categorical":
        values = torch.linspace(0.0, 1.0, likelihood.outputs).double()
        return values.reshape(-1, 1, 1, 1, 1), torch.ones(likelihood.outputs, 1, 1, 1, 1)
    low, high, count = 0.0, 1.0, 4_001
    if isinstance(likelihood, NormalLikelihood):
        mean, sigma = likelihood.parts(parameters)
        reach = 9.0 * sigma.max().item()
        low, high, count = mean.min().item() - reach, mean.max().item() + reach, 40_001
    weights = torch.full((count,), 2.0).double()
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    weights *= (high - low) / (count - 1) / 3.0
    values = torch.linspace(low, high, count, dtype=torch.float64)
    return values.reshape(-1, 1, 1, 1, 1), weights.reshape(-1, 1, 1, 1, 1)


def probability_of(kind: str, likelihood: Likelihood, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """The support (N, 1, 1, 1, 1) and the probability of each of its values, (N, B, C, H, W)."""
    values, weights = support_of(kind, likelihood, parameters)
    count, shape = len(values), parameters.shape
    x = values.expand(count, len(parameters), *SHAPE)
    return values, likelihood.log_prob(parameters.expand(count, *shape), x).exp() * weights


def test_all_likelihoods_are_tested() -> None:
    assert {config.likelihood for config in KINDS.values()} == set(LIKELIHOODS) == set(LIKELIHOOD_NAMES)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_sum_or_integrate_to_one_and_to_the_mean(kind: str) -> None:
    likelihood = likelihood_of(kind)
    parameters = parameters_for(likelihood, 3)
    values, probability = probability_of(kind, likelihood, parameters)
    torch.testing.assert_close(probability.sum(0), torch.ones(3, *SHAPE).double(), rtol=1e-6, atol=1e-6)
    mean = (probability * values).sum(0)
    torch.testing.assert_close(likelihood.mean(parameters).double(), mean, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_the_log_probability_is_that_of_the_distribution_that_training_scores(kind: str) -> None:
    likelihood = likelihood_of(kind)
    x = torch.rand(3, *SHAPE, dtype=torch.float64)
    for leading in ((3,), (4, 3)):  # one draw of z for each image, or four
        parameters = parameters_for(likelihood, *leading)
        each = likelihood.log_prob(parameters, x)
        assert each.shape == (*leading, *SHAPE)
        whole = likelihood.distribution(parameters).log_prob(likelihood.observation(x))
        assert whole.shape == leading
        torch.testing.assert_close(each.sum((-3, -2, -1)), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_draws_lie_in_the_support_and_have_the_right_mean_and_spread(kind: str) -> None:
    """Within 5 standard errors."""
    likelihood, many = likelihood_of(kind), 20_000
    parameters = parameters_for(likelihood, 1)
    drawn = likelihood.draw(parameters.expand(many, -1, -1, -1), torch.Generator().manual_seed(2)).double()
    assert drawn.shape == (many, *SHAPE)
    if not isinstance(likelihood, NormalLikelihood):
        assert drawn.min() >= 0
        assert drawn.max() <= 1
    values, probability = probability_of(kind, likelihood, parameters)
    mean = (probability * values).sum(0)
    variance = (probability * (values - mean) ** 2).sum(0)
    assert ((drawn.mean(0) - mean).abs() <= 5 * (variance / many).sqrt() + 1e-6).all()
    torch.testing.assert_close(drawn.var(0), variance[0], rtol=0.15, atol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_decides_what_is_drawn(kind: str) -> None:
    likelihood = likelihood_of(kind)
    parameters = parameters_for(likelihood, 3)
    one, same, other = (
        likelihood.draw(parameters, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("sigma", [0.01, 0.1, 1.0, 5.0])
def test_a_fixed_sigma_is_the_squared_distance_and_a_constant(sigma: float) -> None:
    config = ModelConfig(SHAPE, likelihood="gaussian", fixed_sigma=sigma)
    likelihood = LIKELIHOODS["gaussian"](config)
    parameters, x = parameters_for(likelihood, 3), torch.rand(3, *SHAPE, dtype=torch.float64)
    mu = torch.sigmoid(parameters)
    squared = (x - mu).square().sum((1, 2, 3))
    constant = -math.prod(SHAPE) * math.log(sigma * math.sqrt(2 * math.pi))
    log_prob = likelihood.log_prob(parameters, x).sum((1, 2, 3))
    torch.testing.assert_close(log_prob, -squared / (2 * sigma**2) + constant, rtol=1e-12, atol=1e-9)
    torch.testing.assert_close(likelihood.mean(parameters), mu)


def test_sigma_is_learned_for_each_image_or_each_pixel() -> None:
    for kind, values in (("gaussian", 1), ("gaussian-image", 3), ("gaussian-pixel", 3 * math.prod(SHAPE))):
        likelihood = likelihood_of(kind)
        assert isinstance(likelihood, NormalLikelihood)
        mean, sigma = likelihood.parts(parameters_for(likelihood, 3))
        assert mean.shape == sigma.shape == (3, *SHAPE)
        assert len(sigma.unique()) == values
        assert (sigma > 0).all()


def test_real_values_have_a_mean_without_bounds() -> None:
    likelihood = likelihood_of("gaussian-real")
    parameters = parameters_for(likelihood, 3)
    assert torch.equal(likelihood.mean(parameters), parameters[:, :2])


def test_the_normal_is_that_of_torch() -> None:
    likelihood = likelihood_of("gaussian-pixel")
    assert isinstance(likelihood, NormalLikelihood)
    parameters, x = parameters_for(likelihood, 3), torch.rand(3, *SHAPE, dtype=torch.float64)
    torch.testing.assert_close(
        likelihood.log_prob(parameters, x), Normal(*likelihood.parts(parameters)).log_prob(x)
    )


def test_the_categorical_scores_the_nearest_level_of_each_channel() -> None:
    likelihood = likelihood_of("categorical")
    parameters, x = parameters_for(likelihood, 3), torch.rand(3, *SHAPE, dtype=torch.float64)
    by_hand = torch.stack(
        [
            Categorical(logits=parameters[:, channel :: SHAPE[0]].movedim(1, -1)).log_prob(
                (x[:, channel] * 4 + 0.5).floor()
            )
            for channel in range(SHAPE[0])
        ],
        dim=1,
    )
    torch.testing.assert_close(likelihood.log_prob(parameters, x), by_hand)
    greys = torch.tensor([0.0, 0.12, 0.13, 0.5, 0.87, 0.88, 1.0])
    assert likelihood.observation(greys).tolist() == [0, 0, 1, 2, 3, 4, 4]


LOGITS = torch.cat((torch.linspace(-60, 60, 241), torch.linspace(-0.5, 0.5, 101))).reshape(-1, 1, 1, 1)


@pytest.mark.parametrize("x", [0.0, 0.3, 1.0])
def test_the_continuous_bernoulli_climbs_by_x_minus_its_mean(x: float) -> None:
    """As any exponential family by its natural parameter, which is bounded."""
    likelihood, logits = likelihood_of("continuous-bernoulli"), LOGITS.clone().requires_grad_()
    log_prob = likelihood.log_prob(logits, torch.full_like(LOGITS, x))
    assert torch.isfinite(log_prob).all()
    (slope,) = torch.autograd.grad(log_prob.sum(), logits)
    climb = 1.0 - torch.tanh(LOGITS / LARGEST_LOGIT).square()
    torch.testing.assert_close(slope, (x - likelihood.mean(LOGITS)) * climb, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("logit", [-60.0, -17.0, -0.21, -0.19, -1e-4, 0.0, 1e-4, 0.19, 0.21, 17.0, 60.0])
def test_the_continuous_bernoulli_is_normalised_at_every_logit(logit: float) -> None:
    likelihood, count = likelihood_of("continuous-bernoulli"), 20_001
    x = torch.linspace(0, 1, count, dtype=torch.float64).reshape(-1, 1, 1, 1)
    density = likelihood.log_prob(torch.full((count, 1, 1, 1), logit), x.float()).double().exp()
    assert torch.trapezoid(density.flatten(), x.flatten()).item() == pytest.approx(1.0, abs=1e-5)


def test_a_pixel_that_is_always_black_has_a_bounded_density() -> None:
    black, sure = torch.zeros(1, 1, 1, 1), torch.full((1, 1, 1, 1), -1e6)
    density = likelihood_of("continuous-bernoulli").log_prob(sure, black).exp().item()
    assert density == pytest.approx(LARGEST_LOGIT, rel=1e-3)


def test_the_continuous_bernoulli_is_that_of_torch_where_torch_is_exact() -> None:
    likelihood = likelihood_of("continuous-bernoulli")
    logits = torch.linspace(-12, 12, 49, dtype=torch.float64).reshape(-1, 1, 1, 1)
    theirs = ContinuousBernoulli(logits=LARGEST_LOGIT * torch.tanh(logits / LARGEST_LOGIT))
    u = torch.rand(logits.shape, dtype=torch.float64)
    torch.testing.assert_close(likelihood.log_prob(logits, u), theirs.log_prob(u), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(likelihood.mean(logits), theirs.mean, rtol=1e-6, atol=1e-6)
    quantile = likelihood.distribution(logits).base_dist.icdf(u)
    torch.testing.assert_close(quantile, theirs.icdf(u), rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(theirs.cdf(quantile), u, rtol=1e-6, atol=1e-6)


def test_a_bernoulli_on_grey_pixels_is_no_density() -> None:
    """Why the other likelihoods are never compared with it."""
    x = torch.linspace(0, 1, 1_001).reshape(-1, 1, 1, 1)
    density = likelihood_of("bernoulli").log_prob(torch.full_like(x, 2.0), x).exp()
    assert torch.trapezoid(density.flatten(), x.flatten()).item() < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_natural_parameters_and_statistics_give_log_p(kind: str) -> None:
    likelihood = likelihood_of(kind)
    parameters = parameters_for(likelihood, 4)
    x = torch.rand(SHAPE, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    natural, constant = likelihood.natural(parameters)
    expected = likelihood.log_prob(parameters, x.expand(4, *SHAPE)).flatten(1).sum(1)
    torch.testing.assert_close(natural @ likelihood.statistics(x) + constant, expected, rtol=1e-5, atol=1e-5)
