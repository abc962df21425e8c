"""A sweep from its plan to the last stored run. `homogsim sweep run`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from homogsim.errors import HomogsimError, StorageError
from homogsim.experiments.sweeps.coordinator import Coordinator, Progress, Watch
from homogsim.experiments.sweeps.head import is_sweep, refuse_foreign
from homogsim.experiments.sweeps.lock import locked
from homogsim.experiments.sweeps.plan import Plan
from homogsim.experiments.sweeps.planning import needs
from homogsim.experiments.sweeps.pools import ANSWER_SECONDS, WHERE, Pool, open_pool
from homogsim.experiments.sweeps.store import Store
from homogsim.experiments.sweeps.work import Job, Make, OtherCode, greet
from homogsim.results.code import code_hash, source_files
from homogsim.results.folder import storage_errors

FINISHED, INTERRUPTED = "finished", "interrupted"


@dataclass(frozen=True)
class Options:
    """How a sweep is made; results do not depend on it."""

    jobs: int | None = None
    executor: str = "process"
    timeout: float | None = None
    retry_failed: bool = False
    allow_code_change: bool = False


@dataclass(frozen=True)
class Swept:
    """What a session of a sweep did."""

    folder: Path
    status: str
    """``finished`` or ``interrupted``."""
    planned: int
    counts: dict[str, int]
    """Stored runs by status."""
    made: int
    """Runs that this session made."""
    seconds: float
    set_aside: tuple[str, ...] = ()
    """Damaged shards that were set aside, and why."""

    @property
    def stored(self) -> int:
        """Stored runs."""
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        """Stored runs that are not ok."""
        return self.stored - self.counts["ok"]


def _silent(progress: Progress) -> None:
    pass


def sweep(
    plan: Plan,
    folder: str | Path,
    options: Options = Options(),  # frozen
    *,
    watch: Watch = _silent,
    stop: Callable[[], bool] = lambda: False,
    make: Make | None = None,
    grow: bool = False,
) -> Swept:
    """Make all runs of a plan that are not stored in the folder yet.

    Parameters
    ----------
    plan : Plan
        See `homogsim.experiments.sweeps.planning.plan_sweep`.
    folder : path
        New, or that of the same sweep, which then goes on.
    options : Options
        Executor, time limit, what to make again.
    watch, stop : callable
        Told how far it is; asked whether to stop.
    make : callable, optional
        What makes a run, a function of a module; by default the market model.
    grow : bool
        Whether the folder's plan may be the beginning of this one (`homogsim.experiments.sweeps.extending`).

    Raises
    ------
    HomogsimError
        The folder holds something else, or was made with other model code; an executor that does not answer.
    Locked
        Another coordinator is at work in the folder.
    StorageError
        The disk is full.
    """
    target = Path(folder)
    if options.timeout is not None and not options.timeout > 0.0:
        raise HomogsimError(f"--timeout {options.timeout:g}: seconds above 0 are needed", "--timeout")
    known = is_sweep(target)
    if not known:
        refuse_foreign(target)
    else:
        store = Store.open(target)
        if not grow:
            store.check_same(plan)
        store.check_code(allow=options.allow_code_change, remember=False)
    wanted = needs(plan, options.jobs, here=not options.executor.startswith("dask:"))
    pool = open_pool(options.executor, wanted.jobs)
    finished = False
    try:
        _greet(pool)
        with storage_errors(target):
            target.mkdir(parents=True, exist_ok=True)
        with locked(target):
            store = _opened(target, plan, options, int(wanted.disk_bytes), grow=grow)
            swept = _made(store, pool, options, watch, stop, make)
            finished = swept.status == FINISHED
            return swept
    finally:
        pool.close(at_once=not finished)


def _opened(target: Path, plan: Plan, options: Options, needed: int, *, grow: bool) -> Store:
    if not is_sweep(target):
        return Store.create(target, plan, needed)
    store = Store.open(target)
    if not grow:
        store.check_same(plan)
    store.check_code(allow=options.allow_code_change)
    if grow and plan != store.plan:
        store.grow(plan)
    if options.retry_failed:
        store.forget_failed()
    return store


def _made(
    store: Store, pool: Pool, options: Options, watch: Watch, stop: Callable[[], bool], make: Make | None
) -> Swept:
    import time

    began = time.monotonic()
    stored = store.load(tidy=True)
    before = stored.runs
    job = Job(
        json.dumps(store.plan.scenario.as_dict()),
        tuple(factor.name for factor in store.plan.factors),
        store.metrics,
        store.plan.series,
        options.timeout,
        code_hash(),
        make,
    )
    complete = Coordinator(store, stored, pool, job, watch, stop).run()
    if complete:
        store.compact()
        if before < store.plan.runs:
            _assert_done(store)  # otherwise all has just been read
    status = FINISHED if complete else INTERRUPTED
    counts = stored.counts()
    made = sum(counts.values()) - before
    seconds = time.monotonic() - began
    return Swept(store.folder, status, store.plan.runs, counts, made, seconds, tuple(stored.set_aside))


def _assert_done(store: Store) -> None:
    """Make sure that what is stored is what was planned, by reading it back.

    Raises
    ------
    StorageError
        It is not.
    """
    found = store.load()
    if found.runs != store.plan.runs or found.set_aside:
        reason = found.set_aside[0] if found.set_aside else f"{store.plan.runs - found.runs} runs are missing"
        what = f"{found.runs} runs are stored, {store.plan.runs} were planned ({reason})"
        raise StorageError(what, str(store.folder), "Repeat the command; it makes what is missing.")


def _greet(pool: Pool) -> None:
    """Make sure, before anything runs, that a worker elsewhere answers and has the same model code.

    Raises
    ------
    HomogsimError
        It does not answer in time, cannot load homogsim, or has other code.
    """
    if pool.here and not pool.alone:  # our own processes: this very code
        return
    future = pool.executor.submit(greet, dict(source_files()))
    try:
        answer = future.result(timeout=ANSWER_SECONDS)
    except TimeoutError:
        future.cancel()
        what = f"no worker answered within {ANSWER_SECONDS:.0f} s"
        raise HomogsimError(what, WHERE, "Start workers, then repeat the command.") from None
    except Exception as error:
        what = f"the workers cannot be used ({type(error).__name__}: {error!s:.200})"
        raise HomogsimError(what, WHERE, "Is the same homogsim installed where they run?") from error
    if answer["difference"]:
        what = f"the worker on {answer['host']} has other model code ({answer['difference']})"
        raise OtherCode(what, WHERE, "Install the same homogsim everywhere.")
