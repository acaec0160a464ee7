"""The page on the gaps of all test images: where, and on which of them, the encoder fails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel

from explorer.session import Session
from explorer.theme import current_theme
from explorer.views.card import Card, button, styled_label
from explorer.views.gap_histogram import GapHistogram, range_of
from explorer.views.gap_images import GapImages, ImageWithGap
from explorer.views.numbers import number
from vae.gap_sample import GapSample

MOST = 100  # images shown at a time
ABOUT = (
    "log p(x) − ELBO(q) of each image, by quadrature, in random order. Blue: the amortisation gap, which the "
    "encoder leaves; orange: the approximation gap, which any diagonal Gaussian leaves; each as a share of "
    "a bar. Cremer, Li & Duvenaud (2018)."
)
PAUSE, CONTINUE = "Pause", "Continue"
WAITING = "Computing the first …"


class GapsCard(Card):
    """A histogram that grows while it is seen, and the images of its bars, the worst first."""

    def __init__(self, session: Session) -> None:
        super().__init__("Gaps  log p(x) − ELBO")
        self._session, self._gaps = session, session.data_gaps
        self._place: int | None = None  # of the bar whose images are wanted; None for those of all
        self._shown: int | None = None  # and of that whose images are shown
        self.title.setToolTip(ABOUT)
        self.pause = button(PAUSE, "Look for no more gaps for now; what is known stays", "pauseGaps", "layer")
        self.heading.addWidget(self.pause)
        self.histogram, self.images = GapHistogram(), GapImages()
        self.progress, self.numbers = _sentence("gapsProgress"), _sentence("gapsNumbers")
        self.numbers.setProperty("role", "muted")
        self.caption, self.note = _sentence("gapsCaption"), _sentence("gapsNote")
        self.note.setProperty("role", "muted")
        for widget in (self.histogram, self.progress, self.numbers, self.caption):
            self.body.addWidget(widget, 1 if widget is self.histogram else 0)
        self.body.addWidget(self.images, 1)
        self.body.addWidget(self.note, 1, Qt.AlignmentFlag.AlignTop)
        self.body.setSpacing(4)
        self.pause.clicked.connect(lambda: self._gaps.pause(paused=not self._gaps.paused))
        self.histogram.chosen.connect(self._choose_bar)
        self.images.chosen.connect(session.inputs.select_test_image)
        self.images.left.connect(self._show)
        self._gaps.changed.connect(self._show)

    def _choose_bar(self, place: int) -> None:
        """Show its images; those of all where they are shown already."""
        self._place = None if place == self._place else place
        self._show()

    def _show(self) -> None:
        if not self.isVisible():  # shown anew when the page is
            return
        sample, why = self._gaps.sample, self._gaps.why_not
        self.title.setText(f"Gaps  {self._evidence()} − ELBO")
        note = why if why is not None else "" if sample is not None else WAITING
        self.note.setText(note)
        self.note.setVisible(bool(note))
        for widget in (self.histogram, self.progress, self.numbers, self.caption, self.images):
            widget.setVisible(sample is not None)
        self.pause.setVisible(why is None and (sample is None or not sample.complete))
        self.pause.setText(CONTINUE if self._gaps.paused else PAUSE)
        if sample is None:
            self._place = None
            self.histogram.show_bars(())
            self.images.show_images(())
        else:
            self._show_sample(sample)

    def _evidence(self) -> str:
        """What the ELBO is a bound on."""
        model, data = self._session.workspace.model, self._session.workspace.dataset
        if model is None or data is None or not model.checkpoint.model.needs_labels:
            return "log p(x)"
        if (data.test_labels < 0).any():
            return "log p(x)"
        return "log p(x, y)" if model.checkpoint.model.scores_labels else "log p(x|y)"

    def _show_sample(self, sample: GapSample) -> None:
        self.histogram.show_bars(sample.bars())
        self.histogram.mark(self._place)
        self.progress.setText(_progress(sample))
        self.numbers.setText(self._in_numbers(sample))
        self._show_images(sample)

    def _in_numbers(self, sample: GapSample) -> str:
        gap, worst = sample.gap, sample.worst_class()
        text = f"Median {_nats(np.median(gap))}, SD {_nats(gap.std())}"
        if worst is None:
            return text
        label, mean = worst
        return f"{text} · worst class: {self._name(label)}, mean {_nats(mean)}"

    def _show_images(self, sample: GapSample) -> None:
        """Those under the mouse stay where they are until it leaves."""
        if self.images.underMouse() and self.images.indices and self._shown == self._place:
            return
        self._shown = self._place
        held = sample.worst(self._place)
        bar = next((bar for bar in self.histogram.bars if bar.place == self._place), None)
        images = "1 image" if len(held) == 1 else f"{len(held):,} images"
        told = images if bar is None else f"{images} of {range_of(bar)}"
        several = f"{told}, the worst first" if len(held) > 1 else told
        self.caption.setText(f"The {MOST} worst of {told}" if len(held) > MOST else several)
        self.images.show_images(self._with_gaps(sample, held[:MOST]))

    def _with_gaps(self, sample: GapSample, places: NDArray[np.int64]) -> list[ImageWithGap]:
        data = self._session.workspace.dataset
        assert data is not None
        gap = sample.gap
        return [
            ImageWithGap(
                int(sample.images[place]),
                data.test_images[sample.images[place]],
                float(gap[place]),
                self._tip(sample, int(place)),
            )
            for place in places
        ]

    def _tip(self, sample: GapSample, place: int) -> str:
        label = int(sample.labels[place])
        named = "" if label < 0 else f", label {self._name(label)}"
        return (
            f"Test image {sample.images[place]}{named}: amortisation gap "
            f"{number(sample.amortisation[place])}, approximation gap "
            f"{number(sample.approximation[place])} nats"
        )

    def _name(self, label: int) -> str:
        data = self._session.workspace.dataset
        assert data is not None
        return data.info.classes[label]

    def showEvent(self, event: QShowEvent) -> None:
        """Go on while it is seen."""
        super().showEvent(event)
        self._gaps.watch(watching=True)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._gaps.watch(watching=False)

    def minimumSizeHint(self) -> QSize:
        """While it is seen, room for its sentences: how high they are depends on the width."""
        least = super().minimumSizeHint()
        needed = self.body.minimumHeightForWidth(self.width()) if self.isVisible() else 0
        return least.expandedTo(QSize(0, needed))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrower is higher."""
        super().resizeEvent(event)
        self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and self.isVisible():
            self._show()


def _progress(sample: GapSample) -> str:
    """How many are known, and the means, with the colours of the two parts."""
    theme, count, total = current_theme(), len(sample.images), sample.total
    known = f"All {total:,} images" if sample.complete else f"{count:,} of {total:,} images"
    q, exact = (f"<span style='color:{colour}'>■</span>&nbsp;" for colour in (theme.q, theme.exact))
    approximation, amortisation = sample.approximation.mean(), sample.amortisation.mean()
    return (
        f"{known} · mean <b>{_nats(sample.gap.mean())}</b> nats<br>"
        f"{q}amortisation&nbsp;{_nats(amortisation)} {exact}approximation&nbsp;{_nats(approximation)}"
    )


def _nats(value: float | np.floating) -> str:
    return number(float(value), 1 if value >= 10 else 2)


def _sentence(name: str) -> QLabel:
    label = styled_label("", "")
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    return label
