"""From what a user asks for to the plan of a sweep, and what it will take, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homogsim.errors import BudgetError, HomogsimError
from homogsim.experiments.executors import processors
from homogsim.experiments.measuring import ONE_THREAD
from homogsim.experiments.runs import read
from homogsim.experiments.sweeps.designs import TooLarge, make_design
from homogsim.experiments.sweeps.factors import read_factors
from homogsim.experiments.sweeps.plan import Plan
from homogsim.experiments.sweeps.store import JOIN_SHARDS, SERIES_ROWS, SHARD_ROWS
from homogsim.scenario import Scenario, check_budget, machine_memory
from homogsim.scenario.budget import PROGRAM_SECONDS, estimate, size

MOST_RUNS = 100_000
"""Runs of a sweep, unless `--max-runs` allows more."""
LOOKED_AT = 200
"""Points whose parameters are checked, and whose cost is estimated, before anything runs."""
MONTH_SECONDS, RUN_SECONDS = 0.002, 0.03
"""What a month, and a run, take however small the market is: tables, metrics, laws of few firms."""
SHARD_BYTES = 18_000.0
"""A shard besides its rows: names and places of the columns."""
ROW_BYTES = 1_100.0
"""A row of `runs/` on the disk, as measured (benchmarks/README.md)."""
SERIES_VALUE_BYTES = 4.0
"""One value of a series on the disk, as measured."""
MOST_REPLICATIONS = 10_000


@dataclass(frozen=True)
class Needs:
    """What a sweep takes."""

    runs: int
    points: int
    seconds: float
    """Wall time, within a factor of about two."""
    disk_bytes: float
    memory_bytes: float
    """Of one run, at most."""
    jobs: int


def plan_sweep(
    scenario: Scenario | str | Path,
    vary: Iterable[str] | Mapping[str, Any],
    *,
    design: str = "grid",
    samples: int | None = None,
    replications: int = 1,
    seed: int = 1,
    independent: bool = False,
    months: int | None = None,
    series: int = 0,
    set: Mapping[str, object] | None = None,
    max_runs: int = MOST_RUNS,
) -> Plan:
    """Return the plan of a sweep.

    Parameters
    ----------
    scenario : Scenario, str or Path
        Where the parameters that do not vary come from.
    vary : iterable of str, or mapping
        What varies (`homogsim.experiments.sweeps.factors.read_factors`).
    design : str
        One of `homogsim.experiments.sweeps.designs.DESIGNS`.
    samples : int, optional
        Samples of designs that have some; a power of two for Sobol' designs.
    replications : int
        Runs at every point, from `seed` on.
    independent : bool
        Whether every run has a seed of its own, in place of common random numbers.
    months : int, optional
        Months after automation arrives.
    series : int
        Months between stored rows of every run's timeline; 0 stores none.
    set : mapping, optional
        Parameters to change at all points, by dotted name.
    max_runs : int
        Most runs.

    Raises
    ------
    HomogsimError
        For anything that cannot be used; says what and what would help.
    """
    base = read(scenario)
    changes = {**(set or {}), **({} if months is None else {"calendar.months": months})}
    base = base.override(changes) if changes else base
    if not 1 <= replications <= MOST_REPLICATIONS:
        what = f"{replications} replications: a whole number from 1 to {MOST_REPLICATIONS} is needed"
        raise HomogsimError(what, "--replications")
    factors = read_factors(vary, base)
    if both := sorted({factor.name for factor in factors} & changes.keys()):
        raise HomogsimError(f"{both[0]} varies and is set", "--vary", "Leave one of them out.")
    made = make_design(design, factors, samples, seed, base)
    plan = Plan(base, made, replications, seed, independent, series)
    check_size(plan, max_runs)
    plan.check_seeds()
    return plan


def check_size(plan: Plan, max_runs: int) -> None:
    """Refuse a plan that has too many runs.

    Raises
    ------
    TooLarge
        Says how many, and what would help.
    """
    if plan.runs > max_runs:
        points = f"{len(plan.design):,} points × {plan.replications:,} replications"
        what = f"the design has {plan.runs:,} runs ({points}), more than {max_runs:,}"
        raise TooLarge(what, "--max-runs", f"Choose fewer samples or levels, or --max-runs {plan.runs}.")


def check_points(plan: Plan) -> list[Scenario]:
    """Return the scenarios of some points, spread over the design, after making sure that they can be run.

    Raises
    ------
    HomogsimError
        Parameters of a point do not go together, or its market does not fit in memory.
    """
    points = len(plan.design)
    chosen = sorted({round(n * (points - 1) / (LOOKED_AT - 1)) for n in range(LOOKED_AT)})
    found = []
    for point in chosen:
        run = plan.run(point * plan.replications)
        where = f"point {point}"
        try:
            scenario = plan.scenario_of(run)
            check_budget(scenario.parameters)
        except HomogsimError as error:
            raise type(error)(error.what, error.where or where, error.help) from error
        found.append(scenario)
    return found


def needs(plan: Plan, jobs: int | None, *, here: bool = True) -> Needs:
    """Return what a sweep takes, after checking some of its points.

    Parameters
    ----------
    jobs : int, optional
        Runs at a time.
    here : bool
        Whether they share this machine's memory.

    Raises
    ------
    HomogsimError
        As `check_points`; or so many runs at a time do not fit in memory.
    """
    scenarios = check_points(plan)
    seconds = sum(map(_run_seconds, scenarios)) / len(scenarios)
    memory = max(estimate(scenario.parameters).memory_bytes for scenario in scenarios)
    used = fitting(jobs, memory, plan.runs) if here else jobs or 1
    return Needs(
        runs=plan.runs,
        points=len(plan.design),
        seconds=PROGRAM_SECONDS + plan.runs * seconds / used,
        disk_bytes=_disk_bytes(plan, scenarios[0], plan.runs * seconds / used),
        memory_bytes=memory,
        jobs=used,
    )


def _run_seconds(scenario: Scenario) -> float:
    """Return about how long a run takes on one processor, in a program that has started."""
    calendar = scenario.parameters.calendar
    months = calendar.warm_up + calendar.before + calendar.months
    large = ONE_THREAD * (estimate(scenario.parameters).seconds - PROGRAM_SECONDS)
    return large + months * MONTH_SECONDS + RUN_SECONDS


def _disk_bytes(plan: Plan, scenario: Scenario, seconds: float) -> float:
    """Return about what the shards take: at most one a second, none without a run, and small ones are joined."""
    joined = JOIN_SHARDS + 2.0 * plan.runs / (SERIES_ROWS if plan.series else SHARD_ROWS)
    shards = min(plan.runs, 1.0 + seconds, joined) * (2.0 if plan.series else 1.0)
    row = ROW_BYTES + series_values(plan, scenario) * SERIES_VALUE_BYTES
    return plan.runs * row + shards * SHARD_BYTES


def fitting(jobs: int | None, memory: float, runs: int) -> int:
    """Return how many runs to make at a time: as asked, otherwise as processors and memory allow.

    Raises
    ------
    HomogsimError
        Less than one, or so many do not fit in memory.
    """
    if jobs is not None and not 1 <= jobs <= MOST_REPLICATIONS:
        raise HomogsimError(f"--jobs {jobs}: a whole number from 1 to {MOST_REPLICATIONS} is needed")
    available = machine_memory()
    fit = max(1, int(0.8 * available / memory)) if available else MOST_REPLICATIONS
    if jobs is not None and min(jobs, runs) > fit:
        what = f"{min(jobs, runs)} runs at a time need about {size(min(jobs, runs) * memory)} of memory"
        raise BudgetError(what, help=f"Choose --jobs {fit}, or a smaller market.")
    return min(jobs or processors(), runs, fit)


def series_values(plan: Plan, scenario: Scenario) -> int:
    """Return how many values the stored series of one run has."""
    if not plan.series:
        return 0
    from homogsim.metrics.table import METRICS

    calendar = scenario.parameters.calendar
    return len(METRICS) * ((calendar.before + calendar.months) // plan.series)
