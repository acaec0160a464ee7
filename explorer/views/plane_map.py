"""The map on the plane: how it is chosen, drawn and read."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QSizePolicy, QVBoxLayout, QWidget

from explorer.plane_messages import AggregateFound, MapFound
from explorer.session import Session
from explorer.theme import current_theme
from explorer.views.card import styled_label
from explorer.views.latent_plane import LatentPlane
from explorer.views.map_bar import MapBar
from explorer.views.map_colours import Scale, coloured, coloured_classes
from explorer.views.map_items import MapColours, Outlines
from explorer.views.map_words import NONE, sentence_of, unit_of, words_of
from explorer.views.numbers import number
from vae.maps import OF_DATA, MapKind, cell_at

OF_CLASSES = (MapKind.NEAREST, MapKind.CLASSES)
LINES = {MapKind.AGGREGATE: 2, MapKind.MAGNIFICATION: 1} | dict.fromkeys(
    OF_DATA, 1
)  # that are kept for numbers


class MapChooser(QComboBox):
    """Which map is on the plane; those that the open model or data cannot give are greyed, and say why."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setObjectName("mapBox")
        self.setToolTip("A map of the plane, in colours beneath the points")
        self.addItem(NONE, None)
        for kind in MapKind:
            self.addItem(f"Map: {words_of(kind).title}", kind)
        self.currentIndexChanged.connect(self._choose)
        session.maps.chosen_changed.connect(self._show)
        self._show()

    def _choose(self, place: int) -> None:
        kind = self.itemData(place)
        self._session.maps.choose(None if kind is None else MapKind(kind))

    def _show(self) -> None:
        maps, items = self._session.maps, self.model()
        assert isinstance(items, QStandardItemModel)
        for place, kind in enumerate(MapKind, start=1):
            reason = maps.why_not(kind)
            items.item(place).setEnabled(not reason)
            self.setItemData(place, reason or words_of(kind).sentence, Qt.ItemDataRole.ToolTipRole)
        with QSignalBlocker(self):
            self.setCurrentIndex(0 if maps.chosen is None else 1 + list(MapKind).index(maps.chosen))


