"""The whole of a calibration: search, optimum, what the targets cannot tell, files. `homogsim calibrate`."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homogsim.errors import HomogsimError, ScenarioError
from homogsim.experiments.calibration.free import Bounds, Free, read_free
from homogsim.experiments.calibration.identification import Identification, identify, neighbours
from homogsim.experiments.calibration.journal import Journal
from homogsim.experiments.calibration.objective import Evaluation, Objective, evaluated
from homogsim.experiments.calibration.search import check_sampler, search
from homogsim.experiments.executors import Runner
from homogsim.experiments.measuring import BASE, Measurement
from homogsim.experiments.replicate import Lost, Outcome
from homogsim.experiments.runs import Watcher, check_counts, fitting_jobs, read
from homogsim.experiments.targets import Target, targets
from homogsim.results.manifest import plain
from homogsim.results.tables import escape_text
from homogsim.scenario import Scenario
from homogsim.scenario.writing import write_whole

if TYPE_CHECKING:
    import pandas as pd

REPLICATIONS, FIRST_SEED = 4, 30_000
MOST_BUDGET = 100_000


class NothingFound(HomogsimError):
    """All evaluations failed."""

    exit_code = 1


@dataclass(frozen=True)
class Calibration:
    """What a calibration found."""

    objective: Objective
    evaluations: tuple[Evaluation, ...]
    """In the order in which they were asked for."""
    best: Evaluation
    identification: Identification | None
    """None when it was interrupted before."""
    reused: int = 0
    """Evaluations that were found in the folder."""
    interrupted: bool = False

    @property
    def failures(self) -> Counter[str]:
        """How many evaluations failed, by reason."""
        return Counter(e.failure for e in self.evaluations if e.failure)

    @property
    def scenario(self) -> Scenario:
        """The start with the best parameters."""
        whole = {one.name: one.whole for one in self.objective.free}
        best = {name: round(v) if whole[name] else v for name, v in self.best.values.items()}
        return self.objective.base.override(best)

    @property
    def trace(self) -> pd.DataFrame:
        """A row per evaluation: parameters, moments, distance, the best distance so far, why it failed."""
        import pandas as pd

        rows, least = [], math.inf
        for number, e in enumerate(self.evaluations):
            least = min(least, e.distance) if not e.failure else least
            means = {f"moment_{t.id}": e.means.get(t.id, math.nan) for t in self.objective.targets}
            about = {"evaluation": number, **e.values, **means, "distance": e.distance}
            rows.append(about | {"best_distance": least if math.isfinite(least) else math.nan, "failure": e.failure})
        return pd.DataFrame(rows)

    def as_dict(self) -> dict[str, Any]:
        """Return what was found as plain data for JSON."""
        moments = {
            t.id: {"simulated": self.best.means[t.id], "target": t.target, "lo": t.lo, "hi": t.hi,
                   "inside": t.holds(self.best.means[t.id])}
            for t in self.objective.targets
        }  # fmt: skip
        parameters = {
            one.name: {"start": one.start, "best": self.best.values[one.name], "low": one.low, "high": one.high}
            for one in self.objective.free
        }
        found = {
            "evaluations": len(self.evaluations),
            "failures": dict(self.failures),
            "reused": self.reused,
            "interrupted": self.interrupted,
            "distance": self.best.distance,
            "start_distance": self.evaluations[0].distance,
            "parameters": parameters,
            "moments": moments,
            "identification": None if self.identification is None else self.identification.as_dict(),
        }
        return dict(plain(found))

    def write(self, folder: Path) -> None:
        """Write ``best.toml``, ``trace.csv``, ``calibration-result.json`` and ``sensitivities.csv`` in place of earlier ones.

        Raises
        ------
        StorageError
            They cannot be written; each is written whole or not at all.
        """
        question = "How does the market look with the calibrated parameters?"
        best = replace(self.scenario, name="calibrated", question=question, extends=BASE, expect=(), path=None)
        best.write(folder / "best.toml", overwrite=True)
        _write_table(self.trace, folder / "trace.csv")
        result = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_whole(folder / "calibration-result.json", result, overwrite=True)
        if self.identification is not None:
            _write_table(self.identification.sensitivities, folder / "sensitivities.csv")


def _write_table(table: pd.DataFrame, path: Path) -> None:
    write_whole(path, escape_text(table).to_csv(index=False, lineterminator="\n"), overwrite=True)


@dataclass(frozen=True)
class CalibrationPlan:
    """A calibration that is about to begin."""

    objective: Objective
    budget: int
    sampler: str
    sampler_seed: int
    jobs: int

    @property
    def evaluations(self) -> int:
        """Evaluations at most: the search, and two a parameter around the optimum."""
        return self.budget + 2 * len(self.objective.free)

    @property
    def runs(self) -> int:
        """Runs at most."""
        return self.evaluations * len(self._start) * len(self.objective.seeds)

    @property
    def seconds(self) -> float:
        """About how long they take, within a factor of about two."""
        once = sum(m.seconds for m in self._start.values())
        return self.evaluations * len(self.objective.seeds) * once / self.jobs

    @property
    def _start(self) -> dict[str, Measurement]:
        return self.objective.measurements({one.name: one.start for one in self.objective.free})

    def about(self) -> dict[str, Any]:
        """Return what makes it this calibration and no other; budget and jobs do not."""
        from homogsim import __version__

        objective = self.objective
        return {
            "program": "homogsim",
            "format": 1,
            "version": __version__,
            "scenario": objective.base.fingerprint(),
            "parameters": [[one.name, one.low, one.high, one.start] for one in objective.free],
            "targets": [[t.id, t.target, t.lo, t.hi, t.preset, t.measure] for t in objective.targets],
            "months": [dict(objective.months), objective.all_months],
            "seeds": list(objective.seeds),
            "sampler": [self.sampler, self.sampler_seed],
        }

    def run(
        self, out: str | Path, watch: Watcher | None = None, stop: Callable[[], bool] = lambda: False
    ) -> Calibration:
        """Search, look around the optimum, and write everything to a folder; go on where an earlier call stopped.

        Raises
        ------
        HomogsimError
            The folder holds another calibration or something else, or all evaluations failed.
        StorageError
            It cannot be read or written.
        """
        folder = Path(out)
        journal = Journal(folder, self.about())
        with Runner(self.jobs, stop) as runner:
            work = _Work(self.objective, journal, runner, watch or (lambda done, total: None), self.runs)
            done = search(self.objective.free, work.evaluate, self.budget, self.sampler, self.sampler_seed)
            best = best_of(done, stop())
            sides = None if stop() else work.evaluate_sides(best)
        identification = None
        if sides is not None:
            identification = identify(self.objective.free, self.objective.targets, best, sides)
        found = Calibration(self.objective, tuple(done), best, identification, work.reused, sides is None)
        found.write(folder)
        return found


def best_of(done: Sequence[Evaluation], interrupted: bool) -> Evaluation:
    """Return the evaluation with the least distance, the earliest of equals.

    Raises
    ------
    NothingFound
        There is none that did not fail; says why they did.
    """
    good = [evaluation for evaluation in done if not evaluation.failure]
    if good:
        return min(good, key=lambda evaluation: evaluation.distance)
    if not done and interrupted:
        raise NothingFound("interrupted before one set of parameters was evaluated", help="The same command goes on.")
    reason, count = Counter(evaluation.failure for evaluation in done).most_common(1)[0]
    what = f"none of {len(done)} sets of parameters could be evaluated; {count} times: {reason}"
    raise NothingFound(what, help="Choose other bounds, longer runs (--months) or other targets.")


class _Work:
    """Evaluates sets of parameters: from the journal where they are known, otherwise by runs."""

    def __init__(self, objective: Objective, journal: Journal, runner: Runner, watch: Watcher, total: int) -> None:
        self.objective, self.journal, self.runner, self.watch, self.total = objective, journal, runner, watch, total
        self.done = self.reused = 0

    def evaluate_sides(self, best: Evaluation) -> list[tuple[Evaluation, Evaluation]] | None:
        """Return the evaluations below and above the optimum for each parameter; None when stopped before."""
        pairs = neighbours(self.objective.free, best)
        found = self.evaluate([values for pair in pairs for values in pair])
        known = [evaluation for evaluation in found if evaluation is not None]
        return list(zip(known[::2], known[1::2], strict=True)) if len(known) == len(found) else None

    def evaluate(self, asked: Sequence[dict[str, float]]) -> list[Evaluation | None]:
        """Return evaluations in the order asked; each is in the journal before anybody hears of it."""
        tasks, owner = [], {}
        wanted: dict[int, dict[str, Measurement]] = {}
        for number, values in enumerate(asked):
            if self.journal.get(values) is not None:
                self.reused += 1
                continue
            if values in asked[:number]:  # whole numbers can meet
                continue
            try:
                wanted[number] = self.objective.measurements(values)
            except ScenarioError as error:
                self.journal.add(evaluated(self.objective, values, {}, f"refused: {error.what}"))
                continue
            for preset, measurement in wanted[number].items():
                for seed in self.objective.seeds:
                    task = measurement.task(seed)
                    tasks.append(task)
                    owner[task.key] = (number, preset, seed)
        found: dict[int, dict[tuple[str, int], Outcome | Lost]] = {number: {} for number in wanted}
        for outcome in self.runner.run(tasks):
            key = outcome.task.key if isinstance(outcome, Lost) else outcome.key
            number, preset, seed = owner[key]
            found[number][preset, seed] = outcome
            self.done += 1
            self.watch(self.done, self.total)
            if len(found[number]) == len(wanted[number]) * len(self.objective.seeds):
                self.journal.add(evaluated(self.objective, asked[number], found.pop(number)))
        return [self.journal.get(values) for values in asked]


def plan(
    parameters: str | Path | Mapping[str, Bounds | None],
    budget: int,
    *,
    targets_: str | Sequence[str] | Sequence[Target] = "fit",
    scenario: Scenario | str | Path = BASE,
    replications: int = REPLICATIONS,
    seed: int = FIRST_SEED,
    months: int | None = None,
    set: Mapping[str, object] | None = None,
    sampler: str | None = None,
    jobs: int | None = None,
) -> CalibrationPlan:
    """Return a calibration that `CalibrationPlan.run` makes.

    Parameters
    ----------
    parameters : str, Path or mapping
        What to search for, and where (`homogsim.experiments.calibration.free.read_free`).
    budget : int
        Sets of parameters to try, at least 1.
    targets_ : str or sequence of str or Target
        Uses or ids; with ``fit`` and other uses, targets that the model does not express, or that have no width, are
        left out. Or targets of one's own.
    scenario : Scenario, str or Path
        Where the search starts; what stands in the place of ``baseline``.
    replications : int
        Seeds, the same at every set of parameters.
    seed : int
        The first of them, and the sampler's.
    months, set, jobs
        As for `homogsim.experiments.validation.plan`.
    sampler : str, optional
        ``cmaes`` (default for two parameters or more) or ``tpe``.

    Raises
    ------
    HomogsimError
        For anything that cannot be used; says what and what would help.
    """
    if not 1 <= budget <= MOST_BUDGET:
        what = f"a budget of {budget} does not pay for one evaluation" if budget < 1 else f"a budget of {budget}"
        raise HomogsimError(what, "--budget", f"A whole number from 1 to {MOST_BUDGET} is needed.")
    check_counts(replications, seed, replications)
    base = read(scenario)
    base = base.override(set) if set else base
    free = read_free(parameters, base)
    chosen = _chosen(targets_)
    seeds = tuple(range(seed, seed + replications))
    objective = Objective(base, free, chosen, seeds, targets().months, months)
    name = check_sampler(sampler, len(free))
    start = objective.measurements({one.name: one.start for one in free})
    used = fitting_jobs((m.scenario.parameters for m in start.values()), replications * len(start) * 4, jobs)
    return CalibrationPlan(objective, budget, name, seed, used)


def _chosen(wanted: str | Sequence[str] | Sequence[Target]) -> tuple[Target, ...]:
    if not isinstance(wanted, str) and all(isinstance(target, Target) for target in wanted):
        return tuple(target for target in wanted if isinstance(target, Target))
    names = wanted.split(",") if isinstance(wanted, str) else [str(name) for name in wanted]
    selected = targets().select(names)
    named = {name.strip() for name in names}
    # Only those that were named one by one may make it fail.
    found = tuple(t for t in selected if t.id in named or (t.expressed and t.half_width > 0.0))
    if not found:
        raise HomogsimError("the model expresses none of these targets", "--targets")
    return found


def calibrate(
    parameters: str | Path | Mapping[str, Bounds | None],
    budget: int,
    out: str | Path,
    *,
    watch: Watcher | None = None,
    stop: Callable[[], bool] = lambda: False,
    **options: Any,
) -> Calibration:
    """Search parameters with which the model meets its targets; `options` are those of `plan`.

    With ``jobs`` other than 1 the runs are made in worker processes; a script that does so does it under
    ``if __name__ == "__main__":``.
    """
    return plan(parameters, budget, **options).run(out, watch, stop)


__all__ = ["Calibration", "CalibrationPlan", "Free", "NothingFound", "calibrate", "plan"]
