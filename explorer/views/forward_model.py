"""The model's lane: the prior's score of z, the decoder, and p(x|z)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explorer.views.forward_bells import BellRow, BellRows, prior_bells
from explorer.views.forward_code import (
    cost_in_words,
    draw_in_words,
    mean_in_words,
    model_code,
    model_in_symbols,
    output_in_words,
    total_in_words,
)
from explorer.views.forward_lane import Lane, StageHead
from explorer.views.forward_layers import Layer, LayerPath, hidden_layer
from explorer.views.forward_pixels import BoxPicture, LogProbMap
from explorer.views.forward_words import MOST_DIMENSIONS, beyond, indexed, nats, number, shape

if TYPE_CHECKING:
    from vae import ForwardPass

REACH = 3.5  # standard deviations of the prior that are shown on each side


class ModelLane(Lane):
    """The prior -> decoder -> mean -> likelihood -> log p(x|z)."""

    def __init__(self) -> None:
        super().__init__("Model  p(x, z)")
        self._prior = StageHead("z ~ N(0, I)", "")
        self._decoder = StageHead("decoder", "")
        self._mean = StageHead("E[x|z]", "")
        self._likelihood = StageHead("p(x|z)", "")
        self._log_prob = StageHead("log p(x|z)", "")
        self.prior = BellRows("forwardPrior", "The code z under the prior")
        self.layers = LayerPath("forwardDecoder", "The decoder, layer by layer")
        self.mean = BoxPicture("forwardMean", "The mean image of p(x|z)")
        self.sample = BoxPicture("forwardSample", "An image drawn from p(x|z)")
        self.log_prob = LogProbMap("forwardLogProb", "log p(x|z) of each pixel")
        self.add_stage(self._prior, self.prior, 0)
        self.add_stage(self._decoder, self.layers, 1)
        self.add_stage(self._mean, self.mean, 1)
        self.add_stage(self._likelihood, self.sample, 2)
        self.add_stage(self._log_prob, self.log_prob, 2)

    def show_pass(self, forward: ForwardPass) -> None:
        """Show the model's half."""
        latent_dim, image, config = len(forward.z), forward.x.shape, forward.config
        self.title.setText(f"Model  {model_in_symbols(forward)}")
        self.code.show_lines(model_code(forward))
        log_prior = f"log p(z) = {nats(float(forward.scores.log_prior[0]))} nats."
        self._prior.title.setText(_prior_in_words(forward))
        self._prior.sentence.setText("No prior." if forward.prior is None else log_prior)
        self._prior.shape.setText(shape(latent_dim))
        self._decoder.shape.setText(f"{latent_dim:,} → {forward.parameters.size:,}")
        self._decoder.sentence.setText(output_in_words(forward))
        self._mean.sentence.setText(mean_in_words(forward))
        self._likelihood.sentence.setText(draw_in_words(config))
        self.log_prob.setToolTip(cost_in_words(config))
        self._mean.shape.setText(shape(*image))
        self._likelihood.shape.setText(shape(*image))
        self._log_prob.sentence.setText(total_in_words(forward))
        self._log_prob.shape.setText(shape())
        self.layers.show_layers(_decoder_layers(forward))
        self.mean.show_picture(forward.mean)
        self.sample.show_picture(forward.sample)
        self.log_prob.show_log_prob(forward.pixel_log_prob)
        rows = [_prior_row(forward, place) for place in range(min(latent_dim, MOST_DIMENSIONS))]
        self.prior.show_rows(rows, beyond(latent_dim))


def _decoder_layers(forward: ForwardPass) -> list[Layer]:
    return [
        Layer(forward.z, f"{len(forward.z):,}", "cursor"),
        *(hidden_layer(values) for values in forward.decoder_layers),
        Layer(forward.mean.ravel().astype(np.float32), f"{forward.parameters.size:,}", "reconstruction"),
    ]


def _prior_row(forward: ForwardPass, place: int) -> BellRow:
    value = float(forward.z[place])
    bells = prior_bells(forward.prior, place)
    reach = max(REACH, 1.05 * abs(value), *(abs(bell.mean) + 2 * bell.scale for bell in bells))
    return BellRow(f"{indexed('z', place)} = {number(value)}", bells, -reach, reach, value)


def _prior_in_words(forward: ForwardPass) -> str:
    if forward.prior is None:
        return "z"
    if forward.prior.is_standard:
        return "z ~ N(0, I)"
    gaussians = len(forward.prior.loc)
    return f"z ~ {gaussians} Gaussians" if gaussians > 1 else "z ~ p(z)"
