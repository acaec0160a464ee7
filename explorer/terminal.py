"""How the command line reads and writes."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from vae import Terms


def say(sentence: str) -> None:
    """Write to the error stream, above a progress bar if there is one."""
    tqdm.write(sentence, file=sys.stderr)


def number(text: str) -> int | float | str:
    """A number, or else the text itself: the check of the settings then refuses it by name."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def in_words(terms: Terms) -> str:
    """The ELBO and its terms."""
    label = "" if terms.label is None else f", label {terms.label:.2f}"
    return f"ELBO {terms.elbo:.2f} nats (reconstruction {terms.reconstruction:.2f}, KL {terms.kl:.2f}{label})"
