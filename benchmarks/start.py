"""From the start of a process to the visible window and to the first drag, against bare imports."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.table import Row

TURNS = 5
WINDOW_NEEDS = "PySide6.QtWidgets, pyqtgraph, numpy"
DRAG_NEEDS = f"{WINDOW_NEEDS}, torch, pyro, safetensors"
OURS = ("-m", "benchmarks.start_child")  # prints VISIBLE, then DRAGGED
VISIBLE, DRAGGED = "visible", "dragged"


def measure(share: float) -> Iterator[Row]:
    """Each in processes of its own, in turns; the first turn is not counted: it fills the disk's cache."""
    visible, dragged, window_imports, drag_imports = [], [], [], []
    for _ in range(1 + max(1, round(TURNS * share))):
        marks = _seconds_to_each_line(*OURS)
        visible.append(marks[VISIBLE])
        dragged.append(marks[DRAGGED])
        window_imports.append(_import_seconds(WINDOW_NEEDS))
        drag_imports.append(_import_seconds(DRAG_NEEDS))
    for name, ours, needs, imports in (
        ("start to visible window", visible, WINDOW_NEEDS, window_imports),
        ("start to first drag painted", dragged, DRAG_NEEDS, drag_imports),
    ):
        yield Row(name, statistics.median(ours[1:]), f"import {needs}", statistics.median(imports[1:]), "s")


def _import_seconds(modules: str) -> float:
    return _seconds_to_each_line("-c", f"import {modules}; print('imported', flush=True)")["imported"]


def _seconds_to_each_line(*arguments: str) -> dict[str, float]:
    """What a new Python prints, line by line, and how long after its start."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    command = (sys.executable, *arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        marks = {line.strip(): time.perf_counter() - began for line in process.stdout}
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return marks
