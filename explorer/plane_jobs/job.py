"""What a kind of question must offer to be answered in the plane thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from vae import VAE


class Job(Protocol):
    """Answers one kind of request. What it keeps between requests is for one version of the model."""

    @property
    def asked(self) -> type:
        """The kind of request: frozen, with a ``version``."""

    def serve(self, model: VAE, request: Any) -> Iterator[object]:
        """Yield answers as they are found, and None wherever something more urgent may step in.

        A slice between two yields should take some 10 ms. A later request of the same kind, or another
        version of the model, ends the iteration.
        """
