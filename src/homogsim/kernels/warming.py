"""What the second process does: compile the kernels that are listed, until it is done or the first process ends."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from threading import Thread

from homogsim.kernels import second
from homogsim.kernels.compiled import compile_if_free
from homogsim.kernels.signatures import listed, named
from homogsim.kernels.turns import leave_all


def main() -> None:
    """Compile in the order of the list."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the first process's business
    second.never()
    Thread(target=_end_with_the_first, daemon=True).start()
    for name, arguments in (line for kernels in listed().values() for line in kernels):
        with suppress(Exception):  # a list that is no longer right
            compile_if_free(named(name), arguments)


def _end_with_the_first() -> None:
    sys.stdin.buffer.read()
    leave_all()
    os._exit(0)
