"""Every target beside what the model says, with its Monte Carlo error: `homogsim validate`."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from homogsim.experiments.executors import Runner
from homogsim.experiments.measuring import BASE, Measurement, measurements
from homogsim.experiments.replicate import Lost
from homogsim.experiments.runs import Runs, Watcher, check_counts, fitting_jobs, read
from homogsim.experiments.targets import USES, Target, TargetBook, targets
from homogsim.results.folder import whole_folder, write_file
from homogsim.results.manifest import plain
from homogsim.results.tables import write_csv
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

REPLICATIONS, FIRST_SEED = 8, 20_000

Verdict = Literal["inside", "outside", "undefined", "not expressed"]


@dataclass(frozen=True)
class Check:
    """One target, and what the runs say."""

    target: Target
    values: tuple[float, ...] = ()
    """The moment in every finished run, NaN where it is undefined."""

    @property
    def defined(self) -> np.ndarray:
        """The values that are defined."""
        values = np.array(self.values, dtype=np.float64)
        return np.asarray(values[np.isfinite(values)])

    @property
    def mean(self) -> float:
        """Mean over the runs in which it is defined; NaN without any."""
        return float(self.defined.mean()) if self.defined.size else math.nan

    @property
    def error(self) -> float:
        """Monte Carlo standard error of the mean, sd/√n; NaN with fewer than two values."""
        n = self.defined.size
        if n < 2:
            return math.nan
        return float(self.defined.std(ddof=1) / math.sqrt(n)) if np.ptp(self.defined) > 0.0 else 0.0

    @property
    def verdict(self) -> Verdict:
        """Whether the mean lies inside the band."""
        if not self.target.expressed:
            return "not expressed"
        if not self.defined.size:
            return "undefined"
        return "inside" if self.target.holds(self.mean) else "outside"

    @property
    def close(self) -> bool:
        """Whether the nearer end of the band is within two standard errors, so that other seeds may say otherwise."""
        edge = min(abs(self.mean - self.target.lo), abs(self.mean - self.target.hi))
        return bool(self.error > 0.0 and edge < 2.0 * self.error)

    @property
    def remark(self) -> str:
        """What a reader should know: why there is no number, or how sure the verdict is."""
        if not self.target.expressed:
            return self.target.not_expressed
        missing = len(self.values) - self.defined.size
        parts = [f"undefined in {missing} of {len(self.values)} runs"] if missing else []
        parts += ["within 2 s.e. of the band's end"] if self.close else []
        return "; ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        target = self.target
        about = ("id", "use", "status", "target", "lo", "hi", "unit", "preset", "measure", "source", "url")
        found = {"simulated": self.mean, "error": self.error, "runs": int(self.defined.size)}
        words = {"verdict": self.verdict, "remark": self.remark}
        return {name: getattr(target, name) for name in about} | found | words


@dataclass(frozen=True)
class Validation:
    """All targets beside the model."""

    scenario: Scenario
    checks: tuple[Check, ...]
    """First those that parameters were fitted to, then the out-of-sample ones, then the priors."""
    seeds: tuple[int, ...]
    months: Mapping[str, int]
    """Months after automation arrives, by preset."""
    lost: tuple[Lost, ...] = ()
    interrupted: bool = False

    @property
    def failed(self) -> tuple[Check, ...]:
        """The targets of the fit that the model expresses and does not meet, or leaves undefined."""
        return tuple(c for c in self.checks if c.target.use == "fit" and c.verdict in ("outside", "undefined"))

    @property
    def table(self) -> pd.DataFrame:
        """A row per target."""
        import pandas as pd

        return pd.DataFrame([check.as_dict() for check in self.checks])

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain data for JSON: what is undefined is None."""
        found = {
            "scenario": self.scenario.name,
            "fingerprint": self.scenario.fingerprint(),
            "seeds": list(self.seeds),
            "months": dict(self.months),
            "targets": [check.as_dict() for check in self.checks],
            "fit_outside": [check.target.id for check in self.failed],
            "lost": [str(run) for run in self.lost],
            "interrupted": self.interrupted,
        }
        return dict(plain(found))

    def plot(self) -> Figure:
        """Return the figure of targets, bands and simulated values."""
        # By name, as in `Results.plot`: experiments can be made without figures.
        figure: Figure = importlib.import_module("homogsim.plots.validation").validation(self)
        return figure

    def save(self, folder: str | Path) -> Path:
        """Write ``validation.json``, ``validation.csv`` and ``validation.png`` to a new folder, whole or not at all.

        Raises
        ------
        StorageError
            The folder exists or cannot be written.
        """
        with whole_folder(Path(folder)) as place:
            text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
            write_file(place / "validation.json", lambda file: file.write(text.encode("utf-8")))
            write_csv(self.table, place / "validation.csv")
            importlib.import_module("homogsim.plots").write_figure(self.plot(), place / "validation.png")
        return Path(folder)


