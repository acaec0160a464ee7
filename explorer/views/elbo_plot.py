"""The ELBO of a run and its two terms, as it trains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from explorer.theme import current_theme
from explorer.views.card import styled_label
from explorer.views.flow_layout import FlowLayout
from explorer.views.run_canvas import Canvas
from explorer.views.run_comparison import Comparison
from explorer.views.run_curves import Curves, room_to_grow
from explorer.views.run_legend import Chip
from explorer.views.run_lines import ELBO_LINES, KL_LINES, Line
from explorer.views.run_marks import RollbackMarks
from explorer.views.run_overlays import ShownRun
from explorer.views.run_panel import Panel
from explorer.views.run_readout import ReadOut
from vae.history import NO_BOUND

if TYPE_CHECKING:
    from vae import EpochReport, RollbackReport, StepReport

REDRAW_AFTER = 80  # milliseconds: a dozen pictures a second, however many reports arrive
AXES = {"step": "step", "epoch": "epoch", "time": "time in seconds"}  # as chosen: as written on the axis
EMPTY = (
    "Press Start: the ELBO of each step appears here, in nats per image.\n"
    "Higher is better; its ceiling is log p(x)."
)


class ElboPlot(QWidget):
    """Two panels over one axis: the ELBO with its reconstruction term, and, on its own scale, the KL."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("elboPlot")
        self.setAccessibleName("The ELBO and its two terms while the model trains")
        self._run: ShownRun | None = None
        self._curves = Curves()
        self._automatic = True  # until the user zooms
        self._mouse: QPointF | None = None
        self._canvas = Canvas()
        self.elbo = Panel(self._canvas.add_plot(0, 3), "nats per image", ELBO_LINES)
        self.kl = Panel(self._canvas.add_plot(1, 1), "KL, nats", KL_LINES)
        self._panels = (self.elbo, self.kl)
        self.kl.plot.setXLink(self.elbo.plot)
        self._marks = RollbackMarks(self._panels)
        self._readout = ReadOut(self._canvas)
        self.chips = {line.name: self._chip(line) for line in (*ELBO_LINES, *KL_LINES)}
        self.axis_box = self._axis_box()
        self.fit_button = self._fit_button()
        self._pages = self._lay_out()
        self._redraw_timer = QTimer(self, singleShot=True, interval=REDRAW_AFTER)
        self._redraw_timer.timeout.connect(self._redraw)
        for panel in self._panels:
            panel.plot.getViewBox().sigRangeChangedManually.connect(self._range_chosen)
        self._canvas.scene().sigMouseClicked.connect(self._clicked)
        self._canvas.scene().sigMouseMoved.connect(self._mouse_moved)
        self._canvas.left.connect(self._mouse_left)
        self._restyle()
        self._show_panels()

    def _chip(self, line: Line) -> Chip:
        chip = Chip(line)
        chip.toggled.connect(lambda shown: self._toggled(line.name, shown))
        return chip

    def _axis_box(self) -> QComboBox:
        box = QComboBox()
        box.setObjectName("axisBox")
        box.setToolTip("What the curves are drawn over")
        box.addItems(list(AXES))
        box.setCurrentText("epoch")
        box.currentTextChanged.connect(self._axis_chosen)
        return box

    def _fit_button(self) -> QPushButton:
        button = QPushButton("Fit")
        button.setObjectName("fitButton")
        button.setToolTip("Show the whole of the curves, and follow them (A, or a double click)")
        button.setEnabled(False)
        button.clicked.connect(self.fit)
        QShortcut(QKeySequence("A"), self, self.fit, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        return button

    def _lay_out(self) -> QStackedLayout:
        chips = FlowLayout()
        for chip in self.chips.values():
            chips.addWidget(chip)
        self.comparison = Comparison({"elbo": self.elbo, "kl": self.kl}, chips)
        self.comparison.changed.connect(self._redraw_soon)
        self._note = styled_label("", "muted")
        self._note.setWordWrap(True)
        self._note.hide()
        label = QLabel("Ax&is")
        label.setBuddy(self.axis_box)
        view = QHBoxLayout()
        for widget in (label, self.axis_box, self.fit_button):
            view.addWidget(widget)
        row = QHBoxLayout()
        row.addLayout(chips, 1)
        row.addLayout(view)
        row.setAlignment(view, Qt.AlignmentFlag.AlignTop)
        empty = styled_label(EMPTY, "muted")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._note)
        pages = QStackedLayout()
        layout.addLayout(pages, 1)
        pages.addWidget(empty)  # shown from here on, and not as a window of its own: it has a parent
        pages.addWidget(self._canvas)
        return pages

    # --- what is shown

    @property
    def curves(self) -> Curves:
        """The numbers that are drawn."""
        return self._curves

    @property
    def run(self) -> ShownRun | None:
        """The run that is shown; None before the first."""
        return self._run

    def show_run(self, run: ShownRun) -> None:
        """Show another run. What is laid over stays if it is of the same measure."""
        self._run, self._curves = run, run.curves
        self.comparison.compare_with(run)
        self.fit()

    def add_steps(self, reports: Iterable[StepReport]) -> None:
        """Append steps of the run that is shown."""
        self._curves.add_steps(reports)
        self._redraw_soon()

    @Slot(object)
    def add_epoch(self, report: EpochReport) -> None:
        """Append the end of an epoch of the run that is shown."""
        self._curves.add_epoch(report)
        self._redraw_soon()

    @Slot(object)
    def roll_back(self, report: RollbackReport) -> None:
        """Mark where the loss was lost, and forget the steps since the last good state."""
        self._curves.roll_back(report)
        self._redraw_soon()

    def cut_back(self, step: int) -> None:
        """Forget the steps after this one."""
        self._curves.cut_back(step)
        self._redraw_soon()

    @Slot()
    def fit(self) -> None:
        """Hold the whole of the curves in view from now on."""
        self._automatic = True
        self.fit_button.setEnabled(False)
        self._redraw_soon()

    def _toggled(self, name: str, shown: bool) -> None:
        panel = self.elbo if name in self.elbo.lines else self.kl
        panel.show_line(name, shown)
        self._show_panels()
        self._redraw_soon()

    @Slot()
    def _axis_chosen(self) -> None:
        self._show_panels()
        self.fit()

    def _show_panels(self) -> None:
        """Only panels with a curve; the lowest carries the axis."""
        for row, panel in enumerate(self._panels):
            self._canvas.show_row(row, panel.any_shown)
            panel.plot.getAxis("bottom").setLabel(AXES[self.axis_box.currentText()])
        self.elbo.plot.showAxis("bottom", not self.kl.any_shown)

    # --- drawing

    @Slot()
    def _redraw_soon(self) -> None:
        if not self._redraw_timer.isActive():
            self._redraw_timer.start()

    @Slot()
    def _redraw(self) -> None:
        if not self.isVisible():
            return  # showEvent asks again
        self._pages.setCurrentIndex(0 if self._curves.empty else 1)
        axis = self.axis_box.currentText()
        overlays = self.comparison.overlays
        overlays.draw(axis)
        self._marks.draw(self._curves.rollbacks, axis)
        end = max(room_to_grow(self._curves.end(axis)), overlays.start(axis))
        for term, panel in (("elbo", self.elbo), ("kl", self.kl)):
            panel.draw(self._curves, axis)
            if self._automatic:
                panel.fit(self._curves, overlays.heights(term, axis, end))
        if self._automatic and not self._curves.empty:
            self.elbo.plot.setXRange(0.0, end, padding=0.01)
        self._tell()
        self._canvas.scene().prepareForPaint()  # else it is painted twice: the first time takes on the range
        self._read_out()

    def _tell(self) -> None:
        """What must be known to read the curves right, if anything."""
        words = " ".join(filter(None, (self._account(), self.comparison.refusal)))
        if words != self._note.text():
            self._note.setText(words)
            self._note.setVisible(bool(words))

    def _account(self) -> str:
        if self._run is None:
            return ""
        if self._run.measure.bound == NO_BOUND:
            return "An autoencoder has no KL, and so no ELBO: what is drawn is the reconstruction alone."
        asked, now = self._run.beta, self._curves.beta
        if asked == 1.0 and now in (None, 1.0):
            return ""
        beta = f"{asked:g}" if now in (None, asked) else f"now {now:.3g}"
        return f"The true ELBO, unscaled; the run weighs the KL by beta, {beta}."

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what arrived while the plot was hidden."""
        super().showEvent(event)
        self._redraw_soon()

    def changeEvent(self, event: QEvent) -> None:
        """Wear another theme or font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._restyle()

    def _restyle(self) -> None:
        self._canvas.setBackground(current_theme().card)
        for panel in self._panels:
            panel.restyle(self.font())
        self._marks.restyle(self.font())

    # --- the mouse

    @Slot()
    def _range_chosen(self) -> None:
        self._automatic = False
        self.fit_button.setEnabled(True)

    @Slot(object)
    def _clicked(self, event: Any) -> None:
        if event.double():
            self.fit()

    @Slot(object)
    def _mouse_moved(self, position: QPointF) -> None:
        self._mouse = position
        self._read_out()

    @Slot()
    def _mouse_left(self) -> None:
        self._mouse = None
        self._read_out()

    def _read_out(self) -> None:
        """Mark the step under the mouse, and tell its numbers."""
        axis = self.axis_box.currentText()
        view = (self.elbo if self.elbo.any_shown else self.kl).plot.getViewBox()
        row = self._curves.nearest(axis, view.mapSceneToView(self._mouse).x()) if self._mouse else None
        for panel in self._panels:
            panel.mark(None if row is None else row[axis])
        if row is None:
            self._readout.hide()
        else:
            line = view.mapViewToScene(QPointF(row[axis], 0.0)).x()
            self._readout.show_row(row, QPointF(line, view.sceneBoundingRect().bottom()))
