"""What a worker does: a batch of runs, each of which ends in a row, whatever happens to it.

Light to import: workers on other machines start here. Nothing is written by a worker, so that it needs no folder in
common with the coordinator.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from homogsim.errors import HomogsimError
from homogsim.experiments.sweeps.plan import Run
from homogsim.results.code import code_difference, code_hash, source_files
from homogsim.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

OK, FAILED, CRASHED, TIMEOUT = "ok", "failed", "crashed", "timeout"
STATUSES = (OK, FAILED, CRASHED, TIMEOUT)
LONGEST_ERROR = 500
"""Characters of an error that are kept."""
LATE_CODE = 1
"""Exit code of a process that a run took with it; `faulthandler` knows no other."""
GRACE_SECONDS, GRACE_SHARE = 2.0, 0.25
"""Time beyond its limit after which a run that does not even end a month takes its process with it."""

Values = NDArray[np.float64]

_ONE_AT_A_TIME = threading.Lock()
"""`faulthandler` has one timer a process, which keeps one run's limit; a Dask worker has several threads."""


class TimedOut(Exception):
    """Raised between two months when a run has taken too long."""


class OtherCode(HomogsimError):
    """A worker has other model code than the coordinator."""


@dataclass(frozen=True)
class Made:
    """What a finished run gives."""

    outcome: str
    """``complete`` or ``extinct``."""
    metrics: dict[str, float]
    timeline_hash: str = ""
    months: NDArray[np.int64] | None = None
    series: Values | None = None
    """Shape (months, metrics of the timeline), where series are stored."""


Make = Callable[[Scenario, int, int, Callable[[], None]], Made]
"""(scenario, seed, months between rows of the series, what to call after every month) → what was found."""


@dataclass(frozen=True)
class Job:
    """What all batches of a sweep share."""

    scenario: str
    """The base, as JSON."""
    names: tuple[str, ...]
    """The parameters that vary."""
    metrics: tuple[str, ...]
    series: int
    timeout: float | None
    code: str
    """Hash of the model's source; None of the workers may have another."""
    make: Make | None = None
    """What makes a run; by default `make_run`."""


@dataclass(frozen=True)
class Found:
    """How one run ended."""

    run: Run
    status: str
    error: str
    outcome: str
    metrics: Values
    timeline_hash: str
    seconds: float
    months: NDArray[np.int64] | None = None
    series: Values | None = None


@dataclass(frozen=True)
class Batch:
    """How the runs of a batch ended, and where."""

    found: tuple[Found, ...]
    about: dict[str, str]
    """Versions and host."""


@cache
def about_here() -> dict[str, str]:
    """Return versions and host of this process, as rows hold them."""
    from importlib.metadata import version

    from homogsim import __version__

    facts = {"version": __version__, "code": code_hash(), "python": platform.python_version()}
    return facts | {"numpy": np.__version__, "numba": version("numba"), "host": platform.node() or "unknown"}


def greet(sources: dict[str, str]) -> dict[str, Any]:
    """Say who this worker is; `difference` tells how its model code differs from the coordinator's."""
    return about_here() | {"pid": os.getpid(), "difference": code_difference(sources), "files": len(source_files())}


def run_batch(job: Job, runs: Sequence[Run]) -> Batch:
    """Make the runs of a batch.

    Raises
    ------
    OtherCode
        The model's code is another here.
    """
    about = about_here()
    if job.code and about["code"] != job.code:
        what = f"the worker on {about['host']} has other model code ({about['code']}) than the sweep ({job.code})"
        raise OtherCode(what, help="Install the same homogsim everywhere, or resume with --allow-code-change.")
    with _ONE_AT_A_TIME:
        if job.timeout is not None and job.make is None:
            _warm_up()
        return Batch(tuple(_found(job, run) for run in runs), about)


