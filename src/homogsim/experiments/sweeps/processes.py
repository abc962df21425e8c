"""Worker processes behind `concurrent.futures.Executor`: one that dies fails its own task and no other.

`concurrent.futures.ProcessPoolExecutor` fails everything in flight when one worker dies. Here each worker has a pipe of
its own; a pipe that ends says whose task was lost. Workers end when their parent dies, however it dies.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any

from homogsim.experiments.executors import PATIENCE_SECONDS, WorkersFail
from homogsim.experiments.workers import READY, prepare

LOOK_SECONDS = 1.0
MOST_FAILED_STARTS = 5
"""Workers in a row that may end before they begin."""
GROWTH_BYTES = 1_000_000_000
"""Memory that a worker may gain before it is replaced, because libraries leak."""

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class WorkerDied(Exception):
    """The process that made a task died; no other task did.

    Parameters
    ----------
    how : str
        How it died.
    seconds : float
        How long it had been at the task.
    code : int or None
        Its exit code, negative for signals.
    """

    def __init__(self, how: str, seconds: float = 0.0, code: int | None = None) -> None:
        super().__init__(how)
        self.seconds, self.code = seconds, code


class _Worker:
    """The parent's view of a worker."""

    def __init__(self, context: Any) -> None:
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()  # so that the pipe ends with the worker
        self.ready = False
        self.future: Future[Any] | None = None
        self.since = 0.0

    def end(self, *, now: bool) -> None:
        """Close its pipe, which it takes as its end; if need be, make it."""
        self.connection.close()
        if now:
            self.process.terminate()
        self.process.join(PATIENCE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()


class ProcessExecutor(Executor):
    """Worker processes, started explicitly by ``spawn``, one task at a time each.

    Parameters
    ----------
    jobs : int
        Workers.
    """

    def __init__(self, jobs: int) -> None:
        from multiprocessing import Pipe, get_context

        self.jobs = jobs
        self._context = get_context("spawn")  # an own context: Mesa changes the global one
        self._waiting: deque[tuple[Future[Any], Call]] = deque()
        self._workers: list[_Worker] = []
        self._lock = threading.Lock()
        self._bell, self._ring = Pipe(duplex=False)
        self._closing, self._at_once, self._failed_starts = False, False, 0
        self._manager = threading.Thread(target=self._manage, name="homogsim workers", daemon=True)
        self._manager.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a worker call a function of a module."""
        future: Future[Any] = Future()
        with self._lock:
            if self._closing:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._waiting.append((future, (fn, args, kwargs)))
        self._wake()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers, after their tasks (``wait``) or at once."""
        with self._lock:
            self._closing = True
            self._at_once |= not wait
            dropped = list(self._waiting) if cancel_futures or not wait else []
            if dropped:
                self._waiting.clear()
        for future, _ in dropped:
            future.cancel()
        self._wake()
        self._manager.join()

    def _wake(self) -> None:
        with suppress(OSError):
            self._ring.send_bytes(b"x")

    # The manager's thread --------------------------------------------------------------------------------------

    def _manage(self) -> None:
        try:
            while not self._finished():
                self._hand_out()
                self._listen()
        finally:
            for worker in self._workers:
                if worker.future is not None:
                    worker.future.set_exception(WorkerDied("it was ended"))
                worker.end(now=self._at_once or worker.future is not None)
            self._workers = []
            self._bell.close()
            self._ring.close()

    def _finished(self) -> bool:
        with self._lock:
            idle = not self._waiting and all(worker.future is None for worker in self._workers)
            return self._closing and (self._at_once or idle)

    def _hand_out(self) -> None:
        """Give tasks to idle workers, and start as many workers as have something to do."""
        with self._lock:
            idle = [worker for worker in self._workers if worker.ready and worker.future is None]
            starting = sum(not worker.ready for worker in self._workers)
            wanted = min(self.jobs - len(self._workers), len(self._waiting) - len(idle) - starting)
            tasks = [self._waiting.popleft() for _ in range(min(len(idle), len(self._waiting)))]
            self._workers += [_Worker(self._context) for _ in range(max(0, wanted))]
        for worker, (future, call) in zip(idle, tasks, strict=False):
            if future.set_running_or_notify_cancel():
                self._give(worker, future, call)

    def _give(self, worker: _Worker, future: Future[Any], call: Call) -> None:
        try:
            worker.connection.send(call)
        except (BrokenPipeError, ConnectionResetError):
            worker.future, worker.since = future, time.monotonic()  # it is found dead when it is listened to
        except Exception as error:  # the call cannot be sent
            future.set_exception(error)
        else:
            worker.future, worker.since = future, time.monotonic()

    def _listen(self) -> None:
        from multiprocessing.connection import wait

        talking = {worker.connection: worker for worker in self._workers}
        for said in wait([self._bell, *talking], timeout=LOOK_SECONDS):
            if said is self._bell:
                self._bell.recv_bytes()
            else:
                self._hear(talking[said])

    def _hear(self, worker: _Worker) -> None:
        try:
            said = worker.connection.recv()
        except (EOFError, ConnectionResetError):
            self._bury(worker)
            return
        except Exception as error:  # an answer that cannot be read here
            said = (error, None, False)
        if said == READY:
            worker.ready, self._failed_starts = True, 0
            return
        future, worker.future = worker.future, None
        failure, value, tired = said
        if tired:
            self._dismiss(worker)
        if future is not None and failure is not None:
            future.set_exception(failure)
        elif future is not None:
            future.set_result(value)

    def _bury(self, worker: _Worker) -> None:
        worker.process.join(PATIENCE_SECONDS)
        code = worker.process.exitcode
        future, started = worker.future, worker.ready
        self._dismiss(worker)
        if future is not None:
            future.set_exception(WorkerDied(_told(code), time.monotonic() - worker.since, code))
        elif not started:
            self._failed_starts += 1
            if self._failed_starts >= MOST_FAILED_STARTS:
                self._give_up()

    def _dismiss(self, worker: _Worker) -> None:
        with self._lock:
            self._workers.remove(worker)
        worker.end(now=True)

    def _give_up(self) -> None:
        with self._lock:
            waiting, self._waiting = list(self._waiting), deque()
            self._failed_starts = 0
        help = "In a script, call this under `if __name__ == '__main__':`, or with --executor serial."
        for future, _ in waiting:
            future.set_exception(WorkersFail("worker processes end before they begin", help=help))


def _told(code: int | None) -> str:
    """Return in words how a process ended."""
    if code is None:
        return "its worker process died"
    if code >= 0:
        return f"its worker process left with exit code {code}"
    import signal

    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = str(-code)
    out_of_memory = ": killed by somebody, or out of memory" if name == "SIGKILL" else ""
    return f"its worker process died of {name}{out_of_memory}"


def serve(connection: Any) -> None:
    """Call what comes through a pipe until it ends: what a worker does."""
    prepare()
    start = 0
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.send(READY)
    while True:
        try:
            function, args, kwargs = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        except Exception as error:  # a call that cannot be read here
            connection.send((error, None, False))
            continue
        failure, value = _called(function, args, kwargs)
        start = start or memory_used()
        try:
            connection.send((failure, value, memory_used() > start + GROWTH_BYTES))
        except (BrokenPipeError, ConnectionResetError):
            return
        except Exception as reason:  # an answer that cannot be sent
            connection.send((RuntimeError(f"{type(reason).__name__}: {reason}"), None, False))


def _called(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """Return what a call raised, or None, and what it returned."""
    try:
        return None, function(*args, **kwargs)
    except BaseException as reason:
        return reason, None


def memory_used() -> int:
    """Return the bytes of memory that this process occupies; 0 where that is not known."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
