"""The numbers behind the ELBO plot: what a run has reported so far, in arrays that grow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vae.history import Row, epoch_rows

if TYPE_CHECKING:
    from vae import EpochReport, RollbackReport, StepReport, Terms

COLUMNS = ("step", "epoch", "time", "elbo", "reconstruction", "kl")
OF_STEPS = ("label", "learning_rate", "beta", "gradient_norm")  # told of each step besides
MEMORY = 30  # steps that the moving average reaches back over, once the climb is no longer steep
STEEP = 0.12  # fraction of the steps that may leave the view, so that their climb does not squash the rest
STEEP_TESTS = 0.04  # the same for the tests, which are few
ENOUGH = 2_000  # steps to judge their noise by
NOISE = (1.0, 99.0)  # percentiles of the steps that the view holds: single batches may stick out


class Table:
    """Rows of numbers, appended cheaply."""

    def __init__(self, names: Sequence[str] = COLUMNS) -> None:
        self._names = tuple(names)
        self._columns = np.empty((len(names), 1024))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, row: Sequence[float]) -> None:
        """Add one row, in the order of the names."""
        if self._count == self._columns.shape[1]:
            self._columns = np.concatenate((self._columns, np.empty_like(self._columns)), axis=1)
        self._columns[:, self._count] = row
        self._count += 1

    def column(self, name: str) -> NDArray[np.float64]:
        """All values of a column; a view that appending does not change."""
        return self._columns[self._names.index(name), : self._count]

    def row(self, index: int) -> dict[str, float]:
        """One row, by the names."""
        return dict(zip(self._names, self._columns[:, index].tolist(), strict=True))

    def cut(self, step: float) -> None:
        """Forget what came after ``step``; the columns that were handed out stay as they are."""
        self._count = int(np.searchsorted(self.column("step"), step, "right"))
        self._columns = self._columns.copy()


class Curves:
    """The curves of one run: live, with every step, or read from a model file, with its epochs alone."""

    def __init__(self) -> None:
        self.steps = Table((*COLUMNS, *OF_STEPS))
        self.trend = Table()  # the training curve without its noise
        self.tests = Table()
        self.history: list[EpochReport] = []
        self.rollbacks: list[RollbackReport] = []
        self._mean = np.zeros(3)

    def add_steps(self, reports: Iterable[StepReport]) -> None:
        """Append the steps of a live run, and their moving average."""
        for report in reports:
            place = (report.step, report.epoch, report.seconds)
            terms = _values(report.train)
            self._mean += max(1.0 / MEMORY, 8.0 / (8.0 + len(self.steps))) * (np.array(terms) - self._mean)
            label = math.nan if report.train.label is None else report.train.label
            told = (label, report.learning_rate, report.beta, report.gradient_norm)
            self.steps.append((*place, *terms, *told))
            self.trend.append((*place, *self._mean))

    def add_epoch(self, report: EpochReport) -> None:
        """Append the score on the test set."""
        self.history.append(report)
        self.tests.append((*_place(report), *_values(report.test)))

    def add_history(self, history: Iterable[EpochReport]) -> None:
        """Append what a model file tells: the mean over each epoch, set in its middle, and the test."""
        before = np.zeros(3)
        for report in history:
            after = np.array(_place(report))
            self.trend.append((*((before + after) / 2.0), *_values(report.train)))
            self.add_epoch(report)
            before = after

    def roll_back(self, report: RollbackReport) -> None:
        """Forget the steps that were lost, but not that they were."""
        self.cut_back(report.step)
        self.rollbacks.append(report)

    def cut_back(self, step: int) -> None:
        """Forget what came after ``step``."""
        for table in (self.steps, self.trend, self.tests):
            table.cut(step)
        self.history = [epoch for epoch in self.history if epoch.step <= step]
        if len(self.trend):
            self._mean = np.array([self.trend.column(name)[-1] for name in COLUMNS[3:]])

    def rows(self) -> Iterator[Row]:
        """All of it, as `vae.history` writes it."""
        for index in range(len(self.steps)):
            row = self.steps.row(index)
            numbers = {name: value for name, value in row.items() if name != "time" and not math.isnan(value)}
            yield {"record": "step", **numbers, "step": int(row["step"]), "seconds": row["time"]}
        yield from epoch_rows(self.history)

    @property
    def beta(self) -> float | None:
        """The weight of the KL in the last step; None where no step is known."""
        return float(self.steps.column("beta")[-1]) if len(self.steps) else None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return not len(self.trend)

    def end(self, axis: str) -> float:
        """How far the curves reach along ``axis``."""
        return float(
            max((table.column(axis)[-1] for table in (self.trend, self.tests) if len(table)), default=0.0)
        )

    def nearest(self, axis: str, position: float) -> dict[str, float] | None:
        """The row nearest to ``position``: of the steps, or of the tests where there are no steps."""
        table = self.steps if len(self.steps) else self.tests
        if not len(table):
            return None
        places = table.column(axis)
        after = int(np.searchsorted(places, position))
        neighbours = [index for index in (after - 1, after) if 0 <= index < len(table)]
        return table.row(min(neighbours, key=lambda index: abs(places[index] - position)))

    def heights(self, term: str, *, train: bool, test: bool) -> NDArray[np.float64]:
        """The values of ``term`` that a view should hold: outliers and the steep start left out."""
        end = self.end("step")
        held = []
        if train:
            held.append(_after(STEEP * end, self.trend, term))
            steps = _after(STEEP * end, self.steps, term)
            if len(steps):
                held.append(np.percentile(steps[:: 1 + len(steps) // ENOUGH], NOISE))
        if test:
            held.append(_after(STEEP_TESTS * end, self.tests, term))
        return np.concatenate(held) if held else np.empty(0)


def round_outward(low: float, high: float) -> tuple[float, float]:
    """A range of round numbers about [low, high], which stays put while the curves creep."""
    width = max(high - low, 1e-3)
    unit = 10.0 ** math.floor(math.log10(width)) / 5.0
    return math.floor(low / unit) * unit, math.ceil(high / unit) * unit


def room_to_grow(end: float) -> float:
    """A round number that is not below ``end`` and not far above: axes that stay put are not drawn anew."""
    if end <= 0.0:
        return 0.0
    unit = 10.0 ** math.floor(math.log10(end)) / 10.0
    return math.ceil(end / unit) * unit


def _after(start: float, table: Table, term: str) -> NDArray[np.float64]:
    return table.column(term)[np.searchsorted(table.column("step"), start) :]


def _place(report: EpochReport) -> tuple[float, float, float]:
    return report.step, report.epoch, report.seconds


def _values(terms: Terms) -> tuple[float, float, float]:
    return terms.elbo, terms.reconstruction, terms.kl
