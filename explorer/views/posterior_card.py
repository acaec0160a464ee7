"""q(z|x) in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QLabel

from explorer.session import Session
from explorer.theme import current_theme
from explorer.views.card import Card, button, styled_label
from explorer.views.evidence_line import EvidenceLine
from explorer.views.model_words import elbo_terms, given_label, scoring
from explorer.views.numbers import number
from explorer.views.unit_bars import name_of

if TYPE_CHECKING:
    from vae import Posterior

MOST_DIMENSIONS = 3  # columns of numbers; the rest is told in words


class PosteriorCard(Card):
    """Mean, standard deviation, KL, reconstruction and ELBO of the input image."""

    def __init__(self, session: Session) -> None:
        super().__init__("Posterior  q(z|x)")
        self._session = session
        self._table = QGridLayout()
        self._table.setHorizontalSpacing(12)
        self._table.setVerticalSpacing(2)
        self.body.addLayout(self._table)
        self._hidden = 0  # dimensions without a column
        self._columns = [self._column(place) for place in range(MOST_DIMENSIONS)]
        self._rows: list[QLabel] = []  # names of the rows
        for row, (text, tip) in enumerate(
            (("μ", "mean of q(z|x)"), ("σ", "standard deviation of q(z|x)")), start=1
        ):
            label = styled_label(text, "muted")
            label.setToolTip(tip)
            self._table.addWidget(label, row, 0)
            self._rows.append(label)
        self._table.setColumnStretch(MOST_DIMENSIONS + 1, 1)
        self.terms = QLabel()
        self.terms.setTextFormat(Qt.TextFormat.RichText)
        self.terms.setWordWrap(True)
        self.terms.setObjectName("posteriorTerms")
        self.body.addWidget(self.terms)
        self.evidence_line = EvidenceLine(session)
        self.body.addWidget(self.evidence_line)
        self._build_buttons()
        session.exploration.posterior_changed.connect(self._show)
        session.exploration.chart_changed.connect(self._show)
        self._show()

    def _column(self, place: int) -> tuple[QLabel, QLabel, QLabel]:
        labels = (styled_label("", "muted"), QLabel(), QLabel())
        for row, label in enumerate(labels):
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._table.addWidget(label, row, place + 1)
        return labels

    def _build_buttons(self) -> None:
        self.to_mean = button("Go to μ", "Decode the mean of q(z|x)", "meanButton", "layer")
        self.to_mean.clicked.connect(self._session.exploration.go_to_mean)
        self.sample = button(
            "Sample", "Decode a draw from q(z|x); press again for another", "sampleButton", "layer"
        )
        self.sample.clicked.connect(self._session.exploration.sample_posterior)
        self.heading.addWidget(self.to_mean)
        self.heading.addWidget(self.sample)

    def _show(self) -> None:
        posterior = self._session.exploration.posterior
        known = posterior is not None
        self.to_mean.setEnabled(known)
        self.sample.setEnabled(posterior is not None and not posterior.is_point)
        point = posterior is not None and posterior.is_point
        whole = given_label("q(z|x)", self._session.exploration.label)
        self.title.setText("Code  z" if point else f"Posterior  {whole}")
        self._rows[0].setText("z" if point else "μ")
        self._rows[1].setVisible(not point)
        self.to_mean.setText("Go to z" if point else "Go to μ")
        self._show_code()
        self._show_terms()

    def _show_code(self) -> None:
        """All dimensions, or of more than there is room for those that the plane shows."""
        posterior, axes = self._session.exploration.posterior, self._session.exploration.chart.axes
        count = 0 if posterior is None else len(posterior.z_loc)
        shown = axes if count > MOST_DIMENSIONS and axes is not None else range(min(count, MOST_DIMENSIONS))
        self._hidden = count - len(shown)
        for labels in self._columns:
            for label in labels:
                label.clear()
        if posterior is None:
            return
        for (name, mean, scale), unit in zip(self._columns, shown, strict=False):
            name.setText(name_of(unit))
            mean.setText(number(posterior.z_loc[unit], 3, sign=True))
            scale.setText("" if posterior.is_point else f"{posterior.z_scale[unit]:.3f}")

    def _show_terms(self) -> None:
        posterior, model = self._session.exploration.posterior, self._session.workspace.model
        if posterior is None or model is None:
            self.terms.setText("No image is encoded. Choose one, or draw a digit.")
            self.terms.setToolTip("")
            return
        config = model.checkpoint.model.config
        self.terms.setToolTip(f"{elbo_terms(config)} {scoring(config)}")
        self.terms.setText(
            (code_in_words(posterior) if posterior.is_point else terms_in_words(posterior))
            + (f"<br>… and {self._hidden} more dimensions" if self._hidden else "")
        )

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._show_terms()


def terms_in_words(posterior: Posterior) -> str:
    """The ELBO of the input and what it is made of, as rich text."""
    terms, theme = posterior.terms, current_theme()
    reconstruction = f"E<sub>q</sub> log p(x|z) <b>{number(terms.reconstruction)}</b>"
    label = "" if terms.label is None else f"E<sub>q</sub> log p(y|z) <b>{number(terms.label)}</b>"
    kl = f"KL <b>{number(terms.kl)}</b>"
    return (
        _coloured(reconstruction, theme.reconstruction)
        + (f"<br>+ {label}" if label else "")
        + f" − {_coloured(kl, theme.kl)}<br>= ELBO <b>{number(terms.elbo)}</b> nats"
    )


def code_in_words(posterior: Posterior) -> str:
    """What there is of it where q(z|x) is a point."""
    likelihood = f"log p(x|z) <b>{number(posterior.terms.reconstruction)}</b>"
    coloured = _coloured(likelihood, current_theme().reconstruction)
    return f"An autoencoder encodes to a point: no σ, no KL.<br>{coloured} nats"


def _coloured(text: str, colour: str) -> str:
    return f"<span style='color:{colour}'>{text}</span>"
