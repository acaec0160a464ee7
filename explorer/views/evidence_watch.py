"""Having p(z|x) computed for a widget, for as long as it is seen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from explorer.evidence import Evidence


class EvidenceWatch(QObject):
    """Shows a widget anew whenever it appears, the evidence changes or the palette does."""

    def __init__(self, widget: QWidget, evidence: Evidence, show: Callable[[], None]) -> None:
        super().__init__(widget)
        self._widget, self._evidence, self._show = widget, evidence, show
        widget.installEventFilter(self)
        evidence.changed.connect(show)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Nothing is kept from the widget."""
        match event.type():
            case QEvent.Type.Show:
                self._evidence.watch(self._widget, watching=True)
                self._show()
            case QEvent.Type.Hide:
                self._evidence.watch(self._widget, watching=False)
            case QEvent.Type.PaletteChange if self._widget.isVisible():
                self._show()
        return super().eventFilter(watched, event)
