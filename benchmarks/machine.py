"""The machine and the libraries that a table was made with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version


def describe() -> str:
    """One line."""
    load = f", load {os.getloadavg()[0]:.1f} before the run" if hasattr(os, "getloadavg") else ""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "pyro-ppl", "PySide6-Essentials"))
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), "
        f"Python {platform.python_version()}, {libraries}{load}"
    )
