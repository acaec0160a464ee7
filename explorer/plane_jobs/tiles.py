"""What the plane decodes to."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

import vae
from explorer.plane_jobs.tile_cache import NOWHERE, TileCache
from explorer.plane_messages import Manifold, ManifoldRequest, Surroundings
from vae.chart import Chart
from vae.tiles import TileGrid, enlarge, mosaic, tiles_of

SLICE = 0.010  # seconds of decoding in a row
SHARED_SLICE = 0.020  # where all cores take part: between two slices they fall asleep
WORTH_SHARING = 0.004  # seconds of decoding, from which on they do
AT_ONCE = 0.003  # seconds of decoding that larger tiles, which are shown first, may cost
TWO_FRAMES = 0.032  # seconds of decoding where nothing is drawn yet, without larger tiles first
PATIENCE = 0.100  # seconds of decoding where others are drawn
BETWEEN = 0.050  # seconds between two pictures of tiles that sharpen
BATCHES = 16  # that tell how fast a model decodes
COARSEST = 5  # doublings of the side of a tile
FIRST_AROUND = 2  # doublings around the view, at least
WIDELY, HARDLY = 0.5, 0.2  # how far the surroundings reach beyond the view, in shares of it
STILL = 1.0  # seconds: of weights that change sooner nothing is decoded beyond the view
DECIMALS = 4  # of a code beyond the plane: more of them are but rounding, and would decode all anew

Key = tuple[int, float, int, int]  # what it is decoded from, side, column, row


class TilesJob:
    """Decodes the tiles in view.

    What was decoded before is remembered. Where nothing is drawn yet, or a slow decoder would keep the
    eye waiting, larger tiles are shown first, and then sharpen from the cursor outwards.
    """

    asked = ManifoldRequest

    def __init__(self) -> None:
        self._cache = TileCache()
        self._version = 0
        self._still_since = 0.0  # when the weights became what they are
        self._moving = False  # whether they were others shortly before, as in training
        self._sources: dict[object, int] = {}  # what tiles are decoded from, besides the weights
        self._pace = _Pace()
        self._model: vae.VAE | None = None
        self._drawn: TileGrid | None = None  # of the last answer
        self._around: Surroundings | None = None  # likewise

    def serve(self, model: vae.VAE, request: ManifoldRequest) -> Iterator[object]:
        """Pictures of all tiles, ever sharper; then of larger ones around them."""
        grid = _with_codes(request.grid, request.chart)
        if grid is None:
            return
        if request.version != self._version:
            self._cache.clear()
            self._version = request.version
            self._still_since, was = time.monotonic(), self._still_since
            self._moving = self._still_since - was < STILL
        if model is not self._model:  # not only other weights
            self._pace, self._model = _Pace(), model
        self._cache.make_room(2 * grid.count, model.config.image_shape)
        tiles = _Tiles(self._cache, model, request, self._source(request))
        yield from self._show_tiles(tiles, grid)
        if not request.chart.is_line and not self._moving:  # larger tiles are higher, too, than the row
            yield from self._show_surroundings(tiles, grid)

    def _show_tiles(self, tiles: _Tiles, grid: TileGrid) -> Iterator[object]:
        missing = tiles.missing(grid)
        level = self._first_level(tiles, grid, missing)
        if level:
            coarse = grid.coarser(2**level)
            for _ in self._decode(tiles, coarse, tiles.missing(coarse, grid, missing)):
                yield None
            yield self._answer(tiles, grid, level)
        shown_at = time.perf_counter()
        for _ in self._decode(tiles, grid, missing):
            if level and time.perf_counter() - shown_at > BETWEEN:
                yield self._answer(tiles, grid, level)
                shown_at = time.perf_counter()
            else:
                yield None
        yield self._answer(tiles, grid, 0)

    def _show_surroundings(self, tiles: _Tiles, grid: TileGrid) -> Iterator[object]:
        """For who zooms out or moves on; no others while those that are there reach beyond the view."""
        if tiles.chart.is_line:
            return
        around = self._around
        if around is not None and (around.version, around.source) == (self._version, tiles.source):
            nearby = _with_codes(grid.grown(HARDLY), tiles.chart)
            fine = around.grid.step <= 2**COARSEST * grid.step
            if fine and nearby is not None and around.grid.covers(nearby):
                return
        wide = grid.grown(WIDELY)
        for level in range(FIRST_AROUND, COARSEST + 1):
            found = _with_codes(wide.coarser(2**level), tiles.chart)
            assert found is not None  # the view itself has codes
            larger, missing = found, tiles.missing(found)
            if len(missing) * self._pace.seconds <= AT_ONCE:
                break
        yield None
        for _ in self._decode(tiles, larger, missing):
            yield None
        picture = tiles.picture(larger, 0)
        self._around = Surroundings(self._version, larger, picture, tiles.source)
        yield self._around

    def _first_level(self, tiles: _Tiles, grid: TileGrid, missing: NDArray[np.int64]) -> int:
        """How many times the sides are doubled of the tiles that are shown first."""
        if tiles.chart.is_line:
            return 0
        drawn = (self._drawn, self._around.grid if self._around is not None else None)
        covered = any(other is not None and other.covers(grid) for other in drawn)
        if len(missing) * self._pace.seconds <= (PATIENCE if covered else TWO_FRAMES):
            return 0
        coarsest = _coarsest(grid, tiles.chart)
        for level in range(1, coarsest):
            larger = tiles.missing(grid.coarser(2**level), grid, missing)
            if len(larger) * self._pace.seconds <= AT_ONCE:
                return level
        return coarsest

    def _decode(self, tiles: _Tiles, grid: TileGrid, missing: NDArray[np.int64]) -> Iterator[None]:
        """Decode what is missing; pause before each further slice.

        By all cores, unless they are training.
        """
        still = not self._moving
        while len(missing):
            slices = math.ceil(len(missing) * self._pace.seconds / (SHARED_SLICE if still else SLICE))
            count = math.ceil(len(missing) / slices)  # all alike: in a small one each tile takes longer
            batch, missing = missing[:count], missing[count:]
            began = time.perf_counter()
            tiles.decode(grid, batch, shared=still and count * self._pace.seconds > WORTH_SHARING)
            self._pace.note(len(batch), time.perf_counter() - began)
            if len(missing):
                yield None

    def _answer(self, tiles: _Tiles, grid: TileGrid, level: int) -> Manifold:
        self._drawn = grid
        return Manifold(self._version, grid, tiles.picture(grid, level), level, tiles.source)

    def _source(self, request: ManifoldRequest) -> int:
        """A number for the chart, the label and the code beyond the plane, the same for the same."""
        chart = request.chart
        beyond = chart.codes(np.zeros((1, 2), np.float32), request.z).round(DECIMALS) + 0.0  # no -0
        parts: tuple[object, ...] = (
            chart.origin.tobytes(),
            chart.directions.tobytes(),
            chart.quantiles,
            beyond.tobytes(),
        )
        if chart.is_line:  # rows of other tiles are no part of the same picture
            parts = (*parts, request.grid.step)
        return self._sources.setdefault((request.label, *parts), len(self._sources))


class _Pace:
    """How long a tile takes to decode: in the fastest of the last batches, since others may want the core."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=BATCHES)

    @property
    def seconds(self) -> float:
        """A tile, or a careful guess at first."""
        return min(self._last, default=1e-3)

    def note(self, count: int, seconds: float) -> None:
        """So many tiles took so long."""
        self._last.append(max(seconds, 1e-6) / count)


