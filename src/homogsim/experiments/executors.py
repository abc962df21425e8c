"""Runs in worker processes, or in this one. Light to import: every worker starts by importing it.

A worker that dies takes no finished run with it: the runs that were under way are tried again, each alone, and only the
one that kills its worker again is given up.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from homogsim.experiments.replicate import Lost, Outcome, Task

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
RUNS_A_WORKER = 100
"""Runs after which workers are replaced, because libraries leak. The executor's own max_tasks_per_child hangs
(cpython issue 115634), so the whole pool is replaced."""
LOOK_SECONDS = 0.2
"""Seconds between two looks whether to stop."""
PATIENCE_SECONDS = 3.0
"""Seconds that workers get to finish their month before they are ended."""
DIED = "its worker process died (killed, or out of memory)"

_stop: Any = None


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _prepare(stop: Any) -> None:
    """Make a worker ready: one numeric thread, Ctrl-C is the parent's business, no life after the parent."""
    global _stop
    _stop = stop
    for name in THREADS:
        os.environ[name] = "1"
    if "numba" not in sys.modules:  # it refuses to change its mind later
        os.environ["NUMBA_NUM_THREADS"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(task: Task) -> Outcome | Lost:
    from homogsim.experiments.replicate import attempt

    return attempt(task, _stop.is_set)


def _never() -> bool:
    return False


class Runner:
    """Makes runs, `jobs` at a time: in this process with one job, otherwise in as many workers. A context manager.

    Parameters
    ----------
    jobs : int
        Runs at a time, at least 1. Results do not depend on it.
    stop : callable
        Asked now and then; once it returns True, running runs are stopped and no new one begins.
    """

    def __init__(self, jobs: int, stop: Callable[[], bool] = _never) -> None:
        self.jobs, self.stop = jobs, stop
        self._pool: ProcessPoolExecutor | None = None
        self._begun = 0

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome | Lost]:
        """Make runs and yield them in the order in which they end; ends early when asked to stop.

        Raises
        ------
        HomogsimError
            A run was refused: that is nobody's accident, and the others would be refused too.
        """
        return self._here(tasks) if self.jobs == 1 else self._in_workers(tasks)

    def _here(self, tasks: Sequence[Task]) -> Iterator[Outcome | Lost]:
        from homogsim.experiments.replicate import Stopped, attempt

        for task in tasks:
            if self.stop():
                return
            try:
                found = attempt(task, self.stop)
            except Stopped:
                return
            yield found

    def _in_workers(self, tasks: Sequence[Task]) -> Iterator[Outcome | Lost]:
        waiting: deque[Task] = deque(tasks)
        running: dict[Future[Any], Task] = {}
        while (waiting or running) and not self.stop():
            broken = not self._submit(waiting, running)
            ended, _ = wait(running, timeout=0.0 if broken else LOOK_SECONDS, return_when=FIRST_COMPLETED)
            finished = [future for future in ended if not isinstance(future.exception(), BrokenProcessPool)]
            broken |= len(finished) < len(ended)
            for future in finished:
                del running[future]
            if not broken:
                self._submit(waiting, running)  # before anything is made of what was found: workers must not wait
            for future in finished:
                yield future.result()
            if broken:
                suspects = list(running.values())
                running.clear()
                self._close()
                yield from self._alone(suspects)

    def _submit(self, waiting: deque[Task], running: dict[Future[Any], Task]) -> bool:
        """Keep every worker busy, no more: what is under way when a pool breaks is suspect. Return False if it did."""
        if self._begun >= RUNS_A_WORKER * self.jobs and not running:
            self._close()
        while waiting and len(running) < self.jobs and self._begun < RUNS_A_WORKER * self.jobs:
            pool = self._pool = self._pool or self._open(self.jobs)
            try:
                running[pool.submit(_work, waiting[0])] = waiting[0]
            except BrokenProcessPool:
                return False
            waiting.popleft()
            self._begun += 1
        return True

    def _alone(self, suspects: list[Task]) -> Iterator[Outcome | Lost]:
        """Try runs again that were under way when a worker died, one at a time, each in a worker of its own."""
        from homogsim.experiments.replicate import Lost

        for task in suspects:
            self._pool = self._open(1)
            future = self._pool.submit(_work, task)
            while not future.done() and not self.stop():
                wait([future], timeout=LOOK_SECONDS)
            if not future.done():
                return
            died = isinstance(future.exception(), BrokenProcessPool)
            self._close()
            yield Lost(task, DIED) if died else future.result()

    def _open(self, workers: int) -> ProcessPoolExecutor:
        from multiprocessing import get_context

        context = get_context("spawn")  # an own context: Mesa changes the global one
        self._stop_event = context.Event()
        return ProcessPoolExecutor(workers, context, _prepare, (self._stop_event,))

    def _close(self) -> None:
        """End the workers: after their month, or by force if that takes long."""
        from multiprocessing.connection import wait as wait_for

        pool, self._pool, self._begun = self._pool, None, 0
        if pool is None:
            return
        self._stop_event.set()
        processes = list((getattr(pool, "_processes", None) or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        alive: dict[Any, Any] = {process.sentinel: process for process in processes}
        while alive and (ended := wait_for(list(alive), timeout=PATIENCE_SECONDS)):
            for sentinel in ended:
                del alive[sentinel]
        for process in alive.values():
            process.terminate()
        pool.shutdown(wait=True)
