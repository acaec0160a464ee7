"""A lane of the forward pass: the stages of guide or model from left to right, and their Pyro lines."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QApplication, QLabel, QSizePolicy, QVBoxLayout, QWidget

from explorer.theme import current_theme
from explorer.views.card import Card, styled_label
from explorer.views.flow_layout import FlowLayout
from explorer.views.forward_layout import GAP, StageLayout

HEAD = 5.0  # pixels, half the width of an arrow's head


class StageHead(QWidget):
    """What stands above a picture: its title, its tensor's shape, and a sentence."""

    def __init__(self, title: str, sentence: str) -> None:
        super().__init__()
        self.title = QLabel(title)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.shape = styled_label("", "muted")
        self.shape.setFont(monospace())
        self.sentence = styled_label(sentence, "muted")
        self.sentence.setWordWrap(True)
        line = FlowLayout(spacing=6)
        line.addWidget(self.title)
        line.addWidget(self.shape)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addLayout(line)
        layout.addWidget(self.sentence)
        layout.addStretch(1)


class CodeStrip(QLabel):
    """Lines of Pyro, of which one may be lit."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = tuple(lines)
        self._lit: int | None = None
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setFont(monospace())
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._write()

    def show_lines(self, lines: Sequence[str]) -> None:
        """Show other lines."""
        if tuple(lines) != self._lines:
            self._lines, self._lit = tuple(lines), None
            self._write()

    @property
    def lit(self) -> str | None:
        """The line that is lit, if one is."""
        return None if self._lit is None else self._lines[self._lit]

    def light(self, line: int | None) -> None:
        """Light one line, or none."""
        if line != self._lit:
            self._lit = line
            self._write()

    def _write(self) -> None:
        theme = current_theme()
        styles = {True: f"color:{theme.ink}; background:{theme.border}", False: f"color:{theme.muted}"}
        self.setText(
            "&nbsp;&nbsp; ".join(
                f"<span style='{styles[place == self._lit]}'>{escape(line)}</span>"
                for place, line in enumerate(self._lines)
            )
        )

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._write()


class Lane(Card):
    """Stages with arrows between them; a stage under the mouse lights the line that it comes from."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.code = CodeStrip(())
        self.body.setSpacing(5)
        self.heading.setSpacing(10)
        self.heading.insertWidget(1, self.code, 100)
        self._row = _StageRow()
        self.body.addWidget(self._row, 1)
        self._line_of: dict[QObject, int | None] = {}

    def add_stage(self, head: StageHead, body: QWidget, line: int | None) -> None:
        """Put a stage last; ``line`` is the place of its line in the code, if it has one."""
        self._row.stages.add_stage(head, body)
        for widget in (head, body):
            self._line_of[widget] = line
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Light the line of the stage that the mouse is over."""
        if event.type() is QEvent.Type.Enter:
            self.code.light(self._line_of.get(watched))
        elif event.type() is QEvent.Type.Leave:
            self.code.light(None)
        return super().eventFilter(watched, event)

    @property
    def stage_count(self) -> int:
        """How many stages there are."""
        return self._row.stages.stage_count()

    def centre_of(self, stage: int) -> QPoint:
        """The middle of a stage, in the coordinates of the lane's parent."""
        return self.mapToParent(self._row.mapToParent(self._row.stages.stage_rect(stage).center()))


class _StageRow(QWidget):
    """The stages; draws the arrows between those that stand side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = StageLayout()
        self.setLayout(self.stages)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arrows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rects = [self.stages.body_rect(stage) for stage in range(self.stages.stage_count())]
        for left, right in pairwise(rects):
            if left.top() == right.top():
                y = left.center().y()
                start = QPointF(left.right() + 0.2 * GAP, y)
                draw_arrow(painter, [start, QPointF(right.left() - 0.2 * GAP, y)], current_theme().muted)


class Link(QWidget):
    """The way of z from the end of the guide to the beginning of the model."""

    def __init__(self, upper: Lane, lower: Lane, words: str) -> None:
        super().__init__()
        self._upper, self._lower, self._words = upper, lower, words
        self.setAccessibleName(words)
        self.setFixedHeight(self.fontMetrics().height() + 6)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the way, and the words upon it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = current_theme()
        last = self._upper.stage_count - 1
        right = self._upper.centre_of(last).x() - self.x()
        left = self._lower.centre_of(0).x() - self.x()
        middle = self.height() / 2
        corners = [(right, 0.0), (right, middle), (left, middle), (left, self.height() - 1.0)]
        draw_arrow(painter, [QPointF(x, y) for x, y in corners], theme.cursor)
        wide = self.fontMetrics().horizontalAdvance(self._words) + 20
        beside = right - left < wide  # where the lanes are narrow, the ends stand above each other
        start = max(left, right) + 10 if beside else (left + right - wide) // 2
        room = QRect(min(start, self.width() - wide), 0, wide, self.height())
        painter.fillRect(room, QColor(theme.ground))
        painter.setPen(QColor(theme.muted))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self._words)


def draw_arrow(painter: QPainter, corners: Sequence[QPointF], colour: str) -> None:
    """A line around corners, with a head at its end; the last stretch is horizontal or vertical."""
    before, tip = corners[-2], corners[-1]
    right, down = (_sign(tip.x() - before.x()), _sign(tip.y() - before.y()))
    root_x, root_y = tip.x() - 1.4 * HEAD * right, tip.y() - 1.4 * HEAD * down
    painter.setPen(QPen(QColor(colour), 1.5))
    painter.drawPolyline(QPolygonF([*corners[:-1], QPointF(root_x, root_y)]))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    sides = [QPointF(root_x + side * down, root_y + side * right) for side in (HEAD, -HEAD)]
    painter.drawPolygon(QPolygonF([tip, *sides]))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def monospace() -> QFont:
    """The system's monospaced font, in the size of the application's."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(0.9 * QApplication.font().pointSizeF())
    return font
