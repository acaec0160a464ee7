"""Two menus of the ELBO plot: runs to compare with, and files to write its numbers to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QPushButton

from explorer.failures import failure_of
from explorer.places import built_in_models
from explorer.session import Session
from explorer.views.elbo_plot import ElboPlot
from explorer.views.run_curves import Curves
from explorer.views.run_overlays import ShownRun
from vae.errors import CheckpointError
from vae.history import RunRecord, read_record, write_csv
from vae.tensorboard import write_events


class CompareButton(QPushButton):
    """Lists the runs and models that the plot has shown, then those that are kept in files."""

    def __init__(self, session: Session, plot: ElboPlot) -> None:
        super().__init__("Compare")
        self.setObjectName("compareButton")
        self.setToolTip("Lay other runs over this one")
        self.setProperty("role", "layer")
        self._session, self._plot = session, plot
        self._former: dict[str, ShownRun] = {}
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self.list_runs)
        self.setMenu(self._menu)
        self.setEnabled(False)

    def show_run(self, run: ShownRun) -> None:
        """Show a run on the plot; the one before can be laid over from now on."""
        before = self._plot.run
        if before is not None and not before.curves.empty:
            self._former[before.key] = before
        self._plot.show_run(run)
        self.setEnabled(True)

    @Slot()
    def list_runs(self) -> None:
        """Fill the menu."""
        shown = self._plot.run
        assert shown is not None
        self._menu.clear()
        former = [run for key, run in reversed(self._former.items()) if key != shown.key]
        for run in former:
            self._add(run.title, run.key, partial(_itself, run))
        listed = {shown.key, *self._former}
        files = {path: path.stem for path in self._session.workspace.places.kept_runs()}
        files |= {path: title for title, path in built_in_models().items()}
        self._menu.addSeparator()
        for path, title in files.items():
            if str(path) not in listed:
                self._add(title, str(path), partial(_read, path, title))
        if self._menu.isEmpty():
            self._menu.addAction("No other run is kept").setEnabled(False)

    def _add(self, title: str, key: str, find: Callable[[], ShownRun]) -> None:
        comparison = self._plot.comparison
        action = self._menu.addAction(title.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(key in comparison.overlays)
        action.triggered.connect(lambda wanted: self._lay_over(find) if wanted else comparison.take_away(key))

    def _lay_over(self, find: Callable[[], ShownRun]) -> None:
        try:
            run = find()
        except Exception as error:  # the file is the user's: whatever is wrong with it is told, not raised
            self._session.failed.emit(failure_of(error))
            return
        self._plot.comparison.add(run)


class ExportButton(QPushButton):
    """Writes what the plot shows: every step of a run, or the epochs that a model file remembers."""

    def __init__(self, session: Session, plot: ElboPlot) -> None:
        super().__init__("Export")
        self.setObjectName("exportButton")
        self.setToolTip("Write the numbers behind the curves to a file")
        self.setProperty("role", "layer")
        self._session, self._plot = session, plot
        menu = QMenu(self)
        menu.addAction("History as &CSV …", self._choose_csv)
        menu.addAction("&TensorBoard event files …", self._choose_folder)
        self.setMenu(menu)

    def save_csv(self, path: Path) -> None:
        """Write the table; the session tells how it went."""
        self._write(path, write_csv)

    def save_events(self, folder: Path) -> None:
        """Write the event files; the session tells how it went."""
        self._write(folder, write_events)

    def _write(self, path: Path, write: Callable[..., None]) -> None:
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            write(path, self._plot.curves.rows())
        except Exception as error:  # a full disk, a package that is not there: told, not raised
            self._session.failed.emit(failure_of(error))
        else:
            self._session.noted.emit(f"The history is written to {path}")
        finally:
            QApplication.restoreOverrideCursor()

    @Slot()
    def _choose_csv(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "History as CSV", f"{self._name()}.csv", "CSV (*.csv)")
        if name:
            self.save_csv(Path(name))

    @Slot()
    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder for TensorBoard")
        if name:
            self.save_events(Path(name) / self._name())

    def _name(self) -> str:
        """For a file."""
        run = self._plot.run
        if run is None:
            return "history"
        return run.path.stem if run.path else "".join(c if c.isalnum() else "-" for c in run.title)


def recorded(title: str, record: RunRecord, path: Path | None) -> ShownRun:
    """What a model remembers of its training, for the plot."""
    curves = Curves()
    curves.add_history(record.history)
    return ShownRun(title, record.measure, record.training.beta, curves, path)


def _itself(run: ShownRun) -> ShownRun:
    return run


def _read(path: Path, title: str) -> ShownRun:
    record = read_record(path)
    if not record.history:
        raise CheckpointError(f"{path.name} keeps no history of its training. Choose another run.")
    return recorded(title, record, path)
