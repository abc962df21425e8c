"""Where and with what a run was made."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from homogsim.results.code import code_hash, source_files

Provenance = dict[str, Any]
"""Plain values (and lists and dictionaries of them) that JSON can hold."""

LIBRARIES = ("numpy", "numba", "networkx", "mesa", "pandas", "pyarrow", "scipy", "pydantic")
"""Those on which numbers of a run, or its files, may depend: networkx draws who knows whom."""


def provenance(started: str, wall_seconds: float) -> Provenance:
    """Return versions, host and time of a run.

    Parameters
    ----------
    started : str
        Start of the run, ISO 8601 in UTC (see `now`).
    wall_seconds : float
        Wall time of the run, s, ≥ 0.

    Returns
    -------
    dict
        version, python, one entry for each library, platform, cpu (model), cores, started, wall_seconds.
    """
    facts: Provenance = {"version": _version("homogsim"), "python": platform.python_version()}
    facts |= {name: _version(name) for name in LIBRARIES}
    facts |= {"platform": platform.platform(), "cpu": _cpu_model(), "cores": os.cpu_count() or 1}
    return facts | {"started": started, "wall_seconds": wall_seconds}


def run_provenance(started: str, wall_seconds: float) -> Provenance:
    """Return `provenance` and the model code of a run: ``code``, one hash, and ``sources``, those of its files.

    Files are named for `homogsim.results.code.code_difference`, which says which of them have changed since.
    """
    return provenance(started, wall_seconds) | {"code": code_hash(), "sources": dict(source_files())}


def now() -> str:
    """Return the present moment, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # a checkout that was never installed
        return "unknown"


@cache
def _cpu_model() -> str:
    """Return the processor's name; `platform.processor()` is empty on most Linux machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
