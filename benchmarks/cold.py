"""Starts with nothing compiled: how long the first month takes, and whether workers compile anything twice."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import NamedTuple

from figures import Figure, figure, seconds

SOURCE = Path(__file__).parents[1] / "src"
FIRST_MONTH = "from homogsim.model import MarketModel; MarketModel('baseline').step()"
SMALL = (
    "world.towns=1", "world.sectors=1", "world.sites=4", "world.occupied=2", "world.consumers=20",
    "calendar.warm_up=1", "calendar.before=1", "calendar.months=1",
)  # fmt: skip
LOG = "KERNELS_LOG"
WATCH = f"""
import os, sys

plain = os.replace

def note(*words):
    with open(os.environ[{LOG!r}], "a") as file:
        print(*words, sep="|", file=file)

def replace(source, target, **options):
    if str(target).endswith(".nbc"):
        note("kept", os.getpid(), target)
    return plain(source, target, **options)

os.replace = replace
if any("homogsim.kernels.warming" in word for word in sys.orig_argv):
    note("second process", os.getpid(), "")
"""
"""Run by Python at the start of every process: notes each file of machine code that Numba puts in place."""


class Note(NamedTuple):
    """Something that a process did."""

    what: str
    """``kept``: it put machine code in place; ``second process``: it was started to compile beside another."""
    process: str
    file: str


def first_month(repeats: int) -> Figure:
    """Return the seconds from the start of Python to the end of the first month with nothing compiled yet."""
    times = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            known = os.environ | {"NUMBA_CACHE_DIR": folder}
            times.append(seconds(partial(subprocess.run, [sys.executable, "-c", FIRST_MONTH], env=known, check=True)))
    return figure("cold_first_month_seconds", times, "s, whole process, caches empty", 10.0)


def sweep_without_kernels(folder: Path, workers: int = 2) -> list[Note]:
    """Make a small sweep whose kernels come into ``kernels`` in this folder, and return what its processes did."""
    (folder / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    log = folder / "log"
    known = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(folder), str(SOURCE)]),
        "NUMBA_CACHE_DIR": str(folder / "kernels"),
        LOG: str(log),
    }
    arguments = ["sweep", "run", "baseline", *(word for setting in SMALL for word in ("--set", setting))]
    arguments += ["--vary", "firms.reinvestment=0,0.2", "--jobs", str(workers), "--out", str(folder / "sweep")]
    program = [sys.executable, "-c", "from homogsim.cli import main; main()"]
    subprocess.run([*program, *arguments], env=known, check=True, capture_output=True)
    return [Note(*line.split("|", 2)) for line in log.read_text(encoding="utf-8").splitlines()]


def compiled_twice(notes: list[Note]) -> dict[str, int]:
    """Return how often machine code was put in place that another process, or the same, had put there before."""
    times = Counter(note.file for note in notes if note.what == "kept")
    return {file: count - 1 for file, count in times.items() if count > 1}


def shared_by_workers() -> Figure:
    """Return the number of needless compilations of a sweep on two workers that begins with nothing compiled."""
    with tempfile.TemporaryDirectory() as folder:
        needless = sum(compiled_twice(sweep_without_kernels(Path(folder))).values())
    return figure(
        "kernels_compiled_twice", [float(needless)], "kernels, by the 2 workers of a sweep, caches empty", 0.0
    )
