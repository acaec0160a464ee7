"""Stroke digits: a data set of handwritten-looking digits, drawn from a seed by a pen that never existed.

Each digit has one or more styles of writing, kept as the path of a pen through a few points. For every
image the path is bent, stretched, slanted and fitted as MNIST fits its digits: into a box of 20 pixels,
with the centre of its ink at the centre of a square of 28 pixels. A round nib then follows the path.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

FACTORS: Final[tuple[str, ...]] = ("slant", "rise", "proportion", "wobble", "thickness", "style")
"""What varies from image to image besides the digit itself.

- ``slant``: how far upright strokes lean, in degrees; positive leans to the right.
- ``rise``: how far level strokes climb towards the right, in degrees.
- ``proportion``: the digit's width over its height, as a multiple of that of its model; 1 is the model.
- ``wobble``: how far the pen strays from its model, root mean square, in hundredths of the path's length.
- ``thickness``: the mean width of the stroke, in pixels.
- ``style``: which way of writing the digit, counted from 0; a 7 is plain (0), curved (1) or barred (2).
"""

SIDE: Final = 28
BOX: Final = 20.0
CLASSES: Final = 10

_POINTS: Final = 72  # on a path; the longest then has them a pixel apart, closer than the pen is wide
_SOFTNESS: Final = 1.15  # pixels over which the edge of a stroke fades from ink to paper
_SHORTEST_WAVE: Final = 0.95  # of the digit's height; shorter ones look like a trembling hand
_PRESSURE: Final = 0.09  # relative variation of the width along a stroke, root mean square
_CHUNK: Final = 128  # images drawn at once, few enough for the processor's cache


class _Range(NamedTuple):
    """A bounded, bell-shaped distribution: a beta distribution stretched over the range."""

    low: float
    high: float
    mean: float
    concentration: float


_RANGES: Final = {
    "slant": _Range(-25.0, 40.0, 7.0, 7.0),
    "rise": _Range(-12.0, 18.0, 3.0, 7.0),
    "proportion": _Range(0.7, 1.7, 1.1, 6.0),
    "wobble": _Range(0.2, 3.6, 1.65, 5.0),
    "thickness": _Range(1.4, 4.6, 2.75, 5.0),
}


class _Style(NamedTuple):
    """One way of writing a digit, the share that is written so, and the points that the pen runs through.

    Points are "right,down" in hundredths of the digit's height. A point given twice is a corner, and the
    pen is lifted at a slash. The styles of a digit are numbered in their order here.
    """

    digit: int
    share: float
    points: str


_STYLES: Final = (
    # A plain oval, its end a little past its beginning.
    _Style(0, 0.6, "38,1 14,12 1,48 10,86 34,100 58,87 68,50 58,13 36,0 26,5"),
    # Begun at the upper right, with a tail left inside.
    _Style(0, 0.4, "56,10 36,3 13,20 1,56 12,91 36,99 60,80 69,42 58,10 42,2 33,14"),
    # A bare stroke.
    _Style(1, 0.7, "10,0 9,33 10,67 10,100"),
    # With a flag.
    _Style(1, 0.18, "0,24 12,14 22,0 22,0 23,35 22,68 22,100"),
    # With a flag and a foot.
    _Style(1, 0.12, "6,22 18,13 28,0 28,0 28,35 28,68 28,98 / 0,100 28,98 56,98"),
    # A corner at the foot.
    _Style(2, 0.5, "4,22 14,5 36,0 56,10 57,33 40,61 18,83 0,98 0,98 24,96 48,97 72,98"),
    # A loop at the foot.
    _Style(2, 0.5, "6,17 20,2 43,2 56,19 50,45 36,70 20,91 6,97 1,87 11,77 28,82 48,94 74,95"),
    # Two bowls.
    _Style(3, 0.75, "4,12 20,1 44,3 53,18 43,36 20,46 20,46 44,50 59,67 53,88 30,100 0,92"),
    # A flat top.
    _Style(3, 0.25, "2,5 25,4 53,0 53,0 40,19 24,39 24,39 46,43 60,62 54,87 30,100 0,91"),
    # Open, with a square corner.
    _Style(4, 0.45, "14,4 9,26 2,52 2,52 27,53 64,47 / 52,0 48,30 44,65 42,100"),
    # Open, with a round bowl.
    _Style(4, 0.3, "10,2 2,20 2,42 16,51 35,43 49,23 54,3 54,3 49,30 44,65 42,100"),
    # Closed.
    _Style(4, 0.25, "45,0 30,24 14,45 0,62 0,62 30,63 68,60 / 46,0 45,33 44,67 43,100"),
    # The cap written last.
    _Style(5, 0.55, "14,6 12,24 8,44 8,44 30,38 52,50 56,72 42,93 18,100 0,93 / 14,6 38,4 66,0"),
    # One flowing stroke.
    _Style(5, 0.45, "68,0 48,3 28,7 18,20 14,38 28,46 44,58 47,77 36,95 16,100 0,92"),
    # A round back.
    _Style(6, 0.6, "45,0 26,12 10,36 1,66 9,92 30,100 49,88 51,69 38,57 20,64 8,82"),
    # A straight back.
    _Style(6, 0.4, "24,0 13,24 4,50 2,76 13,96 33,99 51,86 52,66 38,54 20,61 4,78"),
    # A sharp corner.
    _Style(7, 0.5, "0,7 28,4 58,2 58,2 48,26 36,60 26,100"),
    # A hook and a round shoulder.
    _Style(7, 0.3, "2,20 5,6 5,6 25,5 48,2 57,14 50,38 40,68 34,100"),
    # Barred.
    _Style(7, 0.2, "0,7 28,5 60,2 60,2 46,29 32,61 22,100 / 14,54 34,51 56,49"),
    # An S that turns back.
    _Style(8, 0.7, "50,13 36,0 16,3 7,20 20,39 37,54 46,77 36,97 14,99 4,83 14,62 32,42 46,26 53,8"),
    # One ring on another.
    _Style(8, 0.3, "26,47 8,36 6,15 21,1 40,6 47,25 25,47 / 25,47 5,62 3,87 22,100 44,92 49,69 25,47"),
    # A straight tail.
    _Style(9, 0.6, "46,14 32,1 11,9 1,31 11,46 30,41 45,23 50,5 50,5 47,35 42,68 39,100"),
    # A curved tail.
    _Style(9, 0.4, "47,17 32,0 12,6 2,27 12,46 33,44 48,27 50,10 53,38 49,74 31,98 14,97"),
)


@dataclass(frozen=True)
class StrokeDigits:
    """Generated digits, white on black, with what made each of them.

    ``images`` has shape (N, 1, 28, 28), 0 for paper to 255 for ink; ``labels`` has shape (N,);
    ``factors`` has one array of shape (N,) for every name in ``FACTORS``, in the units given there.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    factors: dict[str, Floats]


