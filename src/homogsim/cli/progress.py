"""How far a run is: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

COMPILING = "compiling the kernels, once"

PLAIN_SECONDS = 15.0
"""Seconds from one plain line to the next."""


class Reporter(Protocol):
    """What shows progress."""

    def phase(self, text: str) -> None:
        """Say what is being done."""

    def month(self, done: int) -> None:
        """Say how many months are done."""


class SilentReporter:
    """Shows nothing."""

    def phase(self, text: str) -> None:
        """Say nothing."""

    def month(self, done: int) -> None:
        """Say nothing."""


class PlainReporter:
    """Writes a line now and then; for log files."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total = console, total
        self._began = self._told = time.monotonic()
        self._first = -1
        self._phase, self._warned = "", False

    def phase(self, text: str) -> None:
        """Remember what is being done; write it when it looks like a hang otherwise."""
        if text.startswith(COMPILING) and not self._warned:
            self._console.print(text)
            self._warned = True
        self._phase = text

    def month(self, done: int) -> None:
        """Write a line if the last one is old."""
        now = time.monotonic()
        if self._first < 0:  # the first month compiles: it says nothing about the pace of the others
            self._first, self._began = done, now
        elif now - self._told >= PLAIN_SECONDS:
            self._told = now
            speed = (done - self._first) / (now - self._began)
            left = (self._total - done) / speed
            pace = f"{speed:.3g} months/s, {left:.0f} s left"
            self._console.print(f"{done} of {self._total} months, {pace} ({self._phase})")


class BarReporter:
    """Moves a bar."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("building the market", total=total)

    def phase(self, text: str) -> None:
        """Write what is being done in front of the bar."""
        self._progress.update(self._task, description=text)

    def month(self, done: int) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done)


class _Speed(ProgressColumn):
    """Months per second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.3g} months/s" if task.speed else "", style="progress.data.speed")


@contextmanager
def reporter(console: Console, total: int, *, silent: bool) -> Iterator[Reporter]:
    """Yield what shows the progress of `total` months on this console."""
    if silent:
        yield SilentReporter()
    elif not console.is_terminal:
        yield PlainReporter(console, total)
    else:
        phase = TextColumn("{task.description}", markup=False)
        columns = (phase, BarColumn(), MofNCompleteColumn(), _Speed(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as progress:
            yield BarReporter(progress, total)


@contextmanager
def announced_compilation(shown: Reporter) -> Iterator[None]:
    """Say so while kernels are compiled, here or in another process that is waited for.

    It takes seconds, once on a machine, and would look like a hang.
    """
    from numba.core import event

    from homogsim.kernels.compiled import COMPILE, WAIT

    class Announcer(event.Listener):
        def on_start(self, event: event.Event) -> None:
            elsewhere = " (in another process)" if event.kind == WAIT else ""
            shown.phase(f"{COMPILING}: {_part_of(event.data['dispatcher'])}{elsewhere}")

        def on_end(self, event: event.Event) -> None:
            pass

    announcer = Announcer()
    with event.install_listener(COMPILE, announcer), event.install_listener(WAIT, announcer):
        yield


def _part_of(dispatcher: Any) -> str:
    """Return which part of homogsim a compiled function belongs to, e.g. ``laws.demand``."""
    return str(dispatcher.py_func.__module__).removeprefix("homogsim.")