@dataclass(frozen=True)
class Plan:
    """What a validation is going to run."""

    scenario: Scenario
    book: TargetBook
    measurements: Mapping[str, Measurement]
    seeds: range
    jobs: int

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.measurements) * len(self.seeds)

    @property
    def seconds(self) -> float:
        """About how long they take, within a factor of about two."""
        return len(self.seeds) * sum(m.seconds for m in self.measurements.values()) / self.jobs

    def run(self, watch: Watcher | None = None, stop: Callable[[], bool] = lambda: False) -> Validation:
        """Make the runs and return what they say of every target."""
        with Runner(self.jobs, stop) as runner:
            runs = Runs(runner, watch)
            runs.make(m.task(seed) for seed in self.seeds for m in self.measurements.values())
        checks = tuple(self._check(target, runs) for target in sorted(self.book.targets, key=_rank))
        months = {name: m.scenario.parameters.calendar.months for name, m in self.measurements.items()}
        return Validation(self.scenario, checks, tuple(self.seeds), months, tuple(runs.lost), stop())

    def _check(self, target: Target, runs: Runs) -> Check:
        if not target.expressed:
            return Check(target)
        measurement = self.measurements[target.preset]
        found = (runs.get(measurement.task(seed).key) for seed in self.seeds)
        return Check(target, tuple(run.measured[target.measure] for run in found if run is not None))


def _rank(target: Target) -> int:
    return USES.index(target.use)


def plan(
    scenario: Scenario | str | Path = BASE,
    *,
    replications: int = REPLICATIONS,
    seed: int = FIRST_SEED,
    months: int | None = None,
    set: Mapping[str, object] | None = None,
    jobs: int | None = None,
    ids: str | Sequence[str] = "all",
) -> Plan:
    """Return what a validation would run; `Plan.run` does it.

    Parameters
    ----------
    scenario : Scenario, str or Path
        What stands in the place of ``baseline``; the targets' other presets change it as they change ``baseline``.
    replications : int
        Seeds, at least 1 (and 2 for a standard error).
    seed : int
        The first seed; none that parameters were fitted on.
    months : int, optional
        Months after automation arrives in all runs. By default the scenarios' own, and 420 where survival over 20 years
        is seen; with fewer, what needs more is undefined.
    set : mapping, optional
        Parameters to change, by dotted name.
    jobs : int, optional
        Runs at a time; results do not depend on it.
    ids : str or sequence of str
        Targets, by use or id.

    Raises
    ------
    HomogsimError
        For an unknown scenario, parameter or target, or numbers that make no sense.
    """
    check_counts(replications, seed, replications)
    base = read(scenario)
    base = base.override(set) if set else base
    book = targets()
    chosen = TargetBook(book.select(ids), book.months)
    wanted = measurements(chosen.targets, base, book.months, months)
    runs = replications * len(wanted)
    used = fitting_jobs((m.scenario.parameters for m in wanted.values()), runs, jobs) if wanted else 1
    return Plan(base, chosen, wanted, range(seed, seed + replications), used)


def validate(
    scenario: Scenario | str | Path = BASE,
    *,
    watch: Watcher | None = None,
    stop: Callable[[], bool] = lambda: False,
    **options: Any,
) -> Validation:
    """Return every target beside what a scenario says; `options` are those of `plan`.

    With ``jobs`` other than 1 the runs are made in worker processes; a script that does so does it under
    ``if __name__ == "__main__":``.
    """
    return plan(scenario, **options).run(watch, stop)
