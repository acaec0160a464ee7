"""A view of the plane in one small JSON file: what is open, where one stands, what one looks at."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.bookmarks import Bookmark, bookmark_in
from explorer.checked_json import (
    Refused,
    code_in,
    label_in,
    list_in,
    number_in,
    object_in,
    read_json,
    text_in,
    texts_in,
    truth_in,
    value_in,
    whole_in,
)
from explorer.viewpoint import Colouring, View
from vae.chart import Chart
from vae.dataset import Part
from vae.errors import ViewError
from vae.files import write_whole
from vae.maps import MapKind

FORMAT = 1
WAYS = ("straight", "geodesic")
BEFORE: Mapping[str, Any] = {  # where these were not kept yet
    "part": Part.TEST.value,
    "colouring": asdict(Colouring()),
    "share": 0.0,
    "page": None,
}
TOLERANCE = 1e-3  # by which the directions of a chart may fail to be of length 1 and at right angles


@dataclass(frozen=True)
class StoredPicture:
    """A picture (C, H, W)."""

    shape: tuple[int, int, int]
    pixels: bytes

    @classmethod
    def of(cls, picture: NDArray[np.uint8]) -> StoredPicture:
        """The pixels of an array (C, H, W)."""
        channels, height, width = picture.shape
        return cls((channels, height, width), picture.tobytes())

    def array(self) -> NDArray[np.uint8]:
        """(C, H, W), to be written into, as torch wants it."""
        return np.frombuffer(self.pixels, np.uint8).reshape(self.shape).copy()


@dataclass(frozen=True)
class StoredChart:
    """Which codes the plane stands for: see vae.chart.Chart."""

    origin: tuple[float, ...]
    directions: tuple[tuple[float, ...], ...]
    names: tuple[str, ...]
    quantiles: bool

    @classmethod
    def of(cls, chart: Chart) -> StoredChart:
        """The numbers of a chart."""
        directions = tuple(tuple(direction) for direction in chart.directions.tolist())
        return cls(tuple(chart.origin.tolist()), directions, chart.names, chart.quantiles)

    def chart(self) -> Chart:
        """The chart of these numbers."""
        origin, directions = np.array(self.origin, np.float32), np.array(self.directions, np.float32)
        return Chart(origin, directions, self.names, self.quantiles)


@dataclass(frozen=True)
class StoredEnd:
    """One end of a path: a place, or the mean of q(z|x) of an image."""

    z: tuple[float, ...]
    image: StoredPicture | None
    label: int | None


@dataclass(frozen=True)
class ViewState:
    """All of it. D is the number of latent dimensions, the same for all codes."""

    model: str  # as explorer.model_name names it
    dataset: str
    test_image: int | None  # the input: a test image,
    drawing: StoredPicture | None  # or a drawing, or neither
    noise: float
    label: int | None
    z: tuple[float, ...]
    chart: StoredChart
    view: View | None  # None for the whole plane
    layers: tuple[str, ...]
    part: Part  # whose images are the points
    colouring: Colouring
    map: MapKind | None
    path: tuple[StoredEnd | None, StoredEnd | None]
    way: str
    share: float  # of the way from A, where the slider stands
    page: str | None  # beside the plane; None for the one that is open
    bookmarks: tuple[Bookmark, ...]


# --- writing


def write_view(path: Path, state: ViewState) -> None:
    """Write a view.

    Raises:
        CheckpointError: the file cannot be written.
    """
    ends = [None if end is None else asdict(end) | {"image": _rows(end.image)} for end in state.path]
    drawing, part = _rows(state.drawing), state.part.value
    values = asdict(state) | {"drawing": drawing, "path": ends, "part": part}
    write_whole(path, json.dumps({"format": FORMAT, **values}, indent=1, ensure_ascii=False).encode())


def _rows(picture: StoredPicture | None) -> Mapping[str, Any] | None:
    """Each row of pixels as a text of two hexadecimal digits a pixel."""
    if picture is None:
        return None
    (channels, _, width), pixels = picture.shape, picture.pixels
    rows = [pixels[start : start + width].hex() for start in range(0, len(pixels), width)]
    return {"channels": channels, "rows": rows}


# --- reading


def read_view(path: Path) -> ViewState:
    """Read a view, and look at every value in it.

    Raises:
        ViewError: it is none, or makes no sense.
    """
    try:
        state = _view_in({**BEFORE, **read_json(path, FORMAT)})
        _require_one_space(state)
    except Refused as refused:
        raise ViewError(
            f"{path.name} is no view that can be opened: {refused}. "
            "Choose another file, or save the view again with this version."
        ) from refused
    return state


def _view_in(values: Mapping[str, Any]) -> ViewState:
    ends = list_in(values, "path")
    if len(ends) != 2:
        raise Refused("its 'path' has not two ends")
    kind, way = value_in(values, "map"), text_in(values, "way")
    if kind is not None and kind not in list(MapKind):
        raise Refused(f"it asks for an unknown map, {kind!r}")
    if way not in WAYS:
        raise Refused(f"it asks for an unknown way, {way!r}")
    part = value_in(values, "part")
    if part not in [known.value for known in Part]:
        raise Refused(f"it asks for an unknown part of the data, {part!r}")
    noise = number_in(values, "noise")
    if noise < 0:
        raise Refused("its 'noise' is below 0")
    share = number_in(values, "share")
    if not 0 <= share <= 1:
        raise Refused("its 'share' is not between 0 and 1")
    return ViewState(
        model=text_in(values, "model"),
        dataset=text_in(values, "dataset"),
        test_image=label_in(values, "test_image"),
        drawing=_picture_in(values, "drawing"),
        noise=noise,
        label=label_in(values, "label"),
        z=code_in(values, "z"),
        chart=_chart_in(object_in(values, "chart")),
        view=_rectangle_in(values, "view"),
        layers=texts_in(values, "layers"),
        part=Part(part),
        colouring=_colouring_in(object_in(values, "colouring")),
        map=None if kind is None else MapKind(kind),
        path=(_end_in(ends[0]), _end_in(ends[1])),
        way=way,
        share=share,
        page=None if value_in(values, "page") is None else text_in(values, "page"),
        bookmarks=tuple(map(bookmark_in, list_in(values, "bookmarks"))),
    )


def _chart_in(values: Mapping[str, Any]) -> StoredChart:
    directions = list_in(values, "directions")
    chart = StoredChart(
        code_in(values, "origin"),
        tuple(code_in({"directions": direction}, "directions") for direction in directions),
        texts_in(values, "names"),
        truth_in(values, "quantiles"),
    )
    if len(directions) not in (1, 2) or len(chart.names) != len(directions):
        raise Refused("its plane has not one or two directions, each with a name")
    if any(len(direction) != len(chart.origin) for direction in chart.directions):
        raise Refused("the directions of its plane are of another latent space than their origin")
    along = np.array(chart.directions)
    if not np.allclose(along @ along.T, np.eye(len(along)), atol=TOLERANCE):
        raise Refused("the directions of its plane are not at right angles and of length 1")
    return chart


def _colouring_in(values: Mapping[str, Any]) -> Colouring:
    return Colouring(text_in(values, "by"), label_in(values, "alone"))


def _rectangle_in(values: Mapping[str, Any], name: str) -> View | None:
    if value_in(values, name) is None:
        return None
    view = code_in(values, name)
    if len(view) != 4 or view[2] <= 0 or view[3] <= 0:
        raise Refused(f"its '{name}' is not left, bottom, width and height")
    return view[0], view[1], view[2], view[3]


def _picture_in(values: Mapping[str, Any], name: str) -> StoredPicture | None:
    if value_in(values, name) is None:
        return None
    stored = object_in(values, name)
    channels, rows = whole_in(stored, "channels"), texts_in(stored, "rows")
    try:
        pixels = [bytes.fromhex(row) for row in rows]
    except ValueError:
        pixels = []
    widths = {len(row) for row in pixels}
    if channels not in (1, 3) or len(widths) != 1 or 0 in widths or len(pixels) % channels:
        raise Refused(f"its '{name}' is no picture in rows of hexadecimal digits")
    return StoredPicture((channels, len(pixels) // channels, widths.pop()), b"".join(pixels))


def _end_in(values: Any) -> StoredEnd | None:
    if values is None:
        return None
    if not isinstance(values, dict):
        raise Refused("an end of its 'path' is no object")
    return StoredEnd(code_in(values, "z"), _picture_in(values, "image"), label_in(values, "label"))


def _require_one_space(state: ViewState) -> None:
    codes = (state.chart.origin, *(place.z for place in (*state.path, *state.bookmarks) if place is not None))
    if any(len(code) != len(state.z) for code in codes):
        raise Refused("its codes are of different latent spaces")
