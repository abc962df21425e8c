"""`homogsim sweep run` and `homogsim sweep extend`: make the runs, show how far it is, say how it ended."""

from __future__ import annotations

import json
import math
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from homogsim.cli.experiments import settings
from homogsim.cli.stopping import INTERRUPTED, Stop
from homogsim.cli.sweep_progress import KINDS, sweep_progress
from homogsim.cli.text import console, number, printable
from homogsim.errors import HomogsimError
from homogsim.scenario.budget import duration, size

if TYPE_CHECKING:
    from homogsim.experiments.sweeps.plan import Plan
    from homogsim.experiments.sweeps.planning import Needs
    from homogsim.experiments.sweeps.sweep import Options, Swept

SOME_FAILED = 3
"""Exit code of a sweep that is finished, with runs that are not ok."""
SHOWN_LEVELS = 6


@dataclass(frozen=True)
class Wanted:
    """What ``homogsim sweep run`` is asked for; None: not said."""

    scenario: str
    out: Path
    vary: tuple[str, ...] = ()
    design: str | None = None
    samples: int | None = None
    replications: int | None = None
    seed: int | None = None
    independent: bool | None = None
    months: int | None = None
    changes: tuple[str, ...] = ()
    series: str | None = None
    max_runs: int | None = None


@dataclass(frozen=True)
class How:
    """How the runs are made and shown."""

    jobs: int | None = None
    executor: str | None = None
    timeout: float | None = None
    retry: str | None = None
    progress: str | None = None
    dry_run: bool = False
    allow_code_change: bool = False
    as_json: bool = False


def run_sweep(wanted: Wanted, how: How) -> int:
    """Run or go on with a sweep; return the exit code."""
    from homogsim.experiments.sweeps.tables import read_table

    table = read_table(wanted.scenario)
    how = replace(how, **{name: table[name] for name in ("jobs", "executor", "timeout")
                          if name in table and getattr(how, name) is None})  # fmt: skip
    return _sweep(_plan(wanted, table), wanted.out, how)


def extend_sweep(folder: Path, samples: int, max_runs: int | None, how: How) -> int:
    """Add samples to a sweep and run them; return the exit code."""
    from homogsim.experiments.sweeps.extending import grown_plan

    return _sweep(grown_plan(folder, samples, max_runs), folder, how, grow=True)


def _plan(wanted: Wanted, table: dict[str, Any]) -> Plan:
    """Return the plan: what stands on the command line goes before what stands in the file."""
    from homogsim.experiments.sweeps.planning import MOST_RUNS, plan_sweep

    def said(name: str, default: Any) -> Any:
        given = getattr(wanted, name)
        return table.get(name, default) if given is None else given

    return plan_sweep(
        wanted.scenario,
        wanted.vary or table.get("vary", ()),
        design=said("design", "grid"),
        samples=said("samples", None),
        replications=said("replications", 1),
        seed=said("seed", 1),
        independent=said("independent", False),
        months=said("months", None),
        series=months_between(said("series", "none")),
        set=table.get("set", {}) | settings(wanted.changes),
        max_runs=said("max_runs", MOST_RUNS),
    )


def months_between(series: str) -> int:
    """Return the months between stored rows of a series: ``none`` 0, ``all`` 1, ``every=K`` K.

    Raises
    ------
    HomogsimError
        It is none of these.
    """
    if series in ("none", "all"):
        return int(series == "all")
    name, _, count = series.partition("=")
    if name == "every" and count.isascii() and count.isdigit() and 1 <= int(count[:6]) <= 2040 and len(count) < 6:
        return int(count)
    raise HomogsimError(f"{printable(series[:40])!r} is no choice of series", "--series", "none, all or every=K.")


def _options(how: How) -> Options:
    from homogsim.experiments.sweeps.sweep import Options

    if how.retry not in (None, "failed"):
        raise HomogsimError(f"{how.retry[:40]!r} is nothing to make again", "--retry", "Write --retry failed.")
    if how.progress not in (None, *KINDS):
        raise HomogsimError(f"there is no progress {how.progress[:40]!r}", "--progress", f"Known: {', '.join(KINDS)}.")
    retry = how.retry is not None
    return Options(how.jobs, how.executor or "process", how.timeout, retry, how.allow_code_change)


