"""Scenarios under the same seeds, against the first of them: the same world, the same people, the same luck."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from homogsim.errors import HomogsimError
from homogsim.experiments.executors import Runner
from homogsim.experiments.paired_runs import PairedRuns
from homogsim.experiments.replicate import asks_other_scales, check_metrics
from homogsim.experiments.runs import Runs, Watcher, check_calendars, check_counts, fitting_jobs, read
from homogsim.experiments.tastes import Geometry, under
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from homogsim.experiments.comparison import Comparison

REPLICATIONS, CAP = 5, 50


def compare(
    *scenarios: Scenario | str | Path,
    replications: int = REPLICATIONS,
    seed: int = 1,
    months: int | None = None,
    set: Mapping[str, object] | None = None,
    metrics: Sequence[str] | None = None,
    precision: float | None = None,
    cap: int = CAP,
    jobs: int | None = None,
    tastes: Geometry | None = None,
    watch: Watcher | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Comparison:
    """Compare scenarios with the first one, all under the same seeds.

    With ``jobs`` other than 1 the runs are made in worker processes; a script that does so does it under
    ``if __name__ == "__main__":``, or the workers would run it again.

    Parameters
    ----------
    *scenarios : Scenario, str or Path
        Two or more scenarios, names of presets or scenario files; the first is the baseline of the comparison.
        ``NAME:twin`` is a scenario without its tools.
    replications : int
        Seeds, at least 1.
    seed : int
        The first seed; the others follow it.
    months : int, optional
        Months after automation arrives, for all scenarios.
    set : mapping, optional
        Parameters to change in all scenarios, by dotted name.
    metrics : sequence of str, optional
        Metrics to compare; all by default.
    precision : float, optional
        Go on with more seeds until the 95 % interval of each of `metrics` is no wider, to each side, than this share of
        the baseline's mean.
    cap : int
        Most seeds when `precision` is given.
    jobs : int, optional
        Runs at a time, each on one processor; as many as there are processors by default. Results do not depend on it.
    tastes : {"ideal_point", "kernel"}, optional
        Geometry of tastes under which all scenarios are run (`homogsim.experiments.tastes.under`); by default each
        one's own.
    watch : callable, optional
        Called after every run with the numbers of runs done and asked for.
    stop : callable, optional
        Asked now and then; returning True ends the comparison with what is finished.

    Returns
    -------
    Comparison

    Raises
    ------
    HomogsimError
        For scenarios that cannot be compared, unknown metrics, numbers that make no sense.
    LostRuns
        No seed was run to the end under all scenarios.
    """
    entrants = {name: under(scenario, tastes) for name, scenario in enter(scenarios, set or {}, months).items()}
    check_metrics(metrics or ())
    check_precision(precision, cap, replications, metrics)
    most = replications if precision is None else max(cap, replications)
    check_counts(replications, seed, most)
    used = fitting_jobs((s.parameters for s in entrants.values()), most * len(entrants), jobs)
    with Runner(used, stop) as runner:
        pairs = PairedRuns(entrants, Runs(runner, watch), asks_other_scales(metrics or ()))
        notes = pairs.gather(seed, replications, metrics or (), precision, cap)
    return pairs.comparison(tuple(dict.fromkeys(metrics or ())), notes)


def enter(
    scenarios: Sequence[Scenario | str | Path], changes: Mapping[str, object], months: int | None = None
) -> dict[str, Scenario]:
    """Return the scenarios of a comparison by name, changed as asked; equal names get -2, -3 and so on.

    Raises
    ------
    HomogsimError
        For fewer than two scenarios, or scenarios that do not record the same months.
    """
    if len(scenarios) < 2:
        what = f"a comparison needs two scenarios or more, not {len(scenarios)}"
        raise HomogsimError(what, help="For example: homogsim compare before-automation baseline.")
    together = dict(changes) | ({} if months is None else {"calendar.months": months})
    entrants: dict[str, Scenario] = {}
    for given in scenarios:
        found = read(given)
        free = (found.name if n == 1 else f"{found.name}-{n}" for n in count(1))
        name = next(name for name in free if name not in entrants)
        entrants[name] = found.override(together) if together else found
    check_calendars(entrants.values())
    return entrants


def check_precision(precision: float | None, cap: int, replications: int, metrics: Sequence[str] | None) -> None:
    """Refuse a precision that cannot be reached or understood.

    Raises
    ------
    HomogsimError
        Says why.
    """
    if precision is None:
        return
    if not 0.0 < precision < math.inf:
        raise HomogsimError(f"a precision of {precision:g}: a positive share is needed (0.02: 2 %)", "--precision")
    if not metrics:
        what = "which intervals shall become that narrow?"
        raise HomogsimError(what, "--precision", "Name metrics: --metric diversity_gamma.")
    if replications < 2:
        what = "one replication has no interval that could become narrow"
        raise HomogsimError(what, "--precision", "Start with --replications 2 or more.")
    if cap < replications:
        raise HomogsimError(f"--cap {cap} is less than --replications {replications}")
