"""The one coordinator of a sweep: hands out batches, stores what comes back, and finds out what kills workers.

However many runs there are, only a few batches a worker are in flight, and no result stays in memory once it is on the
disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

import numpy as np

from homogsim.errors import HomogsimError, StorageError
from homogsim.experiments.sweeps.pools import Pool
from homogsim.experiments.sweeps.processes import WorkerDied
from homogsim.experiments.sweeps.queue import Queue, Task
from homogsim.experiments.sweeps.store import MISSING, Store, Stored
from homogsim.experiments.sweeps.work import (
    CRASHED,
    FAILED,
    LATE_CODE,
    OK,
    STATUSES,
    TIMEOUT,
    Batch,
    Found,
    Job,
    about_here,
    last_seconds,
    run_batch,
)

LOOK_SECONDS = 0.2
FLUSH_SECONDS = 1.0
"""Finished batches wait at most so long for others to share their shard."""
FLUSH_RUNS = 500
"""At most about so many runs wait: a larger table would need more memory to write."""
AHEAD = 2
"""Batches in flight for each slot."""
DRAIN_SECONDS = 3.0
"""Time that running batches get to end when the sweep is stopped."""

LOST_AT_HAND_OUT: tuple[type[BaseException], ...] = (RuntimeError,)
"""What a broken or closed executor raises when it is given something."""

Done = list[tuple[Found, dict[str, str]]]


@dataclass(frozen=True)
class Progress:
    """How far a sweep is."""

    done: int
    total: int
    failed: int
    stored_before: int
    """Of `done`, those of earlier sessions."""
    seconds: float
    """Since this session began."""
    slots: int
    """Workers."""

    @property
    def per_second(self) -> float:
        """Runs a second in this session."""
        return (self.done - self.stored_before) / self.seconds if self.seconds > 0.0 else 0.0

    @property
    def seconds_left(self) -> float:
        """About how long it will take; infinite while that is not known."""
        return (self.total - self.done) / self.per_second if self.per_second > 0.0 else float("inf")


Watch = Callable[[Progress], None]


class Coordinator:
    """Makes all runs of a store's plan that are not stored yet.

    Parameters
    ----------
    store : Store
        Where they are stored; its lock is held.
    stored : Stored
        What is there already.
    pool : Pool
        What makes them.
    job : Job
        What all have in common.
    watch, stop : callable
        Told how far it is; asked whether to stop.
    """

    def __init__(
        self, store: Store, stored: Stored, pool: Pool, job: Job, watch: Watch, stop: Callable[[], bool]
    ) -> None:
        self.store, self.stored, self.pool, self.job = store, stored, pool, job
        self._watch, self._stop = watch, stop
        self._before, self._began = stored.runs, time.monotonic()
        self._done, self._failed = self._before, stored.failed
        self.queue = Queue.of(store.plan, np.flatnonzero(stored.status == MISSING))
        self._flying: dict[Future[Batch], Task] = {}
        self._finished: Done = []
        self._oldest = 0.0
        self._slots, self._asked = pool.slots(), time.monotonic()

    def run(self) -> bool:
        """Make the runs; return whether all are stored, or it was stopped before.

        Raises
        ------
        HomogsimError
            The workers cannot make runs of this sweep, or are gone.
        StorageError
            The disk is full, or stored runs are not those planned.
        """
        try:
            while not self._stop():
                self._hand_out()
                if not self._flying:
                    break
                self._collect(LOOK_SECONDS)
            else:
                self._drain()
        finally:
            self._flush()
        return self._done == self.store.plan.runs

    # Handing out ----------------------------------------------------------------------------------------------

    def _hand_out(self) -> None:
        self._count_slots()
        while len(self._flying) < AHEAD * max(1, self._slots):
            task = self._next()
            if task is None:
                return
            task.since = time.monotonic()
            try:
                future = self.pool.executor.submit(run_batch, self.job, task.runs)
            except (*LOST_AT_HAND_OUT, *self.pool.lost):
                self.queue.suspects.append(task)
                self._recover()
                return
            self._flying[future] = task

    def _next(self) -> Task | None:
        """Return what to hand out now; those that are suspect apart from others, as far as blame needs it."""
        if any(task.suspect for task in self._flying.values()) and not self.pool.beside:
            return None if self.pool.alone else self.queue.next_task(self._slots)
        if self.queue.suspects:
            if self.pool.alone and self._flying:
                return None
            return self.queue.suspects.popleft()
        return self.queue.next_task(self._slots)

    def _count_slots(self) -> None:
        now = time.monotonic()
        if now - self._asked > 2.0:
            self._slots, self._asked = self.pool.slots(), now

    # Collecting -----------------------------------------------------------------------------------------------

    def _collect(self, seconds: float) -> None:
        done, _ = wait(self._flying, timeout=seconds, return_when=FIRST_COMPLETED)
        lost = [self._settle(future, self._flying.pop(future)) for future in done]
        if any(lost) or not self.pool.is_usable():
            self._recover()
        if self._finished and self._is_due():
            self._flush()
        self._tell()

    def _settle(self, future: Future[Batch], task: Task) -> bool:
        """Take what a task found; return whether the executor may have been lost with it."""
        try:
            batch = future.result()
        except self.pool.lost as error:
            return self._lost(task, error)
        except HomogsimError:
            raise  # no accident: the others would be refused as well
        except Exception as error:
            self._failed_outside(task, error)
            return False
        self.queue.learn([found.seconds for found in batch.found])
        self._take([(found, batch.about) for found in batch.found])
        return False

    def _lost(self, task: Task, error: BaseException) -> bool:
        """Find out which run of a lost task it was: apart from others, then one by one."""
        if task.suspect or self.pool.beside:
            if len(task.runs) > 1:
                self.queue.split(task)
            else:
                self._strike(task, error)
        else:
            self.queue.suspect(task)
        return self.pool.alone

    def _strike(self, task: Task, error: BaseException) -> None:
        (run,) = task.runs
        seconds = error.seconds if isinstance(error, WorkerDied) else time.monotonic() - task.since
        if self.job.timeout is not None and self._was_late(error, seconds, self.job.timeout):
            told = f"took longer than {self.job.timeout:g} s, and did not end a month"
            self._give_up(task, TIMEOUT, told, seconds)
            return
        self.queue.deaths[run.number] += 1
        if self.queue.deaths[run.number] >= self.pool.strikes:
            self._give_up(task, CRASHED, str(error)[:500] or type(error).__name__, seconds)
        else:
            self.queue.suspect(task)

    def _was_late(self, error: BaseException, seconds: float, timeout: float) -> bool:
        """Return whether a process died of its time limit: that takes time, and has an exit code of its own."""
        ended = not isinstance(error, WorkerDied) or error.code == LATE_CODE
        return ended and seconds >= self.pool.tries * last_seconds(timeout)

    def _failed_outside(self, task: Task, error: Exception) -> None:
        """Deal with what went wrong around the runs: sending, unpacking, memory."""
        if len(task.runs) > 1:
            self.queue.split(task)
        else:
            self._give_up(task, FAILED, f"{type(error).__name__}: {error}"[:500], time.monotonic() - task.since)

    def _give_up(self, task: Task, status: str, error: str, seconds: float) -> None:
        nothing = np.full(len(self.job.metrics), np.nan)
        (run,) = task.runs
        self._take([(Found(run, status, error, "", nothing, "", seconds), about_here())])

    def _take(self, done: Done) -> None:
        """Take finished runs, each once."""
        fresh = [(found, about) for found, about in done if self.stored.status[found.run.number] == MISSING]
        if fresh and not self._finished:
            self._oldest = time.monotonic()
        for found, _ in fresh:
            self.stored.status[found.run.number] = 1 + STATUSES.index(found.status)
            self._failed += found.status != OK
        self._finished += fresh

    def _is_due(self) -> bool:
        return len(self._finished) >= FLUSH_RUNS or time.monotonic() - self._oldest >= FLUSH_SECONDS

    def _flush(self) -> None:
        """Write what is finished; it counts as done from now on."""
        finished, self._finished = self._finished, []
        if finished:
            try:
                self.store.add(finished)
            except StorageError as error:
                help = "What is stored stays. Make space, and the same command goes on."
                raise StorageError(error.what, error.where, help) from error
            self._done += len(finished)

    def _recover(self) -> None:
        """Have everything in flight made again on a new executor."""
        for future, task in self._flying.items():
            future.cancel()
            self.queue.suspect(task)
        self._flying.clear()
        self._flush()
        self.pool.reopen()
        self._slots = self.pool.slots()

    def _drain(self) -> None:
        """Wait a moment for running batches: what they found need not be lost."""
        for future in list(self._flying):
            if future.cancel():
                del self._flying[future]
        until = time.monotonic() + DRAIN_SECONDS
        while self._flying and (left := until - time.monotonic()) > 0.0:
            done, _ = wait(self._flying, timeout=left, return_when=FIRST_COMPLETED)
            for future in done:
                task = self._flying.pop(future)
                if not future.cancelled() and future.exception() is None:
                    self._settle(future, task)
        self._tell()

    def _tell(self) -> None:
        seconds = time.monotonic() - self._began
        done = self._done + len(self._finished)
        total = self.store.plan.runs
        self._watch(Progress(done, total, self._failed, self._before, seconds, self._slots))
