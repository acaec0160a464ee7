"""What log p(x) and the gaps below it mean, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explorer.session import Session

if TYPE_CHECKING:
    from vae import ExactPosterior

CREMER = "Cremer, Li & Duvenaud (2018)"
AMORTISATION = (
    "ELBO(q*) − ELBO(q): what the encoder misses for this image. q* is the diagonal Gaussian with the "
    f"largest ELBO for this one image, found by optimising its μ and σ. {CREMER}."
)
OF_COMPONENTS = " The part of q(c|x), which chooses the component, is in it."
APPROXIMATION = (
    "log p(x) − ELBO(q*) = KL(q* ‖ p(z|x)): what no diagonal Gaussian can say of the exact posterior. "
    f"{CREMER}."
)
ELBO = "ELBO(q): the encoder's bound on log p(x), as beside the posterior."
GREY = (
    "On grey pixels the Bernoulli is no normalised density: log p(x) is a score, to be compared within this "
    "family of models only."
)


def evidence_name(session: Session) -> str:
    """What is computed: log p(x), log p(x|y) or log p(x, y)."""
    model, selection = session.workspace.model, session.inputs.selection
    if model is None or not model.checkpoint.model.needs_labels:
        return "log p(x)"
    network = model.checkpoint.model
    if not network.scores_labels:
        return "log p(x|y)"
    label = None if selection is None else selection.label
    return "log p(x, y)" if label in range(network.config.classes) else "log p(x)"


def evidence_tip(session: Session) -> str:
    """How it was found."""
    told = {
        "log p(x)": "The evidence of this image: the sum of p(x|z) p(z) over the whole plane",
        "log p(x|y)": "The evidence of this image given its label, which the model is told",
        "log p(x, y)": "The evidence of this image and its label together, since the model scores both",
    }[evidence_name(session)]
    return f"{told}. By quadrature, to some thousandths of a nat."


def amortisation_tip(session: Session) -> str:
    """Of the gap that the encoder leaves."""
    model = session.workspace.model
    mixture = model is not None and model.checkpoint.model.config.family == "mixture"
    return AMORTISATION + OF_COMPONENTS if mixture else AMORTISATION


def scored_as_density(session: Session) -> bool:
    """Whether log p(x) is one: not so of a Bernoulli on grey pixels."""
    model, selection = session.workspace.model, session.inputs.selection
    if model is None or selection is None or model.checkpoint.model.config.likelihood != "bernoulli":
        return True
    return not bool(np.any((selection.picture > 0) & (selection.picture < 255)))


def modes_in_words(session: Session, exact: ExactPosterior) -> str:
    """How many separate regions the exact posterior has, and what each holds."""
    posterior = "p(z|x)" if evidence_name(session) == "log p(x)" else "p(z|x, y)"
    if len(exact.modes) == 1:
        return f"{posterior} has one mode."
    whole = sum(mode.mass for mode in exact.modes)
    shares = ", ".join(f"{mode.mass / whole:.0%}" for mode in exact.modes[:4])
    more = ", …" if len(exact.modes) > 4 else ""
    return f"{posterior} has {len(exact.modes)} modes: {shares}{more}."
