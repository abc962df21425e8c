"""Measure what sweeps cost beside their runs on this machine: `make bench`, or ``python benchmarks/sweeps.py``.

Waiting is measured with runs that sleep, work with runs that use a fixed amount of processor time, so that other load
on the machine does not pass for a cost of ours. Bytes are those of real runs of a small market.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from homogsim.experiments.sweeps.plan import Plan
from homogsim.experiments.sweeps.planning import plan_sweep
from homogsim.experiments.sweeps.shards import shard_files
from homogsim.experiments.sweeps.store import RUNS, SERIES, Store
from homogsim.experiments.sweeps.sweep import Options, sweep
from homogsim.experiments.sweeps.work import OK, Found, Made, about_here
from homogsim.scenario import Scenario

VARY = ("firms.reinvestment=0:1", "firms.human_share=0:1")
SMALL = {
    "world.towns": 2, "world.sectors": 1, "world.sites": 6, "world.occupied": 5, "world.consumers": 100,
    "calendar.warm_up": 6, "calendar.before": 12, "calendar.months": 24,
}  # fmt: skip
JOBS = 2
SHORT_SECONDS = 0.05


class Figure(NamedTuple):
    """A measured figure and the bound it should keep."""

    name: str
    value: float
    bound: float
    unit: str
    most: bool = True
    """Whether the bound is the most that it may be."""

    def line(self) -> str:
        """Return the line for machines."""
        good = self.value <= self.bound if self.most else self.value >= self.bound
        return f"goal {self.name} {self.value:.4g} {self.bound:g} {'ok' if good else 'short'}"


def instant(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Take no time."""
    return Made("complete", {"n_firms": scenario.parameters.firms.reinvestment + seed})


def a_second(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Take a second, without work."""
    time.sleep(1.0)
    return instant(scenario, seed, series, each_month)


def short(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Use 50 ms of processor time."""
    until = time.process_time() + SHORT_SECONDS
    while time.process_time() < until:
        sum(range(1000))
    return instant(scenario, seed, series, each_month)


def plan(runs: int) -> Plan:
    """Return a plan of so many runs."""
    return plan_sweep("baseline", VARY, design="lhs", samples=runs, max_runs=runs)


def throughput(folder: Path, runs: int) -> Figure:
    """Return runs a second of two processes, once they have started, as a share of what a bare loop of runs makes."""
    seen: list[tuple[int, float]] = []
    sweep(
        plan(runs), folder, Options(jobs=JOBS), make=a_second, watch=lambda p: seen.append((p.done, time.monotonic()))
    )
    first, last = next(one for one in seen if one[0] >= JOBS), seen[-1]
    last = next(one for one in seen if one[0] == last[0])
    return Figure(
        "sweep_rate_share", (last[0] - first[0]) / (last[1] - first[1]) / JOBS, 0.95, "of a bare loop", most=False
    )


def processor_seconds() -> float:
    """Return the processor time of this process and those that it has waited for."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(kind).ru_utime + resource.getrusage(kind).ru_stime for kind in kinds)


def overhead(folder: Path, runs: int) -> Figure:
    """Return the processor time beside the runs, start of the processes left out, as a share of runs of 50 ms."""
    used = []
    for count in (2 * JOBS, runs):
        before = processor_seconds()
        sweep(plan(count), folder / str(count), Options(jobs=JOBS), make=short)
        used.append(processor_seconds() - before - count * SHORT_SECONDS)
    return Figure(
        "sweep_overhead_50ms", 100.0 * (used[1] - used[0]) / (runs - 2 * JOBS) / SHORT_SECONDS, 5.0, "% of a run"
    )


def coordinator_memory(folder: Path, runs: int) -> float:
    """Return the most memory of a coordinator of so many runs in two processes, MB."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[3]); import sweeps; from figures import highest_memory\n"
        "if __name__ == '__main__':\n"
        "    sweeps.sweep(sweeps.plan(int(sys.argv[2])), sys.argv[1], sweeps.Options(jobs=2), make=sweeps.instant)\n"
        "    print(highest_memory() / 1e6)\n"
    )
    script = folder / f"memory-{runs}.py"
    script.write_text(code)
    here = str(Path(__file__).parent)
    command = [sys.executable, str(script), str(folder / str(runs)), str(runs), here]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def memory_growth(folder: Path, few: int, many: int) -> Figure:
    """Return how much more memory the coordinator of many runs takes."""
    return Figure(
        "sweep_memory_growth", coordinator_memory(folder, many) - coordinator_memory(folder, few), 10.0,
        f"MB more at {many:,} than at {few:,} runs",
    )  # fmt: skip


def stored_runs(folder: Path, runs: int, at_once: int) -> int:
    """Store so many runs of made-up metrics as a sweep does that finds some at once; return the number of shards."""
    stored = plan(runs)
    store = Store.create(folder, stored)
    values = np.random.default_rng(1).random((at_once, len(store.metrics)))
    for first in range(0, runs - 1, at_once):  # the last one is missing
        numbers = range(first, min(first + at_once, runs - 1))
        found = [Found(stored.run(n), OK, "", "complete", values[n - first], f"{n:020x}", 1.0) for n in numbers]
        store.add([(one, about_here()) for one in found])
    return len(shard_files(folder, RUNS))


def resuming(folder: Path, runs: int, at_once: int = 100) -> Figure:
    """Return how long it takes, from the plan on, until a sweep knows which of so many runs are stored."""
    folder.mkdir()
    shards = stored_runs(folder / "sweep", runs, at_once)
    began = time.perf_counter()
    found = sweep(plan(runs), folder / "sweep", Options(jobs=JOBS), make=instant, stop=lambda: True)
    seconds = time.perf_counter() - began
    assert found.stored == runs - 1
    return Figure("sweep_resume_seconds", seconds, 10.0, f"s, {runs:,} runs, all but one stored in {shards:,} shards")


def bytes_per_run(folder: Path, runs: int) -> list[Figure]:
    """Return what a run takes on the disk, its row and a year's row of its series."""
    made = plan_sweep("baseline", VARY, design="lhs", samples=runs, set=SMALL, series=12)
    sweep(made, folder, Options(executor="serial"))
    row = sum(path.stat().st_size for path in (folder / RUNS).iterdir()) / runs
    series = sum(path.stat().st_size for path in (folder / SERIES).iterdir()) / runs / (36 // 12)
    return [
        Figure("sweep_bytes_per_run", row, 1500.0, f"bytes, in a shard of {runs}"),
        Figure("sweep_bytes_per_series_row", series, 1500.0, "bytes for a stored month"),
    ]


def measure(*, tiny: bool = False) -> list[Figure]:
    """Return all figures; `tiny` measures each on few runs, to see that the benchmark itself works."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            throughput(folder / "rate", 6 if tiny else 40),
            overhead(folder / "short", 12 if tiny else 600),
            memory_growth(folder, *((4, 8) if tiny else (100, 5000))),
            resuming(folder / "resume", 200 if tiny else 100_000),
            *bytes_per_run(folder / "bytes", 4 if tiny else 150),
        ]


def main() -> None:
    """Measure and print."""
    figures = measure(tiny="--tiny" in sys.argv)
    for figure in figures:
        print(f"{figure.name:28s} {figure.value:10.3f} {figure.unit}")
    for figure in figures:
        print(figure.line())
    print(json.dumps({figure.name: figure.value for figure in figures}))


if __name__ == "__main__":
    main()
