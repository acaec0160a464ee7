"""Places that the user has marked, kept with the model that they are places of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.checked_json import Refused, code_in, label_in, read_json, text_in
from explorer.exploration import Exploration
from explorer.failures import failure_of
from explorer.model_name import name_of_model
from explorer.viewpoint import Viewpoint
from explorer.workspace import Workspace
from vae.errors import LatentExplorerError, ViewError
from vae.files import write_whole

FORMAT = 1


@dataclass(frozen=True)
class Bookmark:
    """A place in the latent space."""

    name: str
    z: tuple[float, ...]  # D of them
    label: int | None  # what the decoder is told, if it is told any


class Bookmarks(QObject):
    """Those of the open model. A model that is in no file keeps them until another is opened."""

    changed = Signal()  # which there are, or their names
    failed = Signal(object)  # Failure

    def __init__(
        self,
        workspace: Workspace,
        exploration: Exploration,
        viewpoint: Viewpoint,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._exploration, self._viewpoint = workspace, exploration, viewpoint
        self._file = workspace.places.bookmarks
        self._marks: tuple[Bookmark, ...] = ()
        workspace.model_changed.connect(self._model_changed)
        workspace.saved.connect(self._keep)

    @property
    def marks(self) -> tuple[Bookmark, ...]:
        """In the order in which they were made."""
        return self._marks

    def pictures(self) -> NDArray[np.uint8] | None:
        """What each decodes to, (N, C, H, W); None before a model is open."""
        model = self._workspace.model
        if model is None:
            return None
        codes = np.array([mark.z for mark in self._marks], np.float32).reshape(-1, model.latent_dim)
        labels = np.array([-1 if mark.label is None else mark.label for mark in self._marks], np.int64)
        return vae.decode_images(model.checkpoint.model, codes, labels)

    def add_pin(self) -> None:
        """Mark the pinned place."""
        if self._workspace.model is not None:
            name = _first_free(mark.name for mark in self._marks)
            z, label = self._exploration.pin.tolist(), self._exploration.label
            self._change((*self._marks, Bookmark(name, tuple(z), label)))

    def add(self, marks: Iterable[Bookmark]) -> None:
        """Mark these places as well, unless they are marked."""
        self._change(tuple(dict.fromkeys((*self._marks, *marks))))

    def rename(self, place: int, name: str) -> None:
        """Give the bookmark at this place of the order another name."""
        mark = replace(self._marks[place], name=name.strip() or self._marks[place].name)
        self._change((*self._marks[:place], mark, *self._marks[place + 1 :]))

    def remove(self, place: int) -> None:
        """Forget the bookmark at this place of the order."""
        self._change((*self._marks[:place], *self._marks[place + 1 :]))

    def go_to(self, place: int) -> None:
        """Pin what is marked there, and look where it is."""
        mark, exploration = self._marks[place], self._exploration
        if mark.label is not None:
            exploration.tell_label(mark.label)
        exploration.pin_code(np.array(mark.z, np.float32))
        self._viewpoint.bring_into_view(*exploration.cursor)

    # --- the file

    @Slot()
    def _model_changed(self) -> None:
        self._marks = tuple(mark for mark in self._kept() if self._fits(mark))
        self.changed.emit()

    def _fits(self, mark: Bookmark) -> bool:
        """Whether it is of the open model, and not of another that was in the file before."""
        model = self._workspace.model
        return model is not None and len(mark.z) == model.latent_dim

    def _kept(self) -> tuple[Bookmark, ...]:
        name = self._model_name()
        try:
            return () if name is None else read_bookmarks(self._file).get(name, ())
        except ViewError as error:
            self.failed.emit(failure_of(error))
            return ()

    def _change(self, marks: tuple[Bookmark, ...]) -> None:
        self._marks = marks
        self._keep()
        self.changed.emit()

    @Slot()
    def _keep(self) -> None:
        """Write them in the place of those of this model; another window may have written those of others."""
        name = self._model_name()
        if name is None:
            return
        try:
            write_bookmarks(self._file, read_bookmarks(self._file) | {name: self._marks})
        except (LatentExplorerError, OSError) as error:
            self.failed.emit(failure_of(error))

    def _model_name(self) -> str | None:
        model = self._workspace.model
        return None if model is None or model.path is None else name_of_model(model.path)


def read_bookmarks(path: Path) -> dict[str, tuple[Bookmark, ...]]:
    """The bookmarks of each model, by its name; none where there is no file.

    Raises:
        ViewError: the file cannot be read.
    """
    if not path.exists():
        return {}
    try:
        values = read_json(path, FORMAT)
        models = values.get("models")
        if not isinstance(models, dict):
            raise Refused("it lists no models")
        return {name: tuple(bookmark_in(mark) for mark in _list(marks)) for name, marks in models.items()}
    except Refused as refused:
        raise ViewError(
            f"The bookmarks in {path} cannot be read: {refused}. Mend the file, or remove it to begin anew."
        ) from refused


def write_bookmarks(path: Path, models: dict[str, tuple[Bookmark, ...]]) -> None:
    """Write the bookmarks of each model, by its name.

    Raises:
        CheckpointError: the file cannot be written.
    """
    kept = {name: [asdict(mark) for mark in marks] for name, marks in models.items() if marks}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps({"format": FORMAT, "models": kept}, indent=1, ensure_ascii=False).encode())


def bookmark_in(values: Any) -> Bookmark:
    """A bookmark of a file; raises Refused where it is none."""
    if not isinstance(values, dict):
        raise Refused("a bookmark is no object")
    name, z = text_in(values, "name"), code_in(values, "z")
    return Bookmark(name, z, label_in(values, "label"))


def _list(values: Any) -> Sequence[Any]:
    if not isinstance(values, list):
        raise Refused("the bookmarks of a model are no list")
    return values


def _first_free(names: Iterable[str]) -> str:
    taken, number = set(names), 1
    while f"Place {number}" in taken:
        number += 1
    return f"Place {number}"
