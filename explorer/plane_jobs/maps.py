"""Maps of the plane, coarse and then finer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from contourpy import contour_generator
from numpy.typing import NDArray

import vae
from explorer.plane_jobs.known_gaps import KnownGaps
from explorer.plane_messages import AggregateFound, EncodedImages, MapFound, MapRequest
from vae.around import local_means, local_medians, nearest
from vae.chart import Chart
from vae.maps import MapKind, along, in_bounds, map_grid, row_of
from vae.tiles import TileGrid

if TYPE_CHECKING:
    _Numbers = tuple[vae.Surgery, vae.Share | None]

COARSE = 24  # cells across what is in view
FINE = 128
DECODED = 96  # of a map that decodes each cell
FIRST = 1_000  # images whose terms are worth a first map
FIRST_GAPS = 20  # and gaps
MOST_GAPS = 500  # that are looked for: each takes a fraction of a second
DRAWS = 500  # from one statement of the numbers to the next

Answers = Iterator[object]  # None wherever something more urgent may step in


class MapsJob:
    """Keeps the terms of the images, and the numbers of q(z), for as long as they hold."""

    asked = MapRequest

    def __init__(self, known_gaps: KnownGaps) -> None:
        self._known_gaps = known_gaps
        self._data: EncodedImages | None = None
        self._version = 0
        self._terms: vae.ImageTerms | None = None
        self._chart: Chart | None = None
        self._counting: Iterator[_Numbers | None] | None = None
        self._counted: _Numbers | None = None
        self._makers: dict[MapKind, Callable[[vae.VAE, MapRequest], Answers]] = {
            MapKind.AGGREGATE: self._aggregate,
            MapKind.RECONSTRUCTION: self._around,
            MapKind.KL: self._around,
            MapKind.ELBO: self._around,
            MapKind.GAP: self._gap,
            MapKind.ENTROPY: _entropy,
            MapKind.MAGNIFICATION: _magnification,
            MapKind.NEAREST: _nearest,
            MapKind.CLASSES: _classes,
        }

    def serve(self, model: vae.VAE, request: MapRequest) -> Answers:
        """One or more maps, each better than the last."""
        if (self._version, self._data) != (request.version, request.data):
            self._version, self._data = request.version, request.data
            self._terms = self._chart = None
        if self._chart is not request.chart:
            self._chart, self._counting, self._counted = request.chart, None, None
        return iter(()) if request.kind is None else self._makers[request.kind](model, request)

    def _aggregate(self, model: vae.VAE, request: MapRequest) -> Answers:
        """q(z) against the prior, and then the numbers, which are the same wherever one looks."""
        data, prior = request.data, vae.prior_of(model)
        assert data is not None and prior is not None
        if self._counted is not None:
            yield AggregateFound(request, *self._counted)
        for cells in (COARSE, FINE):
            yield from _contrast(request, data, prior, _grid(request, cells))
        if self._counting is None:
            self._counting = _count(data, prior, request.chart)
        for numbers in self._counting:
            if numbers is None:
                yield None
            else:
                self._counted = numbers
                yield AggregateFound(request, *numbers)

    def _around(self, model: vae.VAE, request: MapRequest) -> Answers:
        """A term of the images around each place, from more and more of them."""
        data = request.data
        assert data is not None and data.images is not None
        if self._terms is None:
            self._terms = vae.ImageTerms(data.images, data.encodings.labels)
        terms, shown, total = self._terms, 0, len(data.images)
        values = {
            MapKind.RECONSTRUCTION: terms.reconstruction,
            MapKind.KL: terms.kl,
            MapKind.ELBO: terms.elbo,
        }[request.kind or MapKind.ELBO]
        while not terms.complete:
            if len(terms.known) >= max(FIRST, 2 * shown):
                shown = len(terms.known)
                yield _mean_around(request, data, terms.known, values, total)
            terms.score_more(model)
            yield None
        yield _mean_around(request, data, terms.known, values, total)

    def _gap(self, model: vae.VAE, request: MapRequest) -> Answers:
        """The gaps of images around each place, of more and more of them."""
        data = request.data
        assert data is not None and data.images is not None
        gaps = self._known_gaps.of(request.version, data.images, data.encodings.labels)
        wanted, shown = min(MOST_GAPS, len(data.images)), 0
        while len(gaps.known) < wanted:
            if len(gaps.known) >= max(FIRST_GAPS, 1.25 * shown):
                shown = len(gaps.known)
                yield from _median_around(request, data, gaps.known, gaps.gap, wanted)
            gaps.find_more(model)
            yield None
        yield from _median_around(request, data, gaps.known, gaps.gap, max(wanted, len(gaps.known)))


def _mean_around(
    request: MapRequest,
    data: EncodedImages,
    known: NDArray[np.int64],
    values: NDArray[np.float32],
    total: int,
) -> MapFound:
    grid = _grid_for(request, len(known))
    places = request.chart.places(data.encodings.z_loc[known])
    means = local_means(places, values[known], _cells(request, grid))
    return MapFound(request, grid, _spread(request, means, grid), images=(len(known), total))


def _median_around(
    request: MapRequest,
    data: EncodedImages,
    known: NDArray[np.int64],
    values: NDArray[np.float32],
    total: int,
) -> Answers:
    """Of gaps, of which a few are a hundred times the others."""
    grid = _grid_for(request, len(known))
    places = request.chart.places(data.encodings.z_loc[known])
    medians = yield from local_medians(places, values[known], _cells(request, grid))
    yield MapFound(request, grid, _spread(request, medians, grid), images=(len(known), total))


def _grid_for(request: MapRequest, images: int) -> TileGrid:
    """The fewer images are known, the larger the cells."""
    return _grid(request, min(FINE, max(COARSE, 2 * round(images**0.5))))


def _contrast(request: MapRequest, data: EncodedImages, prior: vae.Prior, grid: TileGrid) -> Answers:
    cells = _cells(request, grid)
    found = yield from vae.contrast_with_prior(data.encodings, prior, request.chart, cells)
    ratio, depth = (_spread(request, part, grid) for part in (found.log_ratio, found.hole_depth))
    yield MapFound(request, grid, ratio, holes=_outlines(depth, grid))


def _outlines(depth: NDArray[np.float32], grid: TileGrid) -> tuple[NDArray[np.float64], ...]:
    """Around what is deeper than 0, each (S, 2)."""
    x, y = grid.centres().reshape(grid.rows, grid.columns, 2).transpose(2, 0, 1)
    return tuple(np.asarray(line) for line in contour_generator(x, y, depth).lines(0.0))


def _count(data: EncodedImages, prior: vae.Prior, chart: Chart) -> Iterator[_Numbers | None]:
    """The share of holes, and then the terms of the KL, stated now and then."""
    share = yield from vae.share_in_holes(data.encodings, prior, chart)
    told = 0
    for surgery in vae.split_kl(data.encodings, prior):
        if surgery.draws >= told + DRAWS:
            told = surgery.draws
            yield surgery, share
        else:
            yield None


def _entropy(model: vae.VAE, request: MapRequest) -> Answers:
    for cells in (COARSE, DECODED):
        grid = _grid(request, cells)
        codes = request.chart.codes(_cells(request, grid).centres(), request.z)
        found = yield from vae.pixel_entropies(model, codes, request.label)
        yield MapFound(request, grid, _spread(request, found.reshape(-1, grid.columns), grid))


def _magnification(model: vae.VAE, request: MapRequest) -> Answers:
    for cells in (COARSE, DECODED):
        grid = _grid(request, cells)
        metrics = yield from vae.pullback_metrics(
            model, request.chart, _cells(request, grid), request.z, request.label
        )
        ellipses = None if request.chart.is_line else vae.indicatrices(metrics, request.chart, grid)
        stretched = _spread(request, vae.volume_element(metrics), grid)
        yield MapFound(request, grid, stretched, indicatrices=ellipses)


def _nearest(model: vae.VAE, request: MapRequest) -> Answers:
    assert request.data is not None
    encodings, chart = request.data.encodings, request.chart
    points = np.zeros((len(encodings.labels), 3), np.float32)
    points[:, : len(chart.directions)] = along(chart, encodings.z_loc)
    beyond = encodings.z_loc - request.z
    points[:, 2] = np.linalg.norm(beyond - (beyond @ chart.directions.T) @ chart.directions, axis=1)
    for cells in (COARSE, FINE):
        grid = _grid(request, cells)
        shown = _cells(request, grid)
        centres = chart.coordinates(shown.centres()).reshape(shown.rows, -1, 2)
        found = yield from nearest(points, centres)
        yield _regions(request, grid, encodings.labels[found], np.ones(found.shape, np.float32))


def _classes(model: vae.VAE, request: MapRequest) -> Answers:
    for cells in (COARSE, FINE):
        grid = _grid(request, cells)
        shown = _cells(request, grid)
        found = vae.most_probable(model, request.chart.codes(shown.centres(), request.z))
        assert found is not None
        labels, sureness = found
        yield _regions(request, grid, labels.reshape(shown.rows, -1), sureness.reshape(shown.rows, -1))


def _regions(
    request: MapRequest, grid: TileGrid, labels: NDArray[np.int64], sureness: NDArray[np.float32]
) -> MapFound:
    every = np.broadcast_to(labels, (grid.rows, grid.columns))
    return MapFound(request, grid, _spread(request, sureness, grid), every)


def _grid(request: MapRequest, cells: int) -> TileGrid:
    """The cells that are drawn."""
    return map_grid(*request.view, cells)


def _cells(request: MapRequest, grid: TileGrid) -> TileGrid:
    """The cells that are computed: those of a line in the place of the plane's."""
    return row_of(grid) if request.chart.is_line else grid


def _spread(request: MapRequest, values: NDArray[np.float32], grid: TileGrid) -> NDArray[np.float32]:
    """A line's values at every height; none where no code is."""
    return np.where(in_bounds(request.chart, grid), values, np.float32(np.nan))
