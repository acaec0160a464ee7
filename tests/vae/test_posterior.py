"""log p(x) and p(z|x) against closed forms and against sums over dense grids."""

import math
import time

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Independent, Laplace, MultivariateNormal

import vae
from vae.code_grid import building_grid, code_grid
from vae.configuration import ModelConfig
from vae.errors import InferenceError
from vae.gaps import Gaps, finding_gaps, gaps_of
from vae.inference import add_noise, to_tensor
from vae.joint import Joint, at_once, in_slices
from vae.posterior import ExactPosterior, coarse, encoded, exact, refining

SHAPE = (1, 2, 3)  # C, H, W


class Linear(nn.Module):
    """A decoder of factor analysis: x = W z + b."""

    def __init__(self, weights: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weights, self.bias = nn.Parameter(weights), nn.Parameter(bias)

    def forward(self, z: Tensor) -> Tensor:
        return (z @ self.weights.T + self.bias).unflatten(-1, SHAPE)


class Fixed(nn.Module):
    """An encoder that gives the same q to every image."""

    def __init__(self, loc: list[float], scale: list[float]) -> None:
        super().__init__()
        self.loc, self.scale = torch.tensor(loc), torch.tensor(scale)

    def forward(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return self.loc.expand(len(x), -1), self.scale.expand(len(x), -1)


def factor_analysis(latent_dim: int, sigma: float = 0.4, gain: float = 1.0) -> vae.VAE:
    config = ModelConfig(
        SHAPE, latent_dim, (1,), (1,), likelihood="gaussian", fixed_sigma=sigma, real_valued=True
    )
    model = vae.build(config)
    generator = torch.Generator().manual_seed(latent_dim)
    weights = gain * torch.randn(math.prod(SHAPE), latent_dim, generator=generator)
    model.decoder = Linear(weights, torch.randn(math.prod(SHAPE), generator=generator))  # type: ignore[assignment]
    model.encoder = Fixed([0.3, -0.2][:latent_dim], [0.5, 0.4][:latent_dim])  # type: ignore[assignment]
    return model.eval()


def of_factor_analysis(model: vae.VAE, x: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """log p(x), and mean and covariance of p(z|x): Bishop (2006), equations 2.115 and 2.116."""
    weights = model.decoder.weights.detach().double()
    bias = model.decoder.bias.detach().double()
    sigma = model.config.fixed_sigma
    values = torch.from_numpy(x).double().flatten()
    marginal = MultivariateNormal(bias, weights @ weights.T + sigma**2 * torch.eye(len(bias)))
    precision = torch.eye(weights.shape[1]) + weights.T @ weights / sigma**2
    covariance = precision.inverse()
    loc = covariance @ weights.T @ (values - bias) / sigma**2
    return marginal.log_prob(values).item(), loc.numpy(), covariance.numpy()


def image_at(model: vae.VAE, z: list[float], noise: float = 0.1) -> np.ndarray:
    x = model.decoder(torch.tensor([z]))[0].detach()
    return (x + noise * torch.randn(x.shape, generator=torch.Generator().manual_seed(5))).numpy()


def dense(model: vae.VAE, x: np.ndarray, label: int | None, reach: float, count: int) -> float:
    """log p(x) by a sum over a dense grid."""
    joint = encoded(model, x, label).joint
    along = np.linspace(-reach, reach, count)
    dimensions = model.config.latent_dim
    z = np.stack(np.meshgrid(*[along] * dimensions), -1).reshape(-1, dimensions)
    values = np.concatenate([joint(part) for part in np.array_split(z, 20)])
    volume = (along[1] - along[0]) ** dimensions
    return float(torch.logsumexp(torch.from_numpy(values), 0)) + math.log(volume)


def gaps(model: vae.VAE, x: np.ndarray, label: int | None = None) -> Gaps:
    found = next(g for g in gaps_of(model, x[None], code_grid(model, label), _labels(label)) if g)
    assert isinstance(found, Gaps)
    return found


def _labels(label: int | None) -> np.ndarray | None:
    return None if label is None else np.array([label])


def curved(seed: int = 0, **fields: object) -> vae.VAE:
    """A small network whose images differ much from place to place."""
    config = ModelConfig(
        **{"image_shape": SHAPE, "encoder_widths": (8,), "decoder_widths": (16, 16)} | fields
    )  # type: ignore[arg-type]
    model = vae.build(config, seed).eval()
    for weights in model.decoder.parameters():
        weights.data.mul_(2.5)
    return model


def pictures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *SHAPE), np.uint8)


# --- closed forms


@pytest.mark.parametrize("latent_dim", [1, 2])
@pytest.mark.parametrize("sigma", [1.0, 0.2, 1e-3])
def test_factor_analysis_is_solved_exactly(latent_dim: int, sigma: float) -> None:
    model = factor_analysis(latent_dim, sigma)
    x = image_at(model, [0.7, -1.1][:latent_dim], sigma)
    evidence, loc, covariance = of_factor_analysis(model, x)
    found = exact(model, x)
    assert found.log_evidence == pytest.approx(evidence, abs=2e-3, rel=1e-6)
    scale = np.sqrt(np.diagonal(covariance))
    np.testing.assert_allclose(found.loc, loc, atol=0.01 * scale.min())
    np.testing.assert_allclose(found.covariance, covariance, atol=0.02 * scale.max() ** 2)
    assert len(found.modes) == 1


@pytest.mark.parametrize("sigma", [0.5, 0.1, 0.05, 0.02])
def test_a_peak_between_the_cells_of_the_grid_is_found(sigma: float) -> None:
    model = factor_analysis(2, sigma)
    x = image_at(model, [0.0, 0.0], 0.0)  # all cells around it are equally far away
    evidence, _, covariance = of_factor_analysis(model, x)
    found = exact(model, x)
    assert found.log_evidence == pytest.approx(evidence, abs=1e-3)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-2, atol=1e-2 * covariance.max())


