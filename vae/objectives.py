"""What training climbs: bounds on log p(x), estimated from Pyro's traces of guide and model.

They give the losses and gradients of Pyro's TraceMeanField_ELBO, Trace_ELBO, RenyiELBO(alpha=0) and
TraceEnum_ELBO, and keep the terms of the true ELBO for the report. All but the last are computed here from
the traces: a step then costs less, and the terms come with it.
"""

from __future__ import annotations

import functools
import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import pyro
import torch
from pyro import poutine
from pyro.distributions.util import scale_and_mask
from pyro.infer import TraceEnum_ELBO
from pyro.poutine.util import site_is_subsample
from torch import Tensor
from torch.distributions import kl_divergence

from vae.configuration import TrainingConfig
from vae.models import VAE, MixtureVAE


@dataclass(frozen=True)
class Estimate:
    """Of one batch."""

    loss: Tensor  # to be differentiated: minus the objective, summed over the batch
    terms: Tensor  # (3,) reconstruction, KL and label, summed over the batch: of the true ELBO


def estimate(model: VAE, config: TrainingConfig, x: Tensor, y: Tensor | None, beta: float) -> Estimate:
    """The objective that ``config`` names at one batch, with fresh draws of z."""
    if isinstance(model, MixtureVAE):
        return _enumerated(model, config, x, y, beta)
    with pyro.validation_enabled(False):
        guide_trace, model_trace = _traces(model, config, x, y, beta)
    sites = _Sites(guide_trace, model_trace)
    match config.objective:
        case "elbo":
            return _closed_form(sites, config.particles)
        case "sampled-elbo":
            return _sampled(sites, config.particles)
        case _:
            return _importance_weighted(sites, config.particles)


class _Sites:
    """The sample sites of both traces, split into what is observed and what is latent."""

    def __init__(self, guide_trace: Any, model_trace: Any) -> None:
        sites = {
            name: site
            for name, site in model_trace.nodes.items()
            if site["type"] == "sample" and not site_is_subsample(site)  # the plate is a site as well
        }
        observed = {name: site for name, site in sites.items() if site["is_observed"]}
        log_probs = {name: site["fn"].log_prob(site["value"]) for name, site in observed.items()}
        weighed = [_weighed(log_probs[name], site) for name, site in observed.items()]
        self.log_likelihood = functools.reduce(torch.add, weighed)  # (B,), or (K, B) for K particles
        self.latent = [
            (guide_trace.nodes[name], site) for name, site in sites.items() if name in guide_trace.nodes
        ]
        self.reconstruction = log_probs["x"].detach().sum()
        self.label = log_probs["y"].detach().sum() if "y" in log_probs else self.reconstruction.new_zeros(())

    def terms(self, kl: Tensor, particles: int) -> Tensor:
        """(3,), a mean over the particles."""
        return torch.stack((self.reconstruction, kl, self.label)) / particles


def _traces(model: VAE, config: TrainingConfig, x: Tensor, y: Tensor | None, beta: float) -> tuple[Any, Any]:
    """The guide's trace, and the model's at the same z; K particles make a plate around the images'."""

    def particles() -> AbstractContextManager[object]:
        if config.particles == 1:
            return nullcontext()
        plate: AbstractContextManager[object] = pyro.plate("particles", config.particles, dim=-2)
        return plate

    # Outside the plates: a distribution that they expand would forget it.
    pathless = _ScoreFunction() if config.gradient == "score-function" else nullcontext()
    with pathless, particles(), poutine.trace() as guided:
        model.guide(x, y, beta)
    with particles(), poutine.trace() as modelled, poutine.replay(trace=guided.trace):
        model.model(x, y, beta)
    return guided.trace, modelled.trace


def _closed_form(sites: _Sites, particles: int) -> Estimate:
    """The ELBO with each KL in closed form: TraceMeanField_ELBO. Kingma & Welling (2013), equation 7."""
    loss = -sites.log_likelihood.sum()
    total = torch.zeros_like(sites.reconstruction)
    for q, p in sites.latent:
        kl = _kl(q, p)
        total = total + kl.detach().sum()
        loss = loss + _weighed(kl, q).sum()
    return Estimate(loss / particles, sites.terms(total, particles))


