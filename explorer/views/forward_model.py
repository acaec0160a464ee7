"""The model's lane: the prior's score of z, the decoder, and p(x|z)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explorer.views.forward_bells import Bell, BellRow, BellRows
from explorer.views.forward_lane import Lane, StageHead
from explorer.views.forward_layers import Layer, LayerPath
from explorer.views.forward_pixels import BoxPicture, LogProbMap
from explorer.views.forward_words import MOST_DIMENSIONS, beyond, indexed, nats, number, shape

if TYPE_CHECKING:
    from vae import ForwardPass

CODE = (
    'z = pyro.sample("z", Normal(zeros, ones).to_event(1))',
    "logits = self.decoder(z)",
    'pyro.sample("x", bernoulli(logits), obs=x)',
)
REACH = 3.5  # standard deviations of the prior that are shown on each side


class ModelLane(Lane):
    """The prior -> decoder -> probabilities -> Bernoulli -> log p(x|z)."""

    def __init__(self) -> None:
        super().__init__("Model  p(x, z)", CODE)
        self._prior = StageHead("z ~ N(0, I)", "")
        self._decoder = StageHead("decoder", "")
        self._mean = StageHead("E[x|z]", "The mean: sigmoid(logits).")
        self._bernoulli = StageHead("p(x|z)", "A draw: one coin a pixel.")
        self._log_prob = StageHead("log p(x|z)", "")
        self.prior = BellRows("forwardPrior", "The code z under the prior")
        self.layers = LayerPath("forwardDecoder", "The decoder, layer by layer")
        self.mean = BoxPicture("forwardMean", "The mean image of p(x|z)")
        self.sample = BoxPicture("forwardSample", "An image drawn from p(x|z)")
        self.log_prob = LogProbMap("forwardLogProb", "log p(x|z) of each pixel")
        self.log_prob.setToolTip(
            "What each pixel of x adds to log p(x|z), in nats: −BCE, summed over the channels.\n"
            "A grey pixel costs something even at its best: it is scored as a coin."
        )
        self.add_stage(self._prior, self.prior, 0)
        self.add_stage(self._decoder, self.layers, 1)
        self.add_stage(self._mean, self.mean, 1)
        self.add_stage(self._bernoulli, self.sample, 2)
        self.add_stage(self._log_prob, self.log_prob, 2)

    def show_pass(self, forward: ForwardPass) -> None:
        """Show the model's half."""
        latent_dim, image = len(forward.z), forward.x.shape
        log_prior = nats(float(forward.scores.log_prior[0]))
        low, high = number(float(forward.logits.min()), 1), number(float(forward.logits.max()), 1)
        self._prior.sentence.setText(f"log p(z) = {log_prior} nats.")
        self._prior.shape.setText(shape(latent_dim))
        self._decoder.shape.setText(f"{latent_dim:,} → {forward.x.size:,}")
        self._decoder.sentence.setText(f"A logit a pixel: {low} to {high}.")
        self._mean.shape.setText(shape(*image))
        self._bernoulli.shape.setText(shape(*image))
        cost = nats(-float(forward.scores.log_likelihood[0]))
        self._log_prob.sentence.setText(f"Where x pays {cost} nats.")
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
        *(Layer(values, f"{len(values):,}", "muted") for values in forward.decoder_layers),
        Layer(forward.mean.ravel().astype(np.float32), f"{forward.x.size:,}", "reconstruction"),
    ]


def _prior_row(forward: ForwardPass, place: int) -> BellRow:
    value = float(forward.z[place])
    reach = max(REACH, 1.05 * abs(value))
    words = f"{indexed('z', place)} = {number(value)}"
    return BellRow(words, (Bell(0.0, 1.0, "prior"),), -reach, reach, value)
