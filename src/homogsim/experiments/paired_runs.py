"""The runs of a comparison, seed by seed, and the tables that they come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from homogsim.experiments.pairing import Paired, band, paired_difference
from homogsim.experiments.replicate import Outcome, Task
from homogsim.experiments.runs import LostRuns, Runs
from homogsim.scenario import TWIN, Scenario

if TYPE_CHECKING:
    import pandas as pd

    from homogsim.experiments.comparison import Comparison, Status
    from homogsim.experiments.decomposition import Welfare

ONE_REPLICATION = (
    "one replication: differences without intervals, because an interval needs the spread between at least two seeds"
)

OWN_TWIN = f"A scenario that changes demand is compared with its own twin without tools, NAME:{TWIN}."


class PairedRuns:
    """The runs of a comparison, seed by seed."""

    def __init__(self, entrants: dict[str, Scenario], runs: Runs, other_scales: bool = False) -> None:
        self.entrants, self.runs, self.other_scales = entrants, runs, other_scales
        self.baseline, *self.others = entrants
        self.asked: list[int] = []
        self.stopped = False
        self.welfare: dict[tuple[str, int], Welfare] = {}
        self.reasons: dict[str, str] = {}
        self._keys = {name: Task(scenario, 0).key[0] for name, scenario in entrants.items()}

    def gather(
        self, seed: int, replications: int, metrics: Sequence[str], precision: float | None, cap: int
    ) -> list[str]:
        """Make the runs, with `precision` as many as it takes, and return notes on that."""
        self._make(range(seed, seed + replications))
        while precision is not None and not self.runs.lost and not self.stopped:
            widest, metric = self._widest(metrics)
            if math.isnan(widest):
                return [f"{metric} has no relative precision: its mean under {self.baseline} is 0 or undefined"]
            if widest <= precision:
                return []
            n = len(self.asked)
            if n >= cap:
                return [f"stopped at {n} replications: the interval of {metric} is still ±{100 * widest:.2g} % wide"]
            self._make(range(seed + n, seed + next_count(n, widest / precision, cap)))
        return []

    def _make(self, seeds: range) -> None:
        self.asked += seeds
        tasks = [
            Task(scenario, seed, with_end=True, other_scales=self.other_scales)
            for seed in seeds
            for scenario in self.entrants.values()
        ]
        self.runs.make(tasks, self._look)
        self.stopped = len(self._whole()) < len(self.asked) and self.runs.runner.stop()

    def _look(self, outcome: Outcome) -> None:
        """Decompose the change of consumer surplus as soon as all runs of a seed are there, and let their ends go."""
        from homogsim.experiments.decomposition import decompose, different_consumers

        found = {name: self.run(name, outcome.seed) for name in self.entrants}
        ends = {name: run.market for name, run in found.items() if run is not None and run.market is not None}
        if len(ends) < len(found):
            return
        for name in self.others:
            self.reasons[name] = different_consumers(ends[self.baseline], ends[name])
            if not self.reasons[name]:
                self.welfare[name, outcome.seed] = decompose(ends[self.baseline], ends[name])
        for name in self.entrants:
            self.runs.forget_end((self._keys[name], outcome.seed))

    def run(self, name: str, seed: int) -> Outcome | None:
        """Return what the run of a scenario and seed found, if it is there."""
        return self.runs.get((self._keys[name], seed))

    def _whole(self) -> list[int]:
        """Return the seeds for which all runs are there."""
        return [seed for seed in self.asked if all(self.run(name, seed) for name in self.entrants)]

    def _ends(self, name: str, metric: str) -> list[float]:
        runs = (self.run(name, seed) for seed in self._whole())
        return [run.end.get(metric, math.nan) for run in runs if run is not None]

    def paired(self, name: str, metric: str) -> Paired:
        """Compare a metric of a scenario with the baseline's."""
        return paired_difference(self._ends(self.baseline, metric), self._ends(name, metric))

    def _widest(self, metrics: Sequence[str]) -> tuple[float, str]:
        """Return the widest half-interval among metrics, as a share of the baseline's mean, and its metric."""
        widths = []
        for metric in metrics:
            for name in self.others:
                found = self.paired(name, metric)
                if found.half_width != 0.0:
                    reference = abs(found.baseline_mean)
                    widths.append((found.half_width / reference if reference > 0.0 else math.nan, metric))
        return max(widths, key=lambda wide: (math.isnan(wide[0]), wide[0]), default=(0.0, ""))

    def comparison(self, metrics: tuple[str, ...], notes: list[str]) -> Comparison:
        """Return what was found about some metrics, or about all.

        Raises
        ------
        LostRuns
            Nothing was.
        """
        from homogsim.experiments.comparison import Comparison

        whole = self._whole()
        lost = [f"lost: {run}" for run in self.runs.lost]
        if not whole and not self.stopped:
            raise LostRuns(f"no replication was finished; {len(lost)} runs {lost[0]}")
        status: Status = "interrupted" if self.stopped else "incomplete" if self.runs.lost else "complete"
        first = self.run(self.baseline, whole[0]) if whole else None
        if first is not None and not metrics:
            metrics = tuple(first.end)
        if len(whole) < len(self.asked):
            notes = [*notes, f"{len(whole)} of {len(self.asked)} replications were finished under all scenarios"]
        return Comparison(
            baseline=self.baseline,
            scenarios=self.entrants,
            seeds=tuple(whole),
            metrics=metrics,
            table=self._table(metrics),
            welfare=self._welfare(whole),
            runs=self._runs(),
            timelines={name: tuple(filter(None, (self.run(name, s) for s in whole))) for name in self.entrants},
            notes=(*self._remarks(whole), *notes, *lost),
            status=status,
        )

    def _remarks(self, whole: list[int]) -> list[str]:
        remarks = [ONE_REPLICATION] if len(whole) == 1 else []
        for name in self.entrants:
            empty = sum(run is not None and run.status == "extinct" for run in (self.run(name, s) for s in whole))
            if empty:
                remarks.append(f"{name}: no business was left at the end of {empty} of {len(whole)} runs")
            if reason := self.reasons.get(name):
                remarks.append(f"{name}: consumer surplus is not decomposed, because {reason}. {OWN_TWIN}")
        return remarks

    def _table(self, metrics: Sequence[str]) -> pd.DataFrame:
        import pandas as pd

        from homogsim.metrics.table import listing

        units = {line.name: line.unit for line in listing()}
        rows = []
        for name in self.others:
            for metric in metrics:
                found = self.paired(name, metric)
                about = {"scenario": name, "metric": metric, "unit": units.get(metric, "")}
                rows.append(about | found._asdict() | {"verdict": found.verdict})
        return pd.DataFrame(rows)

    def _welfare(self, whole: list[int]) -> pd.DataFrame:
        import pandas as pd

        rows = []
        for name in self.others:
            found = [self.welfare[name, seed] for seed in whole if (name, seed) in self.welfare]
            if found:
                parts = [*found[0].parts, "total"]
                over = band(np.array([[*welfare.parts.values(), welfare.total] for welfare in found]))
                rows += [(name, *row) for row in zip(parts, *over, strict=True)]
        return pd.DataFrame(rows, columns=["scenario", "part", "mean", "low", "high"])

    def _runs(self) -> pd.DataFrame:
        import pandas as pd

        rows = []
        for seed in self.asked:
            for name in self.entrants:
                run = self.run(name, seed)
                if run is not None:
                    about = {"scenario": name, "seed": seed, "status": run.status, "results_hash": run.results_hash}
                    rows.append(about | run.end)
        return pd.DataFrame(rows)


def next_count(n: int, excess: float, cap: int) -> int:
    """Return how many replications to have next, when an interval of `n` is `excess` times too wide.

    Intervals narrow with the root of their number; it is at most doubled at a time, because the spread is itself only
    estimated, and does not depend on how many runs are made at a time.
    """
    return min(cap, max(n + 1, min(2 * n, math.ceil(n * excess * excess))))
