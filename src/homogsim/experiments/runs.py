"""The runs of an experiment: each is made once, however many comparisons it is part of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from homogsim.errors import BudgetError, HomogsimError
from homogsim.experiments.executors import Runner, processors
from homogsim.experiments.replicate import Lost, Outcome, Task
from homogsim.parameters import Parameters
from homogsim.scenario import TWIN, Scenario, check_budget, machine_memory
from homogsim.scenario.budget import size
from homogsim.scenario.events import without
from homogsim.scenario.reading import LARGEST_SEED

Watcher = Callable[[int, int], None]
"""Told how many runs are done, and of how many."""

MOST_RUNS = 10_000


class LostRuns(HomogsimError):
    """No comparison is left: too many runs were lost."""

    exit_code = 1


class Runs:
    """Outcomes by scenario and seed.

    Parameters
    ----------
    runner : Runner
        What makes the runs.
    watch : callable, optional
        Called after every run with the runs done and asked for so far.
    """

    def __init__(self, runner: Runner, watch: Watcher | None = None) -> None:
        self.runner = runner
        self.lost: list[Lost] = []
        self._watch = watch or (lambda done, total: None)
        self._found: dict[tuple[str, int], Outcome] = {}
        self._asked: set[tuple[str, int]] = set()

    def make(self, tasks: Iterable[Task], then: Callable[[Outcome], None] = lambda outcome: None) -> None:
        """Make the runs that were not asked for yet; call `then` with each as it ends, in any order."""
        new = [task for key, task in {task.key: task for task in tasks}.items() if key not in self._asked]
        self._asked |= {task.key for task in new}
        self._tell()
        for found in self.runner.run(new):
            if isinstance(found, Lost):
                self.lost.append(found)
            else:
                self._found[found.key] = found
                then(found)
            self._tell()

    @property
    def finished(self) -> int:
        """How many runs were made and not lost."""
        return len(self._found)

    def _tell(self) -> None:
        self._watch(len(self._found) + len(self.lost), len(self._asked))

    def get(self, key: tuple[str, int]) -> Outcome | None:
        """Return what the run of a task's key found; None if it was not made, or lost."""
        return self._found.get(key)

    def forget_end(self, key: tuple[str, int]) -> None:
        """Drop the market at the end of a run, by far its largest part, once nobody needs it."""
        if key in self._found:
            self._found[key] = replace(self._found[key], market=None)


def read(source: Scenario | str | Path) -> Scenario:
    """Return a scenario: itself, a preset, a file; ``NAME:twin`` is the same without tools.

    Raises
    ------
    ScenarioError
        There is none of that name, or it cannot be used.
    """
    if isinstance(source, str) and source.endswith(f":{TWIN}"):
        return twin(Scenario.read(source.removesuffix(f":{TWIN}")))
    return source if isinstance(source, Scenario) else Scenario.read(source)


def twin(scenario: Scenario) -> Scenario:
    """Return the same scenario without tools: what scenarios that change demand are compared with.

    Events that would bring tools to the market leave that alone, and change what else they change.
    """
    name = f"{scenario.name[: 63 - len(TWIN)]}-{TWIN}"
    events = (without(event, ["tools.available"]) for event in scenario.events)
    kept = tuple(event for event in events if event.set)
    return replace(scenario.override("tools.available", []), name=name, events=kept)


def check_counts(replications: int, seed: int, most: int) -> None:
    """Refuse numbers of runs and seeds that make no sense.

    Raises
    ------
    HomogsimError
        For fewer than one or more than 10,000 replications, and seeds beyond 32 bits.
    """
    if not 1 <= replications <= MOST_RUNS:
        raise HomogsimError(f"{replications} replications: a whole number from 1 to {MOST_RUNS} is needed")
    if not 0 <= seed <= LARGEST_SEED - most + 1:
        what = f"the seeds {seed} … {seed + most - 1} do not all lie between 0 and {LARGEST_SEED}"
        raise HomogsimError(what, help="Choose a smaller --seed.")


def check_calendars(scenarios: Iterable[Scenario]) -> None:
    """Refuse scenarios that do not record the same months.

    Raises
    ------
    HomogsimError
        Says which two differ, and in what.
    """
    first, *others = scenarios
    for other in others:
        for part, words in (("before", "before automation arrives"), ("months", "after automation arrives")):
            one, two = (getattr(s.parameters.calendar, part) for s in (first, other))
            if one != two:
                what = f"{first.name} records {one} months {words}, {other.name} {two}: their ends cannot be compared"
                raise HomogsimError(what, help=f"Give all the same with --set calendar.{part}=N.")


def fitting_jobs(parameters: Iterable[Parameters], runs: int, jobs: int | None) -> int:
    """Return how many runs to make at a time: as asked, otherwise as processors and memory allow.

    Raises
    ------
    BudgetError
        The largest run does not fit in memory, or `jobs` of it do not.
    HomogsimError
        `jobs` is less than one.
    """
    if jobs is not None and not 1 <= jobs <= MOST_RUNS:
        raise HomogsimError(f"--jobs {jobs}: a whole number from 1 to {MOST_RUNS} is needed")
    needs = max(check_budget(p).memory_bytes for p in parameters)
    memory = machine_memory()
    fit = max(1, int(0.8 * memory / needs)) if memory else MOST_RUNS
    if jobs is not None and min(jobs, runs) > fit:
        what = f"{min(jobs, runs)} runs at a time need about {size(min(jobs, runs) * needs)} of memory"
        raise BudgetError(what, help=f"Choose --jobs {fit}, or a smaller market.")
    return min(jobs or processors(), runs, fit)
