"""log p(x) and the gap below it in one line."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from explorer.evidence import MOVING, NOTHING
from explorer.session import Session
from explorer.theme import current_theme
from explorer.views.evidence_watch import EvidenceWatch
from explorer.views.evidence_words import GREY, evidence_name, evidence_tip, scored_as_density
from explorer.views.numbers import number


class EvidenceLine(QLabel):
    """For the card of the posterior; the page Evidence says more."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.setObjectName("evidenceLine")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        EvidenceWatch(self, session.evidence, self._show)

    def _show(self) -> None:
        """A line of text in any case, so that nothing beneath it jumps."""
        evidence, name = self._session.evidence, evidence_name(self._session)
        colour = current_theme().exact
        coloured = f"<span style='color:{colour}'>{name}</span>"
        if evidence.why_not is not None:
            text = {NOTHING: "", MOVING: f"{coloured} once the weights stand still"}.get(
                evidence.why_not, f"{coloured} cannot be computed"
            )
            self.setText(text)
            self.setToolTip(evidence.why_not)
            return
        self.setText(f"{coloured} {self._numbers()}")
        grey = "" if scored_as_density(self._session) else f" {GREY}"
        self.setToolTip(
            f"{evidence_tip(self._session)} The gap is what the ELBO misses of it: "
            f"the page Evidence takes it apart.{grey}"
        )

    def _numbers(self) -> str:
        """As far as they are known."""
        evidence = self._session.evidence
        exact, gaps, share = evidence.exact, evidence.gaps, evidence.grid_share
        if share is not None:
            return f"… · {share:.0%} of the grid decoded"
        value = f"<b>{number(exact.log_evidence)}</b>" if exact is not None and exact.refined else "…"
        gap = (
            "…"
            if gaps is None
            else f"<b>{number(abs(round(gaps.log_evidence, 2) - round(gaps.elbo, 2)))}</b>"
        )
        return f"{value} nats · gap {gap}"
