"""What training climbs: bounds on log p(x), estimated from Pyro's traces of guide and model.

They give the losses and gradients of Pyro's TraceMeanField_ELBO, Trace_ELBO, RenyiELBO(alpha=0) and
TraceEnum_ELBO, and keep the terms of the true ELBO for the report. All but the last are computed here from
the traces: a step then costs less, and the terms come with it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pyro
import torch
from pyro import poutine
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
        return _enumerated(model, x, y, beta)
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
        self.observed = {
            name: site["fn"].log_prob(site["value"]) for name, site in sites.items() if site["is_observed"]
        }
        self.latent = [
            (guide_trace.nodes[name], site) for name, site in sites.items() if name in guide_trace.nodes
        ]
        label = self.observed.get("y")
        self.label = label.sum().detach() if label is not None else self.observed["x"].new_zeros(())
        self.reconstruction = self.observed["x"].sum().detach()

    def log_likelihood(self) -> Tensor:
        """(B,), or (K, B) for K particles."""
        return torch.stack(tuple(self.observed.values())).sum(0)

    def terms(self, kl: Tensor, particles: int) -> Tensor:
        """(3,), a mean over the particles."""
        return torch.stack((self.reconstruction, kl, self.label)) / particles


def _traces(model: VAE, config: TrainingConfig, x: Tensor, y: Tensor | None, beta: float) -> tuple[Any, Any]:
    """The guide's trace, and the model's at the same z; K particles make a plate around the images'."""

    def traced(function: Any) -> Any:
        if config.particles == 1:
            return poutine.trace(function).get_trace(x, y, beta)
        with pyro.plate("particles", config.particles, dim=-2):
            return poutine.trace(function).get_trace(x, y, beta)

    guide = _ScoreFunction()(model.guide) if config.gradient == "score-function" else model.guide
    guide_trace = traced(guide)
    return guide_trace, traced(poutine.replay(model.model, trace=guide_trace))


def _closed_form(sites: _Sites, particles: int) -> Estimate:
    """The ELBO with each KL in closed form: TraceMeanField_ELBO. Kingma & Welling (2013), equation 7."""
    loss = -sites.log_likelihood().sum()
    total = torch.zeros_like(sites.reconstruction)
    for q, p in sites.latent:
        kl = kl_divergence(q["fn"], p["fn"]).sum()
        total = total + kl.detach()
        if weight := _weight(q):
            loss = loss + weight * kl
    return Estimate(loss / particles, sites.terms(total, particles))


def _sampled(sites: _Sites, particles: int) -> Estimate:
    """The ELBO with each KL at the draw of z: Trace_ELBO. Kingma & Welling (2013), equation 6.

    Where the draw has no pathwise gradient, that of q goes by the score function (Williams 1992).
    """
    log_likelihood = sites.log_likelihood()
    log_q, log_p = _latent_log_probs(sites, weighed=True)
    with torch.no_grad():
        free_q, free_p = _latent_log_probs(sites, weighed=False)
    loss = -(log_likelihood + log_p).sum()
    if all(q["fn"].has_rsample for q, _ in sites.latent):
        loss = loss + log_q.sum()
    else:
        score = sum(q["fn"].log_prob(q["value"]) for q, _ in sites.latent)
        loss = loss - ((log_likelihood + log_p - log_q).detach() * score).sum()
    return Estimate(loss / particles, sites.terms((free_q - free_p).sum(), particles))


def _importance_weighted(sites: _Sites, particles: int) -> Estimate:
    """log 1/K sum p(x, z_k) / q(z_k|x): RenyiELBO(alpha=0). Burda et al. (2015), equation 8."""
    log_q, log_p = _latent_log_probs(sites, weighed=True)
    log_weights = (sites.log_likelihood() + log_p - log_q).reshape(particles, -1)
    loss = -(log_weights.logsumexp(0) - math.log(particles)).sum()
    with torch.no_grad():
        free_q, free_p = _latent_log_probs(sites, weighed=False)
    return Estimate(loss, sites.terms((free_q - free_p).sum(), particles))


def _enumerated(model: MixtureVAE, x: Tensor, y: Tensor | None, beta: float) -> Estimate:
    """The ELBO with its component summed out, by Pyro's own TraceEnum_ELBO."""
    elbo = TraceEnum_ELBO(max_plate_nesting=1)
    with pyro.validation_enabled(False):
        loss: Tensor = elbo.differentiable_loss(model.model, model.guide, x, y, beta)
    with torch.no_grad():
        terms = model.elbo_terms(x, y, torch.Generator().manual_seed(0)).sum(1)
    return Estimate(loss, terms)


def _latent_log_probs(sites: _Sites, *, weighed: bool) -> tuple[Tensor, Tensor]:
    """log q and log p of all latent sites at their draws, (B,) or (K, B)."""
    log_q = torch.zeros_like(sites.log_likelihood())
    log_p = torch.zeros_like(log_q)
    for q, p in sites.latent:
        weight = _weight(q) if weighed else 1.0
        if weight:
            log_q = log_q + weight * q["fn"].log_prob(q["value"])
            log_p = log_p + weight * p["fn"].log_prob(q["value"])
    return log_q, log_p


def _weight(site: Any) -> float:
    """What ``weighed`` in the models gave the site: Pyro says 0 by a mask."""
    return 0.0 if site["mask"] is False else float(site["scale"])


class _ScoreFunction(poutine.messenger.Messenger):
    """Draws within have no pathwise gradient."""

    def _pyro_sample(self, message: Any) -> None:
        message["fn"].base_dist.has_rsample_(False)
