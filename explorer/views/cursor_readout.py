"""What holds at the cursor: log p(z), log q(z) and the nearest image, with a word where the data are far."""

from __future__ import annotations

import time

from PySide6.QtCore import QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from explorer.session import Session
from explorer.theme import current_theme
from explorer.views.flow_layout import FlowLayout
from explorer.views.numbers import number
from explorer.views.pictures import draw_crisp, fit, to_image
from explorer.views.steady_label import SteadyLabel

PAUSE = 30  # milliseconds between two moves which show that the hand is at rest
REST = 0.03, 0.25  # seconds from one reading to the next, at least and at most
LEISURE = 20.0  # times what a reading took: of many data in many dimensions it takes longer
GAP = 6  # pixels beside the thumbnail
LEAST = -9_999.0  # nats that are told apart
P_TIP = "The density of the prior at z, in nats"
FAR = (
    "No data here: the nearest image lies {distance} away, farther than 99 % of the images lie from their "
    "own nearest neighbour ({reach})."
)
NEAR = "The nearest of the {count:,} encoded {part} images{name}, {distance} away."
DISTANCE = "The distance is Euclidean, from z to the mean of q(z|x)."


class CursorReadout(QWidget):
    """Reads where the cursor is a few times a second, so that no drag has to wait for it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.log_p, self.log_q = (SteadyLabel("muted", f"log {name}(z) −99.99 nats") for name in "pq")
        self.log_p.setToolTip(P_TIP)
        self.nearest = NearestImage()
        self.nearest.clicked.connect(self._make_input)
        densities = QWidget()
        lines = QVBoxLayout(densities)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(2)
        lines.addWidget(self.log_p)
        lines.addWidget(self.log_q)
        layout = FlowLayout(spacing=4)  # in a large font, one beneath the other
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(densities)
        layout.addWidget(self.nearest)
        self.setLayout(layout)
        self._index: int | None = None
        self._due = 0.0
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._read)
        session.exploration.cursor_moved.connect(self._moved)
        session.near_data.changed.connect(self._moved)
        session.workspace.dataset_changed.connect(self._moved)

    def _moved(self) -> None:
        """Read once this move is painted, or after a rest: in between, the next move would wait for it."""
        rest = self._due - time.monotonic()
        self._timer.start(0 if rest <= 0 else max(round(1000 * rest), PAUSE))

    def _read(self) -> None:
        if not self.isVisible():
            return
        began = time.monotonic()
        self._show_log_p()
        self._show_data()
        ended = time.monotonic()
        self._due = ended + min(max(REST[0], LEISURE * (ended - began)), REST[1])

    def _show_log_p(self) -> None:
        exploration = self._session.exploration
        for density in (self.log_p, self.log_q):
            density.setVisible(exploration.prior is not None)
        if exploration.prior is not None:
            self.log_p.set_text(_density("p", float(exploration.prior.log_density(exploration.z[None])[0])))

    def _show_data(self) -> None:
        data, z = self._session.near_data, self._session.exploration.z
        nearby = data.at(z)
        self.nearest.setVisible(nearby is not None)
        if nearby is None:
            self._index = None
            self.log_q.set_text("")
            return
        if nearby.log_q is not None:
            self.log_q.set_text(_density("q", nearby.log_q))
            self.log_q.setToolTip(
                "The density at z of the aggregate posterior q(z), in nats: the mean of q(z|x) over the "
                f"{data.count:,} {data.part.value} images that are encoded"
            )
        self._show_nearest(nearby.index, nearby.distance, is_far=nearby.is_far)

    def _show_nearest(self, index: int, distance: float, *, is_far: bool) -> None:
        data = self._session.near_data
        picture, label = data.picture_of(index), data.label_of(index)
        known = label is not None and label < len(data.class_names)
        name = data.class_names[label] if label is not None and known else ""
        away = number(distance)
        if is_far:
            told = FAR.format(distance=away, reach=number(data.reach))
            lines = "no data", f"within {away}"
        else:
            named = f", {name}" if name else ""
            told = NEAR.format(count=data.count, part=data.part.value, name=named, distance=away)
            lines = f"nearest: {name}" if name else "nearest", f"{away} away"
        action = " Click to make it the input." if picture is not None else ""
        self._index = index if picture is not None else None
        image = None if picture is None else to_image(picture)
        self.nearest.show_image(image, lines, f"{told} {DISTANCE}{action}", is_far=is_far)

    def _make_input(self) -> None:
        if self._index is not None:
            self._session.near_data.make_input(self._index)

    def showEvent(self, event: QShowEvent) -> None:
        """Read at once."""
        super().showEvent(event)
        self._moved()


class NearestImage(QAbstractButton):
    """A thumbnail with two lines of words beside it; both stand out where the data are far."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("nearestImage")
        self.setAccessibleName("The image nearest to z")
        self._image: QImage | None = None
        self._lines = ("", "")
        self._far = False
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that nothing moves once the data are known
        self.setSizePolicy(policy)
        self.hide()

    @property
    def lines(self) -> tuple[str, str]:
        """The words."""
        return self._lines

    @property
    def image(self) -> QImage | None:
        """The thumbnail, one image pixel a picture pixel."""
        return self._image

    def show_image(self, image: QImage | None, lines: tuple[str, str], tip: str, *, is_far: bool) -> None:
        """Show another image and other words."""
        self._image, self._lines, self._far = image, lines, is_far
        self.setToolTip(tip)
        self.setEnabled(image is not None)
        self.setCursor(Qt.CursorShape.ArrowCursor if image is None else Qt.CursorShape.PointingHandCursor)
        self.update()

    def sizeHint(self) -> QSize:
        """Room for two lines, the longer a warning."""
        metrics = QFontMetrics(self._bold())
        height = 2 * metrics.lineSpacing() + 2
        return QSize(height + GAP + metrics.horizontalAdvance("within 0.00"), height)

    def minimumSizeHint(self) -> QSize:
        """Never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The thumbnail to the left, the words to the right."""
        painter, theme, side = QPainter(self), current_theme(), self.height()
        frame = QRect(0, 0, side, side)
        words = self.rect()
        if self._image is not None:
            words.setLeft(side + GAP)
            inner = frame.adjusted(1, 1, -1, -1)
            draw_crisp(painter, fit(inner, self._image.width(), self._image.height()), self._image)
            plain = theme.ink if self._far else theme.border
            rim = theme.accent if self.underMouse() or self.hasFocus() else plain
            style = Qt.PenStyle.DashLine if self._far else Qt.PenStyle.SolidLine
            painter.setPen(QPen(QColor(rim), 1, style))
            painter.drawRect(frame.adjusted(0, 0, -1, -1))
        painter.setFont(self._bold() if self._far else self.font())
        painter.setPen(QColor(theme.ink if self._far else theme.muted))
        for place, line in enumerate(self._lines):
            half = QRect(words.left(), place * side // 2, words.width(), side // 2)
            shown = painter.fontMetrics().elidedText(line, Qt.TextElideMode.ElideRight, half.width())
            painter.drawText(half, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setBold(True)
        return font


def _density(name: str, nats: float) -> str:
    if nats < LEAST:
        return f"log {name}(z) < {number(LEAST, 0)} nats"
    return f"log {name}(z) {number(nats, 2 if nats > -99.995 else 0)} nats"
