"""The Train tab: the form of a run, its ELBO as it trains, and what the model makes of images meanwhile."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSettings, Qt, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from explorer.messages import Progress, RunEnded, RunRequest
from explorer.session import Session
from explorer.views.card import Card, styled_label
from explorer.views.diagnostics_page import DiagnosticsPage
from explorer.views.elbo_plot import ElboPlot
from explorer.views.run_changes import RunChanges
from explorer.views.run_controls import RunControls
from explorer.views.run_curves import Curves
from explorer.views.run_form import GROUP, RunForm
from explorer.views.run_menus import CompareButton, ExportButton, recorded
from explorer.views.run_overlays import ShownRun
from explorer.views.run_pages import RunPages
from explorer.views.run_pictures import RunPictures
from explorer.views.run_progress import RunProgress, duration
from explorer.workspace import OpenedModel
from vae.datasets import Dataset, find_info
from vae.history import Measure, RunRecord
from vae.presets import PRESETS

GAP = 10
FORM_SHARE = 0.36  # of the width, at most


class TrainTab(QWidget):
    """What is trained stands on the left, how it goes on the right."""

    def __init__(self, session: Session, settings: QSettings) -> None:
        super().__init__()
        self._session = session
        self._settings = settings
        self._shows_run = False  # else a model's history, or nothing
        self.form = RunForm(session, settings)
        self.changes = RunChanges(session)
        self.controls = RunControls(session)
        self.plot = ElboPlot()
        self.progress = RunProgress(session)
        self.compare = CompareButton(session, self.plot)
        self.export = ExportButton(session, self.plot)
        self.pictures = RunPictures(session)
        self.diagnostics = DiagnosticsPage(session)
        self.pages = RunPages(self.pictures, self.diagnostics)
        self._shown = styled_label("", "muted")
        self._following = QCheckBox("E&xplore while it trains")
        self._following.setObjectName("followingBox")
        self._following.setToolTip("The latent plane on the Explore tab follows the model in training")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._run_card = Card("Run")
        self._run_card.body.addWidget(_scrolled(self.form), 1)
        self._run_card.body.addWidget(self._following)
        self._run_card.body.addWidget(self.changes)
        self._run_card.body.addWidget(self.controls)
        elbo_card = Card("ELBO")
        self._shown.setWordWrap(True)
        elbo_card.heading.insertWidget(1, self._shown, 100)
        elbo_card.heading.addWidget(self.compare)
        elbo_card.heading.addWidget(self.export)
        elbo_card.body.addWidget(self.plot, 1)
        elbo_card.body.addWidget(self.progress)
        column = QWidget()
        column.setObjectName("column")
        right = QVBoxLayout(column)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(GAP)
        right.addWidget(elbo_card, 1)
        right.addWidget(self.pages)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, GAP, GAP, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self._run_card, 0)
        layout.addWidget(_scrolled(column), 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As wide a form as it asks for, but never at the plot's expense: it wraps."""
        super().resizeEvent(event)
        widest = round(FORM_SHARE * self.width())
        wanted, least = self._run_card.sizeHint().width(), self._run_card.minimumSizeHint().width()
        self._run_card.setFixedWidth(min(wanted, max(least, widest)))

    def _connect(self) -> None:
        session, run, live = self._session, self._session.run, self._session.live_model
        live.set_following(bool(self._settings.value(f"{GROUP}/following", live.following, type=bool)))
        self._following.setChecked(live.following)
        self._following.toggled.connect(live.set_following)
        live.following_changed.connect(self._following_changed)
        self.controls.started.connect(self._start)
        self.controls.started_paused.connect(self._start_paused)
        run.began.connect(self._began)
        run.progressed.connect(self._progressed)
        run.epoch_ended.connect(self.plot.add_epoch)
        run.rolled_back.connect(self.plot.roll_back)
        run.ended.connect(self._ended)
        session.workspace.model_changed.connect(self._model_changed)
        session.workspace.dataset_changed.connect(self._dataset_changed)
        QShortcut(QKeySequence(Qt.Key.Key_Space), self, self.controls.toggle_pause)
        if session.workspace.dataset is not None:
            self.form.offer_dataset(session.workspace.dataset.info)
        if session.workspace.model is not None:
            self._model_changed(session.workspace.model)

    def event(self, event: QEvent) -> bool:
        """Space presses the button that has the focus, if one has; else it pauses and resumes the run."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            pressable = isinstance(QApplication.focusWidget(), QAbstractButton | QComboBox)
            if event.key() == Qt.Key.Key_Space and pressable:
                event.accept()
                return True
        return super().event(event)

    # --- the run

    @Slot()
    def _start(self) -> None:
        self._begin(paused=False)

    @Slot()
    def _start_paused(self) -> None:
        self._begin(paused=True)

    def _begin(self, *, paused: bool) -> None:
        choice = self.form.read()
        if choice is not None:
            self._session.start_run(
                *(choice.preset, choice.model, choice.training, choice.dataset, choice.device),
                paused=paused,
            )

    @Slot(object)
    def _began(self, request: RunRequest) -> None:
        self._shows_run = True
        preset = PRESETS[request.preset].title if request.preset in PRESETS else request.preset
        title = f"Run {request.run}: {request.dataset.info.title}, {preset}"
        measure = Measure.of(request.model, request.dataset.info.name)
        curves = Curves()
        if request.resumed is not None:
            curves.add_history(request.resumed.header.history)
        self.compare.show_run(ShownRun(title, measure, request.training.beta, curves, request.keep_as))
        self._shown.setText(title)

    @Slot(object)
    def _ended(self, message: RunEnded) -> None:
        """A run that has failed went back to its last good step."""
        if message.failure and message.checkpoint and message.run == self._session.run.number:
            self.plot.cut_back(message.step)

    @Slot(object)
    def _progressed(self, message: Progress) -> None:
        self.plot.add_steps(message.steps)

    @Slot(bool)
    def _following_changed(self, following: bool) -> None:
        self._following.setChecked(following)
        self._settings.setValue(f"{GROUP}/following", following)

    # --- the open model, while there is no run

    @Slot(object)
    def _model_changed(self, model: OpenedModel) -> None:
        if self._session.run.active or (self._shows_run and self._is_of_the_run(model)):
            return
        self._shows_run = False
        self.compare.show_run(recorded(model.title, _record(model), model.path))
        self._shown.setText(_account(model))
        self.pictures.show_model(model)
        self.diagnostics.show_model(model)

    def _is_of_the_run(self, model: OpenedModel) -> bool:
        """Whether this is what the last run has made, whose every step is shown already."""
        request = self._session.run.request
        return request is not None and model.path in (None, request.keep_as)

    @Slot(object)
    def _dataset_changed(self, data: Dataset) -> None:
        self.form.offer_dataset(data.info)
        self.form.refresh_datasets()
        model = self._session.workspace.model
        if model is not None and not self._session.run.active and not self._shows_run:
            self.pictures.show_model(model)


def _record(model: OpenedModel) -> RunRecord:
    known = model.checkpoint
    return RunRecord(known.preset, known.dataset, known.model.config, known.training, known.history)


def _account(model: OpenedModel) -> str:
    """How the open model was trained, in a line."""
    history = model.checkpoint.history
    if not history:
        return f"{model.title} keeps no history of its training"
    last = history[-1]
    dataset = model.checkpoint.dataset
    info = find_info(dataset)
    title = info.title if info else dataset
    return f"{model.title}: trained on {title}, {last.epoch} epochs in {duration(last.seconds)}"


def _scrolled(content: QWidget) -> QScrollArea:
    """Room to scroll where the window is low or the font large."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the fields within it have the focus, and it follows them
    area.setWidget(content)
    return area
