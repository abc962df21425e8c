"""A second process that compiles kernels while the first goes on: on a new machine the first month comes sooner.

Numba compiles on one thread at a time, so only a process of its own helps. It begins with the largest kernels, while
the first process still imports what a model needs (`warming`); where they meet, one waits for the other, and compiles
another meanwhile (`compiled`).
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from homogsim.kernel_cache import VARIABLE
from homogsim.kernels.turns import Turn

NAME = "homogsim-second.turn"
_PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from homogsim.kernels.warming import main; main()"

_asked = False


def start_if_empty() -> None:
    """Start the second process before the first imports anything heavy, if nothing is compiled at all."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return
    try:
        with os.scandir(folder) as found:
            empty = next(found, None) is None
    except OSError:
        empty = True
    if empty:
        start()


def start() -> None:
    """Start the second process, once in a process, where there is a second processor and no other process has one."""
    global _asked
    if _asked:
        return
    _asked = True
    folder = os.environ.get(VARIABLE)
    if not folder or not _python() or processors() < 2:
        return
    turn = Turn(Path(folder, NAME))
    with suppress(OSError, ValueError):  # what cannot be started is not missed
        if turn.take():
            try:
                process = _started()
            except BaseException:
                turn.leave()
                raise
            _see_to_its_end(process, turn)


def never() -> None:
    """Start none from this process."""
    global _asked
    _asked = True


def processors() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _python() -> str:
    """Return the program that runs Python; empty inside another program, which must not be started twice."""
    program = sys.executable or ""
    return "" if getattr(sys, "frozen", False) or "py" not in Path(program).name.lower() else program


def _started() -> subprocess.Popen[bytes]:
    # The same modules as here, whatever the folder and wherever they came from. Its standard input is a pipe that
    # ends with this process, however that ends.
    command = [_python(), "-c", _PROGRAM, json.dumps([str(place) for place in sys.path])]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _see_to_its_end(process: subprocess.Popen[bytes], turn: Turn) -> None:
    """Leave no zombie when it ends, and let it end before this process does."""

    def wait() -> None:
        process.wait()
        turn.leave()

    waiting = threading.Thread(target=wait, name="homogsim second process", daemon=True)
    waiting.start()

    def end() -> None:
        if os.getpid() != first:
            return  # forked
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
        waiting.join(_LONGEST_END)

    first = os.getpid()
    atexit.register(end)


_LONGEST_END = 2.0
