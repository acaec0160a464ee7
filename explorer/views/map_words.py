"""What the maps are called, in which unit their values are, and how they are read."""

from __future__ import annotations

from dataclasses import dataclass

from vae.chart import Chart
from vae.configuration import ModelConfig
from vae.maps import MapKind

NONE = "Map: none"


@dataclass(frozen=True)
class Words:
    """Of one map."""

    title: str
    unit: str
    sentence: str


_AROUND = "The mean of the images encoded around a place; clear where there are too few."
_TYPICAL = (
    "The median of the images encoded around a place: half have a larger gap, a few a far larger one. "
    "Clear where there are too few."
)
_WORDS = {
    MapKind.AGGREGATE: Words(
        "q(z) / p(z)",
        "nats, log q(z) / p(z)",
        "Blue: more images are encoded here than the prior says; brown: fewer; "
        "dashed: holes inside 2σ, where q(z) < p(z) / 10.",
    ),
    MapKind.RECONSTRUCTION: Words("reconstruction", "nats per image, E log p(x|z)", _AROUND),
    MapKind.KL: Words("KL", "nats per image, KL(q(z|x) ‖ p(z))", _AROUND),
    MapKind.ELBO: Words("ELBO", "nats per image", _AROUND),
    MapKind.GAP: Words("gap", "nats per image, log p(x) − ELBO", _TYPICAL),
    MapKind.ENTROPY: Words(
        "pixel entropy",
        "nats, summed over pixels",
        "How uncertain p(x|z) leaves the pixels: the brighter, the less the code says of the image.",
    ),
    MapKind.MAGNIFICATION: Words(
        "magnification",
        "pixels² per unit², √det JᵀJ",
        "How much the decoder stretches the plane: the brighter, the faster the image changes.",
    ),
    MapKind.NEAREST: Words(
        "nearest label", "", "Each place has the colour of the class whose encoded image is nearest."
    ),
    MapKind.CLASSES: Words(
        "p(y|z)", "", "Each place has the colour of the most probable label; the fuller, the surer."
    ),
}
_UNITS = {  # of families for which another quantity has that name
    (MapKind.RECONSTRUCTION, "conditional"): "E log p(x|z, y)",
    (MapKind.RECONSTRUCTION, "hierarchical"): "E log p(x|w)",
    (MapKind.RECONSTRUCTION, "autoencoder"): "log p(x|z)",
    (MapKind.KL, "conditional"): "KL(q(z|x, y) ‖ p(z))",
    (MapKind.KL, "hierarchical"): "KL of both levels",
    (MapKind.KL, "mixture"): "KL(q(c|x) q(z|x) ‖ p(c) p(z|c))",
    (MapKind.GAP, "conditional"): "log p(x|y) − ELBO",
    (MapKind.GAP, "labels"): "log p(x, y) − ELBO",
}


def words_of(kind: MapKind) -> Words:
    """Of any plane."""
    return _WORDS[kind]


def unit_of(kind: MapKind, config: ModelConfig, chart: Chart) -> str:
    """Of this model, on this chart."""
    if kind is MapKind.MAGNIFICATION and chart.is_line:
        return "pixels per unit, |J|"
    special = _UNITS.get((kind, config.family))
    return _WORDS[kind].unit if special is None else f"nats per image, {special}"


def sentence_of(kind: MapKind, config: ModelConfig, chart: Chart) -> str:
    """How a map of this model is read."""
    sentence = _WORDS[kind].sentence
    if kind is MapKind.ENTROPY and config.likelihood in ("gaussian", "continuous-bernoulli"):
        sentence += " Of a density: it may be below 0."
    if config.latent_dim > len(chart.directions):
        sentence += f" {_beyond(kind)}"
    return sentence


def _beyond(kind: MapKind) -> str:
    """What of the dimensions that the plane does not show."""
    match kind:
        case MapKind.AGGREGATE:
            return "The other dimensions are summed out."
        case MapKind.RECONSTRUCTION | MapKind.KL | MapKind.ELBO | MapKind.GAP:
            return "Whatever their other dimensions are."
        case _:
            return "The other dimensions are as pinned."
