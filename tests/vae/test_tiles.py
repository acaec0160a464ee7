"""The geometry of the manifold's tiles."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vae.tiles import TileGrid, enlarge, mosaic, square_grid, tiles_of, view_grid

edges = st.floats(-100, 100, allow_subnormal=False)
sides = st.floats(1e-3, 200)


def grid_of(left: float, bottom: float, width: float, height: float, pixels: int, tile: int) -> TileGrid:
    return view_grid(left, left + width, bottom, bottom + height, pixels, tile)


views = st.tuples(edges, edges, sides, sides, st.integers(200, 4_000), st.integers(8, 100))
squares = st.tuples(edges, edges, sides, st.integers(200, 4_000), st.integers(8, 100))


@given(view=squares)
def test_the_tiles_cover_the_view_and_no_more_than_they_must(
    view: tuple[float, float, float, int, int],
) -> None:
    left, bottom, side, pixels, tile = view
    grid = grid_of(left, bottom, side, side, pixels, tile)
    right, top = left + side, bottom + side
    assert grid.left <= left < grid.left + grid.step
    assert grid.bottom <= bottom < grid.bottom + grid.step
    assert grid.left + grid.width - grid.step < right <= grid.left + grid.width
    assert grid.bottom + grid.height - grid.step < top <= grid.bottom + grid.height


@given(view=views)
def test_tiles_are_no_smaller_on_screen_than_asked_and_less_than_twice_as_large(
    view: tuple[float, float, float, float, int, int],
) -> None:
    _, _, width, _, pixels, tile = view
    on_screen = grid_of(*view).step * pixels / width
    assert tile * (1 - 1e-6) <= on_screen < 2 * tile * (1 + 1e-6)


@given(view=views)
def test_tiles_start_at_multiples_of_their_side(view: tuple[float, float, float, float, int, int]) -> None:
    grid = grid_of(*view)
    assert (grid.left / grid.step).is_integer()
    assert (grid.bottom / grid.step).is_integer()


@given(view=squares, right=st.floats(-5, 5), up=st.floats(-5, 5))
def test_a_view_that_moves_keeps_its_tiles(
    view: tuple[float, float, float, int, int], right: float, up: float
) -> None:
    left, bottom, side, pixels, tile = view
    here = grid_of(left, bottom, side, side, pixels, tile)
    there = view_grid(left + right, left + right + side, bottom + up, bottom + up + side, pixels, tile)
    assume(here.step == there.step)  # the side of a moved view is rounded anew
    assert ((here.left - there.left) / here.step).is_integer()
    assert ((here.bottom - there.bottom) / here.step).is_integer()


@given(view=squares)
def test_zooming_in_splits_each_tile_into_four(view: tuple[float, float, float, int, int]) -> None:
    left, bottom, side, pixels, tile = view
    outer = grid_of(left, bottom, side, side, pixels, tile)
    inner = grid_of(left, bottom, side / 2, side / 2, pixels, tile)
    assume(inner.step != outer.step)
    assert inner.step == outer.step / 2


@given(
    grid=st.builds(
        TileGrid, edges, edges, st.floats(1e-3, 10), columns=st.integers(1, 12), rows=st.integers(1, 12)
    )
)
def test_centres_run_along_the_rows_from_the_top_left(grid: TileGrid) -> None:
    centres = grid.centres()
    assert centres.dtype == np.float32
    assert centres.shape == (grid.rows * grid.columns, 2)
    for index, (z1, z2) in enumerate(centres):
        row, column = divmod(index, grid.columns)
        assert z1 == pytest.approx(grid.left + (column + 0.5) * grid.step, rel=1e-5, abs=1e-4)
        assert z2 == pytest.approx(grid.bottom + grid.height - (row + 0.5) * grid.step, rel=1e-5, abs=1e-4)


def test_the_lecture_grid_spans_its_extent_with_both_ends() -> None:
    centres = square_grid(5, 25).centres().reshape(25, 25, 2)
    np.testing.assert_allclose(centres[0, :, 0], np.linspace(-5, 5, 25), atol=1e-6)
    np.testing.assert_allclose(centres[:, 0, 1], np.linspace(5, -5, 25), atol=1e-6)


def test_a_grid_of_one_tile_shows_the_origin() -> None:
    assert square_grid(5, 1).centres().tolist() == [[0.0, 0.0]]


@given(
    rows=st.integers(1, 5), columns=st.integers(1, 5), channels=st.integers(1, 3),
    height=st.integers(1, 4), width=st.integers(1, 4),
)  # fmt: skip
def test_the_mosaic_puts_each_picture_where_its_tile_is(
    rows: int, columns: int, channels: int, height: int, width: int
) -> None:
    grid = TileGrid(0.0, 0.0, 1.0, columns, rows)
    pictures = np.random.default_rng(0).integers(
        0, 256, (rows * columns, channels, height, width), dtype=np.uint8
    )
    whole = mosaic(pictures, grid)
    assert whole.shape == (channels, rows * height, columns * width)
    assert whole.flags.c_contiguous
    for index, picture in enumerate(pictures):
        top, left = index // columns * height, index % columns * width
        assert np.array_equal(whole[:, top : top + height, left : left + width], picture)


def grid_at(column: int, row: int, power: int, columns: int, rows: int) -> TileGrid:
    return TileGrid(column * 2.0**power, row * 2.0**power, 2.0**power, columns, rows)


cells, counts = st.integers(-50, 50), st.integers(1, 12)
aligned = st.builds(grid_at, cells, cells, st.integers(-6, 2), counts, counts)


@given(grid=aligned)
def test_a_cell_tells_the_place_of_its_tile_whatever_the_grid(grid: TileGrid) -> None:
    by_hand = [(round(x / grid.step - 0.5), round(y / grid.step - 0.5)) for x, y in grid.centres().tolist()]
    assert grid.cells() == by_hand
    assert len(by_hand) == grid.count
    assert grid.indices(grid.centres()).tolist() == list(range(grid.count))


@given(grid=aligned, level=st.integers(1, 4))
def test_larger_tiles_cover_the_smaller_with_less_than_one_to_spare(grid: TileGrid, level: int) -> None:
    coarse = grid.coarser(2**level)
    assert coarse.covers(grid)
    assert coarse.step == grid.step * 2**level
    assert (coarse.left / coarse.step).is_integer()
    assert 0 <= grid.left - coarse.left < coarse.step
    assert 0 <= coarse.left + coarse.width - grid.left - grid.width < coarse.step
    assert not grid.covers(grid.grown(0.1))
    assert grid.grown(0.1).covers(grid)


@given(grid=aligned, level=st.integers(1, 3))
def test_enlarged_tiles_lie_where_they_are_on_the_plane(grid: TileGrid, level: int) -> None:
    coarse = grid.coarser(2**level)
    pictures = np.random.default_rng(0).integers(0, 256, (coarse.count, 2, 3, 4), dtype=np.uint8)
    shown = tiles_of(enlarge(mosaic(pictures, coarse), coarse, grid), grid).reshape(-1, 2, 3, 4)
    pixels = (np.stack(np.meshgrid((np.arange(4) + 0.5) / 4, (np.arange(3) + 0.5) / 3), -1) - 0.5) * (1, -1)
    for centre, tile in zip(grid.centres(), shown, strict=True):
        places = centre + grid.step * pixels
        for row, column in ((0, 0), (1, 3), (2, 1)):
            x, y = places[row, column]
            index = coarse.indices(places[row, column][None])[0]
            middle = coarse.centres()[index]
            across, down = (x - middle[0]) / coarse.step + 0.5, 0.5 - (y - middle[1]) / coarse.step
            assert (tile[:, row, column] == pictures[index][:, int(3 * down), int(4 * across)]).all()


def test_the_tiles_within_a_rectangle_are_those_that_do_not_stick_out() -> None:
    grid = TileGrid(-1.0, -0.5, 0.25, 12, 3)
    assert grid.within(0.0, 0.0, 1.0, 1.0) == TileGrid(0.0, 0.0, 0.25, 4, 1)
    assert grid.within(-9.0, -9.0, 9.0, 9.0) == grid
    assert grid.within(5.0, 0.0, 6.0, 1.0) is None


def test_a_mosaic_seen_tile_by_tile_is_what_it_was_made_of() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (6, 3, 4, 5), dtype=np.uint8)
    grid = TileGrid(0.0, 0.0, 1.0, 3, 2)
    seen = tiles_of(mosaic(pictures, grid), grid)
    assert np.array_equal(seen.reshape(pictures.shape), pictures)
