"""One run as a task: what goes into a process that makes it, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from homogsim.errors import HomogsimError, nearest
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    from homogsim.experiments.decomposition import MarketEnd
    from homogsim.model import MarketModel

ABOUT = ("name", "question", "extends", "seed", "expect")
"""What a scenario says about itself; no part of it moves the market."""

Values = NDArray[np.float64]


class Stopped(Exception):
    """Raised between two months when a run is asked to stop."""


@dataclass(frozen=True)
class Task:
    """A run to be made."""

    scenario: Scenario
    seed: int
    with_end: bool = False
    """Whether the state of the market at the end comes back too, for decompositions of welfare."""
    measure: Callable[[MarketModel], dict[str, float]] | None = None
    """What else to measure of the finished model; a function of a module (or a partial of one) can go to a worker."""
    other_scales: bool = False
    """Whether diversity is recorded at half and twice the similarity scale, too."""

    @property
    def key(self) -> tuple[str, int]:
        """What makes two tasks the same run."""
        return identity(self.scenario), self.seed

    def make(self, stopped: Callable[[], bool]) -> Outcome:
        """Make the run (`run_once`)."""
        return run_once(self, stopped)


@dataclass(frozen=True)
class Outcome:
    """What a run found, as far as comparisons need it."""

    key: tuple[str, int]
    """Of the task that it answers."""
    seed: int
    status: str
    start: dict[str, float]
    """Mean of every metric over the last 12 months before month 0."""
    end: dict[str, float]
    """Mean of every metric over the last 24 months, and the survival shares."""
    month: NDArray[np.int64]
    timeline: dict[str, Values]
    """Every metric by recorded month."""
    results_hash: str
    market: MarketEnd | None = None
    measured: dict[str, float] = field(default_factory=dict)
    """What the task's own `measure` found."""


@dataclass(frozen=True)
class Lost:
    """A run that was not finished, and why."""

    task: Task
    reason: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.task.scenario.name}, seed {self.task.seed}: {self.reason}"


def identity(scenario: Scenario) -> str:
    """Return a text that is equal for scenarios whose markets are equal under the same seed, and for no others."""
    moves = {key: value for key, value in scenario.as_dict().items() if key not in ABOUT}
    return json.dumps(moves, sort_keys=True, allow_nan=False)


def run_once(task: Task, stopped: Callable[[], bool]) -> Outcome:
    """Make a run, on one thread, and return what it found.

    Raises
    ------
    Stopped
        `stopped` said so between two months.
    """
    from homogsim.model import MarketModel

    def on_month(model: MarketModel) -> None:
        if stopped():
            raise Stopped

    model = MarketModel(task.scenario, seed=task.seed, threads=1, other_scales=task.other_scales)
    model.run(on_month)
    return outcome(model, task)


def attempt(task: Task, stopped: Callable[[], bool]) -> Outcome | Lost:
    """Make a run; one that fails for a reason of its own is lost, so that the others can go on.

    Raises
    ------
    HomogsimError
        The run was refused: that is no accident, and the others would be refused too.
    Stopped
        It was asked to stop.
    """
    try:
        return task.make(stopped)
    except (HomogsimError, Stopped):
        raise
    except MemoryError:
        return Lost(task, "out of memory")
    except Exception as error:
        place = extract_tb(error.__traceback__)[-1]
        return Lost(task, f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})")


def outcome(model: MarketModel, task: Task) -> Outcome:
    """Return what comparisons need of the task's model, after its run."""
    from homogsim.experiments.decomposition import market_end
    from homogsim.results import summarise

    results = model.results()
    timeline = {str(name): column.to_numpy(dtype=np.float64) for name, column in results.timeline.items()}
    start = summarise(results.timeline)["start"]
    return Outcome(
        key=task.key,
        seed=results.seed,
        status=results.status,
        start={str(name): float(value) for name, value in start.items()},
        end=dict(results.summary),
        month=timeline.pop("month").astype(np.int64),
        timeline=timeline,
        results_hash=results.results_hash(),
        market=market_end(model) if task.with_end else None,
        measured={} if task.measure is None else task.measure(model),
    )


def known_metrics() -> tuple[str, ...]:
    """Return the names of all metrics that a run can have a value of: of the timeline, of the whole run, on request."""
    from homogsim.metrics.table import METRICS, OTHER_SCALES, RUN_METRICS

    return (*METRICS, *RUN_METRICS, *OTHER_SCALES)


def asks_other_scales(metrics: Iterable[str]) -> bool:
    """Return whether runs have to record diversity at other scales for these metrics."""
    from homogsim.metrics.table import OTHER_SCALES

    return any(name in OTHER_SCALES for name in metrics)


def check_metrics(names: Iterable[str], where: str = "") -> None:
    """Refuse names that are no metrics.

    Raises
    ------
    HomogsimError
        One of them is none; names the nearest.
    """
    known = known_metrics()
    for name in names:
        if name not in known:
            help = f"{nearest(name[:100], known)} `homogsim metrics` lists all."
            raise HomogsimError(f"there is no metric {name[:100]!r}", where, help)
