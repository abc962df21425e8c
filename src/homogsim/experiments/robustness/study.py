"""The study: all its runs, made once and kept, and what they come to. `homogsim robustness`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from homogsim.errors import HomogsimError
from homogsim.experiments.executors import Runner
from homogsim.experiments.measuring import ONE_THREAD
from homogsim.experiments.pairing import Band, band
from homogsim.experiments.replicate import Lost, Outcome, Task
from homogsim.experiments.robustness.design import (
    BASELINE,
    HEADLINES,
    SCALES,
    SHOWN_TOGETHER,
    SURVIVAL,
    SWEPT,
    UNCERTAIN,
    Case,
    Headline,
    Uncertain,
    cases,
    pair,
    points,
)
from homogsim.experiments.robustness.journal import Found, RunJournal
from homogsim.experiments.robustness.sensitivity import Sensitivity, Signs, sensitivity, signs
from homogsim.experiments.runs import Runs, Watcher, check_counts, fitting_jobs, read
from homogsim.scenario import Scenario
from homogsim.scenario.budget import PROGRAM_SECONDS, estimate

if TYPE_CHECKING:
    import pandas as pd

POINTS, POINT_SEEDS, REPLICATIONS, FIRST_SEED = 64, 2, 6, 40_000
MOST_POINTS = 10_000

Pair = tuple[Scenario, Scenario]


@dataclass(frozen=True)
class Plan:
    """A study that is about to begin."""

    base: Scenario
    cases: tuple[Case, ...]
    points: tuple[Mapping[str, float], ...]
    seeds: range
    """Seeds of every case."""
    point_seeds: range
    """Seeds of every point."""
    jobs: int
    uncertain: Sequence[Uncertain] = UNCERTAIN

    def tasks(self) -> list[Task]:
        """Return every run once, those of the cases first."""
        found = [
            Task(scenario, seed, other_scales=True)
            for seed in self.seeds
            for case in self.cases
            for scenario in case.pair(self.base)
        ]
        found += [
            Task(scenario, seed)
            for point in self.points
            for scenario in pair(self.base, point)
            for seed in self.point_seeds
        ]
        return list({task.key: task for task in reversed(found)}.values())[::-1]

    @property
    def seconds(self) -> float:
        """About how long all runs take, within a factor of about two."""
        each = [ONE_THREAD * (estimate(task.scenario.parameters).seconds - PROGRAM_SECONDS) for task in self.tasks()]
        return sum(each) / self.jobs

    def run(self, folder: Path, watch: Watcher | None = None, stop: Callable[[], bool] = lambda: False) -> Robustness:
        """Make the runs that the folder does not hold yet, and return what all came to.

        Raises
        ------
        HomogsimError
            The folder holds something else.
        StorageError
            It cannot be read or written.
        """
        journal = RunJournal(folder, dict.fromkeys([*(h.metric for h in (*HEADLINES, *SCALES)), *SURVIVAL]))
        tasks = self.tasks()
        missing = [task for task in tasks if journal.get(task) is None]
        ready = len(tasks) - len(missing)
        tell = watch or (lambda done, total: None)
        by_key = {task.key: task for task in missing}
        with Runner(self.jobs, stop) as runner:
            runs = Runs(runner, lambda done, total: tell(done + ready, len(tasks)))

            def keep(outcome: Outcome) -> None:
                journal.add(by_key[outcome.key], outcome)

            runs.make(missing, keep)
        return Robustness(self, journal, tuple(runs.lost), ready, stop())


@dataclass(frozen=True)
class Robustness:
    """What a study came to."""

    plan: Plan
    journal: RunJournal
    lost: tuple[Lost, ...] = ()
    reused: int = 0
    """Runs that were found in the folder."""
    stopped: bool = False

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """What is asked of every pair of markets."""
        return HEADLINES

    @property
    def ablations(self) -> tuple[Case, ...]:
        """The baseline, and what is changed in kind rather than in degree."""
        return tuple(case for case in self.plan.cases if case.group in SHOWN_TOGETHER)

    @property
    def swept(self) -> tuple[str, ...]:
        """Parameters whose values are swept."""
        return tuple(SWEPT)

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before all runs were made."""
        return self.stopped and any(self.journal.get(task) is None for task in self.plan.tasks())

    def changes(self, pair: Pair, headline: Headline, seeds: Iterable[int]) -> NDArray[np.float64]:
        """Return what automation changes under each seed; NaN where a run is missing or the metric undefined."""
        return np.array([self._change(pair, headline, seed) for seed in seeds])

    def _change(self, pair: Pair, headline: Headline, seed: int) -> float:
        with_tools, without = (self._end(scenario, seed).get(headline.metric, math.nan) for scenario in pair)
        if not headline.relative:
            return with_tools - without
        return (with_tools - without) / abs(without) if without != 0.0 else math.nan

    def _end(self, scenario: Scenario, seed: int) -> Found:
        return self.journal.get(Task(scenario, seed)) or {}

    def of_case(self, case: Case, headline: Headline) -> Band:
        """Return mean and 95 % interval of a headline result in a case."""
        values = self.changes(case.pair(self.plan.base), headline, self.plan.seeds)
        return band(values[:, None])

    def level(self, scenario: Scenario, metric: str) -> Band:
        """Return mean and 95 % interval of a metric in a scenario of a case."""
        values = [self._end(scenario, seed).get(metric, math.nan) for seed in self.plan.seeds]
        return band(np.array(values)[:, None])

    @property
    def table(self) -> pd.DataFrame:
        """A row per case and headline: ``group, case, value, headline, mean, low, high``."""
        import pandas as pd

        rows = []
        for case in self.plan.cases:
            for headline in HEADLINES:
                mean, low, high = (float(end[0]) for end in self.of_case(case, headline))
                about = {"group": case.group, "case": case.label, "value": case.value, "headline": headline.name}
                rows.append(about | {"mean": mean, "low": low, "high": high})
        return pd.DataFrame(rows)

    @property
    def scales(self) -> dict[str, Band]:
        """The baseline's change in diversity by similarity scale."""
        return {scale.label: self.of_case(BASELINE, scale) for scale in SCALES}

    @property
    def unit(self) -> NDArray[np.float64]:
        """(P, K) where the points lie in the ranges, 0 … 1."""
        rows = [[(p[u.name] - u.low) / (u.high - u.low) for u in self.plan.uncertain] for p in self.plan.points]
        return np.array(rows).reshape(len(self.plan.points), len(self.plan.uncertain))

    def at_points(self, headline: Headline) -> NDArray[np.float64]:
        """Return (P, R) a headline result at every point under every seed."""
        rows = [self.changes(pair(self.plan.base, p), headline, self.plan.point_seeds) for p in self.plan.points]
        return np.array(rows).reshape(len(self.plan.points), len(self.plan.point_seeds))

    def sensitivity(self, headline: Headline) -> Sensitivity:
        """Return what a headline result depends on."""
        return sensitivity([u.name for u in self.plan.uncertain], self.unit, self.at_points(headline))

    def signs(self, headline: Headline) -> Signs:
        """Return at how many points it has the baseline's sign, and where it has the other."""
        sign = float(self.of_case(BASELINE, headline).mean[0])
        return signs([u.name for u in self.plan.uncertain], self.unit, self.at_points(headline), sign)

    def as_dict(self) -> dict[str, Any]:
        """Return what was found as plain data for JSON: what is undefined is None."""
        from homogsim.results.manifest import plain

        found = {
            "scenario": self.plan.base.name,
            "fingerprint": self.plan.base.fingerprint(),
            "seeds": list(self.plan.seeds),
            "points": len(self.plan.points),
            "point_seeds": list(self.plan.point_seeds),
            "cases": self.table.to_dict("records"),
            "scales": {label: [float(end[0]) for end in found] for label, found in self.scales.items()},
            "sensitivity": {h.name: _plain_sensitivity(self.sensitivity(h)) for h in HEADLINES},
            "signs": {h.name: self.signs(h)._asdict() for h in HEADLINES},
            "lost": [str(run) for run in self.lost],
            "interrupted": self.interrupted,
        }
        return dict(plain(found))


