"""Sharing work of the compiled laws among threads.

Plain threads around compiled functions that let go of Python's lock. Numba's own `parallel=True` would compile each
kernel three times over (seconds at every first start), aborts the process when two threads of a program call it under
its default layer, and cannot be used after a fork.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

_pools: dict[int, ThreadPoolExecutor] = {}


def share_out(work: Callable[[int, int, int], None], tasks: int, threads: int) -> None:
    """Call ``work(start, stop, thread)`` on equal shares of the tasks, one a thread, and wait for all.

    The work of a task must not depend on the share that it is in.
    """
    threads = max(1, min(threads, tasks))
    cuts = [tasks * thread // threads for thread in range(threads + 1)]
    others = [_pool(threads - 1).submit(work, cuts[thread], cuts[thread + 1], thread) for thread in range(1, threads)]
    try:
        work(cuts[0], cuts[1], 0)
    finally:
        for other in others:
            other.result()


def _pool(threads: int) -> ThreadPoolExecutor:
    if threads not in _pools:
        _pools[threads] = ThreadPoolExecutor(threads, thread_name_prefix="homogsim")
    return _pools[threads]


# A forked process inherits the pools, but not their threads.
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_pools.clear)
