"""A card for one model of points: its plot, and the numbers that judge it."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy

from explorer.views.card import Card, styled_label
from explorer.views.points_plot import PointsPlot

NOTHING = "–"


class PointsCard(Card):
    """The plot, and two numbers beneath it, each with the words that say what it is."""

    def __init__(self, title: str, plot: PointsPlot) -> None:
        super().__init__(title)
        self.plot = plot
        self._words = styled_label("", "muted")
        # else the card with more words would be the wider one
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.heading.insertWidget(1, self._words, 100)
        self.body.addWidget(plot, 1)
        numbers = QGridLayout()
        numbers.setHorizontalSpacing(10)
        numbers.setVerticalSpacing(2)
        numbers.setColumnStretch(1, 1)
        self.values = (self._value(), self._value())
        self._meanings = (styled_label("", "muted"), styled_label("", "muted"))
        for row, (value, meaning) in enumerate(zip(self.values, self._meanings, strict=True)):
            meaning.setWordWrap(True)
            meaning.setMinimumHeight(2 * meaning.fontMetrics().lineSpacing())  # alike in both cards
            numbers.addWidget(value, row, 0)
            numbers.addWidget(meaning, row, 1)
        self.body.addLayout(numbers)

    def describe(self, words: str) -> None:
        """Say beside the title what is to be seen."""
        self._words.setText(words)

    def show_number(self, row: int, value: str, meaning: str) -> None:
        """The first or the second number."""
        self.values[row].setText(value)
        self._meanings[row].setText(meaning)

    def _value(self) -> QLabel:
        label = QLabel(NOTHING)
        font = label.font()
        font.setBold(True)
        font.setPointSizeF(1.25 * font.pointSizeF())
        label.setFont(font)
        label.setMinimumWidth(label.fontMetrics().horizontalAdvance("−00.00"))
        return label