def generate(count: int, seed: int) -> StrokeDigits:
    """Draw ``count`` digits, the ten classes mixed in equal numbers; a seed always gives the same bytes."""
    if count < 1:
        raise ValueError(f"The number of stroke digits must be at least 1, not {count}.")
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(count, dtype=np.int64) % CLASSES)
    factors = _draw_factors(labels, generator)
    path = _written_paths(labels, factors, generator)
    widths = _pen_widths(factors["thickness"], generator)
    images = _centred(_ink(_fitted(path, widths), widths))
    return StrokeDigits(images[:, np.newaxis], labels, factors)


def _draw_factors(labels: NDArray[np.int64], generator: np.random.Generator) -> dict[str, Floats]:
    """Draw the factors of every image, each of shape (N,) and independent of the others."""
    factors = {}
    for name, (low, high, mean, concentration) in _RANGES.items():
        middle = (mean - low) / (high - low)
        drawn = generator.beta(concentration * middle, concentration * (1 - middle), len(labels))
        factors[name] = (low + (high - low) * drawn).astype(np.float32)
    factors["style"] = np.zeros(len(labels), dtype=np.float32)
    for digit in range(CLASSES):
        chosen = labels == digit
        shares = [style.share for style in _STYLES if style.digit == digit]
        factors["style"][chosen] = generator.choice(len(shares), np.count_nonzero(chosen), p=shares)
    return factors


