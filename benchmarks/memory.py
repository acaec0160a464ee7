"""The most memory that training MNIST holds, against the bare imports that it needs."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.digits import mnist_folder
from benchmarks.table import Aim, Row

LIMIT = 1_200.0  # MB resident
TRAIN = "import sys; from explorer.cli import main; code = main(sys.argv[1:]); assert code == 0"
IMPORTS = "import torch, pyro, safetensors, numpy"
PEAK = "import json, resource; print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))"


def measure(share: float) -> Iterator[Row]:
    """One epoch, in a process of its own; `resource` is not on Windows."""
    folder = mnist_folder()
    data = ["stroke-digits"] if folder is None else ["mnist", "--data-dir", str(folder)]
    with tempfile.TemporaryDirectory() as scratch:
        out = str(Path(scratch) / "model.safetensors")
        arguments = ["train", "--epochs", "1", "--out", out, "--dataset", *data]
        ours, peer = _megabytes(TRAIN, *arguments), _megabytes(IMPORTS)
    yield Row(f"memory at most, training {data[0]}", ours, IMPORTS, peer, "MB", Aim("ours", LIMIT))


def _megabytes(program: str, *arguments: str) -> float:
    command = [sys.executable, "-c", f"{program}\n{PEAK}", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    kilobytes: int = json.loads(done.stdout.splitlines()[-1])
    return kilobytes * (1024 if sys.platform == "linux" else 1) / 1e6
