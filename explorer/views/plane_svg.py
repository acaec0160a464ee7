"""The plane as a drawing that stays sharp at any size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from PySide6.QtCore import QBuffer, QIODevice, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtSvg import QSvgGenerator

from explorer.views.draggable_plot import DraggablePlot
from vae.files import write_whole

DOTS_PER_INCH = 96  # as many as CSS has
NAMESPACES = {"": "http://www.w3.org/2000/svg", "xlink": "http://www.w3.org/1999/xlink"}
LINES = {"path": "d", "polyline": "points", "polygon": "points"}  # and what holds their places
PLACE = re.compile(r"(-?[\d.]+(?:e-?\d+)?),(-?[\d.]+(?:e-?\d+)?)")


@dataclass(frozen=True)
class Scales:
    """Where the numbers of a drawing stand; nothing but letters is turned."""

    across: float
    down: float
    left: float
    top: float

    @classmethod
    def of(cls, matrix: str) -> Scales:
        """From SVG's "matrix(a,b,c,d,e,f)"."""
        across, _, _, down, left, top = map(
            float, matrix.removeprefix("matrix(").removesuffix(")").split(",")
        )
        return cls(across, down, left, top)

    def place(self, written: re.Match[str]) -> str:
        """A pair of numbers, in pixels."""
        x, y = map(float, written.groups())
        return f"{self.left + self.across * x:.3f},{self.top + self.down * y:.3f}"


def write_svg(path: Path, plot: DraggablePlot) -> None:
    """Draw what is seen: lines and letters as such; what is made of pixels as pixels.

    Raises:
        CheckpointError: the file cannot be written.
    """
    content, seen = QBuffer(), plot.viewport().rect()
    content.open(QIODevice.OpenModeFlag.WriteOnly)
    drawing = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)  # the one that can be clipped
    drawing.setOutputDevice(content)
    drawing.setSize(seen.size())
    drawing.setViewBox(seen)
    drawing.setResolution(DOTS_PER_INCH)
    drawing.setTitle("The latent plane")
    painter = QPainter(drawing)
    plot.render(painter, QRectF(seen), seen)
    painter.end()
    write_whole(path, _for_others(bytes(content.data().data())))


def _for_others(drawing: bytes) -> bytes:
    """The same for programs that know less than Qt: lines in pixels instead of the plane's units.

    Qt scales the lines and asks that their strokes be left as they are, which few can do.
    """
    for prefix, namespace in NAMESPACES.items():
        ET.register_namespace(prefix, namespace)
    root = ET.fromstring(drawing)
    for group in root.iter(_tag("g")):
        if "font-family" in group.attrib:
            group.set("font-family", f"{group.get('font-family')}, sans-serif")  # where there is no such font
        if len(group) and all(child.tag in map(_tag, LINES) for child in group):
            scales = Scales.of(group.attrib.pop("transform"))
            for child in group:
                name = LINES[child.tag.rpartition("}")[2]]
                child.attrib.pop("vector-effect", None)
                child.set(name, PLACE.sub(scales.place, child.get(name, "")))
    content: bytes = ET.tostring(root, "utf-8", xml_declaration=True)
    return content


def _tag(name: str) -> str:
    return f"{{{NAMESPACES['']}}}{name}"
