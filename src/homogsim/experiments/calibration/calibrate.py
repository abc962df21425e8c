"""The whole of a calibration: search, optimum, what the targets cannot tell, files. `homogsim calibrate`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError
from homogsim.experiments.calibration.found import Calibration, NothingFound, best_of
from homogsim.experiments.calibration.free import Bounds, Free, read_free
from homogsim.experiments.calibration.identification import identify
from homogsim.experiments.calibration.journal import Journal
from homogsim.experiments.calibration.objective import Objective
from homogsim.experiments.calibration.search import check_sampler, search
from homogsim.experiments.calibration.work import Work
from homogsim.experiments.executors import Runner
from homogsim.experiments.measuring import BASE, Measurement
from homogsim.experiments.runs import Watcher, check_counts, fitting_jobs, read
from homogsim.experiments.targets import Target, targets
from homogsim.results.code import code_hash, digest_of
from homogsim.scenario import Scenario

REPLICATIONS, FIRST_SEED = 4, 30_000
MOST_BUDGET = 100_000
MEASURED_BY = ("experiments/moments.py", "experiments/pairs.py", "experiments/finished.py")
"""What takes moments from runs: with other moments, earlier evaluations are worth nothing."""


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
            "code": code_hash(),
            "moments": digest_of(*MEASURED_BY),
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
            work = Work(self.objective, journal, runner, watch or (lambda done, total: None), self.runs)
            done = search(self.objective.free, work.evaluate, self.budget, self.sampler, self.sampler_seed)
            best = best_of(done, stop())
            sides = None if stop() else work.evaluate_sides(best)
        identification = None
        if sides is not None:
            identification = identify(self.objective.free, self.objective.targets, best, sides)
        found = Calibration(self.objective, tuple(done), best, identification, work.reused, sides is None)
        found.write(folder)
        return found


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
