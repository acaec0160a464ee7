"""The numbers under the mouse."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

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
        self.setText("\n".join(_lines(row)))
        self.adjustSize()
        left = foot.x() + MARGIN
        if left + self.width() > self._plot.width():
            left = max(foot.x() - MARGIN - self.width(), 0.0)
        self.move(round(left), round(foot.y() - MARGIN - self.height()))
        self.show()


def _lines(row: Mapping[str, float]) -> Iterator[str]:
    yield f"step {row['step']:,.0f} · epoch {row['epoch']:.2f} · {row['time']:.1f} s"
    terms = f"{_nats(row['reconstruction'])} (reconstruction)"
    if not math.isnan(label := row.get("label", math.nan)):
        terms += f" + {_nats(label)} (label)"
    yield f"ELBO {_nats(row['elbo'])} nats = {terms} − {_nats(row['kl'])} (KL)"
    if "learning_rate" in row:
        beta = f" · beta {row['beta']:.3g}" if row["beta"] != 1.0 else ""
        yield f"learning rate {row['learning_rate']:.2g} · gradient norm {row['gradient_norm']:.3g}{beta}"


def _nats(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")