@pytest.mark.parametrize("place", [[8.0, 0.5], [-30.0, 14.0]])
def test_a_posterior_far_outside_of_the_prior_is_found(place: list[float]) -> None:
    model = factor_analysis(2, 0.05)
    x = image_at(model, place, 0.05)
    model.encoder = Fixed(place, [0.1, 0.1])  # type: ignore[assignment]
    evidence, loc, _ = of_factor_analysis(model, x)
    found = exact(model, x)
    assert found.log_evidence == pytest.approx(evidence, abs=2e-3, rel=1e-6)
    np.testing.assert_allclose(found.loc, loc, atol=1e-3)


def test_the_regions_are_those_of_one_and_two_standard_deviations() -> None:
    model = factor_analysis(2, 0.3)
    x = image_at(model, [0.7, -1.1])
    _, loc, covariance = of_factor_analysis(model, x)
    for sigmas, region in enumerate(exact(model, x).regions, start=1):
        (line,) = region.contours
        away = np.einsum("ni,ij,nj->n", line - loc, np.linalg.inv(covariance), line - loc)
        np.testing.assert_allclose(np.sqrt(away), sigmas, rtol=0.05)
        np.testing.assert_array_equal(line[0], line[-1])


def test_in_one_dimension_the_regions_are_intervals() -> None:
    model = factor_analysis(1, 0.3)
    x = image_at(model, [0.7])
    _, (loc,), ((variance,),) = of_factor_analysis(model, x)
    for sigmas, region in enumerate(exact(model, x).regions, start=1):
        (interval,) = region.contours
        reach = sigmas * math.sqrt(variance)
        np.testing.assert_allclose(interval[:, 0], [loc - reach, loc + reach], atol=0.03 * reach)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_the_gaps_of_factor_analysis_have_closed_forms(latent_dim: int) -> None:
    model = factor_analysis(latent_dim)
    x = image_at(model, [0.7, -1.1][:latent_dim])
    evidence, loc, covariance = of_factor_analysis(model, x)
    found = gaps(model, x)
    precision = np.linalg.inv(covariance)
    np.testing.assert_allclose(found.best_loc, loc, atol=2e-3)
    np.testing.assert_allclose(found.best_scale, np.diagonal(precision) ** -0.5, rtol=1e-2)
    assert found.approximation == pytest.approx(
        _kl(loc, np.diag(1 / np.diagonal(precision)), loc, covariance), abs=1e-3
    )
    z_loc, z_scale = (part.numpy() for part in (model.encoder.loc, model.encoder.scale))
    assert found.elbo == pytest.approx(evidence - _kl(z_loc, np.diag(z_scale**2), loc, covariance), abs=2e-3)


