"""Ctrl-C without loss: the month is finished, what was computed is saved."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType

from homogsim.cli import INTERRUPTED

__all__ = ["INTERRUPTED", "SIGNALS", "Stop", "Stopped"]

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(Exception):
    """Raised between two months when the run is asked to stop."""


class Stop:
    """While active, the first Ctrl-C (or SIGTERM) asks the run to stop; a second one leaves at once."""

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> Stop:
        self._before = {number: signal.signal(number, self._ask) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise SystemExit(INTERRUPTED)
        self.requested = True
