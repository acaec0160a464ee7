"""The forward pass in words: the Pyro lines of each family, and what is not shown of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explorer.views.forward_words import nats, number
from vae.configuration import ModelConfig

if TYPE_CHECKING:
    from vae import ForwardPass

_DRAW_Z = 'z = pyro.sample("z", Normal(z_loc, z_scale).to_event(1))'
_PRIORS = {
    "mixture": 'z = pyro.sample("z", Normal(loc[c], scale[c]).to_event(1))',
    "autoencoder": "z, _ = self.encoder(x)",
}
_DECODERS = {
    "conditional": "output = self.decoder(cat(z, y))",
    "hierarchical": 'w = pyro.sample("w", Normal(*self.inner(z)).to_event(1)); output = self.decoder(w)',
}
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


def guide_code(config: ModelConfig) -> tuple[str, ...]:
    """The guide's lines: that of the encoder, that of the draw, and others."""
    match config.family:
        case "autoencoder":
            return ("z, _ = self.encoder(x)", "z_scale = 0")
        case "conditional":
            return ("z_loc, z_scale = self.encoder(x, y)", _DRAW_Z)
        case "hierarchical":
            more = 'w = pyro.sample("w", Normal(*self.encode_inner(x, z)).to_event(1))'
            return ("z_loc, z_scale = self.encoder(x)", _DRAW_Z, more)
        case "mixture":
            more = 'c = pyro.sample("c", Categorical(logits=self.assigner(x)))'
            return ("z_loc, z_scale = self.encoder(x)", _DRAW_Z, more)
        case _:
            return ("z_loc, z_scale = self.encoder(x)", _DRAW_Z)


def model_code(config: ModelConfig) -> tuple[str, ...]:
    """The model's lines: that of the prior, of the decoder, of the likelihood, and others."""
    label = 'pyro.sample("y", Categorical(logits=self.classifier(z)), obs=y)'
    return (
        _PRIORS.get(config.family, 'z = pyro.sample("z", Normal(zeros, ones).to_event(1))'),
        _DECODERS.get(config.family, "output = self.decoder(z)"),
        f'pyro.sample("x", {_LIKELIHOODS[config.likelihood]}.to_event(3), obs=x)',
        *((label,) if config.family == "labels" else ()),
    )


def mean_in_words(config: ModelConfig) -> str:
    """What E[x|z] is."""
    return "The mean." if config.real_valued else _MEANS[config.likelihood]


def draw_in_words(config: ModelConfig) -> str:
    """What a draw from p(x|z) is."""
    return _DRAWS[config.likelihood]


def cost_in_words(config: ModelConfig) -> str:
    """What a pixel adds to log p(x|z)."""
    return f"What each pixel of x adds to log p(x|z), its channels added up: {_COSTS[config.likelihood]}"


def output_in_words(forward: ForwardPass) -> str:
    """What the decoder puts out."""
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
    return forward.config.family not in ("autoencoder", "hierarchical")


def what_is_missing(forward: ForwardPass) -> str:
    """What this tab does not show of the family; nothing where all is shown."""
    config = forward.config
    likelihood = f"log p(x|z) = {nats(float(forward.scores.log_likelihood[0]))} nats."
    match config.family:
        case "autoencoder":
            return (
                f"{likelihood} An autoencoder has no prior and draws nothing, so there is no ELBO to add up."
            )
        case "hierarchical":
            return (
                f"{likelihood} Only the upper level is shown: z is drawn, the lower level w stands at the "
                "mean of p(w|z). The ELBO of both levels is on the Explore tab."
            )
        case "mixture":
            return (
                "log p(z) is that of the whole mixture, its component c summed out; q(c|x) is not shown. "
                "The KL to a mixture has no closed form."
            )
        case "labels" if forward.scores.log_label is None:
            return "The label of this image is not known: log p(y|z) is left out."
        case _:
            return ""