def _kl(loc: np.ndarray, covariance: np.ndarray, to_loc: np.ndarray, to: np.ndarray) -> float:
    q, p = (
        MultivariateNormal(torch.from_numpy(m).double(), torch.from_numpy(c).double())
        for m, c in ((loc, covariance), (to_loc, to))
    )
    return torch.distributions.kl_divergence(q, p).item()


# --- several modes


class Folded(nn.Module):
    """Codes z and -z give the same image."""

    def forward(self, z: Tensor) -> Tensor:
        return 2.0 * z[..., :1].square().expand(*z.shape[:-1], math.prod(SHAPE)).unflatten(-1, SHAPE)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_two_modes_are_two(latent_dim: int) -> None:
    model, line = factor_analysis(latent_dim, 0.1), factor_analysis(1, 0.1)
    model.decoder = line.decoder = Folded()  # type: ignore[assignment]
    x = image_at(model, [1.3, 0.0][:latent_dim], 0.05)
    found = exact(model, x)
    assert found.log_evidence == pytest.approx(
        dense(line, x, None, 6.0, 20_001), abs=1e-3
    )  # a second dimension makes no difference
    assert len(found.modes) == 2
    assert found.modes[0].mass == pytest.approx(found.modes[1].mass, rel=1e-2)
    assert sorted(np.sign([mode.loc[0] for mode in found.modes])) == [-1.0, 1.0]
    assert abs(found.loc[0]) < 1e-3
    assert len(found.regions[1].contours) == 2
    half = gaps(model, x)  # a Gaussian holds one of them
    assert math.log(2) - 0.01 < half.approximation < math.log(2) + 0.2


