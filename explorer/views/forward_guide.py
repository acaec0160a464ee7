"""The guide's lane: from x by way of the encoder to a draw of z."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explorer.views.card import button
from explorer.views.forward_bells import Bell, BellRow, BellRows, prior_bells
from explorer.views.forward_code import guide_code, guide_in_symbols
from explorer.views.forward_lane import Lane, StageHead
from explorer.views.forward_layers import Layer, LayerPath, hidden_layer
from explorer.views.forward_pixels import BoxPicture
from explorer.views.forward_words import MOST_DIMENSIONS, beyond, indexed, number, shape

if TYPE_CHECKING:
    from vae import ForwardPass

REACH = 3.5  # standard deviations that are shown on each side


class GuideLane(Lane):
    """x -> encoder -> z_loc, z_scale -> epsilon -> z."""

    def __init__(self) -> None:
        super().__init__("Guide  q(z|x)")
        self.previous = button("◂", "Previous image of the test set", role="layer")
        self.next = button("▸", "Next image of the test set", role="layer")
        self.redraw = button(
            "Redraw ε", "Draw new noise, as the next step would (R)", "redrawButton", "primary"
        )
        for choice in (self.previous, self.next, self.redraw):
            self.heading.addWidget(choice)
        self._x = StageHead("x", "The image.")
        self._encoder = StageHead("encoder", "From x to q's parameters.")
        self._parameters = StageHead("z_loc, z_scale", "q(z|x), beside the prior.")
        self._epsilon = StageHead("ε ~ N(0, I)", "Noise, new in each step.")
        self._z = StageHead("z", "= z_loc + z_scale · ε")
        self.picture = BoxPicture("forwardInput", "The input image x")
        self.layers = LayerPath("forwardEncoder", "The encoder, layer by layer")
        self.posterior = BellRows("forwardPosterior", "Mean and standard deviation of q(z|x)")
        self.noise = BellRows("forwardEpsilon", "The noise that was drawn")
        self.code_drawn = BellRows("forwardZ", "The code that was drawn from q(z|x)")
        self.code_drawn.setToolTip("The same place in the bell as ε, on the scale of q(z|x)")
        self.add_stage(self._x, self.picture, None)
        self.add_stage(self._encoder, self.layers, 0)
        self.add_stage(self._parameters, self.posterior, 0)
        self.add_stage(self._epsilon, self.noise, 1)
        self.add_stage(self._z, self.code_drawn, 1)

    def show_pass(self, forward: ForwardPass, caption: str) -> None:
        """Show the guide's half; ``caption`` says which image it is."""
        latent_dim = len(forward.z)
        self.title.setText(f"Guide  {guide_in_symbols(forward)}")
        self.code.show_lines(guide_code(forward))
        draws = forward.z_scale.any()
        self.redraw.setEnabled(bool(draws))
        self._x.title.setText("x" if forward.seen is forward.x else "x + noise")
        self._x.sentence.setText(caption)
        beside = ", beside the prior." if prior_bells(forward.prior, 0) else "."
        self._parameters.sentence.setText(f"q(z|x){beside}" if draws else "The code: a point.")
        self._epsilon.sentence.setText("Noise, new in each step." if draws else "Not used: nothing is drawn.")
        self._x.shape.setText(shape(*forward.x.shape))
        self._encoder.shape.setText(f"{forward.x.size:,} → {latent_dim:,} + {latent_dim:,}")
        self._parameters.shape.setText(f"each {shape(latent_dim)}")
        self._epsilon.shape.setText(shape(latent_dim))
        self._z.shape.setText(shape(latent_dim))
        self.picture.show_picture(forward.seen)
        self.layers.show_layers(_encoder_layers(forward))
        self._show_bells(forward)

    def _show_bells(self, forward: ForwardPass) -> None:
        dimensions = range(min(len(forward.z), MOST_DIMENSIONS))
        note = beyond(len(forward.z))
        self.posterior.show_rows([_posterior_row(forward, place) for place in dimensions], note)
        self.noise.show_rows([_noise_row(forward, place) for place in dimensions], note)
        self.code_drawn.show_rows([_code_row(forward, place) for place in dimensions], note)


def _encoder_layers(forward: ForwardPass) -> list[Layer]:
    latent_dim = len(forward.z)
    return [
        Layer(forward.seen.ravel().astype(np.float32), f"{forward.x.size:,}", "ink"),
        *(hidden_layer(values) for values in forward.encoder_layers),
        Layer(np.concatenate((forward.z_loc, forward.z_scale)), f"{latent_dim}+{latent_dim}", "q"),
    ]


def _posterior_row(forward: ForwardPass, place: int) -> BellRow:
    mean, scale = float(forward.z_loc[place]), float(forward.z_scale[place])
    reach = max(REACH, 1.05 * abs(mean) + REACH * scale)
    if not scale:
        return BellRow(f"{indexed('z', place)} = {number(mean)}", (), -reach, reach, mean)
    words = f"{indexed('z', place)}   μ {number(mean)}   σ {number(scale)}"
    q, prior = Bell(mean, scale, "q"), prior_bells(forward.prior, place)
    return BellRow(words, (*prior, q), -reach, reach)


def _noise_row(forward: ForwardPass, place: int) -> BellRow:
    if not forward.z_scale[place]:
        return BellRow("", (), -REACH, REACH)
    value = float(forward.epsilon[place])
    words = f"{indexed('ε', place)} = {number(value)}"
    return BellRow(words, (Bell(0.0, 1.0, "prior"),), -REACH, REACH, value)


def _code_row(forward: ForwardPass, place: int) -> BellRow:
    mean, scale = float(forward.z_loc[place]), float(forward.z_scale[place])
    value = float(forward.z[place])
    sign = "+" if forward.epsilon[place] >= 0 else "−"
    noise = number(abs(float(forward.epsilon[place])))
    words = f"{number(mean)} {sign} {number(scale)} · {noise} = {number(value)}"
    short = f"{indexed('z', place)} = {number(value)}"
    if not scale:
        return BellRow(short, (), value - REACH, value + REACH, value)
    reach = REACH * scale
    return BellRow(words, (Bell(mean, scale, "q"),), mean - reach, mean + reach, value, short)
