"""One step of SVI for one image, every quantity kept: the guide's draw of z, and how the model scores it.

Plain PyTorch inside, numpy outside; a seed tells all that is drawn. The encoder sees the whole image, as in
evaluation, and what noise is asked for; in training a configuration may hide some of the pixels. Of a
hierarchical model the lower level stands at the mean of p(w|z), as on the plane.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from vae.adapter import AdaptedModel
from vae.configuration import ModelConfig
from vae.families import FAMILIES, family_of
from vae.inference import add_noise, label_of, to_pictures, to_tensor
from vae.likelihoods import Normal
from vae.models import VAE, LabelVAE, kl_to_prior
from vae.models.vae import normal
from vae.networks import ACTIVATION_LAYERS
from vae.prior import Prior, prior_of

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """The terms of the ELBO of one image at N draws of z from q(z|x), in nats.

    An autoencoder has the first alone: its log p(z) and log q(z|x) stand as 0.
    """

    log_likelihood: Floats  # (N,) log p(x|z)
    log_prior: Floats  # (N,) log p(z)
    log_q: Floats  # (N,) log q(z|x)
    log_label: Floats | None  # (N,) log p(y|z), of a model that scores labels, where the label is known
    kl: (
        float | None
    )  # KL(q(z|x) || p(z)) in closed form, where there is one: Kingma & Welling (2013), appendix B

    @property
    def elbo(self) -> Floats:
        """(N,) the estimates log p(x|z) + log p(z) - log q(z|x): Kingma & Welling (2013), equation 6."""
        return self.scored + self.log_prior - self.log_q

    @property
    def elbo_by_kl(self) -> Floats | None:
        """(N,) the estimates log p(x|z) - KL, of the same mean: Kingma & Welling (2013), equation 7."""
        return None if self.kl is None else self.scored - np.float32(self.kl)

    @property
    def scored(self) -> Floats:
        """(N,) log p of all that is observed: of x, or of x and y."""
        return self.log_likelihood if self.log_label is None else self.log_likelihood + self.log_label


@dataclass(frozen=True)
class ForwardPass:
    """What becomes of one image (C, H, W) on its way through guide and model."""

    config: ModelConfig
    written: str  # the family whose model() and guide() these are, "" for ones of its own
    is_adapted: bool  # whether it has neither, but somebody's encode() and decode()
    latent_is_z: bool  # whether z is all that is drawn, so that the scores make up the ELBO
    x: NDArray[np.uint8]  # (C, H, W), the picture
    seen: NDArray[np.uint8]  # (C, H, W), what the encoder is shown: with noise, if any
    encoder_layers: tuple[
        Floats, ...
    ]  # what the hidden layers put out: (units,), or (filters, height, width)
    z_loc: Floats  # (D,)
    z_scale: Floats  # (D,)
    epsilon: Floats  # (D,), drawn from N(0, I)
    z: Floats  # (D,), z_loc + z_scale * epsilon
    prior: Prior | None
    decoder_layers: tuple[Floats, ...]  # as those of the encoder
    parameters: Floats  # (outputs x C, H, W), what the decoder puts out
    mean: NDArray[np.uint8]  # (C, H, W), the picture of E[x|z]
    sigma: Floats | None  # (C, H, W), of a Gaussian
    sample: NDArray[np.uint8]  # (C, H, W), a draw from p(x|z)
    pixel_log_prob: Floats  # (C, H, W), nats, by the likelihood of the configuration
    scores: Scores  # of this one draw, N = 1

    @property
    def pixels_add_up(self) -> bool:
        """Whether their sum is the model's log p(x|z): by a likelihood of its own it need not be."""
        return bool(np.isclose(self.pixel_log_prob.sum(), self.scores.log_likelihood[0], rtol=1e-3))


