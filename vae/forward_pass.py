"""One step of SVI for one image, every quantity kept: the guide's draw of z, and how the model scores it.

Plain PyTorch inside, numpy outside. The noise comes from a numpy generator, so that a seed tells all.
Grey pixels are scored as by a Bernoulli: see `vae.likelihoods`. The encoder sees the whole image, as in
evaluation; in training a configuration may hide some of its pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.distributions import Normal

from vae.inference import to_pictures, to_tensor
from vae.models import VAE, kl_to_prior
from vae.networks import ACTIVATION_LAYERS

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """The terms of the ELBO of one image at N draws of z from q(z|x), in nats."""

    log_likelihood: Floats  # (N,) log p(x|z)
    log_prior: Floats  # (N,) log p(z)
    log_q: Floats  # (N,) log q(z|x)
    kl: float  # KL(q(z|x) || p(z)) in closed form: Kingma & Welling (2013), appendix B

    @property
    def elbo(self) -> Floats:
        """(N,) the estimates log p(x|z) + log p(z) - log q(z|x): Kingma & Welling (2013), equation 6."""
        return self.log_likelihood + self.log_prior - self.log_q

    @property
    def elbo_by_kl(self) -> Floats:
        """(N,) the estimates log p(x|z) - KL, of the same mean: Kingma & Welling (2013), equation 7."""
        return self.log_likelihood - np.float32(self.kl)


@dataclass(frozen=True)
class ForwardPass:
    """What becomes of one image (C, H, W) on its way through guide and model."""

    x: NDArray[np.uint8]  # (C, H, W), the picture
    encoder_layers: tuple[Floats, ...]  # (units,) each: what the hidden layers put out
    z_loc: Floats  # (D,)
    z_scale: Floats  # (D,)
    epsilon: Floats  # (D,), drawn from N(0, I)
    z: Floats  # (D,), z_loc + z_scale * epsilon
    decoder_layers: tuple[Floats, ...]  # (units,) each
    logits: Floats  # (C, H, W)
    mean: NDArray[np.uint8]  # (C, H, W), the picture of E[x|z]
    sample: NDArray[np.uint8]  # (C, H, W), 0 or 255: a draw from p(x|z)
    pixel_log_prob: Floats  # (C, H, W), nats; their sum is log p(x|z)
    scores: Scores  # of this one draw, N = 1


@torch.no_grad()
def pass_forward(model: VAE, picture: NDArray[np.uint8], seed: int) -> ForwardPass:
    """Send one picture (C, H, W) through guide and model, with the noise of ``seed``."""
    x = to_tensor(picture[None], model)
    random = np.random.default_rng(seed)
    epsilon = _draw_epsilon(random, model.config.latent_dim)
    with _Activations(model.encoder) as encoder_layers:
        z_loc, z_scale = model.encode(x)
    z = z_loc + z_scale * torch.from_numpy(epsilon)
    with _Activations(model.decoder) as decoder_layers:
        logits = model.decoder(z)
    mean = model.likelihood.mean(logits)
    log_prob = model.likelihood.log_prob(logits, x)
    return ForwardPass(
        x=picture,
        encoder_layers=encoder_layers.values,
        z_loc=z_loc[0].numpy(),
        z_scale=z_scale[0].numpy(),
        epsilon=epsilon,
        z=z[0].numpy(),
        decoder_layers=decoder_layers.values,
        logits=logits[0].numpy(),
        mean=to_pictures(mean)[0],
        sample=np.where(random.random(picture.shape) < mean[0].numpy(), 255, 0).astype(np.uint8),
        pixel_log_prob=log_prob[0].numpy(),
        scores=_score(log_prob.flatten(1).sum(1), z_loc, z_scale, z),
    )


@torch.no_grad()
def score_draws(model: VAE, picture: NDArray[np.uint8], seeds: Sequence[int]) -> Scores:
    """The ELBO's terms of one picture (C, H, W) at the draws that `pass_forward` makes with these seeds."""
    x = to_tensor(picture[None], model)
    z_loc, z_scale = model.encode(x)
    noise = [_draw_epsilon(np.random.default_rng(seed), model.config.latent_dim) for seed in seeds]
    z = z_loc + z_scale * torch.from_numpy(np.stack(noise))
    return _score(model.log_likelihood(x.expand(len(z), -1, -1, -1), z), z_loc, z_scale, z)


def join_scores(parts: Iterable[Scores]) -> Scores:
    """The draws of several scores of the same image under the same weights, one after the other."""
    scores = tuple(parts)
    return Scores(
        np.concatenate([part.log_likelihood for part in scores]),
        np.concatenate([part.log_prior for part in scores]),
        np.concatenate([part.log_q for part in scores]),
        scores[-1].kl,
    )


def _draw_epsilon(random: np.random.Generator, latent_dim: int) -> Floats:
    return random.standard_normal(latent_dim, dtype=np.float32)


def _score(log_likelihood: Tensor, z_loc: Tensor, z_scale: Tensor, z: Tensor) -> Scores:
    """log p(x|z) (N,), q(z|x) (1, D), z (N, D)."""
    standard = Normal(torch.zeros_like(z_loc), torch.ones_like(z_loc), validate_args=False)
    return Scores(
        log_likelihood=log_likelihood.numpy(),
        log_prior=standard.log_prob(z).sum(-1).numpy(),
        log_q=Normal(z_loc, z_scale, validate_args=False).log_prob(z).sum(-1).numpy(),
        kl=kl_to_prior(z_loc, z_scale).item(),
    )


class _Activations:
    """Hears what the activation functions of a network put out, the first layer first."""

    def __init__(self, network: nn.Module) -> None:
        kinds = tuple(type(make()) for make in ACTIVATION_LAYERS.values())
        functions = [part for part in network.modules() if isinstance(part, kinds)]
        self._hooks = [part.register_forward_hook(self._keep) for part in functions]
        self.values: tuple[Floats, ...] = ()

    def _keep(self, part: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.values += (output[0].flatten().numpy(),)

    def __enter__(self) -> _Activations:
        return self

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()
