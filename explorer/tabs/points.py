"""The Points tab: an autoencoder and a VAE learn points of the plane, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from explorer.session import Session
from explorer.views.card import Card, styled_label
from explorer.views.numbers import number
from explorer.views.points_card import NOTHING, PointsCard
from explorer.views.points_controls import PointsControls
from explorer.views.points_form import PointsForm
from explorer.views.points_pad import LatentPad
from explorer.views.points_plot import PointsPlot
from explorer.views.steady_label import SteadyLabel

if TYPE_CHECKING:
    from vae.point_models import EnergyDistances

GAP = 10
COLUMN = 280  # pixels, at the usual font
BRUSH = 0.35  # radius, in units of x
REACH_OF_EYE = 0.25  # how near to a point the mouse must be, in units of x
HOVER = "Hover over a point of the data to see its q(z|x) here, and what draws from it decode to."
READING = "Energy distance: how far samples are from points held out; 0 for the same distribution."


class PointsTab(QWidget):
    """What to learn and the code z on the left; the two models side by side, with equal axes."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._run, self._exploration = session.points_run, session.points_exploration
        self.form, self.controls = PointsForm(self._run), PointsControls(self._run)
        self.pad = LatentPad()
        self._code = SteadyLabel("muted", "z = (−0.00, −0.00)")
        self._reading = _sentence(READING)
        self.autoencoder = PointsCard(
            "Autoencoder", PointsPlot("autoencoderPlot", "The points, and what the autoencoder makes of them")
        )
        self.vae = PointsCard("VAE", PointsPlot("vaePlot", "The points, and what the VAE makes of them"))
        self._plots = (self.autoencoder.plot, self.vae.plot)
        self._outdated = True
        self._lay_out()
        self._connect()
        self._show_cloud()

    def _lay_out(self) -> None:
        choices = Card("Points")
        choices.body.addWidget(self.form)
        choices.body.addWidget(self.controls)
        code = Card("Latent code z")
        code.heading.addWidget(self._code)
        code.body.addWidget(self.pad)
        code.body.addWidget(_sentence(HOVER))
        reading = Card("How to read the numbers")
        reading.body.addWidget(self._reading)
        column = QWidget()
        column.setObjectName("column")
        left = QVBoxLayout(column)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(GAP)
        left.addWidget(choices)
        left.addWidget(code)
        left.addWidget(reading)
        left.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(column)
        area.setFixedWidth(max(COLUMN, column.minimumSizeHint().width() + GAP))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, 0)
        layout.setSpacing(GAP)
        layout.addWidget(area)
        layout.addWidget(self.autoencoder, 1)
        layout.addWidget(self.vae, 1)

    def _connect(self) -> None:
        run, exploration = self._run, self._exploration
        run.cloud_changed.connect(self._show_cloud)
        run.learned.connect(self._learned)
        exploration.cursor_moved.connect(self._show_cursor)
        exploration.look_changed.connect(self._show_look)
        self.pad.dragged.connect(exploration.move)
        self.form.layer_toggled.connect(self._toggle_layer)
        self.controls.start_button.clicked.connect(lambda: self.form.brush.setChecked(False))
        for plot in self._plots:
            plot.dragged.connect(self._paint)
            plot.hovered.connect(self._hover)
            plot.departed.connect(exploration.look_away)
        self.vae.plot.plane.setXLink(self.autoencoder.plot.plane)
        self.vae.plot.plane.setYLink(self.autoencoder.plot.plane)
        QShortcut(
            QKeySequence(Qt.Key.Key_Space),
            self,
            self.controls.toggle_pause,
            context=Qt.ShortcutContext.WidgetWithChildrenShortcut,
        )

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what was learned while the tab was hidden."""
        super().showEvent(event)
        if self._outdated:
            self._learned()

    def event(self, event: QEvent) -> bool:
        """Space presses the button that has the focus, if one has; else it pauses and resumes the run."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            pressable = isinstance(QApplication.focusWidget(), QAbstractButton | QComboBox)
            if event.key() == Qt.Key.Key_Space and pressable:
                event.accept()
                return True
        return super().event(event)

    # --- the mouse

    @Slot(float, float)
    def _paint(self, x1: float, x2: float) -> None:
        if self.form.brush.isChecked():
            self._run.paint(x1, x2, BRUSH)

    @Slot(float, float)
    def _hover(self, x1: float, x2: float) -> None:
        if not self.form.brush.isChecked():
            self._exploration.look_at(x1, x2, REACH_OF_EYE)

    @Slot(str, bool)
    def _toggle_layer(self, layer: str, shown: bool) -> None:
        for plot in self._plots:
            plot.set_layer(layer, shown)

    # --- what is shown

    @Slot()
    def _show_cloud(self) -> None:
        """Other points, and nothing learned of them yet."""
        for plot in self._plots:
            plot.show_points(self._run.points)
        self._learned()

    @Slot()
    def _learned(self) -> None:
        self._outdated = not self.isVisible()
        if self._outdated:
            return
        self.autoencoder.plot.show_model(self._run.autoencoder)
        self.vae.plot.show_model(self._run.vae)
        self._show_cursor()
        self._show_look()
        self._show_numbers()

    @Slot()
    def _show_cursor(self) -> None:
        u = self._exploration.u
        self.pad.show_code(u)
        values = ", ".join(number(value) for value in u.tolist())
        self._code.set_text(f"z = {values}" if len(u) == 1 else f"z = ({values})")
        for plot, model in zip(self._plots, (self._run.autoencoder, self._run.vae), strict=True):
            plot.show_cursor(None if model is None else self._exploration.decode(model))

    @Slot()
    def _show_look(self) -> None:
        models = (self._run.autoencoder, self._run.vae)
        looks = [None if model is None else self._exploration.look(model) for model in models]
        for plot, look in zip(self._plots, looks, strict=True):
            plot.show_look(look)
        self.pad.show_look(looks[1])

    def _show_numbers(self) -> None:
        self._describe()
        self._show_distances(self._run.distances)
        test = self._run.test
        split = f" = {number(test.reconstruction)} reconstruction − {number(test.kl)} KL" if test else ""
        self.vae.show_number(1, number(test.elbo) if test else NOTHING, f"ELBO, nats per point{split}")

    def _show_distances(self, distances: EnergyDistances | None) -> None:
        found = distances and (distances.autoencoder, distances.autoencoder_standard, distances.vae)
        texts = [NOTHING if d is None else number(d, 3) for d in found or [None] * 3]
        self.autoencoder.show_number(0, texts[0], "energy distance, z from the Gaussian fitted to its codes")
        self.autoencoder.show_number(1, texts[1], "energy distance, z from N(0, I)")
        self.vae.show_number(0, texts[2], "energy distance, z from p(z), x from p(x|z)")
        own = f" The points learned from are {number(distances.data, 3)} away." if distances else ""
        self._reading.setText(READING + own)

    def _describe(self) -> None:
        onto = "curve" if self._run.latent_dim == 1 else "sheet"
        for card, model, words in (
            (self.autoencoder, self._run.autoencoder, f"it decodes onto a {onto}"),
            (self.vae, self._run.vae, "it decodes to a Gaussian at each z"),
        ):
            card.describe("not trained yet" if model is None else words)
        hint = "" if len(self._run.points) else "Drag here to paint points, then press Start"
        for plot in self._plots:
            plot.show_hint(hint)


def _sentence(text: str) -> QLabel:
    label = styled_label(text, "muted")
    label.setWordWrap(True)
    return label