def _written_paths(
    labels: NDArray[np.int64], factors: dict[str, Floats], generator: np.random.Generator
) -> Floats:
    """Bend, stretch and slant the model of every image; shape (N, points, 2), heights near 1."""
    path = np.empty((len(labels), _POINTS, 2), dtype=np.float32)
    for (digit, style), (model, bends) in _models().items():
        chosen = np.flatnonzero((labels == digit) & (factors["style"] == style))
        strength = generator.standard_normal((len(chosen), 2, bends.shape[1]), dtype=np.float32)
        astray = (strength @ bends.T).swapaxes(1, 2)
        size = np.sqrt(np.mean(np.sum(astray**2, axis=2), axis=1))
        wanted = factors["wobble"][chosen] / 100 * _way(model)
        path[chosen] = model + astray * (wanted / size)[:, np.newaxis, np.newaxis]
    right = path[..., 0] * factors["proportion"][:, np.newaxis]
    down = path[..., 1]
    lean = np.tan(np.radians(factors["slant"]))[:, np.newaxis]
    climb = np.tan(np.radians(factors["rise"]))[:, np.newaxis]
    return np.stack((right - lean * down, down - climb * right), axis=2)


@cache
def _models() -> dict[tuple[int, int], tuple[Floats, Floats]]:
    """Give for each digit and style its path, shape (points, 2), and the ways to bend it, (points, ways)."""
    models = {}
    for digit in range(CLASSES):
        for index, style in enumerate(style for style in _STYLES if style.digit == digit):
            path = _even_points(style.points)
            path -= path.mean(axis=0)
            models[digit, index] = path.astype(np.float32), _bends(path).astype(np.float32)
    return models


def _even_points(points: str) -> Doubles:
    """Run the pen through the points of a style and mark its way at even distances."""
    curves = [_curve(_knots(stroke)) for stroke in points.split("/")]
    ways = [np.append(0, np.cumsum(_steps(curve))) for curve in curves]
    ends = np.cumsum([way[-1] for way in ways])
    numbers = np.diff(np.round(_POINTS * ends / ends[-1]).astype(int), prepend=0)
    marks = []
    for curve, way, number in zip(curves, ways, numbers, strict=True):
        at = np.linspace(0, way[-1], number)
        marks.append(np.stack([np.interp(at, way, axis) for axis in curve.T], axis=1))
    return np.concatenate(marks)


def _knots(stroke: str) -> Doubles:
    """Read the points of one stroke; shape (knots, 2), in units of the digit's height."""
    return np.array([[int(number) for number in point.split(",")] for point in stroke.split()]) / 100


def _curve(knots: Doubles) -> Doubles:
    """Join the knots, shape (knots, 2), by a Catmull-Rom spline, closely sampled."""
    knots = np.concatenate((2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]))
    step = np.linspace(0, 1, 24)[:, np.newaxis, np.newaxis]
    before, start, end, after = knots[:-3], knots[1:-2], knots[2:-1], knots[3:]
    pieces = start + step / 2 * (
        end
        - before
        + step * (2 * before - 5 * start + 4 * end - after)
        + step**2 * (3 * (start - end) + after - before)
    )
    return pieces.swapaxes(0, 1).reshape(-1, 2)


def _bends(path: Doubles) -> Doubles:
    """Give smooth ways to displace the path: slow waves along it, and quadratic warps of the whole sheet.

    What slant, rise, proportion and size can do is taken out, so that the wobble is what they leave over.
    """
    along = np.linspace(0, np.pi, _POINTS)
    right, down = path.T
    highest = round(2 * _way(path) / _SHORTEST_WAVE)
    waves = [np.cos(order * along) / order for order in range(1, highest + 1)]
    warps = [8 * right**2, 12 * right * down, 8 * down**2]
    bends = np.stack(waves + warps, axis=1)
    flat = np.stack((np.ones(_POINTS), right, down), axis=1)
    accounted: Doubles = flat @ np.linalg.lstsq(flat, bends, rcond=None)[0]
    return bends - accounted


