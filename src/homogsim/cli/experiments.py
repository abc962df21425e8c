"""What the commands that make many runs share: settings, progress, what a run folder is for."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from homogsim.experiments.runs import Watcher
from homogsim.results.folder import FolderExists, check_writable
from homogsim.scenario import Scenario

INCOMPLETE = 1
"""Exit code when runs were lost, or an expectation failed."""

PLAIN_SECONDS = 15.0
"""Seconds from one plain line to the next, where there is no terminal."""

FOLDER_BYTES = 20_000_000
"""Space that the files of an experiment will surely fit in."""


def settings(texts: Sequence[str]) -> dict[str, object]:
    """Return what was written as ``KEY=VALUE`` after ``--set``, by key.

    Raises
    ------
    ScenarioError
        One of them is no setting.
    """
    found: dict[str, object] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not sign or not key.strip():
            Scenario().override_text(text)  # says what is wrong with it
        found[key.strip()] = value
    return found


def check_new_folder(target: Path | None) -> None:
    """Say now if a folder could not be written at the end.

    Raises
    ------
    StorageError
        It exists, or nothing can be written there.
    """
    if target is None:
        return
    if os.path.lexists(target):
        raise FolderExists("exists already", str(target), "Choose another folder with --out.")
    check_writable(target, FOLDER_BYTES)


def free_folder(wanted: Path) -> Path:
    """Return the folder, or the first of -2, -3 … if it appeared during the runs: they must not be lost."""
    n, free = 1, wanted
    while os.path.lexists(free):
        n += 1
        free = wanted.with_name(f"{wanted.name}-{n}")
    return free


@contextmanager
def runs_progress(console: Console, *, silent: bool) -> Iterator[Watcher]:
    """Yield what shows how many runs are done and how long the rest will take."""
    if silent:
        yield lambda done, total: None
    elif not console.is_terminal:
        yield _plain(console)
    else:
        left = TimeRemainingColumn(compact=True)
        columns = (TextColumn("runs", markup=False), BarColumn(), MofNCompleteColumn(), left, TextColumn("left"))
        with Progress(*columns, console=console, transient=True, speed_estimate_period=3600.0) as progress:
            task = progress.add_task("runs", total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)


def _plain(console: Console) -> Watcher:
    began = told = time.monotonic()

    def watch(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if done and now - told >= PLAIN_SECONDS:
            told = now
            console.print(f"{done} of {total} runs, {(total - done) * (now - began) / done:.0f} s left")

    return watch
