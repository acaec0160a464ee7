"""What survives a restart, under names kept in one place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from vae.datasets import is_available, is_own

MOST_RECENT = 8  # files in the list
MOST_OWN_DATA = 4  # data sets of the user's own images

SYSTEM, LIGHT, DARK = APPEARANCES = ("system", "light", "dark")


class Settings:
    """Typed access to QSettings: the window's shape, recent files, the appearance."""

    def __init__(self, store: QSettings) -> None:
        self.store = store

    @property
    def recent(self) -> tuple[Path, ...]:
        """Files opened or saved last, the latest first; those that are gone are left out."""
        names = self.store.value("recent")
        if isinstance(names, str):  # a list of one comes back as its only entry
            names = [names]
        paths = [Path(str(name)) for name in names] if isinstance(names, list) else []
        return tuple(path for path in paths if path.is_file())

    def remember(self, path: Path) -> None:
        """Put ``path`` at the head of the recent files."""
        others = [other for other in self.recent if other != path]
        self.store.setValue("recent", [str(file) for file in (path, *others)][:MOST_RECENT])

    @property
    def own_data(self) -> tuple[str, ...]:
        """Names of the user's own images opened last, the latest first; those that are gone are left out."""
        names = self.store.value("own_data")
        if isinstance(names, str):  # as above
            names = [names]
        known = [str(name) for name in names] if isinstance(names, list) else []
        return tuple(name for name in known if is_own(name) and is_available(name, Path()))

    def remember_data(self, name: str) -> None:
        """Put the user's own images of this name at the head of the list."""
        others = [other for other in self.own_data if other != name]
        self.store.setValue("own_data", [name, *others][:MOST_OWN_DATA])

    @property
    def appearance(self) -> str:
        """One of APPEARANCES."""
        name = str(self.store.value("appearance", SYSTEM))
        return name if name in APPEARANCES else SYSTEM

    @appearance.setter
    def appearance(self, name: str) -> None:
        self.store.setValue("appearance", name)

    @property
    def geometry(self) -> QByteArray:
        """The window's place and size, as Qt saves it; empty at the first start."""
        geometry = self.store.value("geometry")
        return geometry if isinstance(geometry, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self.store.setValue("geometry", geometry)