class Lopsided(nn.Module):
    """A gentle slope up to a peak, and a cliff to a plain beyond it; along z1, in standard deviations."""

    def __init__(self, peak: float, width: float) -> None:
        super().__init__()
        self.peak, self.width = peak, width

    def forward(self, z: Tensor) -> Tensor:
        away = (z[..., :1] - self.peak) / self.width
        sigmas = torch.where(away < 0, away / 0.3, (away / 0.05).clamp(max=15.0))
        return (sigmas / math.sqrt(6)).expand(*z.shape[:-1], math.prod(SHAPE)).unflatten(-1, SHAPE)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_a_peak_on_the_rim_of_a_cell_that_seemed_too_faint_is_whole(latent_dim: int) -> None:
    model, line = factor_analysis(latent_dim, 1.0), factor_analysis(1, 1.0)
    grid = code_grid(model)
    peak = float(grid.origin[0] + (grid.shape[0] // 2 - 0.03) * grid.width)
    model.decoder = line.decoder = Lopsided(peak, grid.width)  # type: ignore[assignment]
    x = np.zeros(SHAPE, np.float32)
    assert exact(model, x).log_evidence == pytest.approx(dense(line, x, None, 5.0, 200_001), abs=0.01)


# --- sums over dense grids, of all likelihoods and families

KINDS = {
    "bernoulli": {},
    "continuous-bernoulli": {"likelihood": "continuous-bernoulli"},
    "gaussian": {"likelihood": "gaussian", "fixed_sigma": 0.1},
    "gaussian-image": {"likelihood": "gaussian", "sigma": "image"},
    "gaussian-pixel": {"likelihood": "gaussian", "sigma": "pixel"},
    "categorical": {"likelihood": "categorical", "levels": 5},
    "labels": {"family": "labels", "classes": 4},
    "conditional": {"family": "conditional", "classes": 4},
    "mixture": {"family": "mixture", "components": 3},
    "convolutional": {"network": "convolutional", "encoder_widths": (4,), "decoder_widths": (4, 4)},
}


@pytest.mark.parametrize("latent_dim", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_the_sum_is_that_over_a_dense_grid(kind: str, latent_dim: int) -> None:
    model = curved(latent_dim=latent_dim, **KINDS[kind])
    label = 2 if model.needs_labels else None
    (x,) = pictures(1)
    expected = dense(model, x, label, 9.0, 20_001 if latent_dim == 1 else 500)
    found = exact(model, x, label)
    assert found.refined
    assert found.log_evidence == pytest.approx(expected, abs=5e-3)
    bounds = gaps(model, x, label)
    assert bounds.log_evidence >= bounds.best_elbo >= bounds.elbo
    assert bounds.log_evidence == pytest.approx(found.log_evidence, abs=1e-4)  # not lifted to keep that order
    assert bounds.elbo == pytest.approx(vae.posterior_of(model, x, label).terms.elbo, abs=1e-4)


def test_the_grid_holds_what_the_model_says() -> None:
    for fields in KINDS.values():
        model = curved(**fields)
        label = 1 if model.needs_labels else None
        joint = encoded(model, pictures(1)[0], label).joint
        cells = at_once(code_grid(model, label).scoring(joint))
        some = slice(None, None, 97)
        np.testing.assert_allclose(cells.values[some], joint(cells.centres[some]), rtol=1e-4, atol=2e-2)


def test_log_p_of_x_and_y_is_less_than_log_p_of_x() -> None:
    model, (x,) = curved(family="labels", classes=4), pictures(1)
    of_both = [exact(model, x, label).log_evidence for label in range(4)]
    of_x = exact(model, x).log_evidence  # the label is not known
    assert np.logaddexp.reduce(of_both) == pytest.approx(of_x, abs=5e-3)


def test_the_encoder_sees_the_noise_and_the_likelihood_the_image() -> None:
    model, (x,) = curved(), pictures(1)
    image = encoded(model, x, noise=0.5)
    z_loc, z_scale = model.encode(add_noise(to_tensor(x[None], model), 0.5))
    np.testing.assert_allclose(image.loc, z_loc[0].detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(image.scale, z_scale[0].detach().numpy(), rtol=1e-5)
    grid = code_grid(model)
    found = at_once(refining(image, at_once(grid.scoring(image.joint))))
    assert found.log_evidence == pytest.approx(exact(model, x).log_evidence, abs=1e-6)
    told = at_once(finding_gaps(image, found, 0.5))
    assert told.elbo == pytest.approx(vae.posterior_of(model, x, noise=0.5).terms.elbo, abs=1e-4)


class LaplaceVAE(vae.VAE):
    """A prior of the user's own."""

    def prior(self, x: Tensor) -> Independent:
        return Independent(Laplace(x.new_full((len(x), self.config.latent_dim), 1.0), 0.5), 1)


def test_a_prior_of_ones_own() -> None:
    model = LaplaceVAE(ModelConfig(SHAPE, 2, (8,), (16,))).eval()
    (x,) = pictures(1)
    found = exact(model, x)
    assert found.log_evidence == pytest.approx(dense(model, x, None, 12.0, 1_000), abs=5e-3)
    bounds = gaps(model, x)
    assert bounds.log_evidence >= bounds.best_elbo >= bounds.elbo
    assert bounds.log_evidence == pytest.approx(found.log_evidence, abs=1e-4)
    assert bounds.elbo == pytest.approx(vae.posterior_of(model, x).terms.elbo, abs=1e-4)


class Own:
    """Somebody's model, which scores images by itself."""

    def encode(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((len(x), 2), np.float32), np.full((len(x), 2), 0.5, np.float32)

    def decode(self, z: np.ndarray) -> np.ndarray:
        return np.repeat(1 / (1 + np.exp(-z[:, :1])), 6, 1).reshape(-1, 2, 3)

    def log_likelihood(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return -50 * np.square(self.decode(z) - x).sum((1, 2))


def test_somebodys_model_is_scored_as_it_says() -> None:
    images = pictures(3)[:, 0]
    model, adapted = vae.adapt(Own(), images)
    expected = dense(model, adapted[0], None, 6.0, 600)
    assert exact(model, adapted[0]).log_evidence == pytest.approx(expected, abs=5e-3)


# --- bounds, and what cannot be


def test_the_bounds_are_in_order_for_every_image() -> None:
    for seed in range(4):
        model = curved(seed, image_shape=(1, 6, 6))
        x = np.random.default_rng(seed).integers(0, 256, (5, 1, 6, 6), np.uint8)
        found = [g for g in gaps_of(model, x, code_grid(model)) if g]
        assert len(found) == 5
        for one, picture in zip(found, x, strict=True):
            assert one.approximation >= 0
            assert one.amortisation >= 0
            evidence = exact(model, picture).log_evidence
            assert evidence > one.best_elbo - 1e-4  # also before the last digits are put in order
            assert one.log_evidence == pytest.approx(evidence, abs=1e-4)


def test_what_the_grid_tells_at_once_is_near() -> None:
    model, (x,) = curved(), pictures(1)
    image = encoded(model, x)
    cells = at_once(code_grid(model).scoring(image.joint))
    early, late = coarse(cells), exact(model, x)
    assert not early.refined
    assert early.log_evidence == pytest.approx(late.log_evidence, abs=0.1)
    np.testing.assert_allclose(early.loc, late.loc, atol=0.02)
    assert early.regions[1].contours


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"family": "autoencoder"}, "prior"),
        ({"family": "hierarchical"}, "level"),
        ({"latent_dim": 3}, "3"),
    ],
)
def test_what_cannot_be_computed_is_told(fields: dict[str, object], word: str) -> None:
    model = curved(**fields)
    with pytest.raises(InferenceError, match=word):
        exact(model, pictures(1)[0])


def test_weights_that_are_no_numbers_are_told() -> None:
    model = curved()
    for weights in model.decoder.parameters():
        weights.data.fill_(math.nan)
    with pytest.raises(InferenceError, match="not finite"):
        exact(model, pictures(1)[0])


def test_large_images_have_a_coarser_grid() -> None:
    model = curved(image_shape=(3, 64, 64), encoder_widths=(2,), decoder_widths=(2,))
    grid = code_grid(model)
    assert grid.natural is not None
    assert grid.natural.numel() * 4 <= 256_000_000
    assert math.prod(grid.shape) > 60**2


def test_the_slices_are_short() -> None:
    model, (x,) = curved(), pictures(1)
    image = encoded(model, x)
    cells = at_once(code_grid(model).scoring(image.joint))
    steps = refining(image, cells)
    assert next(steps) is None
    assert isinstance(at_once(steps), ExactPosterior)


def test_what_a_grid_is_decoded_of_grows_to_all() -> None:
    shares = list(building_grid(curved()))
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1


def test_slices_are_long_enough_for_what_each_costs_by_itself() -> None:
    """As of a decoder with many outputs: reading its weights takes most of the time of a short slice."""
    sizes: list[int] = []

    def score(z: np.ndarray) -> np.ndarray:
        sizes.append(len(z))
        until = time.perf_counter() + 0.007 + 1e-4 * len(z)
        while time.perf_counter() < until:
            pass
        return z.sum(1)

    z = np.random.default_rng(0).standard_normal((200, 2))
    np.testing.assert_array_equal(at_once(in_slices(score, z)), z.sum(1))
    assert len(sizes) < 20


def test_log_p_of_all_is_made_of_its_parts() -> None:
    model, (x,) = curved(family="labels", classes=4), pictures(1)
    z = np.random.default_rng(0).standard_normal((7, 2))
    image, y = to_tensor(x[None], model), torch.tensor([3])
    codes = torch.from_numpy(z).float()
    expected = (
        model.log_likelihood(image.expand(7, -1, -1, -1), codes)
        + model.classifier(codes).log_softmax(-1)[:, 3]
        + MultivariateNormal(torch.zeros(2), torch.eye(2)).log_prob(codes)
    )
    np.testing.assert_allclose(Joint(model, image, y)(z), expected.detach(), rtol=1e-5)
