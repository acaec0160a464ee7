"""Which plane a model opens on."""

from __future__ import annotations

from dataclasses import replace

import vae
from explorer.workspace import OpenedModel
from vae.chart import Chart, axis_chart
from vae.configuration import ModelConfig


def most_active(model: OpenedModel) -> Chart:
    """The two dimensions that tell most of the images that it came with; the first two without any."""
    encodings, axes = model.checkpoint.encodings, (0, 1)[: model.latent_dim]
    if model.latent_dim > 2 and len(encodings.labels):
        axes = vae.units_of_encodings(model.checkpoint.model, encodings).most_active
    return axis_chart(model.latent_dim, *axes)


class OpeningChart:
    """Remembers what a model in training opened on: what the user has chosen since stays when it is kept."""

    def __init__(self) -> None:
        self._in_training: tuple[ModelConfig, tuple[int, ...] | None] | None = None

    def forget(self) -> None:
        """Take nothing for chosen."""
        self._in_training = None

    def of(self, model: OpenedModel, present: Chart) -> Chart:
        """Its own most active dimensions, spaced as at present; none are known of a model in training.

        Slanted directions are left to those who know of others.
        """
        config, in_training = model.checkpoint.model.config, not len(model.checkpoint.encodings.labels)
        opened = self._in_training
        chosen = opened is not None and opened[0] == config and opened[1] != present.axes
        stays = present.axes is not None if in_training else chosen or present.axes is None
        if len(present.origin) == model.latent_dim and stays:
            chart = present
        else:
            chart = replace(most_active(model), quantiles=present.quantiles)
        self._in_training = (config, chart.axes) if in_training else None
        return chart
