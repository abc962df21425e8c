"""Runs in worker processes, or in this one; results do not depend on how many there are.

A worker that dies takes no finished run with it. Its own run is tried once more, after the others, and given up when
it kills its worker again.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from homogsim.errors import HomogsimError
from homogsim.experiments.workers import Worker

if TYPE_CHECKING:
    from homogsim.experiments.replicate import Lost, Outcome, Task

RUNS_A_WORKER = 100
"""Runs after which a worker is replaced, because libraries leak."""
LOOK_SECONDS = 0.2
"""Seconds between two looks whether to stop."""
PATIENCE_SECONDS = 3.0
"""Seconds that a worker gets to finish its month before it is ended by force."""
DIED = "its worker process died (killed, or out of memory)"


class WorkersFail(HomogsimError):
    """Worker processes cannot be used here."""

    exit_code = 1


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


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
        self.workers: list[Worker] = []
        self._context: Any = None
        self._stop_runs: Any = None

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stop_runs is not None:
            self._stop_runs.set()
        for worker in self.workers:
            worker.leave()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for worker in self.workers:
            worker.end(max(0.0, deadline - time.monotonic()))
        self.workers = []

    def run(self, tasks: Sequence[Task]) -> Iterator[Outcome | Lost]:
        """Make runs and yield them in the order in which they end; ends early when asked to stop.

        Raises
        ------
        HomogsimError
            A run was refused: that is no accident, and the others would be refused too.
        WorkersFail
            A worker ended before it began.
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
        waiting, tried = deque(tasks), set[int]()
        while (waiting or self._busy()) and not self.stop():
            self._give_work(waiting)
            found = list(self._listen(waiting, tried))
            self._give_work(waiting)  # before anything is made of what was found: workers must not wait for that
            yield from found

    def _busy(self) -> bool:
        return any(worker.task is not None for worker in self.workers)

    def _give_work(self, waiting: deque[Task]) -> None:
        """Give tasks to idle workers, and start as many workers as have something to do."""
        for worker in self.workers:
            if worker.idle and waiting:
                worker.give(waiting.popleft())
        starting = sum(not worker.started for worker in self.workers)
        for _ in range(min(self.jobs - len(self.workers), len(waiting) - starting)):
            self.workers.append(self._start())

    def _start(self) -> Worker:
        if self._context is None:
            from multiprocessing import get_context

            self._context = get_context("spawn")  # an own context: Mesa changes the global one
            self._stop_runs = self._context.Event()
        return Worker(self._context, self._stop_runs)

    def _listen(self, waiting: deque[Task], tried: set[int]) -> Iterator[Outcome | Lost]:
        """Yield what workers have to say; a dead one's task goes to the end of the queue, at its second it is lost."""
        from multiprocessing.connection import wait

        talking = {worker.connection: worker for worker in self.workers if not worker.idle}
        for connection in wait(list(talking), timeout=LOOK_SECONDS) if talking else ():
            worker = talking[connection]
            try:
                said = worker.hear()
            except EOFError:
                yield from self._bury(worker, waiting, tried)
                continue
            if isinstance(said, HomogsimError):
                raise said
            if worker.runs >= RUNS_A_WORKER:
                self._dismiss(worker)
            if said is not None:
                yield said

    def _bury(self, worker: Worker, waiting: deque[Task], tried: set[int]) -> Iterator[Lost]:
        from homogsim.experiments.replicate import Lost

        self._dismiss(worker)
        task = worker.task
        if task is None:
            help = "In a script, call this under `if __name__ == '__main__':`, or with one job."
            raise WorkersFail("a worker process ended before it began", help=help)
        if id(task) in tried:
            yield Lost(task, DIED)
        else:
            tried.add(id(task))
            waiting.append(task)

    def _dismiss(self, worker: Worker) -> None:
        self.workers.remove(worker)
        worker.leave()
        worker.end(PATIENCE_SECONDS)
