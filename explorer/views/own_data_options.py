"""How the user's own images are to be read, and what that makes of them."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QSpinBox, QWidget

from explorer.views.run_box import ChoiceBox
from vae.own_data import OwnImages
from vae.own_pictures import SIDES, Reading

NAMED = 8  # classes that are named


class OwnDataOptions(QWidget):
    """Size, colours, shape and split; beneath them what there is and what it will take in memory."""

    changed = Signal()  # what reading() gives

    def __init__(self) -> None:
        super().__init__()
        self._images: OwnImages | None = None
        self.size_box = ChoiceBox("ownSizeBox", "Height and width of the images, in pixels")
        self.colour_box = ChoiceBox("ownColourBox", "Grey images have a third of the numbers")
        self.colour_box.addItem("grey", 1)
        self.colour_box.addItem("colour", 3)
        self.framing_box = ChoiceBox("ownFramingBox", "How a picture that is not square becomes square")
        self.framing_box.addItem("cropped to the middle", "crop")
        self.framing_box.addItem("whole, with black borders", "pad")
        self.seed_box = QSpinBox()
        self.seed_box.setObjectName("ownSeedBox")
        self.seed_box.setRange(0, 2**31 - 1)
        self.seed_box.setToolTip("The same seed draws the same images for testing")
        self.found, self.classes, self.split, self.memory = (_words() for _ in range(4))
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        for text, widget in (
            ("&Size", self.size_box),
            ("&Colours", self.colour_box),
            ("Sha&pe", self.framing_box),
            ("Seed of the spli&t", self.seed_box),
            ("Found", self.found),
            ("Classes", self.classes),
            ("Split", self.split),
            ("Memory", self.memory),
        ):
            form.addRow(text, widget)
        for box in (self.size_box, self.colour_box, self.framing_box):
            box.currentIndexChanged.connect(self._change)
        self.seed_box.valueChanged.connect(self._change)

    def reading(self) -> Reading:
        """What is chosen."""
        return Reading(
            side=self.size_box.currentData(),
            channels=self.colour_box.currentData(),
            framing=self.framing_box.currentData(),
            seed=self.seed_box.value(),
        )

    def show_images(self, images: OwnImages) -> None:
        """Describe other images, and choose what is suggested for them."""
        self._images = images
        suggested = images.suggested
        with QSignalBlocker(self):
            self.size_box.clear()
            for side in sorted({*SIDES, suggested.side}):
                self.size_box.addItem(f"{side} × {side} pixels", side)
            self.size_box.setCurrentIndex(self.size_box.findData(suggested.side))
            self.colour_box.setCurrentIndex(self.colour_box.findData(suggested.channels))
        self.framing_box.setEnabled(not _all_square(images))
        self.seed_box.setEnabled(images.source.tests is None)
        self.found.setText(_found(images))
        self.classes.setText(_classes(images))
        self.split.setText(_split(images))
        self._change()

    def _change(self) -> None:
        if self._images is not None and self.size_box.count():
            self.memory.setText(_in_bytes(self._images.bytes_of(self.reading())))
            self.changed.emit()


def _words() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    return label


def _all_square(images: OwnImages) -> bool:
    return images.smallest == images.largest and images.smallest[0] == images.smallest[1]


def _found(images: OwnImages) -> str:
    """For example "1,234 pictures of 80 × 60 to 640 × 480 pixels"."""
    sizes = dict.fromkeys(f"{width} × {height}" for width, height in (images.smallest, images.largest))
    return f"{images.count:,} images of {' to '.join(sizes)} pixels"


def _classes(images: OwnImages) -> str:
    """For example "3: cat, dog, horse"."""
    classes = images.source.classes
    if not classes:
        return "none: the images are unlabelled"
    named = ", ".join(classes[:NAMED])
    return f"{len(classes):,}: {named}{', …' if len(classes) > NAMED else ''}"


def _split(images: OwnImages) -> str:
    tests = images.test_count
    how = "drawn by the seed" if images.source.tests is None else "as they are stored"
    return f"{images.count - tests:,} to train and {tests:,} to test, {how}"


def _in_bytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
