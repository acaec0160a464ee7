"""Snapshots of a run, few enough to be kept: spread evenly over its steps, within a bound of memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

MOST_FRAMES = 64
MOST_BYTES = 200_000_000


@dataclass(frozen=True, eq=False)
class Frame:
    """What a run had learned at one step. Nobody writes into the weights."""

    step: int  # steps done
    epoch: float  # epochs done
    elbo: float | None  # nats per training image around this step; None where it is not known
    weights: Mapping[str, Tensor]

    @property
    def nbytes(self) -> int:
        """The memory that the weights take."""
        return sum(tensor.numel() * tensor.element_size() for tensor in self.weights.values())


class Timeline:
    """The frames of one run, the oldest first. The first and the newest are always kept.

    When there is one too many, that goes whose neighbours are nearest to each other. With room for n frames
    of a run of T steps, no gap is then wider than T / floor(n / 2), unless the frames came so far apart: of
    as many pairs of gaps side by side, the shortest became one.
    """

    def __init__(self, most_frames: int = MOST_FRAMES, most_bytes: int = MOST_BYTES) -> None:
        self._most_frames, self._most_bytes = most_frames, most_bytes
        self._frames: list[Frame] = []

    @property
    def frames(self) -> tuple[Frame, ...]:
        """All that are kept, the oldest first."""
        return tuple(self._frames)

    def add(self, frame: Frame) -> None:
        """Keep the newest frame; those of the same step or later are forgotten."""
        self.cut_back(frame.step - 1)
        self._frames.append(frame)
        while len(self._frames) > max(2, min(self._most_frames, self._most_bytes // max(1, frame.nbytes))):
            steps = [kept.step for kept in self._frames]
            between = range(1, len(steps) - 1)
            del self._frames[min(between, key=lambda place: steps[place + 1] - steps[place - 1])]

    def cut_back(self, step: int) -> None:
        """Forget what came after ``step``: the run has gone back to it."""
        self._frames = [frame for frame in self._frames if frame.step <= step]

    def nearest(self, step: int) -> Frame:
        """The frame nearest to a step. There must be one."""
        return min(self._frames, key=lambda frame: abs(frame.step - step))

    def after(self, step: int) -> Frame | None:
        """The first frame after a step, if any."""
        return next((frame for frame in self._frames if frame.step > step), None)
