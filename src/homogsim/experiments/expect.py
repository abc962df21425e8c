"""Whether what scenarios say about themselves comes out, under seeds that nothing was tuned on."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from homogsim.errors import HomogsimError
from homogsim.experiments.executors import Runner
from homogsim.experiments.pairing import Paired, paired_difference
from homogsim.experiments.replicate import Lost, Outcome, Task, asks_other_scales, check_metrics, known_metrics
from homogsim.experiments.runs import Runs, Watcher, check_calendars, check_counts, fitting_jobs, read, twin
from homogsim.results.manifest import plain
from homogsim.scenario import NOT_SUPPORTED, START, TWIN, Expectation, Scenario, presets

REPLICATIONS, FIRST_SEED = 8, 10_000
YEAR = 12
NOT_RUN = "not run"

Verdict = Literal["held", "failed", "unclear"]


@dataclass(frozen=True)
class Finding:
    """One expectation of a scenario, and what came out."""

    scenario: str
    expectation: Expectation
    found: Paired
    """The scenario's end against that of the other scenario, its own start, another metric, or a number."""
    runs: int | None = None
    """Seeds whose runs were finished; None: as many as there are pairs."""

    @property
    def not_run(self) -> bool:
        """Whether no run was finished that could tell, so that there is nothing to judge."""
        return self.runs == 0

    @property
    def verdict(self) -> Verdict:
        """What came out.

        Lower and higher: ``held`` when the interval lies on the expected side of zero and the point estimate is at
        least as large as expected; ``failed`` when it lies on the other side. Unchanged: ``held`` when the interval
        lies within what still counts as unchanged, ``failed`` when it lies wholly outside (Schuirmann 1987, two
        one-sided tests, each at 2.5 %). ``unclear``: anything else.
        """
        if self.expectation.sign == "unchanged":
            return self._equivalence
        side = "lower" if self.expectation.sign == "higher" else "higher"
        if self.found.verdict == side:
            return "failed"
        right = self.found.verdict == self.expectation.sign
        return "held" if right and not self._too_small else "unclear"

    @property
    def outcome(self) -> str:
        """The verdict, and for claims that are known not to be supported whether that is still so."""
        if self.not_run:
            return NOT_RUN
        if self.counts:
            return self.verdict
        return "held after all" if self.verdict == "held" else f"{NOT_SUPPORTED}, as recorded"

    @property
    def reason(self) -> str:
        """Why it is unclear, in words; empty otherwise."""
        if self.verdict != "unclear":
            return ""
        if self.not_run:
            return "no run was finished"
        if self.found.pairs == 0:
            return "undefined in all runs"
        if self.found.pairs == 1:
            return "one replication has no interval"
        if self.expectation.sign == "unchanged":
            return f"may differ by more than {100 * self.expectation.within:g} %"
        return "smaller than expected" if self.found.verdict == self.expectation.sign else "no clear difference"

    @property
    def counts(self) -> bool:
        """Whether failing would be news: not for claims that are known not to be supported."""
        return self.expectation.status == ""

    @property
    def _equivalence(self) -> Verdict:
        most = self.expectation.within * abs(self.found.baseline_mean)
        if -most <= self.found.low and self.found.high <= most:
            return "held"
        return "failed" if self.found.low > most or self.found.high < -most else "unclear"

    @property
    def _too_small(self) -> bool:
        least, relative = self.expectation.at_least, abs(self.found.relative)
        return least > 0.0 and not relative >= least  # NaN is too small as well

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        found = self.found._asdict()
        found["versus_mean"] = found.pop("baseline_mean")
        words = {"verdict": self.verdict, "outcome": self.outcome, "reason": self.reason}
        return {"scenario": self.scenario} | asdict(self.expectation) | words | found


