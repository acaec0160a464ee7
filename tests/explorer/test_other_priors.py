"""The plane draws a prior only where it is: N(0, I), another Gaussian, or one that is no Gaussian at all."""

from __future__ import annotations

import numpy as np
import pyro.distributions as dist
import pytest
import torch
from PySide6.QtCore import QRectF
from pytestqt.qtbot import QtBot
from torch import Tensor

import vae
from explorer.views.latent_plane import LatentPlane
from explorer.views.plane_bounds import component_outlines, prior_circles, whole_plane
from vae import VAE
from vae.chart import axis_chart
from vae.configuration import ModelConfig
from vae.models.vae import normal

SMALL = ModelConfig((1, 4, 4), 2, (8,), (8,))


class Shifted(VAE):
    def prior(self, x: Tensor) -> dist.TorchDistribution:
        loc = torch.tensor((4.0, -2.0)).expand(len(x), -1)
        return normal(loc, torch.full_like(loc, 0.5))


class Laplace(VAE):
    def prior(self, x: Tensor) -> dist.TorchDistribution:
        zeros = x.new_zeros(len(x), self.config.latent_dim)
        return dist.Laplace(zeros, zeros + 1.0).to_event(1)


@pytest.mark.parametrize(
    ("family", "circles", "ellipses"),
    [(VAE, True, []), (Shifted, False, [QRectF(3.5, -2.5, 1.0, 1.0)]), (Laplace, False, [])],
)
def test_circles_are_those_of_a_standard_normal_alone(
    qtbot: QtBot, family: type[VAE], circles: bool, ellipses: list[QRectF]
) -> None:
    plane = LatentPlane()
    qtbot.addWidget(plane)
    prior, chart = vae.prior_of(family(SMALL)), axis_chart(2)
    plane.show_prior(prior_circles(prior, chart), component_outlines(prior, chart))
    assert plane._circles.isVisible() is circles
    assert len(plane._components.rects) == len(ellipses)
    for drawn, expected in zip(plane._components.rects, ellipses, strict=True):
        assert drawn.getRect() == pytest.approx(expected.getRect(), abs=1e-5)
    plane.set_prior_visible(False)
    assert not plane._circles.isVisible()
    assert not plane._components.isVisible()


def test_the_whole_plane_holds_the_prior_or_else_the_codes() -> None:
    codes = np.array(((7.0, 7.0), (9.0, 8.0)), np.float32)
    assert whole_plane(vae.prior_of(VAE(SMALL)), codes, axis_chart(2)) is None
    shifted = whole_plane(vae.prior_of(Shifted(SMALL)), codes, axis_chart(2))
    assert shifted is not None
    assert shifted.contains(QRectF(2.5, -3.5, 3.0, 3.0))
    assert not shifted.contains(7.0, 7.0)
    laplace = whole_plane(vae.prior_of(Laplace(SMALL)), codes, axis_chart(2))
    assert laplace is not None
    assert laplace.contains(8.0, 7.5)
