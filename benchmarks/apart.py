"""A peer's training loop in a process of its own, as its users run it: torch's threads as torch has them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

import torch  # noqa: F401 - comes first: vae sets how its threads wait

from benchmarks import peers
from benchmarks.digits import sixty_thousand

WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")  # what vae sets in the environment, for threads that wait
LOOPS = {"tutorial": peers.pyro_tutorial, "lecture": peers.lecture, "by hand": peers.plain_pytorch}


class Apart:
    """One of LOOPS; it goes on where it was each time that it is asked for batches. Close it at the end."""

    def __init__(self, name: str, batch_size: int) -> None:
        command = (sys.executable, "-m", "benchmarks.apart", name, str(batch_size))
        environment = {name: value for name, value in os.environ.items() if name not in WAITING}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)

    def seconds(self, batches: int) -> float:
        """As seconds_of() it."""
        print(batches, file=_open(self._process.stdin), flush=True)
        if answer := _open(self._process.stdout).readline():
            return float(answer)
        raise RuntimeError("the process of a peer's loop has ended")

    def close(self) -> None:
        """End its process."""
        self._process.communicate()


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def seconds_of(loop: Iterator[Any], batches: int) -> float:
    """It takes for so many batches.

    Raises:
        RuntimeError: it ended before.
    """
    began = time.perf_counter()
    if sum(1 for _ in islice(loop, batches)) < batches:
        raise RuntimeError("an epoch is shorter than what is measured")
    return time.perf_counter() - began


def main(name: str, batch_size: int) -> None:
    """Read numbers of batches, a line each; print the seconds that these took."""
    loop = LOOPS[name](sixty_thousand()[0], batch_size)
    for line in sys.stdin:
        print(seconds_of(loop, int(line)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