def _sweep(plan: Plan, folder: Path, how: How, *, grow: bool = False) -> int:
    from homogsim.experiments.sweeps.planning import needs
    from homogsim.experiments.sweeps.pools import open_scheduler, weak_limit
    from homogsim.experiments.sweeps.sweep import sweep

    options = _options(how)
    jobs = 1 if options.executor == "serial" else how.jobs
    needed = needs(plan, jobs, here=not options.executor.startswith("dask:"))
    errors = console(stderr=True)
    if how.dry_run:
        show_plan(plan, needed, folder, as_json=how.as_json)
        return 0
    for warning in (open_scheduler(options.executor), weak_limit(options.executor, options.timeout)):
        if warning:
            errors.print(f"warning: {printable(warning)}", soft_wrap=True)
    quiet = how.as_json or how.progress == "none"
    if not quiet and how.progress != "json":
        errors.print(_announced(plan, needed), soft_wrap=True)
    kind = how.progress or ("none" if how.as_json else None)
    with Stop() as stop, ExitStack() as stack:
        watch = stack.enter_context(sweep_progress(errors, kind))
        found = sweep(plan, folder, options, watch=watch, stop=lambda: stop.requested, grow=grow)
    show(found, as_json=how.as_json)
    return INTERRUPTED if found.status == "interrupted" else SOME_FAILED if found.failed else 0


def _announced(plan: Plan, needed: Needs) -> str:
    points = f"{needed.points:,} points × {plan.replications:,} replications = " if plan.replications > 1 else ""
    return (
        f"{plan.scenario.name}, {plan.design.kind}: {points}{needed.runs:,} runs, {needed.jobs} at a time: "
        f"about {duration(needed.seconds)}, {size(needed.disk_bytes)} on the disk"
    )


def show_plan(plan: Plan, needed: Needs, folder: Path, *, as_json: bool) -> None:
    """Print what would be run, and what that takes."""
    if as_json:
        facts = {
            "scenario": plan.scenario.name, "design": plan.design.kind, "factors": [str(f) for f in plan.factors],
            "points": needed.points, "replications": plan.replications, "runs": needed.runs, "jobs": needed.jobs,
            "seconds": needed.seconds, "disk_bytes": needed.disk_bytes, "memory_bytes": needed.memory_bytes,
            "folder": str(folder),
        }  # fmt: skip
        print(json.dumps(facts, ensure_ascii=False, allow_nan=False))
        return
    output = console()
    output.print(_announced(plan, needed), soft_wrap=True)
    for factor in plan.factors:
        output.print(f"  {_told(factor, plan.design.kind)}", soft_wrap=True)
    seeds = "another seed for every run" if plan.independent else "the same seeds at every point"
    output.print(f"  {seeds}, from {plan.seed}; {size(needed.memory_bytes)} of memory a run", soft_wrap=True)
    output.print("nothing was run", soft_wrap=True)


def _told(factor: Any, design: str) -> str:
    from homogsim.experiments.sweeps.factors import cell

    if factor.listed or factor.values or design in ("grid", "oat"):
        levels = [cell(value) for value in factor.levels()]
        more = f" … ({len(levels)} values)" if len(levels) > SHOWN_LEVELS else ""
        return f"{factor.name}: {', '.join(levels[:SHOWN_LEVELS])}{more}"
    return f"{factor.name}: {number(factor.low)} to {number(factor.high)}"


def show(found: Swept, *, as_json: bool) -> None:
    """Print how a session of a sweep ended."""
    if as_json:
        facts = {
            "status": found.status, "planned": found.planned, "stored": found.stored, "made": found.made,
            "failed": found.failed, "counts": found.counts, "seconds": found.seconds, "folder": str(found.folder),
            "set_aside": list(found.set_aside),
        }  # fmt: skip
        print(json.dumps(facts, ensure_ascii=False, allow_nan=False))
        return
    output = console()
    for what in found.set_aside:
        output.print(printable(f"set aside as damaged, and made again: {what}"), soft_wrap=True)
    pace = f", {found.made / found.seconds:.3g} a second" if found.made and found.seconds > 0.0 else ""
    output.print(f"{found.stored:,} of {found.planned:,} runs are stored; {found.made:,} made now{pace}")
    if found.failed:
        told = ", ".join(f"{count:,} {name}" for name, count in found.counts.items() if count and name != "ok")
        output.print(f"{told}: `homogsim sweep status` says which and why; --retry failed makes them again")
    if found.status == "interrupted":
        output.print("interrupted: the same command goes on from here")
    output.print(f"results: {printable(str(found.folder))}", soft_wrap=True)


def finite(value: float) -> float | None:
    """Return a number for JSON; None where it is not finite."""
    return value if math.isfinite(value) else None
