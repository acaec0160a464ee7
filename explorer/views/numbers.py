"""Numbers as they are printed, with a true minus sign."""

from __future__ import annotations


def number(value: float, digits: int = 2, *, sign: bool = False) -> str:
    """``value`` with that many digits after the point, never −0; with ``sign``, positive ones get a plus."""
    return f"{value:{'+' if sign else ''}z.{digits}f}".replace("-", "−")
