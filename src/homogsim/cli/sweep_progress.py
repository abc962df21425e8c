"""How far a sweep is: a bar, lines for log files, or JSON for programs."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from homogsim.cli.experiments import PLAIN_SECONDS
from homogsim.scenario.budget import duration

if TYPE_CHECKING:
    from homogsim.experiments.sweeps.coordinator import Progress, Watch

KINDS = ("rich", "plain", "json", "none")
JSON_SECONDS = 1.0


@contextmanager
def sweep_progress(console: Console, kind: str | None) -> Iterator[Watch]:
    """Yield what shows the progress of a sweep; by default a bar on a terminal, lines elsewhere."""
    chosen = kind or ("rich" if console.is_terminal else "plain")
    if chosen == "none":
        yield lambda progress: None
    elif chosen == "rich":
        columns = (
            TextColumn("runs", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
        )
        with Bar(*columns, console=console, transient=True) as bar:
            task = bar.add_task("runs", total=None, told="")
            yield lambda p: bar.update(task, completed=p.done, total=p.total, told=_told(p))
    else:
        yield _Lines(console, as_json=chosen == "json")


class _Lines:
    """Writes a line now and then, and one at the end."""

    def __init__(self, console: Console, *, as_json: bool) -> None:
        self._console, self._json = console, as_json
        self._every = JSON_SECONDS if as_json else PLAIN_SECONDS
        self._last = time.monotonic() - (self._every if as_json else 0.0)
        self._told = -1

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        due = now - self._last >= self._every or (self._json and progress.done == progress.total)
        if due and (progress.done != self._told or not self._json):
            self._last, self._told = now, progress.done
            self._console.print(_as_json(progress) if self._json else _line(progress), soft_wrap=True)


def _line(progress: Progress) -> str:
    return f"{progress.done:,} of {progress.total:,} runs, {_told(progress)}"


def _told(progress: Progress) -> str:
    failed = f"{progress.failed:,} failed, " if progress.failed else ""
    workers = "no workers, waiting" if progress.slots == 0 else f"{progress.per_second:.3g} a second"
    left = f", {duration(progress.seconds_left)} left" if math.isfinite(progress.seconds_left) else ""
    return f"{failed}{workers}{left}"


def _as_json(progress: Progress) -> str:
    left = progress.seconds_left
    facts = {
        "done": progress.done, "total": progress.total, "failed": progress.failed, "workers": progress.slots,
        "per_second": round(progress.per_second, 3), "seconds": round(progress.seconds, 3),
        "seconds_left": round(left, 1) if math.isfinite(left) else None,
    }  # fmt: skip
    return json.dumps(facts)
