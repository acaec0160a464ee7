"""The ELBO of one draw as a sum of coloured terms, both ways, and what the draws come to on average."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QLabel, QWidget

from explorer.theme import current_theme
from explorer.views.card import Card, button, styled_label
from explorer.views.forward_running import RunningMeans
from explorer.views.forward_words import MOST_DIMENSIONS, nats, number, tinted

if TYPE_CHECKING:
    from vae import ForwardPass, Scores

TIPS = {
    "one draw": "As Pyro's Trace_ELBO estimates it: every term at the z that was drawn",
    "exact KL": "As Pyro's TraceMeanField_ELBO estimates it: the KL in closed form, the rest at that z",
}
MORE = 100  # draws at once
NUMBERS = 1.1  # times the size of the rest


class ElboCard(Card):
    """Two estimates of the same ELBO, one under the other; beside them their running means."""

    def __init__(self) -> None:
        super().__init__("ELBO, in nats")
        self._forward: ForwardPass | None = None
        self._scores: Scores | None = None
        self.more = button(f"× {MORE}", f"Draw ε {MORE} more times", "redrawMoreButton", "layer")
        self.running = RunningMeans()
        self.heading.addWidget(self.running.legend, 100)
        self.heading.addWidget(self.more)
        self._table = QWidget()
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(5)
        self.terms = {name: self._cell(name, row, column, span) for name, row, column, span in CELLS}
        for text, row, column in SIGNS:
            self._grid.addWidget(QLabel(text), row, column, Qt.AlignmentFlag.AlignCenter)
        for text, row in (("one draw", 1), ("exact KL", 2)):
            label = styled_label(text, "muted")
            label.setToolTip(TIPS[text])
            self._grid.addWidget(label, row, 0)
        self.kl = QLabel()
        self.kl.setObjectName("forwardKl")
        self.kl.setTextFormat(Qt.TextFormat.RichText)
        self.kl.setWordWrap(True)
        self._grid.addWidget(self.kl, 3, 0, 1, 9)
        self._grid.setRowStretch(4, 1)
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._sides.setSpacing(18)
        self._sides.addWidget(self._table)
        self._sides.addWidget(self.running, 1)
        self.body.addLayout(self._sides, 1)

    def _cell(self, name: str, row: int, column: int, span: int) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setAlignment(Qt.AlignmentFlag.AlignRight if span == 1 else Qt.AlignmentFlag.AlignCenter)
        font = label.font()
        font.setPointSizeF((NUMBERS if row else 1.0) * font.pointSizeF())
        label.setFont(font)
        self._grid.addWidget(label, row, column, 1, span)
        return label

    def show_scores(self, forward: ForwardPass, scores: Scores) -> None:
        """The terms of one draw, and the scores of all draws so far, which it is one of."""
        self._forward, self._scores = forward, scores
        self._write()
        self.running.show_scores(scores)

    def _write(self) -> None:
        if self._forward is None or self._scores is None:
            return
        theme, one = current_theme(), self._forward.scores
        likelihood, prior = float(one.log_likelihood[0]), float(one.log_prior[0])
        q, kl = float(one.log_q[0]), one.kl
        count = len(self._scores.log_q)
        for name, text, colour in (
            ("likelihoodName", "log p(x|z)", theme.reconstruction),
            ("priorName", "log p(z)", theme.prior),
            ("qName", "log q(z|x)", theme.q),
            ("elboName", "ELBO", theme.elbo),
            ("meanName", f"mean of {count:,}" if count > 1 else "mean", theme.muted),
            ("likelihoodTerm", _strong(likelihood), theme.reconstruction),
            ("priorTerm", _strong(prior), theme.prior),
            ("qTerm", _strong(q, bracketed=True), theme.q),
            ("elboTerm", _strong(_sum(likelihood, prior, -q)), theme.elbo),
            ("elboMean", _mean(self._scores.elbo), theme.elbo),
            ("likelihoodTermAgain", _strong(likelihood), theme.reconstruction),
            ("klTerm", f"KL(q ‖ p) {_strong(kl)}", theme.kl),
            ("elboByKlTerm", _strong(_sum(likelihood, -kl)), theme.elbo),
            ("elboByKlMean", _mean(self._scores.elbo_by_kl), theme.elbo),
        ):
            self.terms[name].setText(tinted(text, colour))
        self.kl.setText(tinted(_written_out(self._forward), theme.kl))

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._write()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Side by side where there is room, else one above the other."""
        super().resizeEvent(event)
        least = self._table.minimumSizeHint().width() + self.running.minimumSizeHint().width() + 60
        beside = self.width() >= least
        directions = QBoxLayout.Direction
        self._sides.setDirection(directions.LeftToRight if beside else directions.TopToBottom)


CELLS = (  # name, row, column, columns that it spans
    ("likelihoodName", 0, 1, 1),
    ("priorName", 0, 3, 1),
    ("qName", 0, 5, 1),
    ("elboName", 0, 7, 1),
    ("meanName", 0, 8, 1),
    ("likelihoodTerm", 1, 1, 1),
    ("priorTerm", 1, 3, 1),
    ("qTerm", 1, 5, 1),
    ("elboTerm", 1, 7, 1),
    ("elboMean", 1, 8, 1),
    ("likelihoodTermAgain", 2, 1, 1),
    ("klTerm", 2, 3, 3),
    ("elboByKlTerm", 2, 7, 1),
    ("elboByKlMean", 2, 8, 1),
)
SIGNS = (("+", 1, 2), ("−", 1, 4), ("=", 1, 6), ("−", 2, 2), ("=", 2, 6))


def _sum(*terms: float) -> float:
    """Of the terms as they are written, so that a reader who adds them up finds the same."""
    return sum(round(term, 2) for term in terms)


def _strong(value: float, *, bracketed: bool = False) -> str:
    text = f"({nats(value)})" if bracketed and value < 0 else nats(value)
    return f"<b>{text}</b>"


def _mean(values: NDArray[np.float32]) -> str:
    """With its standard error; of one draw there is none."""
    if len(values) < 2:
        return "…"
    error = nats(float(values.std(ddof=1)) / math.sqrt(len(values)))
    return f"<b>{nats(float(values.mean()))}</b> <small>± {error}</small>"


def _written_out(forward: ForwardPass) -> str:
    """The closed form of the KL with its numbers."""
    pairs = list(zip(forward.z_loc.tolist(), forward.z_scale.tolist(), strict=True))
    parts = [
        f"({number(mean**2)} + {number(scale**2)} − 1 {_signed(-math.log(scale**2))})"
        for mean, scale in pairs[:MOST_DIMENSIONS]
    ]
    rest = " + …" if len(pairs) > MOST_DIMENSIONS else ""
    total = nats(forward.scores.kl)
    return f"KL(q ‖ p) = {total} = ½ Σ (μ² + σ² − 1 − log σ²)<br>= ½ [{' + '.join(parts)}{rest}]"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'} {number(abs(value))}"
