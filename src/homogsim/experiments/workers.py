"""A worker: a process that makes one run at a time. Light to import: every worker starts by importing it.

Not `concurrent.futures`: there one dead worker fails the runs of all, its `max_tasks_per_child` hangs (cpython issue
115634), and a worker that dies young may go unnoticed for ever. Here each worker has a pipe of its own; a pipe that
ends says which run was lost.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from homogsim.errors import HomogsimError
    from homogsim.experiments.replicate import Lost, Outcome, Task

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
READY = "ready"


class Worker:
    """The parent's view of a worker.

    Parameters
    ----------
    context : multiprocessing context
        Whose processes are used.
    stop : Event
        Set to stop all runs after their month.
    """

    def __init__(self, context: Any, stop: Any) -> None:
        self.connection, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, stop), daemon=True)
        self._process.start()
        theirs.close()  # so that the pipe ends with the worker
        self.task: Task | None = None
        self.started, self.runs = False, 0

    @property
    def idle(self) -> bool:
        """Whether it waits for a task."""
        return self.started and self.task is None

    @property
    def pid(self) -> int:
        """Its process."""
        return int(self._process.pid)

    def give(self, task: Task) -> None:
        """Let it make a run. A worker that died meanwhile says so when it is listened to."""
        self.task = task
        with suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(task)

    def hear(self) -> Outcome | Lost | HomogsimError | None:
        """Return what its run found, or why it was refused; None when it has only just started.

        Raises
        ------
        EOFError
            It is dead.
        """
        try:
            said = self.connection.recv()
        except ConnectionResetError as error:
            raise EOFError from error
        if said == READY:
            self.started = True
            return None
        self.task, self.runs = None, self.runs + 1
        return said

    def leave(self) -> None:
        """Tell it to end, once it has nothing to do."""
        self.connection.close()

    def end(self, seconds: float) -> None:
        """Wait for its end, and after some seconds end it by force."""
        self._process.join(seconds)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()
        self._process.close()


def serve(connection: Any, stop: Any) -> None:
    """Make the runs that come through a pipe until it ends: what a worker does."""
    prepare()
    from homogsim.errors import HomogsimError
    from homogsim.experiments.replicate import Stopped, attempt

    with suppress(BrokenPipeError, ConnectionResetError):  # nobody waits any more: the next line ends it
        connection.send(READY)
    while True:
        try:
            task = connection.recv()
        except (EOFError, ConnectionResetError):
            return
        try:
            found: Any = attempt(task, stop.is_set)
        except HomogsimError as error:
            found = error
        except Stopped:
            return
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.send(found)


def prepare() -> None:
    """Make a worker ready: one numeric thread, Ctrl-C is the parent's business, no life after the parent."""
    for name in THREADS:
        os.environ[name] = "1"
    if "numba" not in sys.modules:  # it refuses to change its mind later
        os.environ["NUMBA_NUM_THREADS"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