class PlaneMap(QWidget):
    """Draws the map on a plane, and is itself what stands beneath it: colour bar, sentence, numbers."""

    def __init__(self, session: Session, plane: LatentPlane) -> None:
        super().__init__()
        self._session, self._plane = session, plane
        self._scale: Scale | None = None
        self._colours = MapColours()
        self._holes, self._steps = Outlines(Qt.PenStyle.DashLine), Outlines(Qt.PenStyle.SolidLine)
        for item in (self._colours, self._holes, self._steps):
            plane.plane.addItem(item, ignoreBounds=True)
        self.bar = MapBar()
        self.sentence, self.numbers = styled_label("", "muted"), styled_label("", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for widget in (self.bar, self.numbers, self.sentence):
            layout.addWidget(widget)
        for label in (self.sentence, self.numbers):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._connect()
        self._show_choice()

    def _connect(self) -> None:
        maps, plane = self._session.maps, self._plane
        maps.chosen_changed.connect(self._show_choice)
        maps.found_changed.connect(self._show_map)
        maps.numbers_changed.connect(self._show_numbers)
        self._session.exploration.cursor_moved.connect(self._show_value)
        self._settle = QTimer(self, singleShot=True, interval=0)  # one question for a burst of changes
        self._settle.timeout.connect(self._look)
        plane.plane.sigRangeChanged.connect(self._settle.start)
        plane.plane.sigResized.connect(self._settle.start)

    def _look(self) -> None:
        if not self.isVisible():
            return
        view = self._plane.view_rect()
        self._session.maps.look_at((view.left(), view.right(), view.top(), view.bottom()))

    def _show_choice(self) -> None:
        """What is known of the map before it is found."""
        maps, model = self._session.maps, self._session.workspace.model
        kind = maps.chosen
        self.setVisible(kind is not None)
        if kind is None or model is None:
            return
        chart, config = self._session.exploration.chart, model.checkpoint.model.config
        reason = maps.why_not(kind)
        self.bar.setVisible(not reason)
        self.sentence.setText(reason or sentence_of(kind, config, chart))
        bare = bool(reason) or (kind is MapKind.MAGNIFICATION and chart.is_line)  # ellipses need a plane
        lines = 0 if bare else LINES.get(kind, 0)
        self.numbers.setVisible(lines > 0)
        self.numbers.setMinimumHeight(lines * self.numbers.fontMetrics().lineSpacing())
        if self._session.maps.found is None:
            self.numbers.setText("being computed …")

    def _show_map(self) -> None:
        found, model = self._session.maps.found, self._session.workspace.model
        self._plane.make_room_for_map(found is not None)
        for item in (self._colours, self._holes, self._steps):
            item.setVisible(found is not None)
        if found is None or model is None:
            self._scale = None
            self.bar.show_scale(None, "")
            self.bar.show_value(None)
            return
        kind = found.request.kind
        assert kind is not None
        self._scale = None if kind in OF_CLASSES else Scale.of(kind, found.values)
        self.bar.show_scale(self._scale, unit_of(kind, model.checkpoint.model.config, found.request.chart))
        self.bar.updateGeometry()
        self._holes.trace(found.holes)
        self._steps.trace([] if found.indicatrices is None else list(found.indicatrices.outlines))
        self._restyle()
        self._show_more(found)
        self._show_value()

    def _restyle(self) -> None:
        """The colours, in those of the theme."""
        found = self._session.maps.found
        for item in (self._holes, self._steps):
            item.restyle(current_theme())
        if found is None:
            return
        if self._scale is not None:
            self._colours.show_map(found.grid, coloured(self._scale, found.values))
        elif found.labels is not None:
            self._colours.show_map(found.grid, coloured_classes(found.labels, found.values))

    def _show_value(self) -> None:
        """Of the map under the cursor."""
        maps, exploration = self._session.maps, self._session.exploration
        if maps.found is None:
            self.bar.show_value(None)
            return
        cell = cell_at(maps.found.grid, *exploration.cursor)
        value = math.nan if cell is None else float(maps.found.values[cell])
        labels = maps.found.labels
        if labels is None:
            self.bar.show_value(value if math.isfinite(value) else None)
        else:
            label = -1 if cell is None else int(labels[cell])
            self.bar.show_class(label if label >= 0 else None, self._name(label, value))

    def _name(self, label: int, sureness: float) -> str:
        """Of a class, and how sure the model is of it."""
        maps, workspace = self._session.maps, self._session.workspace
        names = workspace.class_names
        points = self._session.encoded_data.points
        if maps.chosen is MapKind.NEAREST and points is not None:
            info = workspace.info_of(points.dataset)
            names = info.classes if info is not None else ()
        name = names[label] if 0 <= label < len(names) else str(label)
        return f"{name}, p = {sureness:.2f}" if maps.chosen is MapKind.CLASSES else name

    def _show_more(self, found: MapFound) -> None:
        """What a map says besides its colours."""
        if found.indicatrices is not None:
            step = found.indicatrices.step
            pixels = "1 pixel" if step == 1.0 else f"{step:g} pixels"
            self.numbers.setText(f"From the middle of an ellipse to its rim the image changes by {pixels}.")
        elif found.images is not None:
            known, total = found.images
            so_far = f"Of {known:,} images so far, {total:,} in the end."
            self.numbers.setText(so_far if known < total else f"Of {total:,} images.")

    def _show_numbers(self) -> None:
        if (numbers := self._session.maps.numbers) is not None:
            self.numbers.setText(_in_words(numbers))

    def showEvent(self, event: QShowEvent) -> None:
        """Look again."""
        super().showEvent(event)
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        """What nobody sees is not computed."""
        super().hideEvent(event)
        self._session.maps.look_at(None)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._restyle()


def _in_words(found: AggregateFound) -> str:
    """The mean KL and its parts, with their standard errors, and the share of holes."""
    surgery, holes = found.surgery, found.holes
    text = (
        f"mean KL(q(z|x) ‖ p(z)) {_with_error(surgery.mean_kl, surgery.mean_kl_error)} = "
        f"I(x; z) {_with_error(surgery.information, surgery.information_error)} + "
        f"KL(q(z) ‖ p(z)) {_with_error(surgery.marginal_kl, surgery.marginal_kl_error)} nats. "
        f"I cannot exceed log {surgery.images:,} = {number(surgery.most_information)}."
    )
    if holes is None:
        return text
    return f"{text} Holes: {100 * holes.value:.1f} ± {100 * holes.error:.1f} % of the prior."


def _with_error(value: float, error: float) -> str:
    return f"{number(value)} ± {number(error)}" if error else number(value)