@dataclass(frozen=True)
class Report:
    """What came out of all expectations."""

    findings: tuple[Finding, ...]
    seeds: tuple[int, ...] = ()
    lost: tuple[Lost, ...] = ()
    interrupted: bool = False
    runs: tuple[int, int] = (0, 0)
    """Runs that were finished, and runs asked for."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """By name of the scenario: the file that states its expectations."""

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The expectations that failed and were not known to."""
        return tuple(f for f in self.findings if f.counts and f.verdict == "failed")

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data for JSON: what is undefined is None."""
        found = {
            "replications": len(self.seeds),
            "seed": self.seeds[0] if self.seeds else None,
            "expectations": [finding.as_dict() for finding in self.findings],
            "verdicts": dict(Counter(NOT_RUN if finding.not_run else finding.verdict for finding in self.findings)),
            "failed": len(self.failed),
            "lost": [str(run) for run in self.lost],
        }
        return dict(plain(found))


def expect(
    *scenarios: Scenario | str | Path,
    replications: int = REPLICATIONS,
    seed: int = FIRST_SEED,
    months: int | None = None,
    set: Mapping[str, object] | None = None,
    jobs: int | None = None,
    watch: Watcher | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Test every expectation of some scenarios with paired seeds; a run that several need is made once.

    Parameters
    ----------
    *scenarios : Scenario, str or Path
        Scenarios, names of presets or files; all presets when none is given.
    replications : int
        Seeds, at least 1 (and 2 for an interval).
    seed : int
        The first seed. Keep it away from seeds that anything was tuned on.
    months, set, jobs, watch, stop
        As for `homogsim.experiments.compare.compare`; changes apply to what the scenarios are compared with as well.

    Returns
    -------
    Report

    Raises
    ------
    HomogsimError
        For scenarios without expectations, expectations about unknown metrics or against unknown scenarios.
    """
    check_counts(replications, seed, replications)
    changes = dict(set or {}) | ({} if months is None else {"calendar.months": months})
    chosen = _chosen(scenarios)
    claims = [claim for scenario in chosen for claim in claims_of(_changed(scenario, changes), changes)]
    asked = {Task(s, 0).key: s for claim in claims for s in claim.scenarios}
    used = fitting_jobs((s.parameters for s in asked.values()), replications * len(asked), jobs)
    seeds = range(seed, seed + replications)
    with Runner(used, stop) as runner:
        runs = Runs(runner, watch)
        scales = asks_other_scales(claim.expectation.metric for claim in claims)
        runs.make(Task(s, number, other_scales=scales) for number in seeds for s in asked.values())
    findings = tuple(claim.finding(runs, seeds) for claim in claims)
    files = {scenario.name: scenario.path for scenario in chosen if scenario.path is not None}
    counts = (runs.finished, replications * len(asked))
    return Report(findings, tuple(seeds), tuple(runs.lost), stop(), counts, files)


def _chosen(given: Sequence[Scenario | str | Path]) -> list[Scenario]:
    if given:
        found = [read(source) for source in given]
        for scenario in found:
            if not scenario.expect:
                what = f"{scenario.name} states no expectations"
                raise HomogsimError(what, help="A scenario file states them in tables headed [[expect]].")
        return found
    return [scenario for scenario in map(Scenario.read, presets()) if scenario.expect]


def _changed(scenario: Scenario, changes: Mapping[str, object]) -> Scenario:
    return scenario.override(changes) if changes else scenario


@dataclass(frozen=True)
class Claim:
    """An expectation with the scenarios that it is about."""

    expectation: Expectation
    scenario: Scenario
    other: Scenario | None
    """None: the scenario's own start, another metric of its own, or a number."""

    @property
    def scenarios(self) -> Iterable[Scenario]:
        """The scenarios whose runs it needs."""
        return (self.scenario,) if self.other is None else (self.scenario, self.other)

    def finding(self, runs: Runs, seeds: Iterable[int]) -> Finding:
        """Return what came out under these seeds."""
        own, against = [], []
        key = Task(self.scenario, 0).key[0]
        other_key = key if self.other is None else Task(self.other, 0).key[0]
        for seed in seeds:
            run, other = runs.get((key, seed)), runs.get((other_key, seed))
            if run is not None and other is not None:
                own.append(self._late(run, self.expectation.metric))
                against.append(self._against(other))
        return Finding(self.scenario.name, self.expectation, paired_difference(against, own), len(own))

    def _against(self, other: Outcome) -> float:
        """Return what the metric is held against in a run."""
        metric, versus = self.expectation.metric, self.expectation.versus
        if not isinstance(versus, str):
            return float(versus)
        if self.other is not None:
            return self._late(other, metric)
        return other.start.get(metric, math.nan) if versus == START else self._late(other, versus)

    def _late(self, run: Outcome, metric: str) -> float:
        """Return a metric at the end of a run, or in the year that ends with the month asked for."""
        month = self.expectation.month
        if month is None:
            return run.end.get(metric, math.nan)
        values = run.timeline.get(metric, np.full(run.month.size, math.nan))
        year = values[(run.month > month - YEAR) & (run.month <= month)]
        known = year[np.isfinite(year)]
        return float(known.mean()) if known.size and month in run.month else math.nan


def claims_of(scenario: Scenario, changes: Mapping[str, object]) -> list[Claim]:
    """Return the expectations of a (changed) scenario with what they are compared with, changed alike.

    Raises
    ------
    HomogsimError
        An expectation names an unknown metric or scenario, or one that records other months.
    """
    claims = []
    for line in scenario.expect:
        check_metrics([line.metric], f"[[expect]] of {scenario.name}")
        other = _other(line.versus, scenario, changes)
        if other is not None:
            check_calendars((scenario, other))
        claims.append(Claim(line, scenario, other))
    return claims


def _other(versus: str | float, scenario: Scenario, changes: Mapping[str, object]) -> Scenario | None:
    """Return the scenario that an expectation compares with, changed alike; None when it needs no other run."""
    if not isinstance(versus, str) or versus == START or versus in known_metrics():
        return None
    return twin(scenario) if versus == TWIN else _changed(Scenario.read(versus), changes)