def _found(job: Job, run: Run) -> Found:
    began = time.perf_counter()
    status, error, made = OK, "", Made("", {})
    try:
        scenario = _scenario(job.scenario).override(dict(zip(job.names, run.values, strict=True)))
        with _limit(job.timeout) as each_month:
            made = (job.make or make_run)(replace(scenario, seed=run.seed), run.seed, job.series, each_month)
    except TimedOut:
        status, error = TIMEOUT, f"took longer than {job.timeout:g} s"
    except MemoryError:
        status, error = FAILED, "out of memory"
    except (Exception, SystemExit) as reason:
        status, error = FAILED, _told(reason)
    metrics = np.array([made.metrics.get(name, np.nan) for name in job.metrics])
    seconds = time.perf_counter() - began
    return Found(run, status, error, made.outcome, metrics, made.timeline_hash, seconds, made.months, made.series)


@lru_cache(maxsize=4)
def _scenario(text: str) -> Scenario:
    return Scenario.from_dict(json.loads(text))


def _told(error: BaseException) -> str:
    if isinstance(error, HomogsimError):
        return str(error)[:LONGEST_ERROR]
    places = extract_tb(error.__traceback__)
    place = f" ({Path(places[-1].filename).name}, line {places[-1].lineno})" if places else ""
    return f"{type(error).__name__}: {error}"[: LONGEST_ERROR - len(place)] + place


@contextmanager
def _limit(seconds: float | None) -> Iterator[Callable[[], None]]:
    """Yield what ends a run that takes too long after its month; one that hangs in a month takes its process along.

    Only a process that belongs to the sweep is ended: never the coordinator's own.
    """
    if seconds is None:
        yield lambda: None
        return
    until = time.perf_counter() + seconds

    def each_month() -> None:
        if time.perf_counter() > until:
            raise TimedOut

    with open(os.devnull, "w") as nowhere:
        if _may_end():
            # not a Python thread: a kernel that hangs holds the interpreter
            faulthandler.dump_traceback_later(last_seconds(seconds), exit=True, file=nowhere)
        try:
            yield each_month
        finally:
            if _may_end():
                faulthandler.cancel_dump_traceback_later()


def last_seconds(timeout: float) -> float:
    """Return the time after which a run that has not even ended a month takes its process with it, s."""
    return timeout + max(GRACE_SECONDS, GRACE_SHARE * timeout)


def _may_end() -> bool:
    """Return whether this process is a worker, which a run that hangs may take with it."""
    import sys
    from multiprocessing import parent_process

    return parent_process() is not None or ("distributed.worker" in sys.modules and _in_dask_task())


def _in_dask_task() -> bool:
    from distributed import get_worker

    try:
        return get_worker() is not None
    except ValueError:
        return False


@cache
def _warm_up() -> None:
    """Load and compile what runs need, so that the first one's limit is not spent on that."""
    size = {"world.towns": 1, "world.sectors": 1, "world.sites": 2, "world.occupied": 1, "world.consumers": 4,
            "calendar.warm_up": 1, "calendar.before": 1, "calendar.months": 1}  # fmt: skip
    make_run(Scenario.read("baseline").override(size), 1, 0, lambda: None)


def make_run(scenario: Scenario, seed: int, series: int, each_month: Callable[[], None]) -> Made:
    """Run a market on one thread and return what is stored of it."""
    from homogsim.model import MarketModel

    model = MarketModel(scenario, seed=seed, threads=1)
    model.run(lambda _: each_month())
    results = model.results()
    months, values = (None, None) if not series else thinned(results.timeline, series)
    return Made(results.status, results.summary, timeline_hash(results.timeline), months, values)


def thinned(timeline: pd.DataFrame, every: int) -> tuple[NDArray[np.int64], Values]:
    """Return the months, and the metrics of the table in its order, of every `every`-th month from the first."""
    rows = timeline.iloc[::every]
    months = rows["month"].to_numpy(dtype=np.int64)
    return months, rows[_timeline_metrics()].to_numpy(dtype=np.float64)


def _timeline_metrics() -> list[str]:
    from homogsim.metrics.table import METRICS

    return list(METRICS)


def timeline_hash(timeline: pd.DataFrame) -> str:
    """Return the start of the SHA-256 of a timeline: names of columns, values as float64 with one NaN and one zero."""
    digest = hashlib.sha256(" ".join(map(str, timeline.columns)).encode())
    values = timeline.to_numpy(dtype="<f8", na_value=np.nan) + 0.0
    values[np.isnan(values)] = np.nan
    digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:20]
