"""Ctrl-C without loss: the month is finished, what was computed is saved."""

from __future__ import annotations

import os
import signal
from types import FrameType, TracebackType

from homogsim.cli import INTERRUPTED

__all__ = ["INTERRUPTED", "SIGNALS", "Stop", "Stopped", "leave"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


_asked = False
"""Whether somebody has asked to stop where no exception could get out."""


def leave(number: int, frame: FrameType | None) -> None:
    """Leave at once (a handler of signals).

    While LLVM makes machine code, Python handles signals in functions that LLVM calls back, where an exception would be
    lost, and printed: then whatever begins next that can be stopped is.
    """
    global _asked
    if _called_back(frame):
        _asked = True
        return
    os.write(2, b"interrupted\n")  # the only way to write that is safe inside a signal handler
    raise SystemExit(INTERRUPTED)


def _called_back(frame: FrameType | None) -> bool:
    """Return whether one of the functions at work has been called back by LLVM."""
    while frame is not None:
        if frame.f_code.co_name.startswith("_raw_object_cache"):
            return True
        frame = frame.f_back
    return False


class Stopped(Exception):
    """Raised between two months when the run is asked to stop."""


class Stop:
    """While active, the first Ctrl-C (or SIGTERM) asks the run to stop; a second one leaves at once."""

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> Stop:
        global _asked
        self.requested, _asked = _asked, False
        self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.requested and not _called_back(frame):
            raise SystemExit(INTERRUPTED)
        self.requested = True
