"""What a model makes of test images and of draws from the prior: the run's, as it learns, or the open one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QWidget

from explorer.messages import Snapshot
from explorer.session import Session
from explorer.views.card import Card, styled_label
from explorer.views.picture_grid import PictureGrid

if TYPE_CHECKING:
    from explorer.workspace import OpenedModel

PAIRS = 14  # as many as a snapshot holds
SAMPLES = 4  # across
ROWS = 2
LARGEST = 84  # pixels of a picture: three to each of a digit's
GAP = 10


class RunPictures(QWidget):
    """Test images above their reconstructions; beside them samples from the prior."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.reconstructions = _grid(
            "reconstructions", "Test images, and below them their reconstructions", PAIRS
        )
        self.samples = _grid("samples", "Images decoded from draws of the prior", SAMPLES)
        self._note = styled_label("appear here as the model learns", "muted")
        pairs, samples = Card("Data and reconstruction"), Card("Prior samples")
        self._note.setWordWrap(True)
        pairs.heading.insertWidget(1, self._note, 100)
        pairs.setToolTip("Above, images x of the test set; beneath each, the mean of p(x|z) at z = E[q(z|x)]")
        samples.setToolTip("Means of p(x|z) at codes z drawn from the prior p(z), the same draws throughout")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        for card, grid, share in ((pairs, self.reconstructions, 100), (samples, self.samples, 31)):
            card.body.addWidget(grid, 1)
            layout.addWidget(card, share)  # so that the pictures of both come out alike
        session.run.snapshot_taken.connect(self.show_snapshot)

    @Slot(object)
    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show what the run has learned so far."""
        pairs = snapshot.reconstructions
        self.reconstructions.show_pictures(pairs.reshape(-1, *pairs.shape[2:]))
        self.samples.show_pictures(snapshot.samples)
        self._note.setText("")

    def show_model(self, model: OpenedModel) -> None:
        """Show what the open model makes of its test images, if they are open too."""
        exploration, data = self._session.exploration, self._session.workspace.dataset
        noise = np.random.default_rng(0).standard_normal((ROWS * SAMPLES, model.latent_dim))
        samples = exploration.decode(noise.astype(np.float32))
        if samples is not None:
            self.samples.show_pictures(samples)
        checkpoint = model.checkpoint
        paired = (
            data is not None
            and data.info.name == checkpoint.dataset
            and data.info.image_shape == model.image_shape
        )
        decoded = exploration.decode(checkpoint.encodings.z_loc[:PAIRS]) if paired else None
        if data is not None and decoded is not None:
            self.reconstructions.show_pictures(np.concatenate((data.test_images[:PAIRS], decoded)))
            self._note.setText("")
        else:
            self.reconstructions.show_pictures(np.empty((0, *model.image_shape), np.uint8))
            self._note.setText("appear here once the model's data set is open, or a run begins")


def _grid(name: str, description: str, columns: int) -> PictureGrid:
    grid = PictureGrid(name, description, ROWS, columns, least=16)
    grid.setMaximumHeight(ROWS * LARGEST)
    return grid
