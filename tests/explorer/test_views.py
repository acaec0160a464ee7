"""What the views compute: where things stand, and in which colour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from explorer.theme import CLASSES
from explorer.views.axis import Axis
from explorer.views.draw_pad import DrawPad
from explorer.views.flow_layout import FlowLayout
from explorer.views.latent_plane import LatentPlane
from explorer.views.legend import FAINT, FULL, class_colours, factor_colours
from explorer.views.numbers import number
from explorer.views.picture_grid import PictureGrid
from explorer.views.picture_view import PictureView
from explorer.views.pictures import fit, to_image
from explorer.views.point_raster import RIM, margin, rasterise

# --- the plane and the screen


@pytest.fixture(scope="module")
def plane(qapp: QApplication) -> LatentPlane:
    plane = LatentPlane()
    plane.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    plane.resize(620, 500)
    plane.show()
    yield plane
    plane.close()
    plane.deleteLater()


corners = st.floats(-8, 8)


@settings(max_examples=30)
@given(left=corners, bottom=corners, side=st.floats(0.01, 10), x=st.integers(70, 600), y=st.integers(10, 440))
def test_the_place_under_a_pixel_is_drawn_at_that_pixel(
    plane: LatentPlane, left: float, bottom: float, side: float, x: int, y: int
) -> None:
    plane.plane.setRange(QRectF(left, bottom, side, side), padding=0)
    place = plane.plane.mapSceneToView(plane.mapToScene(QPoint(x, y)))
    assert plane.view_rect().contains(place)
    back = plane.mapFromScene(plane.plane.mapViewToScene(place))
    assert (back - QPoint(x, y)).manhattanLength() <= 1


@settings(max_examples=30)
@given(left=corners, bottom=corners, side=st.floats(0.01, 10))
def test_both_axes_have_the_same_scale_and_show_what_was_asked_for(
    plane: LatentPlane, left: float, bottom: float, side: float
) -> None:
    plane.plane.setRange(QRectF(left, bottom, side, side), padding=0)
    view, (width, height) = plane.view_rect(), plane.size_in_pixels()
    assert view.width() / width == pytest.approx(view.height() / height, rel=0.01)
    slack = 1e-6 * side + 1e-9
    assert view.contains(QRectF(left, bottom, side, side).adjusted(slack, slack, -slack, -slack))


# --- points


def place_and_colour(count: int) -> st.SearchStrategy[np.ndarray]:
    return arrays.arrays(np.float32, (count, 2), elements=st.floats(-30, 60, width=32))


@given(
    places=st.integers(0, 12).flatmap(place_and_colour),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
    radius=st.floats(0.5, 4),
)
def test_each_pixel_shows_the_last_point_whose_disc_covers_it(
    places: np.ndarray, width: int, height: int, radius: float
) -> None:
    colours = np.array([(10 * n + 1, 0, 255 - n, 200) for n in range(len(places))], np.uint8).reshape(-1, 4)
    whole, edge = rasterise(places, colours, (width, height), radius), margin(radius)
    picture = whole[::-1][edge:-edge, edge:-edge]  # from the lowest row on
    assert picture.shape == (height, width)
    reach = int(np.ceil(radius))
    for row, column in np.ndindex(height, width):
        expected = 0
        for (x, y), colour in zip(np.floor(places), colours, strict=True):
            distance = np.hypot(column - x, row - y)
            within = max(abs(column - x), abs(row - y)) <= reach
            if within and distance <= radius + RIM:
                alpha = colour[3] // 2 if distance > radius - RIM else colour[3]
                red, green, blue = (
                    (2 * int(part) * int(alpha) + 255) // 510 for part in colour[:3]
                )  # rounded
                expected = int(alpha) << 24 | red << 16 | green << 8 | blue
        assert picture[row, column] == expected


def test_points_out_of_view_draw_nothing() -> None:
    places = np.array([(-3, 5), (5, -3), (23, 5), (5, 23), (1e6, 1e6)], np.float32)
    assert not rasterise(places, np.full((5, 4), 255, np.uint8), (20, 20), 2).any()


# --- colours


def test_classes_have_colours_of_their_own_and_one_can_stand_alone() -> None:
    labels = np.arange(10)
    assert len({tuple(colour) for colour in class_colours(labels, None).tolist()}) == len(CLASSES) == 10
    assert class_colours(labels, 3)[:, 3].tolist() == [FULL if label == 3 else FAINT for label in labels]


@given(arrays.arrays(np.float32, st.integers(1, 50), elements=st.floats(-100, 100, width=32)))
def test_a_factor_runs_from_one_end_of_the_colours_to_the_other(values: np.ndarray) -> None:
    colours, low, high = factor_colours(values)
    assert np.nanmin(values) <= low <= high <= np.nanmax(values)
    assert (colours[:, 3] == FULL).all()
    order = np.argsort(values)
    assert (np.diff(colours[order, 1].astype(int)) >= 0).all()  # viridis grows greener


def test_numbers_have_a_true_minus_sign() -> None:
    assert [number(-1.5), number(1.5), number(1.5, sign=True)] == ["−1.50", "1.50", "+1.50"]
    assert number(-0.001) == "0.00"


def test_ticks_have_a_true_minus_sign_and_zero_has_none(qapp: QApplication) -> None:
    axis = Axis("bottom")
    assert axis.tickStrings([-1.5, -1e-17, 0.5, 1_000.0], 1.0, 0.5) == ["−1.5", "0.0", "0.5", "1,000.0"]


@pytest.mark.parametrize(("side", "width", "height"), [(28, 130, 112), (64, 130, 130), (28, 100, 100)])
def test_a_picture_asks_for_as_much_height_as_it_is_drawn(
    qtbot: QtBot, side: int, width: int, height: int
) -> None:
    view = PictureView("view", "a picture")
    qtbot.addWidget(view)
    assert view.heightForWidth(width) == width
    view.show_picture(np.zeros((1, side, side), np.uint8))
    assert view.heightForWidth(width) == height


# --- pictures


@example(width=1, height=1, room=(-2, -2, 2, 2))
@given(
    width=st.integers(1, 100), height=st.integers(1, 100),
    room=st.tuples(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 900), st.integers(1, 900)),
)  # fmt: skip
def test_a_picture_fits_its_room_and_keeps_its_proportions(
    width: int, height: int, room: tuple[int, int, int, int]
) -> None:
    available = QRect(*room)
    drawn = fit(available, width, height)
    scale = min(available.width() / width, available.height() / height)
    assert drawn.width() <= max(1, available.width())
    assert drawn.height() <= max(1, available.height())
    assert abs(drawn.width() * height - drawn.height() * width) <= max(width, height)
    for before, behind in (
        (drawn.left() - available.left(), available.right() - drawn.right()),
        (drawn.top() - available.top(), available.bottom() - drawn.bottom()),
    ):
        assert behind - before in (0, 1)
    if scale >= 4:
        assert drawn.width() % width == drawn.height() % height == 0
        assert drawn.width() > width * (scale - 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_becomes_an_image_of_the_same_pixels(channels: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (channels, 5, 7), dtype=np.uint8)
    image = to_image(picture)
    kept = picture.copy()
    picture[:] = 0  # the image has a memory of its own
    assert (image.width(), image.height()) == (7, 5)
    for row, column in np.ndindex(5, 7):
        colour = image.pixelColor(column, row)
        expected = np.broadcast_to(kept[:, row, column], 3).tolist()
        assert [colour.red(), colour.green(), colour.blue()] == expected


@given(
    rows=st.integers(1, 4), columns=st.integers(1, 8), width=st.integers(40, 500), height=st.integers(40, 300)
)
def test_the_cells_of_a_grid_are_found_again_and_do_not_overlap(
    qapp: QApplication, rows: int, columns: int, width: int, height: int
) -> None:
    grid = PictureGrid("grid", "", rows, columns)
    grid.resize(width, height)
    grid.show_pictures(np.zeros((rows * columns, 1, 2, 2), np.uint8))
    cells = [grid.cell(place) for place in range(rows * columns)]
    for place, cell in enumerate(cells):
        assert grid.rect().contains(cell)
        assert grid.place_at(cell.center()) == place
        assert not any(cell.intersects(other) for other in cells[:place])
    assert grid.place_at(QPoint(-1, -1)) is None
    grid.deleteLater()


# --- rows that wrap


@given(widths=st.lists(st.integers(10, 120), min_size=1, max_size=12), across=st.integers(120, 400))
def test_a_row_wraps_where_the_next_widget_would_stick_out(
    qapp: QApplication, widths: list[int], across: int
) -> None:
    holder, layout = QWidget(), FlowLayout(spacing=5)
    holder.setLayout(layout)
    for width in widths:
        label = QLabel()
        label.setFixedSize(width, 20)
        layout.addWidget(label)
    layout.setGeometry(QRect(0, 0, across, 1_000))
    x = y = 0
    for width, place in zip(widths, range(layout.count()), strict=True):
        if x > 0 and x + width > across:
            x, y = 0, y + 25
        assert layout.itemAt(place).geometry().getRect() == (x, y, width, 20)
        x += width + 5
    assert layout.heightForWidth(across) == y + 20
    holder.deleteLater()


# --- the rest


@pytest.mark.parametrize("size", [(280, 280), (200, 140), (400, 500)])
def test_the_pad_draws_where_the_mouse_is_whatever_its_size(qtbot: QtBot, size: tuple[int, int]) -> None:
    pad = DrawPad()
    qtbot.addWidget(pad)
    pad.resize(*size)
    qtbot.mouseClick(pad, Qt.MouseButton.LeftButton, pos=pad.rect().center())
    rows, columns = np.nonzero(pad.ink())
    assert rows.mean() == pytest.approx(139.5, abs=2)
    assert columns.mean() == pytest.approx(139.5, abs=2)
    assert np.ptp(rows) == pytest.approx(22, abs=2)
