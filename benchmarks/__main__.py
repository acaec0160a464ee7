"""``python -m benchmarks``: measure, and print a table."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator

from benchmarks import machine
from benchmarks.table import Row, markdown, row_of

NAMES = (  # each has measure(share)
    *("drag", "tiles", "points", "evidence", "heartbeat", "epoch", "lecture", "tutorial", "memory", "start"),
)
QUICK = 0.1  # share of the counts

Measure = Callable[[float], Iterator[Row]]


def main() -> None:
    """Measure all, each benchmark in a process of its own, or the one that is asked for."""
    options = _options()
    told = machine.describe()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if options.only:
        measure: Measure = importlib.import_module(f"benchmarks.{options.only}").measure
        rows = list(measure(QUICK if options.quick else 1.0))
    else:
        rows = [row for name in NAMES for row in _in_its_own_process(name, quick=options.quick)]
    if options.json:
        print(json.dumps({"machine": told, "rows": [row.as_dict() for row in rows]}, indent=2))
    else:
        print(f"{told}\n\n{markdown(rows)}")


def _options() -> Namespace:
    description = "Measure speed, each figure beside a peer's."
    parser = ArgumentParser(prog="python -m benchmarks", description=description)
    parser.add_argument("--only", choices=NAMES, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="print JSON for machines instead of a table")
    parser.add_argument("--quick", action="store_true", help="a tenth of the counts, to see that it runs")
    return parser.parse_args()


def _in_its_own_process(name: str, *, quick: bool) -> list[Row]:
    """The rows of one benchmark: threads and settings that it leaves behind touch no other."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "benchmarks", "--only", name, "--json", *(["--quick"] if quick else [])]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [row_of(values) for values in json.loads(done.stdout)["rows"]]


if __name__ == "__main__":
    main()
