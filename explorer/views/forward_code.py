"""The forward pass in words: the Pyro lines of each family, and what is not shown of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.views.forward_words import nats, number
from vae.configuration import ModelConfig

if TYPE_CHECKING:
    from vae import ForwardPass

_DRAW_Z = 'z = pyro.sample("z", Normal(z_loc, z_scale).to_event(1))'
_STANDARD_PRIOR = 'z = pyro.sample("z", Normal(zeros, ones).to_event(1))'
_OWN_PRIOR = 'z = pyro.sample("z", self.prior(x))'
_PRIORS = {
    "mixture": 'c = pyro.sample("c", Categorical(logits=even)); '
    'z = pyro.sample("z", Normal(loc[c], scale[c]).to_event(1))',
    "autoencoder": "z, _ = self.encode(x)",
}
_DECODERS = {
    "conditional": "output = self.decoder(cat(z, y))",
    "hierarchical": 'w = pyro.sample("w", Normal(*self.inner(z)).to_event(1)); output = self.decoder(w)',
}
_KNOWN = ("vae", "labels", "conditional", "hierarchical", "mixture", "autoencoder")
_LIKELIHOODS = {
    "bernoulli": "Bernoulli(logits=output)",
    "continuous-bernoulli": "ContinuousBernoulli(logits=output)",
    "gaussian": "Normal(mean, sigma)",
    "categorical": "Categorical(logits=output)",
}
_MEANS = {
    "bernoulli": "The mean: sigmoid(output).",
    "continuous-bernoulli": "The mean of the density.",
    "gaussian": "The mean: sigmoid(output).",
    "categorical": "The mean of the levels.",
}
_DRAWS = {
    "bernoulli": "A draw: one coin a pixel.",
    "continuous-bernoulli": "A draw: a grey a pixel.",
    "gaussian": "A draw: the mean and noise.",
    "categorical": "A draw: a level a pixel.",
}
_COSTS = {
    "bernoulli": "−BCE, in nats. A grey pixel costs something even at its best: it is scored as a coin.",
    "continuous-bernoulli": "the logarithm of a density in nats, which may be positive.",
    "gaussian": "the logarithm of a density in nats, which may be positive.",
    "categorical": "the logarithm of its level's probability, in nats.",
}


_GUIDES = {"conditional": "q(z|x, y)", "hierarchical": "q(z, w|x)", "mixture": "q(z, c|x)"}
_MODELS = {
    "autoencoder": "p(x|z)",
    "conditional": "p(x, z|y)",
    "hierarchical": "p(x, w, z)",
    "labels": "p(x, y, z)",
    "mixture": "p(x, z, c)",
}


def guide_in_symbols(forward: ForwardPass) -> str:
    """What the guide is."""
    return _GUIDES.get(forward.written, "q(z|x)")


def model_in_symbols(forward: ForwardPass) -> str:
    """What the model is."""
    return _MODELS.get(forward.written, "p(x, z)")


def guide_code(forward: ForwardPass) -> tuple[str, ...]:
    """The guide's lines: that of the encoder, that of the draw, and others."""
    config = forward.config
    seen = "self.corrupt(x)" if config.input_noise or config.input_dropout else "x"
    encoder = f"z_loc, z_scale = self.encoder({seen})"
    if forward.is_adapted:
        return ("z_loc, z_scale = encode(x)", "z = z_loc + z_scale * epsilon")
    match forward.written:
        case "vae" | "labels":
            return (encoder, _DRAW_Z)
        case "autoencoder":
            return ("z, zeros = self.encode(x)", "pass  # guide() draws nothing")
        case "conditional":
            return (f"z_loc, z_scale = self.encoder({seen}, y)", _DRAW_Z)
        case "hierarchical":
            return (
                encoder,
                _DRAW_Z,
                f'w = pyro.sample("w", Normal(*self.encode_inner({seen}, z)).to_event(1))',
            )
        case "mixture":
            return (encoder, _DRAW_Z, f'c = pyro.sample("c", Categorical(logits=self.assigner({seen})))')
        case _:
            return ("z_loc, z_scale = self.encode(x)", "z = z_loc + z_scale * epsilon")


