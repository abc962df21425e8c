"""The command line: `homogsim`. Thin; it asks other modules and shows what they say."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn

__all__ = ["main"]

INTERRUPTED = 130


def main() -> None:
    """Run the command line; an interruption ends it in one line from here on, even while it loads."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    from homogsim.cli.app import main as run

    run()


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """Leave at once: before a command begins and after it has ended there is nothing to put away."""
    os.write(2, b"interrupted\n")  # the only way to write that is safe inside a signal handler
    os._exit(INTERRUPTED)
