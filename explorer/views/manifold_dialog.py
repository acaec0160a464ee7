"""Asks how much of the manifold is drawn, and how large, and saves the picture."""

from __future__ import annotations

import copy
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from explorer.plane_messages import ManifoldWritten
from explorer.session import Session
from explorer.views.card import button, styled_label
from vae.manifold import LARGEST_SIDE, ManifoldPlan, largest_grid, plan_of
from vae.tiles import TileGrid

IN_VIEW, EVENLY, QUANTILES = (
    "What is in view",
    "z from −a to a, evenly spaced",
    "z at the quantiles of N(0, 1)",
)
PICTURES, EXTENT = 25, 3.0  # at first
STEPS = 1_000  # of the progress bar


class ManifoldDialog(QDialog):
    """Saves what the open model decodes to, as it is when the dialog opens."""

    saved = Signal(object)  # Path

    def __init__(self, session: Session, view: QRectF, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("manifoldDialog")
        self.setWindowTitle("Save manifold")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._view = session, view
        assert session.workspace.model is not None
        self._model = copy.deepcopy(session.workspace.model.checkpoint.model)
        self._config = self._model.config
        exploration = session.exploration
        self._chart, self._z, self._label = exploration.chart, exploration.pin, exploration.label
        self.region = QComboBox()
        prior = exploration.prior
        offered = (QUANTILES,) if prior is not None and prior.is_standard else ()
        self.region.addItems([IN_VIEW, EVENLY, *offered])
        self.extent = QDoubleSpinBox(minimum=0.1, maximum=100.0, singleStep=0.5, value=EXTENT)
        self.extent.setToolTip("a: the codes of the outermost pictures are at −a and a")
        self.across = QSpinBox(minimum=1, maximum=largest_grid(self._config.image_shape), value=PICTURES)
        self.across.setToolTip("Pictures side by side, each drawn pixel by pixel")
        self.pixels = styled_label("", "muted")
        self.notice = styled_label("", "notice")
        self.notice.setWordWrap(True)
        self.notice.hide()
        self.progress = QProgressBar(maximum=STEPS)
        self.progress.hide()
        self.save = button("Save …", "Choose a file and save the picture", role="primary")
        self.close_button = button("Close", "Close, and stop what is being saved")
        self._lay_out()
        for changed in (self.region.currentTextChanged, self.extent.valueChanged, self.across.valueChanged):
            changed.connect(self._show_size)
        self.save.clicked.connect(self._ask)
        self.close_button.clicked.connect(self.reject)
        session.manifold_export.progressed.connect(self._show_progress)
        session.manifold_export.ended.connect(self._ended)
        self._show_size()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.addRow("Region", self.region)
        form.addRow("a", self.extent)
        form.addRow("Pictures across", self.across)
        form.addRow("Size", self.pixels)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.notice)
        layout.addWidget(self.progress)
        layout.addLayout(buttons)

    @property
    def plan(self) -> ManifoldPlan | None:
        """What is chosen; None where nothing in view stands for a code."""
        across = self.across.value()
        if self.region.currentText() != IN_VIEW:
            evenly = self.region.currentText() == EVENLY
            return plan_of(self._config, self.extent.value() if evenly else None, across, self._label)
        chart, view = self._chart, self._view
        left, bottom, right, top = view.left(), view.top(), view.right(), view.bottom()
        if chart.bounds is not None:
            left, bottom = max(left, chart.bounds[0]), max(bottom, chart.bounds[1])
            right, top = min(right, chart.bounds[2]), min(top, chart.bounds[3])
        if left >= right or bottom >= top:
            return None
        step = (right - left) / across
        rows = min(max(1, round((top - bottom) / step)), largest_grid(self._config.image_shape))
        middle = (bottom + top) / 2
        grid = TileGrid(left, middle - rows * step / 2, step, across, rows)
        return ManifoldPlan(chart, grid, self._z, self._label)

    def _show_size(self) -> None:
        self.extent.setEnabled(self.region.currentText() == EVENLY)
        plan = self.plan
        self.save.setEnabled(plan is not None)
        if plan is None:
            self.pixels.setText("Nothing in view stands for a code")
            return
        width, height = plan.size(self._config.image_shape)
        self.pixels.setText(f"{width:,} × {height:,} pixels, at most {LARGEST_SIDE:,}")

    def _ask(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save manifold", "manifold.png", "PNG (*.png)")
        plan = self.plan
        if name and plan is not None:
            self.notice.hide()
            self._set_busy(True)
            self._session.manifold_export.write(Path(name).with_suffix(".png"), self._model, plan)

    def _set_busy(self, busy: bool) -> None:
        self.progress.setValue(0)
        self.progress.setVisible(busy)
        for widget in (self.region, self.across, self.save):
            widget.setEnabled(not busy)
        self.extent.setEnabled(not busy and self.region.currentText() == EVENLY)
        self.close_button.setText("Cancel" if busy else "Close")

    @Slot(float)
    def _show_progress(self, share: float) -> None:
        self.progress.setValue(round(STEPS * share))

    @Slot(object)
    def _ended(self, written: ManifoldWritten) -> None:
        self._set_busy(False)
        if written.failure is None:
            self.saved.emit(written.path)
            self.accept()
        else:
            self.notice.setText(str(written.failure))
            self.notice.show()

    def reject(self) -> None:
        """Stop saving, if that is under way; else close."""
        if self._session.manifold_export.running:
            self._session.manifold_export.cancel()
            self._set_busy(False)
        else:
            super().reject()
