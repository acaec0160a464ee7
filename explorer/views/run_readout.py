"""The numbers under the mouse."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QLabel, QWidget

MARGIN = 10  # pixels


class ReadOut(QLabel):
    """Floats over a plot, beside the line that marks a step."""

    def __init__(self, plot: QWidget) -> None:
        super().__init__(plot)
        self._plot = plot
        self.setObjectName("readOut")
        self.setProperty("role", "notice")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_row(self, row: Mapping[str, float], foot: QPointF) -> None:
        """Tell a row of the numbers, beside ``foot``, where the line ends below."""
        self.setText(
            f"step {row['step']:,.0f} · epoch {row['epoch']:.2f} · {row['time']:.1f} s\n"
            f"ELBO {_nats(row['elbo'])} nats = {_nats(row['reconstruction'])} (reconstruction)"
            f" − {_nats(row['kl'])} (KL)"
        )
        self.adjustSize()
        left = foot.x() + MARGIN
        if left + self.width() > self._plot.width():
            left = max(foot.x() - MARGIN - self.width(), 0.0)
        self.move(round(left), round(foot.y() - MARGIN - self.height()))
        self.show()


def _nats(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")
