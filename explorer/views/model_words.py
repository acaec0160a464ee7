"""What the numbers of a model mean, in words: by its likelihood and its family."""

from __future__ import annotations

from vae.configuration import ModelConfig

_SCORES = {
    "bernoulli": "Grey pixels are scored as by a Bernoulli, which is no normalised density for them.",
    "continuous-bernoulli": "Pixels are scored by a continuous Bernoulli, a density: nats may be positive.",
    "gaussian": "Pixels are scored by a Gaussian, a density: nats may be positive.",
    "categorical": "Pixels are scored by the probability of their level of grey.",
}
_SIGMAS = {
    "fixed": "Its σ is fixed.",
    "image": "Its σ is learned, one for each image.",
    "pixel": "Its σ is learned, one for each pixel.",
}
_PLANES = {
    "labels": "One code stands for image and label: the map p(y|z) shows the most probable label.",
    "conditional": "Each point is encoded with its own label; the plane decodes with the label "
    "that is chosen beside it.",
    "hierarchical": "The upper of two levels of codes: each place is decoded at the mean of p(w|z), "
    "the lower level w that it leads to.",
    "mixture": "The prior is a mixture: its components are drawn at one standard deviation.",
    "autoencoder": "The codes of an autoencoder: no prior holds them together, no noise fills the holes.",
}


def scoring(config: ModelConfig) -> str:
    """What log p(x|z) is."""
    sentence = _SCORES[config.likelihood]
    return f"{sentence} {_SIGMAS[config.sigma]}" if config.likelihood == "gaussian" else sentence


def elbo_terms(config: ModelConfig) -> str:
    """How the ELBO of one image is made up, and how far its terms are exact."""
    exact = config.latent_dim <= 2 and config.family != "hierarchical"
    draws = f"the expectation is {'by quadrature' if exact else 'the mean over 64 draws from q'}"
    match config.family:
        case "autoencoder":
            return "In nats, for this image: log p(x|z) at its code. Without a prior there is no ELBO."
        case "labels":
            terms, kl = "E_q log p(x|z) + E_q log p(y|z) − KL(q(z|x) ‖ p(z))", "The KL is exact"
        case "conditional":
            terms, kl = "E_q log p(x|z, y) − KL(q(z|x, y) ‖ p(z))", "The KL is exact"
        case "hierarchical":
            terms, kl = "E_q log p(x|w) − KL of both levels", "The lower level's KL is a mean over draws of z"
        case "mixture":
            terms = "E_q log p(x|z) − KL(q(c|x) q(z|x) ‖ p(c) p(z|c))"
            kl = "The KL is exact, its component c summed out"
        case _:
            terms, kl = "E_q log p(x|z) − KL(q(z|x) ‖ p(z))", "The KL is exact"
    return f"In nats, for this image: ELBO = {terms}. {kl}, {draws}."


def plane(config: ModelConfig) -> str:
    """What the plane is, where it needs to be said."""
    sentences = [_PLANES[config.family]] if config.family in _PLANES else []
    if config.latent_dim > 2:
        sentences.append(
            "It shows two directions of z, the others as pinned; "
            "a trained model opens on its two most active dimensions."
        )
    return " ".join(sentences)


def given_label(density: str, label: int | None) -> str:
    """The name of a density, p(x|z) say, of a model that is told the label y as well: p(x|z, y)."""
    return density if label is None else density.replace(")", ", y)")