def _kl(q: Any, p: Any) -> Tensor:
    """(B,) or (K, B): in closed form or, where none is known, at the draw, as Pyro does."""
    try:
        kl: Tensor = kl_divergence(q["fn"], p["fn"])
    except NotImplementedError:
        kl = q["fn"].log_prob(q["value"]) - p["fn"].log_prob(q["value"])
    return kl


def _sampled(sites: _Sites, particles: int) -> Estimate:
    """The ELBO with each KL at the draw of z: Trace_ELBO. Kingma & Welling (2013), equation 6.

    Where the draw has no pathwise gradient, that of q goes by the score function (Williams 1992).
    """
    log_q, log_p, kl = _latent_log_probs(sites)
    if all(q["fn"].has_rsample for q, _ in sites.latent):
        elbo = sites.log_likelihood + log_p - log_q
    else:
        elbo = sites.log_likelihood + log_p - log_q.detach()
        score = torch.stack([q["fn"].log_prob(q["value"]) for q, _ in sites.latent]).sum(0)
        elbo = elbo + elbo.detach() * (score - score.detach())  # the value stays the ELBO's
    return Estimate(-elbo.sum() / particles, sites.terms(kl, particles))


def _importance_weighted(sites: _Sites, particles: int) -> Estimate:
    """log 1/K sum p(x, z_k) / q(z_k|x): RenyiELBO(alpha=0). Burda et al. (2015), equation 8."""
    log_q, log_p, kl = _latent_log_probs(sites)
    log_weights = (sites.log_likelihood + log_p - log_q).reshape(particles, -1)
    loss = -(log_weights.logsumexp(0) - math.log(particles)).sum()
    return Estimate(loss, sites.terms(kl, particles))


def _enumerated(
    model: MixtureVAE, config: TrainingConfig, x: Tensor, y: Tensor | None, beta: float
) -> Estimate:
    """The ELBO with its component summed out, by Pyro's own TraceEnum_ELBO."""
    particles = config.particles
    elbo = TraceEnum_ELBO(num_particles=particles, vectorize_particles=particles > 1, max_plate_nesting=1)
    with pyro.validation_enabled(False):
        loss: Tensor = elbo.differentiable_loss(model.model, model.guide, x, y, beta)
    with torch.no_grad():
        seed = int(torch.randint(2**31, ()))  # fresh draws, but decided by the seed of the run
        terms = model.elbo_terms(x, y, torch.Generator().manual_seed(seed), model.corrupt(x)).sum(1)
    return Estimate(loss, terms)


def _latent_log_probs(sites: _Sites) -> tuple[Tensor, Tensor, Tensor]:
    """log q and log p of the latent sites at their draws, (B,) or (K, B), and the unweighed KL, summed."""
    log_q = torch.zeros_like(sites.log_likelihood)
    log_p, kl = torch.zeros_like(log_q), torch.zeros_like(sites.reconstruction)
    for q, p in sites.latent:
        log_q_here, log_p_here = (site["fn"].log_prob(site["value"]) for site in (q, p))
        log_q, log_p = log_q + _weighed(log_q_here, q), log_p + _weighed(log_p_here, p)
        kl = kl + (log_q_here - log_p_here).detach().sum()
    return log_q, log_p, kl


def _weighed(values: Tensor, site: Any) -> Tensor:
    """As the handlers around the site say, ``weighed`` in the models among them."""
    within: Tensor = scale_and_mask(values, site["scale"], site["mask"])
    return within


class _ScoreFunction(poutine.messenger.Messenger):
    """Draws within have no pathwise gradient."""

    def _pyro_sample(self, message: Any) -> None:
        if not site_is_subsample(message):
            drawn = message["fn"]
            getattr(drawn, "base_dist", drawn).has_rsample_(False)
