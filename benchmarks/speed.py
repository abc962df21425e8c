"""Measure the speed of homogsim on this machine: `make bench`.

Every figure is measured in this run; a goal is a bound on it. Lines that begin with ``goal`` are for machines:
``goal NAME FIGURE BOUND ok|short``. Medians of repeats; the spread is printed beside them.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np

from homogsim.agents import trading
from homogsim.model import MarketModel
from homogsim.scenario import Scenario

HOMOGSIM = [sys.executable, "-c", "from homogsim.cli import main; main()"]


class Figure(NamedTuple):
    """A measured figure and the bound it should keep."""

    name: str
    value: float
    low: float
    high: float
    bound: float
    unit: str

    def line(self) -> str:
        """Return the line for machines."""
        return f"goal {self.name} {self.value:.4g} {self.bound:g} {'ok' if self.value <= self.bound else 'short'}"


def spread(values: list[float]) -> tuple[float, float, float]:
    """Return median, lowest and highest."""
    return statistics.median(values), min(values), max(values)


def seconds(action: Callable[[], object]) -> float:
    """Return the wall time of an action."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def demand_month(repeats: int, threads: int) -> Figure:
    """Time a month of demand with visits and all sums, per utility evaluation (consumer × open outlet in reach)."""
    model = MarketModel(Scenario.read("baseline"), threads=threads)
    for _ in range(24):
        model.step()
    market = model.market
    evaluations = utility_evaluations(model)
    trading.choose(market)
    times = [seconds(lambda: trading.choose(market)) / evaluations * 1e9 for _ in range(repeats)]
    return Figure(f"demand_ns_{threads}_threads", *spread(times), 9.0, "ns per utility evaluation")


def utility_evaluations(model: MarketModel) -> int:
    """Return how many utilities a month evaluates: each consumer's open outlets within reach."""
    market, world = model.market, model.parameters.world
    in_cell = np.bincount(market.site_cell[market.firms.is_open], minlength=world.cells).reshape(world.sectors, -1)
    within_reach = in_cell[:, market.geography.reach_towns].sum(axis=2)
    return int(within_reach.sum()) * world.consumers


def command(name: str, arguments: list[str], repeats: int, bound: float) -> Figure:
    """Time a command as a whole process, in an empty folder."""
    times = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            times.append(
                seconds(lambda: subprocess.run([*HOMOGSIM, *arguments], cwd=folder, check=True, capture_output=True))
            )
    return Figure(name, *spread(times), bound, "s, whole process")


def model_alone(repeats: int) -> Figure:
    """Time the 300 months of the baseline without start-up and without writing."""
    times = [seconds(MarketModel(Scenario.read("baseline")).run) for _ in range(repeats)]
    return Figure("baseline_model_seconds", *spread(times), 3.0, "s, 300 months")


def memory_per_consumer() -> Figure:
    """Return the bytes of all columns of consumers, per consumer."""
    people = MarketModel(Scenario.read("baseline")).market.consumers
    value = sum(column.nbytes for column in people.arrays().values()) / people.rows
    kernel = 2 * 8.0  # places once more, as the kernel reads them
    return Figure("bytes_per_consumer", value + kernel, value + kernel, value + kernel, 250.0, "bytes")


def machine() -> dict[str, str | int]:
    """Return what the figures were measured on."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        "numba": numba.__version__,
        "numpy": np.__version__,
    }


def measure(*, tiny: bool = False) -> list[Figure]:
    """Return all figures; `tiny` measures each once, to see that the benchmark itself works."""
    few, many = (1, 2) if tiny else (5, 60)
    figures = [demand_month(many, threads) for threads in (1, 2)]
    figures += [memory_per_consumer(), command("help_seconds", ["--help"], few, 0.4)]
    if not tiny:
        figures += [
            model_alone(few),
            command("baseline_seconds", ["run", "baseline", "--no-figures", "--quiet"], few, 5.0),
        ]
    return figures


def main() -> None:
    """Measure and print."""
    facts = machine()
    print(json.dumps(facts))
    figures = measure()
    for figure in figures:
        print(f"{figure.name:28s} {figure.value:10.3f}  ({figure.low:.3f} … {figure.high:.3f}) {figure.unit}")
    for figure in figures:
        if figure.name != "demand_ns_1_threads":  # shown, but the goal is for two threads
            print(figure.line())


if __name__ == "__main__":
    main()
