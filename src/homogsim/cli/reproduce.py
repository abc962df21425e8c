"""`homogsim reproduce`: run it again and compare, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from homogsim.cli.stopping import INTERRUPTED, Stop
from homogsim.cli.text import console, printable
from homogsim.errors import HomogsimError

if TYPE_CHECKING:
    from homogsim.model import MarketModel
    from homogsim.results import Results
    from homogsim.results.difference import Difference
    from homogsim.results.provenance import Provenance

DIFFERENT = 1
MOST_LINES = 20
"""Differences listed; one early difference makes everything after it differ."""

VERSIONS = ("version", "python", "numpy", "numba", "networkx", "mesa", "platform", "cpu")


def reproduce_run(folder: Path, *, threads: int | None, quiet: bool) -> int:
    """Run an earlier run again, print whether the results are identical, and return 0 if so, 1 if not."""
    from homogsim.cli.run import at_least_one, simulate
    from homogsim.results import Results

    at_least_one("--threads", threads)
    old = Results.load(folder, verify=True)
    stopped = stopping_month(old, folder)
    model = same_model(old, threads)
    with Stop() as stop:
        new = simulate(model, stop, console(stderr=True), silent=quiet, until=stopped)
    if stop.requested:
        return INTERRUPTED
    if new.results_hash() == old.results_hash():
        console().print(f"identical: {new.results_hash()}", soft_wrap=True)
        return 0
    report(old, new)
    return DIFFERENT


def same_model(old: Results, threads: int | None) -> MarketModel:
    """Return the model that an earlier run started with."""
    if "checkpoint" in old.provenance:
        from homogsim.cli.resume import resume_again

        months = old.scenario.parameters.calendar.months
        return resume_again(old.provenance["checkpoint"], threads=threads, months=months)
    from homogsim.metrics.table import OTHER_SCALES
    from homogsim.model import MarketModel

    scales = OTHER_SCALES.keys() <= set(old.timeline)
    return MarketModel(old.scenario, seed=old.seed, threads=threads, record_every=old.record_every, other_scales=scales)


def stopping_month(old: Results, folder: Path) -> int | None:
    """Return the month before which an interrupted run stopped; None for a run that reached its end.

    Raises
    ------
    HomogsimError
        It stopped before month 0, and the folder does not say when.
    """
    if old.status != "interrupted":
        return None
    if old.months == 0:
        what = "the run was interrupted before automation arrived, so there is nothing to compare with"
        raise HomogsimError(what, str(folder), "Reproduce a complete run.")
    return old.months


def report(old: Results, new: Results) -> None:
    """Print where the results differ, the earliest difference first, and what they were made with."""
    from homogsim.results.difference import differences

    output = console()
    found = differences(old, new)
    output.print(f"different: {len(found)} columns; the earliest first")
    for difference in found[:MOST_LINES]:
        output.print(printable(f"  {_line(difference)}"), soft_wrap=True)
    if len(found) > MOST_LINES:
        output.print(f"  … and {len(found) - MOST_LINES} more")
    for line in changes(old.provenance, new.provenance):
        output.print(printable(f"  {line}"), soft_wrap=True)


def changes(old: Provenance, new: Provenance) -> Iterator[str]:
    """Yield in words what a run was made with that the new one was not: first the model's code, then versions."""
    from homogsim.results.code import code_difference

    before, now = (facts.get("code") for facts in (old, new))
    if before is None:
        yield "made with model code that was not recorded, so it may have changed"
    elif before != now:
        yield f"made with other model code ({code_difference(old.get('sources', {})) or before})"
    for name in VERSIONS:
        if old.get(name) != new.get(name):
            was, being = (facts.get(name) or "not recorded" for facts in (old, new))
            yield f"{name}: was {was}, is {being}"


def _line(difference: Difference) -> str:
    when = "" if difference.first_month is None else f"month {difference.first_month}: "
    name = f"{difference.table}.{difference.column}" if difference.column else difference.table
    return f"{when}{name} {difference.what}"
