"""The page on log p(x): how far below it the ELBO of the input image lies, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel

from explorer.session import Session
from explorer.theme import current_theme
from explorer.views.card import Card, styled_label
from explorer.views.evidence_watch import EvidenceWatch
from explorer.views.evidence_words import (
    APPROXIMATION,
    ELBO,
    GREY,
    amortisation_tip,
    evidence_name,
    evidence_tip,
    modes_in_words,
    scored_as_density,
)
from explorer.views.gap_bar import GapBar
from explorer.views.numbers import number

if TYPE_CHECKING:
    from vae import Gaps

ROWS = ("elbo", "amortisation", "approximation", "evidence")
DECODING = "The grid of codes that is summed over is decoded once for these weights: {:.0%} by now."


class EvidenceCard(Card):
    """log p(x) = ELBO(q) + amortisation gap + approximation gap, as a bar and in numbers."""

    def __init__(self, session: Session) -> None:
        super().__init__("Evidence  log p(x)")
        self.setObjectName("card")
        self._session = session
        self.heading.addWidget(styled_label("nats", "muted"))
        self.bar = GapBar()
        self.body.addWidget(self.bar)
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(8)
        self._table.setVerticalSpacing(3)
        self._table.setColumnStretch(0, 1)
        self.body.addLayout(self._table)
        self._names = {row: self._cell(place, 0) for place, row in enumerate(ROWS)}
        self.values = {row: self._cell(place, 1) for place, row in enumerate(ROWS)}
        self.modes = _sentence("modesOfPosterior")
        self.note = _sentence("evidenceNote")
        self.body.addWidget(self.modes)
        self.body.addWidget(self.note)
        self.body.addStretch(1)
        EvidenceWatch(self, session.evidence, self._show)
        self._show()

    def _cell(self, row: int, column: int) -> QLabel:
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.RichText)
        if column:
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._table.addWidget(label, row, column)
        return label

    def _show(self) -> None:
        if not self.isVisible():  # shown anew when the page is
            return
        evidence = self._session.evidence
        why, gaps, exact = evidence.why_not, evidence.gaps, evidence.exact
        for widget in (self.bar, *self._names.values(), *self.values.values()):
            widget.setVisible(why is None)
        name = evidence_name(self._session)
        self.title.setText(f"Evidence  {name}")
        self._show_names(name)
        self._show_gaps(gaps)
        refined = exact is not None and exact.refined
        if exact is not None and refined and gaps is None:
            self.values["evidence"].setText(f"<b>{number(exact.log_evidence)}</b>")
        modes = modes_in_words(self._session, exact) if exact is not None and refined else ""
        share = evidence.grid_share
        self.modes.setText(modes if share is None else DECODING.format(share))
        self.modes.setVisible(why is None)
        self.note.setText(why or ("" if scored_as_density(self._session) else GREY))
        self.note.setVisible(bool(self.note.text()))

    def _show_names(self, name: str) -> None:
        theme = current_theme()
        for row, text, colour, tip in (
            ("elbo", "ELBO(q)", theme.elbo, ELBO),
            ("amortisation", "+ amortisation gap", theme.q, amortisation_tip(self._session)),
            ("approximation", "+ approximation gap", theme.exact, APPROXIMATION),
            ("evidence", f"= {name}", theme.ink, evidence_tip(self._session)),
        ):
            square = "" if row == "evidence" else f"<span style='color:{colour}'>■</span> "
            self._names[row].setText(f"{square}{text}")
            for label in (self._names[row], self.values[row]):
                label.setToolTip(tip)

    def _show_gaps(self, gaps: Gaps | None) -> None:
        """Rounded so that the printed numbers add up."""
        if gaps is None:
            for label in self.values.values():
                label.setText("…")
            self.bar.show_gaps(())
            return
        elbo, best, evidence = (round(v, 2) for v in (gaps.elbo, gaps.best_elbo, gaps.log_evidence))
        self.bar.show_gaps((gaps.amortisation, gaps.approximation))
        self.values["elbo"].setText(number(elbo))
        self.values["amortisation"].setText(number(abs(best - elbo)))
        self.values["approximation"].setText(number(abs(evidence - best)))
        self.values["evidence"].setText(f"<b>{number(evidence)}</b>")


def _sentence(name: str) -> QLabel:
    label = styled_label("", "muted")
    label.setObjectName(name)
    label.setWordWrap(True)
    return label
