"""What is seen beneath the ELBO plot: pictures or diagnostics, one at a time."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from explorer.views.card import button, styled_label
from explorer.views.diagnostics_page import DiagnosticsPage
from explorer.views.run_pictures import RunPictures


class RunPages(QWidget):
    """Two chips and the page that is chosen; a word on the diagnostics stands beside them throughout."""

    def __init__(self, pictures: RunPictures, diagnostics: DiagnosticsPage) -> None:
        super().__init__()
        self._pages = QStackedWidget()
        self._group = QButtonGroup(self)
        self._word = styled_label("", "muted")
        self.pictures_button = self._add("&Pictures", "What the model makes of images", pictures)
        tip = "What the latent units and the gradient do"
        self.diagnostics_button = self._add("Dia&gnostics", tip, diagnostics)
        self.pictures_button.setChecked(True)
        row = QHBoxLayout()
        row.setSpacing(4)
        for chip in self._group.buttons():
            row.addWidget(chip)
        row.addStretch(1)
        row.addWidget(self._word)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self._pages, 1)
        self._group.idClicked.connect(self._pages.setCurrentIndex)
        diagnostics.told.connect(self._word.setText)
        diagnostics.warned.connect(self._warned)

    def _add(self, text: str, tip: str, page: QWidget) -> QPushButton:
        chip = button(text, tip, role="chip")
        chip.setCheckable(True)
        self._group.addButton(chip, self._pages.addWidget(page))
        return chip

    @Slot(bool)
    def _warned(self, odd: bool) -> None:
        self.diagnostics_button.setText("⚠ Dia&gnostics" if odd else "Dia&gnostics")