def _way(path: Floats | Doubles) -> float:
    """Give how far the pen goes, on the paper and above it."""
    return float(_steps(path).sum())


def _steps(path: Floats | Doubles) -> Floats | Doubles:
    """Give the distances between the neighbours on a path of shape (points, 2)."""
    return np.asarray(np.hypot(*np.diff(path, axis=0).T))


def _pen_widths(thickness: Floats, generator: np.random.Generator) -> Floats:
    """Let the pressure vary slowly along each path; shape (N, points), in pixels, mean ``thickness``."""
    along = np.linspace(0, np.pi, _POINTS, dtype=np.float32)
    waves = np.cos(np.outer(np.arange(1, 5, dtype=np.float32), along))
    strength = generator.standard_normal((len(thickness), len(waves)), dtype=np.float32)
    pressure = np.clip(strength @ waves * (_PRESSURE / np.sqrt(len(waves) / 2)), -0.3, 0.3)
    return np.asarray(thickness[:, np.newaxis] * (1 + pressure), dtype=np.float32)


def _fitted(path: Floats, widths: Floats) -> Floats:
    """Scale each path so that its ink fills the box in the middle; in pixels, shape as before."""
    low, high = path.min(axis=1, keepdims=True), path.max(axis=1, keepdims=True)
    room = BOX - widths.max(axis=1) - _SOFTNESS
    scale = room[:, np.newaxis, np.newaxis] / (high - low).max(axis=2, keepdims=True)
    return np.asarray((path - (low + high) / 2) * scale + (SIDE - 1) / 2, dtype=np.float32)


def _ink(path: Floats, widths: Floats) -> NDArray[np.uint8]:
    """Draw round nibs of these widths along the paths; shape (N, 28, 28)."""
    images = np.empty((len(path), SIDE, SIDE), dtype=np.uint8)
    for start in range(0, len(path), _CHUNK):
        part = slice(start, start + _CHUNK)
        images[part] = _inked_chunk(path[part], widths[part])
    return images


def _inked_chunk(path: Floats, widths: Floats) -> NDArray[np.uint8]:
    """Draw a few images at once, with the images on the last axis so that each step is one long sweep.

    Every pixel keeps its least power (squared distance less squared radius) over the nibs, which is a sum
    of a part from its column and a part from its row, and needs a single root at the end.
    """
    radii = np.asarray(widths / 2, dtype=np.float32)
    pixels = np.arange(SIDE, dtype=np.float32)[:, np.newaxis]
    power = np.full((SIDE, SIDE, len(path)), np.inf, dtype=np.float32)
    nib = np.empty_like(power)
    for right, down, radius in zip(*path.transpose(2, 1, 0), radii.T, strict=True):
        across = (pixels - right) ** 2 - radius**2
        np.add(((pixels - down) ** 2)[:, np.newaxis], across, out=nib)
        np.minimum(power, nib, out=power)
    usual = radii.mean(axis=1)
    outside = np.sqrt(np.maximum(power + usual**2, 0)) - usual
    ink = np.clip(0.5 - outside / _SOFTNESS, 0, 1)
    return np.moveaxis(np.rint(255 * ink).astype(np.uint8), -1, 0)


def _centred(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Move each image by whole pixels to bring its centre of mass to the middle, as MNIST does."""
    places = np.arange(SIDE)
    margin = int(SIDE - BOX) // 2  # moved no further, so that no ink leaves at one edge
    sources = []
    for other in (2, 1):
        profile = images.sum(axis=other, dtype=np.float32)
        centre = profile @ places / profile.sum(axis=1)
        move = np.clip(np.rint(centre - SIDE / 2), -margin, margin).astype(int)
        sources.append((places + move[:, np.newaxis]) % SIDE)
    rows, columns = sources
    image = np.arange(len(images))[:, np.newaxis, np.newaxis]
    return np.asarray(images[image, rows[:, :, np.newaxis], columns[:, np.newaxis]])
