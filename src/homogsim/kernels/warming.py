"""What the second process does: compile the kernels that are listed, until it is done or the first process ends."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from threading import Thread
from typing import Any

from homogsim.kernels import second
from homogsim.kernels.signatures import listed, named, understood
from homogsim.kernels.turns import leave_all


def main() -> None:
    """Compile in the order of the list."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's business
    second.never()
    Thread(target=_end_with_the_first, daemon=True).start()
    for name, arguments in listed():
        with suppress(Exception):  # it is compiled when it is called, and fails there if it must
            _compile(named(name), arguments)


def _compile(kernel: Any, arguments: Any) -> None:
    """Compile a kernel, unless another process is at it."""
    if not kernel._cache.turn.path.exists():
        kernel.compile(tuple(understood(each) for each in arguments))


def _end_with_the_first() -> None:
    sys.stdin.buffer.read()
    leave_all()
    os._exit(0)
