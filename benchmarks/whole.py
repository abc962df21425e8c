"""Whole months and whole runs: what they take beside the demand part, how they grow, how they start."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cold
import numpy as np
from figures import Figure, figure, seconds

HERE = Path(__file__).parent
HOMOGSIM = [sys.executable, "-c", "from homogsim.cli import main; main()"]
FULL = 1250
"""Towns of 10,000,000 consumers."""

CITY = {"world.sectors": 10, "world.sites": 16, "world.occupied": 11, "world.consumers": 800}
"""Of a town: 8,000 consumers and 160 sites in 10 sectors; 125 towns are a million consumers and 20,000 sites."""
TEACHING = {"world.consumers": 4167}
"""The baseline's 8 towns and 3 sectors with 100,008 consumers in place of 9,600, who have some 30 alternatives."""
FIFTY = TEACHING | {"world.reach": 4}
"""They shop in four more towns, not two: the 50 alternatives of the contest."""
LATE = 100
"""Months after which most businesses know of tools, and weigh them again and again, while fewer are left to choose."""

SIZES = ((60, 100), (60, 700), (100, 100), (100, 700))
"""Towns, and consumers to a cell, that growth is fitted to; all have more than 5,000 outlets open."""
MILLION = (125, 800)
"""What it is held against: 1,000,000 consumers and 20,000 sites."""
ROUNDS = 2
"""Runs of each: else one slow minute of the machine would make one size dear."""
REPEATS = 3
"""Runs whose months are taken together: the machine's speed changes from one second to the next."""


class Growth(NamedTuple):
    """Costs of a month and of memory, fitted to runs of several sizes, all with more than 5,000 outlets open.

    Up to there metrics compare all pairs of outlets, and grow with their square; above they compare a sample.
    """

    ns_per_evaluation: float
    ns_per_site: float
    fixed_seconds: float
    bytes_per_consumer: float
    bytes_per_site: float
    fixed_bytes: float

    def seconds(self, evaluations: float, sites: float) -> float:
        """Return what a month takes on the threads that it was fitted on."""
        return 1e-9 * (self.ns_per_evaluation * evaluations + self.ns_per_site * sites) + self.fixed_seconds

    def memory(self, consumers: float, sites: float) -> float:
        """Return bytes."""
        return self.fixed_bytes + self.bytes_per_consumer * consumers + self.bytes_per_site * sites


