"""The input image: which one is encoded, and with how much noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

import vae
from explorer.workspace import Workspace
from vae.datasets import Dataset


@dataclass(frozen=True)
class Selection:
    """The input image x."""

    picture: NDArray[np.uint8]  # (C, H, W)
    label: int | None
    index: int | None  # in the test set; None for another image
    ink: NDArray[np.uint8] | None = None  # (height, width) of a drawing, before it was scaled and centred
    training_index: int | None = None  # in the training set, of one of its images

    @property
    def place(self) -> str:
        """Which image of the data set it is, in words; nothing of a drawing."""
        if self.index is not None:
            return f"test image {self.index}"
        return "" if self.training_index is None else f"training image {self.training_index}"


class Inputs(QObject):
    """A test image or a drawing; the first test image when other data are opened."""

    selection_changed = Signal()
    candidates_changed = Signal()
    noise_changed = Signal()

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._selection: Selection | None = None
        self._candidates = np.zeros(0, np.int64)
        self._noise = 0.0
        self._random = np.random.default_rng()
        workspace.dataset_changed.connect(self._dataset_changed)

    @property
    def selection(self) -> Selection | None:
        """The input image, if any."""
        return self._selection

    @property
    def candidates(self) -> NDArray[np.int64]:
        """Indices of the test images that are offered: all, or those of one class."""
        return self._candidates

    @property
    def noise(self) -> float:
        """Standard deviation of the noise that is added before the image is encoded; 0 for none."""
        return self._noise

    def set_noise(self, sigma: float) -> None:
        """Encode the image with Gaussian noise of this standard deviation."""
        if sigma != self._noise:
            self._noise = sigma
            self.noise_changed.emit()

    def test_image(self, index: int) -> Selection | None:
        """A picture of the open data set, if there is one of this number."""
        data = self._workspace.dataset
        if data is None or not 0 <= index < len(data.test_images):
            return None
        label = int(data.test_labels[index])
        return Selection(data.test_images[index], label if label >= 0 else None, index)

    def select_test_image(self, index: int) -> None:
        """Choose a picture of the open data set."""
        selection = self.test_image(index)
        if selection is not None:
            self.select(selection)

    def select_drawing(self, ink: NDArray[np.uint8]) -> None:
        """Choose a drawing (height, width), 255 for ink, scaled and centred as MNIST's digits are."""
        model = self._workspace.model
        if model is not None:
            self.select(Selection(vae.centre_like_mnist(ink, model.image_shape), None, None, ink))

    def offer_class(self, label: int | None) -> None:
        """Offer the test images of one class alone, or all."""
        data = self._workspace.dataset
        if data is not None:
            labels = data.test_labels
            self._candidates = np.flatnonzero(np.ones_like(labels) if label is None else labels == label)
            self.candidates_changed.emit()

    def step(self, by: int) -> None:
        """Select the next candidate (``by`` 1) or the one before (-1), from the present image on."""
        if not len(self._candidates):
            return
        index = self._selection.index if self._selection is not None else None
        side: Literal["left", "right"] = "right" if by > 0 else "left"
        place = 0 if index is None else int(np.searchsorted(self._candidates, index, side))
        place = place if by > 0 else place - 1
        self.select_test_image(int(self._candidates[place % len(self._candidates)]))

    def select_random(self) -> None:
        """Select any of the candidates."""
        if len(self._candidates):
            self.select_test_image(int(self._random.choice(self._candidates)))

    def select(self, selection: Selection) -> None:
        """Choose any image."""
        self._selection = selection
        self.selection_changed.emit()

    @Slot(object)
    def _dataset_changed(self, data: Dataset) -> None:
        self.offer_class(None)
        self.select_test_image(0)
