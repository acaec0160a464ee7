"""The window on somebody's own encoder and decoder, from a script or a notebook."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QApplication

import vae
from explorer.app import make_application, show_window
from explorer.main_window import MainWindow
from explorer.places import default_places
from vae.configuration import TrainingConfig
from vae.datasets import IN_MEMORY, Dataset, DatasetInfo
from vae.errors import AdapterError

MODEL, TITLE = "Your model", "Your images"

_applications: list[QApplication] = []  # those made here: nobody else runs their event loop
_windows: set[MainWindow] = set()  # a window that nobody holds would be closed by Python


def open_window_on(model: object, images: object, labels: object = None) -> MainWindow:
    """See `explorer.launch`."""
    adapted, pictures = vae.adapt(model, images)
    data = _dataset(pictures, labels)
    checkpoint = vae.Checkpoint(
        model=adapted,
        preset=MODEL,
        dataset=IN_MEMORY,
        training=TrainingConfig(),
        history=(),
        encodings=vae.encode_images(adapted, pictures, data.test_labels),
    )
    theirs = QApplication.instance() is not None and not _applications
    application = make_application()
    if not theirs:
        _applications[:] = [application]
    window = show_window(application, default_places(), QSettings())
    _windows.add(window)
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    window.destroyed.connect(lambda: _windows.discard(window))
    window.session.workspace.show_dataset(data)
    window.session.workspace.show_model(checkpoint, MODEL, None)
    if not theirs:
        application.exec()
    return window


def _dataset(pictures: NDArray[np.uint8], labels: object) -> Dataset:
    """The pictures as training and test set at once."""
    classes, indices = _classes(labels, len(pictures))
    shape = (pictures.shape[1], pictures.shape[2], pictures.shape[3])
    return Dataset(DatasetInfo(IN_MEMORY, TITLE, shape, classes, 0), pictures, indices, pictures, indices, {})


def _classes(labels: object, count: int) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The names of the classes, and the place of each image's (N,); -1 where there are no labels."""
    if labels is None:
        return (), np.full(count, -1, np.int64)
    values = np.asarray(labels)
    if values.shape != (count,):
        raise AdapterError(
            f"The labels have the shape {values.shape}, and there are {count:,} images: "
            f"it must be ({count},)."
        )
    names, indices = np.unique(values, return_inverse=True)
    return tuple(map(str, names.tolist())), indices.astype(np.int64)