def one_run(changes: dict[str, Any], months: int = 11, threads: int = 2) -> dict[str, Any]:
    """Make a run in a process of its own."""
    command = [sys.executable, str(HERE / "one_run.py"), json.dumps(changes), str(months), str(threads)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def month_against_demand(months: int) -> list[Figure]:
    """Return whole month over demand part at 100,000 consumers, and the metrics' share of a month."""
    plain = [one_run(TEACHING, months, threads=1) for _ in range(REPEATS)]
    fifty = [one_run(FIFTY, LATE + months, threads=1), *(one_run(FIFTY, months, threads=1) for _ in range(REPEATS - 1))]
    late = [fifty[0] | {"months": fifty[0]["months"][LATE:]}]
    fifty[0] = fifty[0] | {"months": fifty[0]["months"][:months]}
    share = [row["recorder"] / row["seconds"] for run in plain for row in run["months"]]
    return [
        _over_demand("month_vs_demand_100000", plain, 1.4),
        _over_demand("month_vs_demand_100000_fifty", fifty, 1.4),
        _over_demand("month_vs_demand_100000_late", late, None),
        figure("metrics_share_100000", share, "of a month, median"),
    ]


def _over_demand(name: str, runs: list[dict[str, Any]], bound: float | None) -> Figure:
    months = [row for run in runs for row in run["months"]]
    alternatives = statistics.median(row["evaluations"] for row in months) / runs[0]["consumers"]
    words = f"× the demand part, laws, metrics and records included; {alternatives:.0f} alternatives"
    return figure(name, [row["seconds"] / row["demand"] for row in months], words, bound)


def million(runs: list[dict[str, Any]]) -> list[Figure]:
    """Return a month and the memory of 1,000,000 consumers and 20,000 sites."""
    times = [row["seconds"] for run in runs for row in run["months"]]
    return [
        figure("month_seconds_1000000", times, "s, 1,000,000 consumers × 20,000 sites, 2 threads", 0.5),
        figure("memory_gb_1000000", [run["memory"] / 1e9 for run in runs], "GB, highest of the process", 1.0),
        figure("build_seconds_1000000", [run["build"] for run in runs], "s to build that world"),
    ]


def ten_million() -> tuple[list[Figure], dict[str, Any]]:
    """Return building, 12 months and the memory of 10,000,000 consumers and 200,000 sites."""
    found = one_run(CITY | {"world.towns": FULL}, 12)
    return [
        figure("build_seconds_10000000", [found["build"]], "s, 10,000,000 consumers × 200,000 sites", 60.0),
        figure(
            "memory_gb_10000000", [found["memory"] / 1e9], "GB, highest of the process over 12 months and more", 12.0
        ),
        figure("month_seconds_10000000", [row["seconds"] for row in found["months"]], "s"),
    ], found


def growing(sizes: Sequence[tuple[int, int]], months: int = 5) -> list[list[dict[str, Any]]]:
    """Return the runs of each size, so many towns and consumers to a cell: all sizes in one round, then in another."""
    rounds = [
        [one_run(CITY | {"world.towns": towns, "world.consumers": consumers}, months) for towns, consumers in sizes]
        for _ in range(ROUNDS)
    ]
    return [list(same) for same in zip(*rounds, strict=True)]


def fastest(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the run whose median month is the shortest."""
    return min(runs, key=_month)


def _month(run: dict[str, Any]) -> float:
    """Return the seconds of a run's median month."""
    return statistics.median(row["seconds"] for row in run["months"])


def fitted(runs: list[dict[str, Any]], clock: str = "seconds") -> Growth:
    """Fit costs, none below 0, to the median months and the memory of runs, relative errors weighed alike.

    The `clock` is "seconds", or "cpu" for the processor's time of all threads.
    """
    from scipy.optimize import nnls

    evaluations = np.array([statistics.median(row["evaluations"] for row in run["months"]) for run in runs])
    times = np.array([statistics.median(row[clock] for row in run["months"]) for run in runs])
    consumers, sites = (np.array([float(run[name]) for run in runs]) for name in ("consumers", "sites"))
    time_parts, _ = nnls(
        np.column_stack([evaluations * 1e-9, sites * 1e-9, np.ones(sites.size)]) / times[:, None], np.ones(times.size)
    )
    memory = np.array([run["memory"] for run in runs])
    parts = np.column_stack([consumers, sites, np.ones(sites.size)])
    memory_parts, _ = nnls(parts / memory[:, None], np.ones(memory.size))
    return Growth(*time_parts.tolist(), *memory_parts.tolist())


def checked(growth: Growth, run: dict[str, Any], name: str) -> list[Figure]:
    """Return what the fit predicts for a run that it has not seen, over what was measured."""
    evaluations = statistics.median(row["evaluations"] for row in run["months"])
    month = _month(run)
    expected = growth.seconds(evaluations, run["sites"])
    memory = growth.memory(run["consumers"], run["sites"])
    return [
        figure(f"predicted_month_{name}", [expected / month], "× measured"),
        figure(f"predicted_memory_{name}", [memory / run["memory"]], "× measured"),
    ]


def command(name: str, arguments: list[str], repeats: int, bound: float | None = None) -> Figure:
    """Time a command as a whole process, in an empty folder, all caches warm: Python's own of its modules, too."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([*HOMOGSIM, "--version"], env=environment, check=True, capture_output=True)
    times = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            call = partial(
                subprocess.run, [*HOMOGSIM, *arguments], cwd=folder, env=environment, check=True, capture_output=True
            )
            times.append(seconds(call))
    return figure(name, times, "s, whole process", bound)


def teaching(repeats: int) -> list[Figure]:
    """Return whole teaching runs, cold and warm."""
    from homogsim.model import MarketModel
    from homogsim.scenario import Scenario

    MarketModel(Scenario.read("baseline"), months=2).run()
    alone = [seconds(MarketModel(Scenario.read("baseline")).run) for _ in range(repeats)]
    return [
        figure("baseline_model_seconds", alone, "s, 300 months, no start-up and no files", 3.0),
        command("baseline_seconds", ["run", "baseline", "--no-figures", "--quiet"], repeats, 5.0),
        cold.first_month(repeats),
        cold.shared_by_workers(),
    ]


def memory_per_consumer() -> Figure:
    """Return the bytes of all columns of consumers, and of copies that kernels read, per consumer."""
    from homogsim.model import MarketModel

    market = MarketModel("baseline").market
    columns = [*market.consumers.arrays().values(), market.tastes.place, market.choosing.people]
    value = sum(column.nbytes for column in columns) / market.consumers.rows
    return figure("bytes_per_consumer", [value], "bytes, with copies as the kernels read them", 250.0)
