"""`homogsim reproduce`: run it again and compare, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from homogsim.cli.text import console, printable
from homogsim.errors import HomogsimError

if TYPE_CHECKING:
    from homogsim.results import Results
    from homogsim.results.difference import Difference

DIFFERENT = 1
MOST_LINES = 20
"""Differences listed; one early difference makes everything after it differ."""

VERSIONS = ("version", "python", "numpy", "numba", "mesa", "platform", "cpu")


def reproduce_run(folder: Path, *, threads: int | None, quiet: bool) -> int:
    """Run an earlier run again, print whether the results are identical, and return 0 if so, 1 if not."""
    from homogsim.cli.run import at_least_one, simulate
    from homogsim.results import Results

    at_least_one("--threads", threads)
    old = Results.load(folder, verify=True)
    refuse_unfinished(old, folder)
    from homogsim.model import MarketModel

    model = MarketModel(old.scenario, seed=old.seed, months=old.months, threads=threads, record_every=old.record_every)
    new = simulate(model, console(stderr=True), silent=quiet)
    if new.status == "interrupted":
        raise SystemExit(130)
    if new.results_hash() == old.results_hash():
        console().print(f"identical: {new.results_hash()}", soft_wrap=True)
        return 0
    report(old, new)
    return DIFFERENT


def refuse_unfinished(old: Results, folder: Path) -> None:
    """Refuse a run that was interrupted: it cannot be told at which point exactly."""
    if old.status == "interrupted":
        what = "the run was interrupted, so there is no end to compare with"
        raise HomogsimError(what, str(folder), "Reproduce a complete run.")


def report(old: Results, new: Results) -> None:
    """Print where the results differ, the earliest difference first, and which versions do."""
    from homogsim.results.difference import differences

    output = console()
    found = differences(old, new)
    output.print(f"different: {len(found)} columns; the earliest first")
    for difference in found[:MOST_LINES]:
        output.print(printable(f"  {_line(difference)}"), soft_wrap=True)
    if len(found) > MOST_LINES:
        output.print(f"  … and {len(found) - MOST_LINES} more")
    for name in VERSIONS:
        before, now = old.provenance.get(name), new.provenance.get(name)
        if before != now:
            output.print(printable(f"  {name}: was {before}, is {now}"), soft_wrap=True)


def _line(difference: Difference) -> str:
    when = "" if difference.first_month is None else f"month {difference.first_month}: "
    name = f"{difference.table}.{difference.column}" if difference.column else difference.table
    return f"{when}{name} {difference.what}"
