"""Figures: medians of interleaved repeats, their spread, and the bound that a goal sets."""

from __future__ import annotations

import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np


class Figure(NamedTuple):
    """A measured figure, and what it should keep to."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    bound: float | None = None
    at_least: bool = False
    """Whether the bound is a least value, not a greatest."""

    @property
    def kept(self) -> bool:
        """Whether the figure keeps to its bound."""
        return self.bound is None or (self.value >= self.bound if self.at_least else self.value <= self.bound)

    def line(self) -> str:
        """Return the line for machines."""
        return f"goal {self.name} {self.value:.4g} {self.bound:g} {'ok' if self.kept else 'short'}"

    def row(self) -> str:
        """Return the line for people."""
        return f"{self.name:34s} {self.value:10.4g}  ({self.low:.4g} … {self.high:.4g}) {self.unit}"


def figure(name: str, values: list[float], unit: str, bound: float | None = None, *, at_least: bool = False) -> Figure:
    """Return the median of values with the lowest and the highest."""
    return Figure(name, statistics.median(values), min(values), max(values), unit, bound, at_least)


def seconds(action: Callable[[], object]) -> float:
    """Return the wall time of an action."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def interleaved(actions: Mapping[Any, Callable[[], object]], rounds: int) -> dict[Any, list[float]]:
    """Return the wall times of actions that take turns, so that what else the machine does falls on all alike."""
    times: dict[Any, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            times[name].append(seconds(action))
    return times


def ratios(over: list[float], under: list[float]) -> list[float]:
    """Return the ratio of each round."""
    return [a / b for a, b in zip(over, under, strict=True)]


def machine() -> dict[str, str | int]:
    """Return what the figures were measured on."""
    import os

    from homogsim import __version__

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "")
    return {
        "cpu": names[0] if names else platform.processor(),
        "vectors": "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "none",
        "cores": os.cpu_count() or 1,
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "numba": numba.__version__,
        "numpy": np.__version__,
        "homogsim": __version__,
    }


def highest_memory() -> float:
    """Return the most memory that this process had, bytes.

    From Linux' own account where there is one: `getrusage` also counts what the parent had when it started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return 1024.0 * int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1])  # type: ignore[index]
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)