def _plain_sensitivity(found: Sensitivity) -> dict[str, Any]:
    return found._asdict() | {"effects": [effect._asdict() for effect in found.effects]}


def plan(
    scenario: Scenario | str | Path = "baseline",
    *,
    points_: int = POINTS,
    replications: int = REPLICATIONS,
    point_seeds: int = POINT_SEEDS,
    seed: int = FIRST_SEED,
    months: int | None = None,
    set: Mapping[str, object] | None = None,
    jobs: int | None = None,
) -> Plan:
    """Return a study that `Plan.run` makes.

    Parameters
    ----------
    scenario : Scenario, str or Path
        What stands in the place of the baseline.
    points_ : int
        Points across the uncertain parameters; 0 leaves that part out.
    replications : int
        Seeds of every ablation and sweep, at least 1.
    point_seeds : int
        Seeds of every point, at least 1 (and 2 to tell luck apart).
    seed : int
        The first seed, and that of the points.
    months, set, jobs
        As for `homogsim.experiments.compare.compare`.

    Raises
    ------
    HomogsimError
        For an unknown scenario or parameter, or numbers that make no sense.
    """
    check_counts(replications, seed, max(replications, point_seeds))
    if not 0 <= points_ <= MOST_POINTS or not 1 <= point_seeds <= MOST_POINTS:
        what = f"{points_} points of {point_seeds} seeds"
        raise HomogsimError(what, "--points", f"0 to {MOST_POINTS} points are needed, of 1 seed or more.")
    changes = dict(set or {}) | ({} if months is None else {"calendar.months": months})
    base = read(scenario)
    base = base.override(changes) if changes else base
    design = Plan(
        base, cases(base), tuple(points(points_, seed)) if points_ else (),
        range(seed, seed + replications), range(seed, seed + point_seeds), 1,
    )  # fmt: skip
    tasks = design.tasks()
    used = fitting_jobs((task.scenario.parameters for task in tasks), len(tasks), jobs)
    return Plan(design.base, design.cases, design.points, design.seeds, design.point_seeds, used)
