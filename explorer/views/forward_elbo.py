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
from explorer.views.forward_code import has_elbo, what_is_missing
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
NO_ALIGNMENT = Qt.AlignmentFlag(0)


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
        self._cells: list[tuple[QWidget, int, int]] = []  # with their rows and columns
        self._fill_grid()
        self.note = styled_label("", "muted")
        self.note.setObjectName("forwardNote")
        self.note.setWordWrap(True)
        self.body.addWidget(self.note)
        self._grid.setRowStretch(4, 1)
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._sides.setSpacing(18)
        self._sides.addWidget(self._table)
        self._sides.addWidget(self.running, 1)
        self.body.addLayout(self._sides, 1)

    def _fill_grid(self) -> None:
        self.terms = {name: self._cell(name, row, column, span) for name, row, column, span in CELLS}
        for text, row, column in SIGNS:
            self._put(QLabel(text), row, column, Qt.AlignmentFlag.AlignCenter)
        for text, row in (("one draw", 1), ("exact KL", KL_ROW)):
            label = styled_label(text, "muted")
            label.setToolTip(TIPS[text])
            self._put(label, row, 0)
        self.kl = QLabel()
        self.kl.setObjectName("forwardKl")
        self.kl.setTextFormat(Qt.TextFormat.RichText)
        self.kl.setWordWrap(True)
        self._put(self.kl, KL_ROW + 1, 0, span=COLUMNS)

    def _put(
        self,
        widget: QWidget,
        row: int,
        column: int,
        alignment: Qt.AlignmentFlag = NO_ALIGNMENT,
        span: int = 1,
    ) -> None:
        self._cells.append((widget, row, column))
        self._grid.addWidget(widget, row, column, 1, span, alignment)

    def _cell(self, name: str, row: int, column: int, span: int) -> QLabel:
        label = QLabel()
        label.setObjectName(name)
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setAlignment(Qt.AlignmentFlag.AlignRight if span == 1 else Qt.AlignmentFlag.AlignCenter)
        font = label.font()
        font.setPointSizeF((NUMBERS if row else 1.0) * font.pointSizeF())
        label.setFont(font)
        self._put(label, row, column, span=span)
        return label

    def show_scores(self, forward: ForwardPass, scores: Scores) -> None:
        """The terms of one draw, and the scores of all draws so far, which it is one of."""
        self._forward, self._scores = forward, scores
        shown, missing = has_elbo(forward), what_is_missing(forward)
        self.title.setText("ELBO, in nats" if shown else "log p(x|z)")
        self.note.setText(missing)
        self.note.setVisible(bool(missing))
        for widget in (self._table, self.running, self.running.legend, self.more):
            widget.setVisible(shown)
        if shown:
            self._arrange(scores)
            self._write()
            self.running.show_scores(scores)

    def _arrange(self, scores: Scores) -> None:
        """Leave out the terms that the model does not have."""
        for widget, row, column in self._cells:
            without_kl = scores.kl is None and row >= KL_ROW
            without_label = scores.log_label is None and column in LABEL_COLUMNS
            widget.setVisible(not without_kl and not without_label)

    def _write(self) -> None:
        if self._forward is None or self._scores is None:
            return
        theme, one = current_theme(), self._forward.scores
        likelihood, prior, q = (float(term[0]) for term in (one.log_likelihood, one.log_prior, one.log_q))
        count = len(self._scores.log_q)
        texts = {
            "likelihoodName": ("log p(x|z)", theme.reconstruction),
            "priorName": ("log p(z)", theme.prior),
            "qName": ("log q(z|x)", theme.q),
            "elboName": ("ELBO", theme.elbo),
            "meanName": (f"mean of {count:,}" if count > 1 else "mean", theme.muted),
            "likelihoodTerm": (_strong(likelihood), theme.reconstruction),
            "priorTerm": (_strong(prior), theme.prior),
            "qTerm": (_strong(q, bracketed=True), theme.q),
            "elboMean": (_mean(self._scores.elbo), theme.elbo),
            "likelihoodTermAgain": (_strong(likelihood), theme.reconstruction),
        }
        label = 0.0
        if one.log_label is not None:
            label = float(one.log_label[0])
            texts["labelName"] = ("log p(y|z)", theme.ink)
            texts["labelTerm"] = texts["labelTermAgain"] = (_strong(label), theme.ink)
        texts["elboTerm"] = (_strong(_sum(likelihood, label, prior, -q)), theme.elbo)
        by_kl = self._scores.elbo_by_kl
        if one.kl is not None and by_kl is not None:
            texts["klTerm"] = (f"KL(q ‖ p) {_strong(one.kl)}", theme.kl)
            texts["elboByKlTerm"] = (_strong(_sum(likelihood, label, -one.kl)), theme.elbo)
            texts["elboByKlMean"] = (_mean(by_kl), theme.elbo)
            self.kl.setText(tinted(_written_out(self._forward, one.kl), theme.kl))
        for name, (text, colour) in texts.items():
            self.terms[name].setText(tinted(text, colour))

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
    ("labelName", 0, 3, 1),
    ("priorName", 0, 5, 1),
    ("qName", 0, 7, 1),
    ("elboName", 0, 9, 1),
    ("meanName", 0, 10, 1),
    ("likelihoodTerm", 1, 1, 1),
    ("labelTerm", 1, 3, 1),
    ("priorTerm", 1, 5, 1),
    ("qTerm", 1, 7, 1),
    ("elboTerm", 1, 9, 1),
    ("elboMean", 1, 10, 1),
    ("likelihoodTermAgain", 2, 1, 1),
    ("labelTermAgain", 2, 3, 1),
    ("klTerm", 2, 5, 3),
    ("elboByKlTerm", 2, 9, 1),
    ("elboByKlMean", 2, 10, 1),
)
SIGNS = (  # text, row, column
    *(("+", 1, 2), ("+", 1, 4), ("−", 1, 6), ("=", 1, 8)),
    *(("+", 2, 2), ("−", 2, 4), ("=", 2, 8)),
)
LABEL_COLUMNS = (2, 3)  # the label's term, and the sign before it
KL_ROW, COLUMNS = 2, 11


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


def _written_out(forward: ForwardPass, kl: float) -> str:
    """The closed form of the KL with its numbers."""
    pairs = list(zip(forward.z_loc.tolist(), forward.z_scale.tolist(), strict=True))
    parts = [
        f"({number(mean**2)} + {number(scale**2)} − 1 {_signed(-math.log(scale**2))})"
        for mean, scale in pairs[:MOST_DIMENSIONS]
    ]
    rest = " + …" if len(pairs) > MOST_DIMENSIONS else ""
    return f"KL(q ‖ p) = {nats(kl)} = ½ Σ (μ² + σ² − 1 − log σ²)<br>= ½ [{' + '.join(parts)}{rest}]"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'} {number(abs(value))}"