def model_code(forward: ForwardPass) -> tuple[str, ...]:
    """The model's lines: that of the prior, of the decoder, of the likelihood, and others.

    Of a model() that the application does not know, what is computed here.
    """
    written, likelihood = forward.written, _LIKELIHOODS[forward.config.likelihood]
    if forward.is_adapted:
        own = "Bernoulli(mean).log_prob(x).sum()" if forward.pixels_add_up else "log_likelihood(x, z)"
        return ("Normal(zeros, ones).log_prob(z).sum()", "mean = decode(z)", own)
    if written not in _KNOWN:
        return ("self.prior(x).log_prob(z)", "self.decode(z)", "self.log_likelihood(x, z)")
    standard = forward.prior is not None and forward.prior.is_standard
    label = 'pyro.sample("y", Categorical(logits=self.classifier(z)), obs=y)'
    return (
        _PRIORS.get(written, _STANDARD_PRIOR if standard else _OWN_PRIOR),
        _DECODERS.get(written, "output = self.decoder(z)"),
        f'pyro.sample("x", {likelihood}.to_event(3), obs=x)',
        *((label,) if written == "labels" else ()),
    )


def mean_in_words(forward: ForwardPass) -> str:
    """What E[x|z] is."""
    if forward.is_adapted:
        return "The mean: decode(z)."
    return "The mean." if forward.config.real_valued else _MEANS[forward.config.likelihood]


def draw_in_words(config: ModelConfig) -> str:
    """What a draw from p(x|z) is."""
    return _DRAWS[config.likelihood]


def total_in_words(forward: ForwardPass) -> str:
    """What log p(x|z) comes to."""
    total = float(forward.scores.log_likelihood[0])
    if not forward.pixels_add_up:
        return f"By a likelihood of its own, {nats(total)} nats; the pixels are a Bernoulli's."
    return f"Where x pays {nats(-total)} nats." if total < 0 else f"How x comes to {nats(total)} nats."


def cost_in_words(config: ModelConfig) -> str:
    """What a pixel adds to log p(x|z)."""
    return f"What each pixel of x adds to log p(x|z), its channels added up: {_COSTS[config.likelihood]}"


def output_in_words(forward: ForwardPass) -> str:
    """What the decoder puts out."""
    if forward.is_adapted:
        least, most = (number(float(value) / 255.0, 2) for value in (forward.mean.min(), forward.mean.max()))
        return f"Pixels of {least} to {most}."
    low, high = number(float(forward.parameters.min()), 1), number(float(forward.parameters.max()), 1)
    match forward.config.likelihood:
        case "gaussian":
            assert forward.sigma is not None
            least, most = (number(float(value)) for value in (forward.sigma.min(), forward.sigma.max()))
            return f"σ {least}." if least == most else f"σ {least} to {most}."
        case "categorical":
            return f"{forward.config.levels} logits a pixel: {low} to {high}."
        case _:
            return f"A logit a pixel: {low} to {high}."


def has_elbo(forward: ForwardPass) -> bool:
    """Whether the terms that are shown make up the model's ELBO."""
    return forward.latent_is_z and forward.prior is not None


def what_is_missing(forward: ForwardPass) -> str:
    """What this tab does not show of the family; nothing where all is shown."""
    likelihood = f"log p(x|z) = {nats(float(forward.scores.log_likelihood[0]))} nats."
    if forward.prior is None:
        return f"{likelihood} An autoencoder has no prior and draws nothing, so there is no ELBO to add up."
    match forward.written:
        case "hierarchical":
            return (
                f"{likelihood} Only the upper level is shown: z is drawn, the lower level w stands at the "
                "mean of p(w|z). The ELBO of both levels is on the Explore tab."
            )
        case "mixture":
            return (
                "log p(z) is that of the whole mixture, its component c summed out. The model's own ELBO, "
                "on the Explore tab, draws c from q(c|x): on average it lies KL(q(c|x) ‖ p(c|z)) below."
            )
        case "labels" if forward.scores.log_label is None:
            return "The label of this image is not known: log p(y|z) is left out."
    if not forward.latent_is_z:
        return f"{likelihood} The model draws more than z: its ELBO is on the Explore tab."
    if not forward.prior.is_standard:
        return "The prior is not N(0, I), the only one to which the KL is written out here."
    return ""
