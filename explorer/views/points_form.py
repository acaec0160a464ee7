"""Which points, how many latent dimensions, what is shown of the models."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QColor, QIcon, QLinearGradient, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from explorer.points_exploration import REACH
from explorer.points_run import PointsRun
from explorer.theme import current_theme
from explorer.views.card import button
from explorer.views.points_items import ramp_colour
from explorer.views.points_plot import sample_colour
from explorer.views.run_box import ChoiceBox
from vae.points import CLOUDS, PAINTED

SIGN = 24  # pixels of a layer's sign, before it is scaled


class PointsForm(QWidget):
    """What is chosen here ends the run, but for what is shown."""

    layer_toggled = Signal(str, bool)
    brush_toggled = Signal(bool)

    def __init__(self, run: PointsRun) -> None:
        super().__init__()
        self._run = run
        self.cloud_box = ChoiceBox("cloudBox", "The points to learn from")
        for info in (*CLOUDS.values(), PAINTED):
            self.cloud_box.addItem(info.title, info.name)
        self.brush = button("Paint", "Drag over either plot to leave points there", "brushButton")
        self.brush.setCheckable(True)
        self.clear = button("Clear", "Wipe the painted points", "clearPointsButton")
        self.latent = {dimensions: self._latent_button(dimensions) for dimensions in (1, 2)}
        self.layers = {
            "curve": self._layer("Decoded z", "What z decodes to: a curve, or a grid in two dimensions"),
            "ellipses": self._layer("p(x|z)", "1σ and 2σ of p(x|z) at some z, around its mean; VAE alone"),
            "samples": self._layer("Samples", "New points: z at random, then x from it"),
        }
        self._lay_out()
        self.cloud_box.activated.connect(self._cloud_chosen)
        self.brush.toggled.connect(self.brush_toggled)
        self.clear.clicked.connect(run.clear)
        for layer, box in self.layers.items():
            box.toggled.connect(lambda shown, layer=layer: self.layer_toggled.emit(layer, shown))
        run.cloud_changed.connect(self._refresh)
        self._refresh()
        self._restyle()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.addRow("&Cloud", self.cloud_box)
        form.addRow("", _row(self.brush, self.clear))
        form.addRow("Latent &dimensions", _row(*self.latent.values()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addWidget(_row(*self.layers.values()))

    def _latent_button(self, dimensions: int) -> QPushButton:
        made = button(
            str(dimensions), f"z is a {'line' if dimensions == 1 else 'plane'}", f"latent{dimensions}Button"
        )
        made.setCheckable(True)
        made.setAutoExclusive(True)
        made.clicked.connect(lambda: self._run.choose_latent_dim(dimensions))
        return made

    def _layer(self, text: str, tip: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setToolTip(tip)
        box.setChecked(True)
        box.setIconSize(QSize(12, 12))
        return box

    @Slot()
    def _cloud_chosen(self) -> None:
        self._run.choose_cloud(self.cloud_box.currentData())
        self.brush.setChecked(self._run.painting)

    @Slot()
    def _refresh(self) -> None:
        self.cloud_box.choose(self._run.cloud_name, PAINTED.name)
        self.clear.setEnabled(self._run.painting and len(self._run.points) > 0)
        for dimensions, made in self.latent.items():
            made.setChecked(dimensions == self._run.latent_dim)

    def changeEvent(self, event: QEvent) -> None:
        """Wear the theme's colours."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._restyle()

    def _restyle(self) -> None:
        theme = current_theme()
        along = QLinearGradient(0, 0, SIGN, 0)
        for share in (0.0, 0.5, 1.0):
            along.setColorAt(share, ramp_colour(theme, REACH * (2 * share - 1)))
        middle = ramp_colour(theme, 0.0)
        self.layers["curve"].setIcon(_sign(QBrush(along), QPen(Qt.PenStyle.NoPen), round_=False))
        self.layers["ellipses"].setIcon(_sign(QBrush(), QPen(middle, 3)))
        self.layers["samples"].setIcon(_sign(QBrush(QColor(sample_colour(theme))), QPen(Qt.PenStyle.NoPen)))


def _sign(brush: QBrush, pen: QPen, *, round_: bool = True) -> QIcon:
    """A disc, a ring or a bar."""
    pixmap = QPixmap(SIGN, SIGN)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(brush)
    painter.drawEllipse(4, 4, SIGN - 8, SIGN - 8) if round_ else painter.drawRect(0, 8, SIGN, SIGN - 16)
    painter.end()
    return QIcon(pixmap)


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return row
