"""Sharing work of the compiled laws among threads.

Plain threads around compiled functions that let go of Python's lock. Numba's own `parallel=True` would compile each
kernel three times over (seconds at every first start), aborts the process when two threads of a program call it under
its default layer, and cannot be used after a fork.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

_pools: dict[int, ThreadPoolExecutor] = {}


PORTION = 8
"""Tasks of a portion, at least: fewer are not worth a call."""
PORTIONS = 8
"""Portions a thread, at most."""


def share_out(work: Callable[[int, int, int], None], tasks: int, threads: int) -> None:
    """Call ``work(start, stop, thread)`` on portions of the tasks until all are done, on so many threads.

    Each thread takes the next portion when it is done with one, so that one that something else holds up does less.
    The work of a task must not depend on the portion that it is in. When a portion fails, no further one is begun, and
    its error is raised when no thread works any more.
    """
    threads = max(1, min(threads, tasks))
    if threads == 1:
        work(0, tasks, 0)
        return
    portions = max(threads, min(PORTIONS * threads, tasks // PORTION))
    left = iter(range(portions))  # taken from by one thread at a time: it holds Python's lock

    def take(thread: int) -> None:
        try:
            for n in left:
                work(tasks * n // portions, tasks * (n + 1) // portions, thread)
        except BaseException:
            list(left)  # the others find nothing more to do
            raise

    others: list[Future[None]] = []
    try:
        for thread in range(1, threads):
            others.append(_pool(threads - 1).submit(take, thread))
        take(0)
        for other in others:
            other.result()
    except BaseException:  # Ctrl-C, too: nobody may work on arrays that the caller has given up
        list(left)
        wait(others)
        raise


def _pool(threads: int) -> ThreadPoolExecutor:
    if threads not in _pools:
        _pools[threads] = ThreadPoolExecutor(threads, thread_name_prefix="homogsim")
    return _pools[threads]


# A forked process inherits the pools, but not their threads.
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_pools.clear)
