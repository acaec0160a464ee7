"""Rows of results: a figure of ours, a peer's, their ratio and what we aim at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

HEADINGS = ("measured", "ours", "peer", "", "ratio", "aim", "met")


@dataclass(frozen=True)
class Aim:
    """At most ``limit``: of our figure, of its ratio to the peer's, or of their difference, either way."""

    of: Literal["ours", "ratio", "difference"]
    limit: float


@dataclass(frozen=True)
class Row:
    """One line of the table. Less is better."""

    name: str
    ours: float
    peer_name: str
    peer: float
    unit: str  # of ours and peer: "ms", "s", "MB", "nats" or what is counted
    aim: Aim | None = None

    @property
    def ratio(self) -> float:
        """Ours over the peer's."""
        return self.ours / self.peer if self.peer > 0 else float("inf")

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none."""
        if self.aim is None:
            return None
        measured = {"ours": self.ours, "ratio": self.ratio, "difference": abs(self.ours - self.peer)}
        return measured[self.aim.of] <= self.aim.limit

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self) | {"ratio": self.ratio, "met": self.met}


def row_of(values: dict[str, Any]) -> Row:
    """The row that as_dict() was called on."""
    fields = {name: value for name, value in values.items() if name not in ("ratio", "met")}
    return Row(**fields | {"aim": Aim(**fields["aim"]) if fields["aim"] else None})


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a table."""
    return "\n".join(_line(cells) for cells in (HEADINGS, ["---"] * len(HEADINGS), *map(_cells, rows)))


def _cells(row: Row) -> tuple[str, ...]:
    aim, met = "", ""
    if row.aim is not None:
        aim = f"{row.aim.of} ≤ {row.aim.limit:.4g}{'' if row.aim.of == 'ratio' else ' ' + row.unit}"
        met = "yes" if row.met else "**no**"
    ours, peer = (f"{value:.2f} {row.unit}" for value in (row.ours, row.peer))
    return row.name, ours, peer, row.peer_name, f"{row.ratio:.2f}", aim, met


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
