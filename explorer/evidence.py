"""Exact inference for the input image: p(z|x), log p(x) and the gaps below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

import vae
from explorer.exploration import Exploration
from explorer.plane_messages import EvidenceFound, EvidenceRefused, EvidenceRequest, GapsFound, GridDecoded
from explorer.plane_thread import PlaneThread
from explorer.workspace import Workspace

if TYPE_CHECKING:
    from vae import ExactPosterior, Gaps

STILL = 700  # milliseconds without new weights, after which a grid is decoded anew
NOTHING = "No image is encoded. Choose one, or draw a digit."
MOVING = "Computed as soon as the weights stand still: pause the run, or wait for its end."


class Evidence(QObject):
    """Follows the input image while somebody watches: coarse at once, then refined, then the gaps."""

    changed = Signal()

    def __init__(
        self,
        workspace: Workspace,
        exploration: Exploration,
        plane: PlaneThread,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace, self._exploration, self._plane = workspace, exploration, plane
        self._watchers: set[QObject] = set()
        self._asked: EvidenceRequest | None = None
        self._exact: ExactPosterior | None = None
        self._gaps: Gaps | None = None
        self._grid_share: float | None = None
        self._why: str | None = NOTHING
        self._weights_moved = QTimer(self, singleShot=True, interval=STILL)
        self._weights_moved.timeout.connect(self._follow)
        workspace.weights_changed.connect(self._hold)
        workspace.model_changed.connect(self._model_changed)
        exploration.posterior_changed.connect(self._follow)
        plane.posted.connect(self._receive)

    @property
    def exact(self) -> ExactPosterior | None:
        """p(z|x), coarse or refined, as far as it is known."""
        return self._exact

    @property
    def gaps(self) -> Gaps | None:
        """log p(x), ELBO(q*) and ELBO(q), once they are known."""
        return self._gaps

    @property
    def grid_share(self) -> float | None:
        """How much of the grid is decoded, in [0, 1], while all waits for one that takes long."""
        return self._grid_share

    @property
    def why_not(self) -> str | None:
        """A sentence on why nothing is computed; None where something is, or is about to be."""
        return self._why

    def watch(self, watcher: QObject, *, watching: bool) -> None:
        """Say whether somebody looks: nothing is computed that nobody sees."""
        before = bool(self._watchers)
        (self._watchers.add if watching else self._watchers.discard)(watcher)
        if self._watchers and not before and self._asked is None:
            self._follow()

    @Slot()
    def _model_changed(self) -> None:
        if self._weights_moved.isActive():
            self._weights_moved.stop()
            self._follow()

    @Slot()
    def _hold(self) -> None:
        """Decode no grid for weights that the next step replaces."""
        self._weights_moved.start()
        self._follow()

    @Slot()
    def _follow(self) -> None:
        """Forget what is known, and ask anew."""
        self._asked = self._exact = self._gaps = self._grid_share = None
        self._why = self._find_why_not()
        if self._why is None and self._watchers:
            self._asked = self._request()
            self._plane.request(self._asked)
        self.changed.emit()

    def _find_why_not(self) -> str | None:
        model = self._workspace.model
        if model is None or self._exploration.posterior is None:
            return NOTHING
        why = vae.why_not_exact(model.checkpoint.model)
        return MOVING if why is None and self._weights_moved.isActive() else why

    def _request(self) -> EvidenceRequest | None:
        found = self._exploration.posterior_request()
        if found is None:
            return None
        return EvidenceRequest(found.version, found.picture, found.label, found.noise)

    @Slot(object)
    def _receive(self, message: object) -> None:
        match message:
            case GridDecoded(request=request, share=share) if request is self._asked:
                self._grid_share = share
            case EvidenceFound(request=request, exact=exact) if request is self._asked:
                self._exact, self._grid_share = exact, None
            case GapsFound(request=request, gaps=gaps) if request is self._asked:
                self._gaps = gaps
            case EvidenceRefused(request=request, why=why) if request is self._asked:
                self._why, self._grid_share = why, None
            case _:
                return
        self.changed.emit()
