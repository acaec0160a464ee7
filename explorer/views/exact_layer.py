"""The layer of exact inference on a plot of the plane: p(z|x) over q's ellipses, and the best Gaussian q*."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QPushButton

import vae
from explorer.session import Session
from explorer.views.draggable_plot import DraggablePlot
from explorer.views.exact_items import BestGaussian, Contours, Line, ModeRing
from vae.chart import PEAK, Chart

if TYPE_CHECKING:
    from vae import ExactPosterior, Gaps
    from vae.regions import Region

SIGMAS = (1, 2)  # of q*
MOST_RINGS = 5
NEARLY_ALL = 0.99  # of the mass of p(z|x)
NOTABLE = 0.05  # share of p(z|x) in a mode, from which on it is given a ring
TIP = (
    "The exact posterior p(z|x): the smallest regions that hold 39.3 % and 86.5 % of it, as one and two "
    "standard deviations of a Gaussian do. Dashed: q*, the diagonal Gaussian with the largest ELBO"
)
TIP_OF_LINE = TIP.replace("39.3 % and 86.5 %", "68.3 % and 95.4 %")


class ExactLayer(QObject):
    """Draws what the session knows of p(z|x) on one plot, and has it computed while the plot is seen."""

    def __init__(self, session: Session, plot: DraggablePlot) -> None:
        super().__init__(plot)
        self._session, self._plot = session, plot
        self._wanted = True
        self._contours, self._best = Contours(), BestGaussian()
        self._rings = [ModeRing() for _ in range(MOST_RINGS)]
        for item in (self._contours, self._best, *self._rings):
            plot.plane.addItem(item, ignoreBounds=True)
        self._sizes: list[float] = []  # of what each ring is for, on the plane
        plot.installEventFilter(self)
        plot.plane.sigRangeChanged.connect(self._show_rings)
        session.evidence.changed.connect(self._show)
        session.exploration.chart_changed.connect(self._show)
        self._show()

    def set_visible(self, visible: bool) -> None:
        """Show or hide it all."""
        self._wanted = visible
        self._watch()
        self._show()

    def places(self) -> NDArray[np.floating]:
        """What holds all that is drawn, and nearly all of p(z|x): (N, 2); none while nothing is."""
        evidence, chart = self._session.evidence, self._session.exploration.chart
        parts: list[Line] = []
        if self._wanted and evidence.exact is not None:
            parts += contour_lines(evidence.exact, chart)[-1]
            parts.append(chart.places(evidence.exact.cells_holding(NEARLY_ALL)))
        if self._wanted and evidence.gaps is not None:
            parts += _outlines(evidence.gaps, chart)
        return np.concatenate((np.zeros((0, 2)), *parts))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Nothing is computed for a plot that nobody sees."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._watch(seen=event.type() is QEvent.Type.Show)
        return super().eventFilter(watched, event)

    def _watch(self, *, seen: bool | None = None) -> None:
        seen = self._plot.isVisible() if seen is None else seen
        self._session.evidence.watch(self, watching=seen and self._wanted)

    def _show(self) -> None:
        evidence, chart = self._session.evidence, self._session.exploration.chart
        exact = evidence.exact if self._wanted else None
        gaps = evidence.gaps if self._wanted else None
        self._contours.trace([] if exact is None else contour_lines(exact, chart))
        self._best.trace([] if gaps is None else _outlines(gaps, chart))
        modes = [] if exact is None else [mode for mode in exact.modes if mode.mass > NOTABLE]
        self._sizes = []
        for ring, mode in zip(self._rings, modes, strict=False):
            ring.setPos(*chart.places(mode.peak[None])[0].tolist())
            scale = np.sqrt(np.diagonal(mode.covariance))[None]
            self._sizes.append(float(np.ptp(chart.outlines(mode.loc[None], scale, 2.0)[0], axis=0).max()))
        self._show_rings()

    def _show_rings(self) -> None:
        """Those of modes that are smaller than the ring on the screen."""
        pixel = self._plot.view_rect().width() / self._plot.size_in_pixels()[0]
        for place, ring in enumerate(self._rings):
            known = place < len(self._sizes)
            ring.setVisible(known and self._sizes[place] < 2 * ModeRing.RADIUS * pixel)


class ExactChip(QPushButton):
    """Shows and hides the layer; offered where p(z|x) can be computed."""

    def __init__(self, session: Session, plot: DraggablePlot) -> None:
        super().__init__("p(z|x)")
        self.setObjectName("layerp(z|x)")
        self.setCheckable(True)
        self.setChecked(True)
        self._session = session
        self._layer = ExactLayer(session, plot)
        self.places = self._layer.places
        self.toggled.connect(self._layer.set_visible)
        session.workspace.model_changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        model = self._session.workspace.model
        if model is not None:
            network = model.checkpoint.model
            self.setVisible(vae.why_not_exact(network) is None)
            self.setToolTip(TIP_OF_LINE if network.config.latent_dim == 1 else TIP)


def contour_lines(exact: ExactPosterior, chart: Chart) -> list[list[Line]]:
    """The edges of the regions of p(z|x), the inner one first, as lines (S, 2) on the plane.

    In one dimension each interval is drawn as the area under the density, as of q(z|x).
    """
    if len(chart.origin) > 1:
        return [[chart.places(line) for line in region.contours] for region in exact.regions]
    return [
        [chart.spread(_under_density(exact, region, line[:, 0])) for line in region.contours]
        for region in exact.regions
    ]


def _under_density(exact: ExactPosterior, region: Region, interval: Line) -> Line:
    """The area under p(z|x) over an interval (2,): (S, 2). A Gaussian is drawn as by vae.chart.bell()."""
    z = np.concatenate([patch.cells().centres[:, 0] for patch in exact.patches])
    log_density = np.concatenate([patch.log_density for patch in exact.patches])
    low, high = interval.tolist()
    inside = (z > low) & (z < high)
    top = log_density.max()
    heights = np.exp(np.concatenate(([region.log_density], log_density[inside], [region.log_density])) - top)
    length = sum(float(np.ptp(line)) for line in exact.regions[0].contours)
    heights *= PEAK * length / 2  # the inner region of a Gaussian is two standard deviations long
    along = np.concatenate(([low], z[inside], [high]))
    area = np.stack((along, heights), axis=1)
    closed: Line = np.concatenate(([(low, 0.0)], area, [(high, 0.0), (low, 0.0)]))
    return closed


def _outlines(gaps: Gaps, chart: Chart) -> list[Line]:
    loc, scale = gaps.best_loc[None], gaps.best_scale[None]
    return [chart.outlines(loc, scale, sigmas)[0] for sigmas in SIGMAS]