@torch.no_grad()
def pass_forward(
    model: VAE, picture: NDArray[np.uint8], seed: int, label: int | None = None, noise: float = 0.0
) -> ForwardPass:
    """Send one picture (C, H, W) through guide and model, with the noise of ``seed``.

    ``label`` is its own, for a model that has a use for it; the encoder is shown the picture with Gaussian
    noise of standard deviation ``noise``.
    """
    x, y = to_tensor(picture[None], model), label_of(model, label)
    seen = add_noise(x, noise)
    epsilon = _draw_epsilon(seed, model.config.latent_dim)
    with _Activations(model.encoder) as encoder_layers:
        z_loc, z_scale = model.encode(seen, y)
    z = z_loc + z_scale * torch.from_numpy(epsilon)
    with _Activations(model.decoder) as decoder_layers:
        parameters = model.parameters_of_x(z, y)
    likelihood = model.likelihood
    return ForwardPass(
        config=model.config,
        written=_written(model),
        is_adapted=isinstance(model, AdaptedModel),
        latent_is_z=model.latent_is_z,
        x=picture,
        seen=to_pictures(seen)[0] if noise else picture,
        encoder_layers=encoder_layers.values,
        z_loc=z_loc[0].numpy(),
        z_scale=z_scale[0].numpy(),
        epsilon=epsilon,
        z=z[0].numpy(),
        prior=prior_of(model),
        decoder_layers=decoder_layers.values,
        parameters=parameters[0].numpy(),
        mean=to_pictures(likelihood.mean(parameters))[0],
        sigma=likelihood.parts(parameters)[1][0].numpy() if isinstance(likelihood, Normal) else None,
        sample=to_pictures(likelihood.draw(parameters, torch.Generator().manual_seed(seed)))[0],
        pixel_log_prob=likelihood.log_prob(parameters, x)[0].numpy(),
        scores=_score(model, x, y, z_loc, z_scale, z),
    )


@torch.no_grad()
def score_draws(
    model: VAE,
    picture: NDArray[np.uint8],
    seeds: Sequence[int],
    label: int | None = None,
    noise: float = 0.0,
) -> Scores:
    """The ELBO's terms of one picture (C, H, W) at the draws that `pass_forward` makes with these seeds."""
    x, y = to_tensor(picture[None], model), label_of(model, label)
    z_loc, z_scale = model.encode(add_noise(x, noise), y)
    epsilon = np.stack([_draw_epsilon(seed, model.config.latent_dim) for seed in seeds])
    return _score(model, x, y, z_loc, z_scale, z_loc + z_scale * torch.from_numpy(epsilon))


def join_scores(parts: Iterable[Scores]) -> Scores:
    """The draws of several scores of the same image under the same weights, one after the other."""
    scores = tuple(parts)
    labels = [part.log_label for part in scores if part.log_label is not None]
    return Scores(
        np.concatenate([part.log_likelihood for part in scores]),
        np.concatenate([part.log_prior for part in scores]),
        np.concatenate([part.log_q for part in scores]),
        np.concatenate(labels) if labels else None,
        scores[-1].kl,
    )


def _written(model: VAE) -> str:
    """The family that model() and guide() are of: that of the class that has them."""
    kind = next(kind for kind in type(model).__mro__ if not vars(kind).keys().isdisjoint(("model", "guide")))
    return next((name for name in FAMILIES if family_of(name) is kind), "")


def _draw_epsilon(seed: int, latent_dim: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(latent_dim, dtype=np.float32)


def _score(model: VAE, x: Tensor, y: Tensor | None, z_loc: Tensor, z_scale: Tensor, z: Tensor) -> Scores:
    """One image ``x`` and its label, if any; q(z|x), (1, D) each; ``z`` (N, D)."""
    labels = None if y is None else y.expand(len(z))
    log_likelihood = model.log_likelihood(x.expand(len(z), -1, -1, -1), z, labels).numpy()
    log_label = None
    if isinstance(model, LabelVAE) and y is not None:
        log_label = model.classifier(z).log_softmax(-1)[:, y[0]].numpy()
    prior = prior_of(model)
    if prior is None:
        nothing = np.zeros_like(log_likelihood)
        return Scores(log_likelihood, nothing, nothing, log_label, None)
    return Scores(
        log_likelihood=log_likelihood,
        log_prior=prior.log_density(z.numpy()).astype(np.float32),
        log_q=normal(z_loc, z_scale).log_prob(z).numpy(),
        log_label=log_label,
        kl=kl_to_prior(z_loc, z_scale).item() if prior.is_standard else None,
    )


class _Activations:
    """Hears what the activation functions of a network put out, the first layer first."""

    def __init__(self, network: nn.Module) -> None:
        kinds = tuple(type(make()) for make in ACTIVATION_LAYERS.values())
        functions = [part for part in network.modules() if isinstance(part, kinds)]
        self._hooks = [part.register_forward_hook(self._keep) for part in functions]
        self.values: tuple[Floats, ...] = ()

    def _keep(self, part: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.values += (output[0].numpy(),)

    def __enter__(self) -> _Activations:
        return self

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()
