"""Each objective against Pyro's own estimator, and against formulas written by hand, at the same noise."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyro
import pyro.distributions as dist
import pytest
import torch
from pyro import poutine
from pyro.infer import RenyiELBO, Trace_ELBO, TraceEnum_ELBO, TraceMeanField_ELBO, config_enumerate
from torch import Tensor
from torch.distributions import Independent, Normal
from torch.nn.functional import cross_entropy, log_softmax

from vae import VAE, build
from vae.configuration import ModelConfig, TrainingConfig
from vae.models import MixtureVAE
from vae.objectives import Estimate, estimate

SMALL = ModelConfig((1, 4, 4), 2, (16, 8), (8, 16), classes=3, components=4, inner_dim=3)
CLOSED_FORM = TrainingConfig(objective="elbo")
SAMPLED = TrainingConfig(objective="sampled-elbo")
SCORE_FUNCTION = TrainingConfig(objective="sampled-elbo", gradient="score-function")
IMPORTANCE_WEIGHTED = TrainingConfig(objective="importance-weighted")

DRAWN = ("vae", "labels", "conditional", "hierarchical")  # families that draw all that is latent
FAMILIES = (*DRAWN, "mixture", "autoencoder")

Guide = Callable[[Tensor, Tensor | None, float], None]
Gradients = list[Tensor]


def made(family: str, **changes: Any) -> VAE:
    """A model of random weights, large enough that x depends on z and q on x."""
    model = build(replace(SMALL, family=family, **changes), seed=2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    return model


def batch(size: int = 6) -> tuple[Tensor, Tensor]:
    """Images (B, C, H, W) and labels (B,)."""
    generator = torch.Generator().manual_seed(5)
    return torch.rand(size, 1, 4, 4, generator=generator), torch.arange(size) % 3


def ours(model: VAE, config: TrainingConfig, beta: float = 1.0) -> Estimate:
    torch.manual_seed(9)
    return estimate(model, config, *batch(), beta)


def gradients(model: VAE, loss: Tensor) -> Gradients:
    return list(torch.autograd.grad(loss, list(model.parameters()), materialize_grads=True))


def assert_same(
    model: VAE, found: Estimate, loss: Tensor | float, expected: Gradients, tolerance: float = 1e-4
) -> None:
    assert found.loss.item() == pytest.approx(float(loss), rel=1e-5)
    for gradient, other in zip(gradients(model, found.loss), expected, strict=True):
        torch.testing.assert_close(gradient, other, rtol=tolerance, atol=tolerance)


def by_pyro(kind: type[Trace_ELBO], model: VAE, guide: Guide, beta: float, particles: int) -> Tensor:
    elbo = kind(num_particles=particles, vectorize_particles=particles > 1, max_plate_nesting=1)
    torch.manual_seed(9)
    loss: Tensor = elbo.differentiable_loss(model.model, guide, *batch(), beta)
    return loss


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("beta", [0.0, 0.25, 1.0, 4.0])
@pytest.mark.parametrize("family", [*DRAWN, "autoencoder"])
def test_the_elbo_in_closed_form_is_pyros_of_mean_fields(family: str, beta: float, particles: int) -> None:
    model = made(family)
    loss = by_pyro(TraceMeanField_ELBO, model, model.guide, beta, particles)
    found = ours(model, replace(CLOSED_FORM, particles=particles), beta)
    assert_same(model, found, loss.detach(), gradients(model, loss))


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
@pytest.mark.parametrize("family", [*DRAWN, "autoencoder"])
def test_the_sampled_elbo_is_that_of_pyros_traces(family: str, beta: float, particles: int) -> None:
    model = made(family)
    loss = by_pyro(Trace_ELBO, model, model.guide, beta, particles)
    found = ours(model, replace(SAMPLED, particles=particles), beta)
    assert_same(model, found, loss.detach(), gradients(model, loss))


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize(
    "changes",
    [
        {"likelihood": "continuous-bernoulli"},
        {"likelihood": "gaussian"},
        {"likelihood": "gaussian", "sigma": "image"},
        {"likelihood": "gaussian", "sigma": "pixel"},
        {"likelihood": "categorical", "levels": 5},
        {"network": "convolutional"},
        {"network": "convolutional", "family": "conditional"},
    ],
    ids=lambda changes: "-".join(map(str, changes.values())),
)
def test_every_likelihood_and_network_is_trained_on_pyros_elbo(
    changes: dict[str, Any], particles: int
) -> None:
    model = made(**{"family": "vae", **changes})
    loss = by_pyro(TraceMeanField_ELBO, model, model.guide, 1.0, particles)
    found = ours(model, replace(CLOSED_FORM, particles=particles))
    assert_same(model, found, loss.detach(), gradients(model, loss), tolerance=1e-3)


class HeavyTailed(VAE):
    """With a prior that has no closed form of the KL."""

    def prior(self, x: Tensor) -> dist.TorchDistribution:
        return dist.StudentT(4.0, torch.zeros(len(x), 2), 1.0).to_event(1)


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_a_kl_without_closed_form_is_taken_at_the_draw_as_by_pyro(beta: float, particles: int) -> None:
    model = HeavyTailed(SMALL, seed=2)
    loss = by_pyro(TraceMeanField_ELBO, model, model.guide, beta, particles)
    found = ours(model, replace(CLOSED_FORM, particles=particles), beta)
    assert_same(model, found, loss.detach(), gradients(model, loss))


class DrawnNormal(dist.Normal):
    """Has no pathwise gradient, and what plates expand it to has none either."""

    has_rsample = False


def without_pathwise_gradients(model: VAE) -> Guide:
    """The guides of the families again, of Normals that Pyro is told not to reparameterise."""

    def draw(name: str, loc: Tensor, scale: Tensor, beta: float) -> Any:
        with poutine.scale(scale=beta):
            return pyro.sample(name, DrawnNormal(loc, scale).to_event(1))

    def guide(x: Tensor, y: Tensor | None, beta: float) -> None:
        with pyro.plate("images", len(x), dim=-1):
            z = draw("z", *model.encode(x, y), beta)
            if model.config.family == "hierarchical":
                draw("w", *model.encode_inner(x, z), beta)

    return guide


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("beta", [1.0, 4.0])
@pytest.mark.parametrize("family", DRAWN)
def test_the_score_function_is_that_of_pyros_traces(family: str, beta: float, particles: int) -> None:
    model = made(family)
    loss = by_pyro(Trace_ELBO, model, without_pathwise_gradients(model), beta, particles)
    found = ours(model, replace(SCORE_FUNCTION, particles=particles), beta)
    assert_same(model, found, loss.detach(), gradients(model, loss), tolerance=1e-3)


def test_both_gradients_have_the_same_mean() -> None:
    """Each entry within 5 standard errors of the difference."""
    model, many = made("vae"), 200
    means, squares = [], []
    for config in (SAMPLED, SCORE_FUNCTION):
        drawn = []
        for seed in range(many):
            torch.manual_seed(seed)
            drawn.append(
                torch.cat(
                    [g.flatten() for g in gradients(model, estimate(model, config, *batch(), 1.0).loss)]
                )
            )
        means.append(torch.stack(drawn).mean(0))
        squares.append(torch.stack(drawn).var(0) / many)
    assert squares[1].sum() > 5 * squares[0].sum()  # why reparameterisation matters
    away = (means[0] - means[1]).abs() / (squares[0] + squares[1]).sqrt().clamp(min=1e-4)
    assert away.max() < 5


@pytest.mark.parametrize("beta", [1.0, 4.0])
@pytest.mark.parametrize("family", DRAWN)
def test_the_importance_weighted_bound_is_pyros_renyi_of_order_zero(family: str, beta: float) -> None:
    model = made(family)

    def guide(x: Tensor, y: Tensor | None, beta: float) -> None:
        pyro.module("vae", model)  # or else Pyro does not differentiate
        model.guide(x, y, beta)

    elbo = RenyiELBO(alpha=0, num_particles=5, vectorize_particles=True, max_plate_nesting=1)
    torch.manual_seed(9)
    try:
        loss = elbo.loss_and_grads(model.model, guide, *batch(), beta)
    finally:
        pyro.clear_param_store()
    expected = [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]
    assert_same(model, ours(model, replace(IMPORTANCE_WEIGHTED, particles=5), beta), loss, expected)


def noise(*shape: int) -> Tensor:
    """What a guide draws first."""
    torch.manual_seed(9)
    return torch.normal(torch.zeros(shape), torch.ones(shape))


def of_parts(loc: Tensor | float, scale: Tensor | float, z: Tensor) -> Tensor:
    """log N(z; loc, scale²), summed over the dimensions."""
    loc, scale = torch.as_tensor(loc), torch.as_tensor(scale)
    return (-0.5 * ((z - loc) / scale) ** 2 - scale.log() - 0.5 * math.log(2 * math.pi)).sum(-1)


@pytest.mark.parametrize("particles", [1, 5])
def test_the_importance_weighted_bound_is_the_mean_of_the_weights(particles: int) -> None:
    """Burda et al. (2015), equation 8."""
    model, (x, _) = made("vae"), batch()
    z_loc, z_scale = model.encode(x)
    z = z_loc + z_scale * (noise(particles, 6, 2) if particles > 1 else noise(6, 2)[None])
    log_p_x = torch.stack([model.log_likelihood(x, one) for one in z])
    weights = (log_p_x + of_parts(0.0, 1.0, z) - of_parts(z_loc, z_scale, z)).double().exp()
    by_hand = -weights.mean(0).log().sum()
    found = ours(model, replace(IMPORTANCE_WEIGHTED, particles=particles))
    assert_same(model, found, by_hand.detach(), gradients(model, by_hand))


@pytest.mark.parametrize("beta", [0.0, 0.25, 1.0, 4.0])
def test_the_elbo_of_one_draw_is_the_textbooks(beta: float) -> None:
    """Kingma & Welling (2013), equation 7; the terms that are reported leave beta out."""
    model, (x, _) = made("vae"), batch()
    z_loc, z_scale = model.encode(x)
    reconstruction = model.log_likelihood(x, z_loc + z_scale * noise(6, 2)).sum()
    kl = -0.5 * (1 + z_scale.square().log() - z_loc.square() - z_scale.square()).sum()
    by_hand = beta * kl - reconstruction
    found = ours(model, CLOSED_FORM, beta)
    assert_same(model, found, by_hand.detach(), gradients(model, by_hand))
    torch.testing.assert_close(found.terms, torch.stack((reconstruction, kl, kl.new_zeros(()))).detach())


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_the_label_is_a_term_of_its_own_that_beta_leaves_alone(beta: float) -> None:
    model, (x, y) = made("labels"), batch()
    z_loc, z_scale = model.encode(x)
    z = z_loc + z_scale * noise(6, 2)
    label = -cross_entropy(model.classifier(z), y, reduction="sum")
    found = ours(model, CLOSED_FORM, beta)
    reconstruction, kl, reported = found.terms
    torch.testing.assert_close(reported, label.detach())
    torch.testing.assert_close(found.loss.detach(), beta * kl - reconstruction - label.detach())


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("config", [CLOSED_FORM, SAMPLED, SCORE_FUNCTION, IMPORTANCE_WEIGHTED])
@pytest.mark.parametrize("family", DRAWN)
def test_beta_weighs_the_kl_of_the_loss_and_no_term_of_the_report(
    family: str, config: TrainingConfig, particles: int
) -> None:
    model, config = made(family), replace(config, particles=particles)
    losses, terms = {}, {}
    for beta in (0.0, 1.0, 3.0):
        found = ours(model, config, beta)
        losses[beta], terms[beta] = found.loss.item(), found.terms
    assert torch.equal(terms[0.0], terms[1.0])
    assert torch.equal(terms[3.0], terms[1.0])
    reconstruction, kl, label = terms[1.0].tolist()
    if config.objective != "importance-weighted":
        for beta, loss in losses.items():
            assert loss == pytest.approx(beta * kl - reconstruction - label, rel=1e-5)
    elif particles == 1:
        assert losses[1.0] == pytest.approx(kl - reconstruction - label, rel=1e-5)
    else:
        assert losses[1.0] < kl - reconstruction - label


# --- the mixture, whose component is summed out


def over_components(model: MixtureVAE, beta: float, particles: int = 1) -> Tensor:
    """-sum_c q(c|x) (log p(x|z) + beta (log p(c) p(z|c) - log q(c|x) q(z|x))), the mean over draws of z."""
    x, _ = batch()
    log_q_c = log_softmax(model.assigner(x.flatten(1)), dim=1)
    loc, scale = model.component_parts()
    z_loc, z_scale = model.encode(x)
    drawn = noise(particles, 6, 2) if particles > 1 else noise(6, 2)[None]
    total = torch.zeros(())
    for z in z_loc + z_scale * drawn:
        for c in range(model.config.components):
            log_ratio = of_parts(loc[c], scale[c], z) - of_parts(z_loc, z_scale, z)
            log_ratio = log_ratio - math.log(model.config.components) - log_q_c[:, c]
            total = total + (log_q_c[:, c].exp() * (model.log_likelihood(x, z) + beta * log_ratio)).sum()
    return -total / particles


def mixture() -> MixtureVAE:
    model = made("mixture")
    assert isinstance(model, MixtureVAE)
    return model


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("beta", [0.0, 0.25, 1.0, 4.0])
def test_the_elbo_of_a_mixture_is_the_sum_over_its_components(beta: float, particles: int) -> None:
    model = mixture()
    by_hand = over_components(model, beta, particles)
    found = ours(model, replace(CLOSED_FORM, particles=particles), beta)
    assert_same(model, found, by_hand.detach(), gradients(model, by_hand))


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_the_elbo_of_a_mixture_is_pyros_that_enumerates(beta: float, particles: int) -> None:
    model = mixture()
    loss = by_pyro(TraceEnum_ELBO, model, config_enumerate(model.guide), beta, particles)
    found = ours(model, replace(SAMPLED, particles=particles), beta)
    assert_same(model, found, loss.detach(), gradients(model, loss))


# --- what is reported


@pytest.mark.parametrize(
    ("family", "objective"),
    [
        *itertools.product(FAMILIES, ("elbo", "sampled-elbo")),
        *itertools.product(DRAWN, ("importance-weighted",)),
    ],
)
def test_evaluation_and_training_report_the_same_terms_in_the_mean(family: str, objective: str) -> None:
    """Within 5 standard errors, as the spread over 1,000 draws and over 50 batches of 20 draws tells them."""
    model, (x, y) = made(family), batch()
    torch.manual_seed(1)
    with torch.no_grad():
        each = model.elbo_terms(x.repeat(1_000, 1, 1, 1), y.repeat(1_000), torch.Generator().manual_seed(1))
    scored = each.reshape(3, 1_000, 6).sum(-1).T
    config = TrainingConfig(objective=objective, particles=20)
    trained = torch.stack([estimate(model, config, x, y, 1.0).terms for _ in range(50)])
    error = (scored.var(0) / 1_000 + trained.var(0) / 50).sqrt()
    assert ((scored.mean(0) - trained.mean(0)).abs() <= 5 * error + 1e-4).all()


def test_an_autoencoder_has_no_kl() -> None:
    model, (x, _) = made("autoencoder"), batch()
    found = ours(model, CLOSED_FORM, 4.0)
    reconstruction = model.log_likelihood(x, model.encode(x)[0]).sum()
    assert found.terms[1:].tolist() == [0.0, 0.0]
    assert_same(model, found, -reconstruction.detach(), gradients(model, -reconstruction))
    assert (model.encode(x)[1] == 0).all()


@pytest.mark.parametrize("family", DRAWN)
def test_noise_is_seen_by_the_encoder_and_not_by_the_likelihood(family: str) -> None:
    model, (x, y) = made(family, input_noise=0.5), batch()
    guide = poutine.trace(model.guide).get_trace(x, y)
    again = poutine.trace(poutine.replay(model.model, guide)).get_trace(x, y)
    assert not torch.equal(guide.nodes["z"]["fn"].base_dist.loc, model.encode(x, y)[0])
    assert torch.equal(again.nodes["x"]["value"], x)
    many = torch.zeros(1_000, 1, 4, 4)
    assert model.corrupt(many).std().item() == pytest.approx(0.5, rel=0.05)


def test_independent_normals_are_what_the_hand_formulas_take_them_for() -> None:
    loc, scale, z = torch.randn(4, 3), torch.rand(4, 3) + 0.1, torch.randn(4, 3)
    torch.testing.assert_close(of_parts(loc, scale, z), Independent(Normal(loc, scale), 1).log_prob(z))
