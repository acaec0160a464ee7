"""What is seen beneath the ELBO plot: pictures or diagnostics, one at a time."""

from __future__ import annotations

from PySide6.QtCore import Slot

from explorer.views.card import styled_label
from explorer.views.chip_pages import ChipPages
from explorer.views.diagnostics_page import DiagnosticsPage
from explorer.views.run_pictures import RunPictures


class RunPages(ChipPages):
    """A word on the diagnostics stands beside the chips throughout."""

    def __init__(self, pictures: RunPictures, diagnostics: DiagnosticsPage) -> None:
        super().__init__()
        self.pictures_button = self.add("&Pictures", "What the model makes of images", lambda: pictures)
        tip = "What the latent units and the gradient do"
        self.diagnostics_button = self.add("Dia&gnostics", tip, lambda: diagnostics)
        self._word = styled_label("", "muted")
        self.heading.addWidget(self._word)
        diagnostics.told.connect(self._word.setText)
        diagnostics.warned.connect(self._warned)

    @Slot(bool)
    def _warned(self, odd: bool) -> None:
        self.diagnostics_button.setText("⚠ Dia&gnostics" if odd else "Dia&gnostics")