class _Tiles:
    """The tiles of one request: which are known, what they show."""

    def __init__(self, cache: TileCache, model: vae.VAE, request: ManifoldRequest, source: int) -> None:
        self._cache, self._model, self._request = cache, model, request
        self._keys_of: dict[TileGrid, list[Key]] = {}
        self.source, self.chart = source, request.chart

    def missing(
        self, grid: TileGrid, finer: TileGrid | None = None, wanted: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """The indices of those that are not decoded yet, nearest the cursor first.

        Of larger tiles, those that are ``wanted`` by a finer grid, where its tiles with these indices are.
        """
        missing = np.flatnonzero(self._cache.find(self._keys(grid)) == NOWHERE)
        if finer is not None and wanted is not None:
            missing = np.intersect1d(missing, grid.indices(finer.centres()[wanted]))
        away = grid.centres()[missing] - np.array(self._request.cursor, np.float32)
        return missing[np.argsort(np.square(away).sum(1), kind="stable")]

    def decode(self, grid: TileGrid, indices: NDArray[np.int64], *, shared: bool) -> None:
        """Decode these, by all cores where that is ``shared``, and remember them."""
        request, keys = self._request, self._keys(grid)
        codes = request.chart.codes(grid.centres()[indices], request.z)
        pictures = vae.decode_images(self._model, codes, request.label, shared=shared)
        self._cache.keep([keys[index] for index in indices], pictures)

    def picture(self, grid: TileGrid, level: int) -> NDArray[np.uint8]:
        """The mosaic; what is missing is filled with tiles whose sides were doubled ``level`` times."""
        slots = self._cache.find(self._keys(grid))
        if not level:
            return mosaic(self._cache.at(slots), grid)
        coarse = grid.coarser(2**level)
        larger = self._cache.at(self._cache.find(self._keys(coarse)))  # any, where it is not seen
        whole = enlarge(mosaic(larger, coarse), coarse, grid)
        known = slots != NOWHERE
        tiles_of(whole, grid)[known.reshape(grid.rows, grid.columns)] = self._cache.at(slots[known])
        return whole

    def _keys(self, grid: TileGrid) -> list[Key]:
        if grid not in self._keys_of:
            self._keys_of[grid] = [(self.source, grid.step, column, row) for column, row in grid.cells()]
        return self._keys_of[grid]


def _coarsest(grid: TileGrid, chart: Chart) -> int:
    """How many times the sides may be doubled: until a tile is as large as the whole chart, if it ends."""
    if chart.bounds is None:
        return COARSEST
    left, _, right, _ = chart.bounds
    return min(COARSEST, round(math.log2((right - left) / grid.step)))


def _with_codes(grid: TileGrid, chart: Chart) -> TileGrid | None:
    """The tiles that stand for codes; where one would be larger than the whole chart, smaller ones."""
    if chart.bounds is None:
        return grid
    left, bottom, right, top = chart.bounds
    tiles = grid.finer(max(1, round(grid.step / (right - left))))
    if chart.is_line:
        tiles = tiles.row(0)
        bottom, top = tiles.bottom, tiles.bottom + tiles.height
    return tiles.within(left, bottom, right, top)
