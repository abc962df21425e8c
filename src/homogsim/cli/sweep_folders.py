"""`homogsim sweep status`, `replay`, `export`: what is in the folder of a sweep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from homogsim.cli.tables import print_table
from homogsim.cli.text import console, printable

if TYPE_CHECKING:
    from homogsim.experiments.sweeps.status import Status

SHOWN = 10


def show_status(folder: Path, *, as_json: bool) -> int:
    """Print how far a sweep is; return 0."""
    from homogsim.experiments.sweeps.status import read_status

    status = read_status(folder)
    if as_json:
        print(json.dumps(status.as_dict(), ensure_ascii=False, allow_nan=False))
    else:
        _print(status)
    return 0


def _print(status: Status) -> None:
    output = console()
    counts = ", ".join(f"{count:,} {name}" for name, count in status.counts.items() if count)
    output.print(f"{status.stored:,} of {status.planned:,} runs are stored{f' ({counts})' if counts else ''}")
    output.print(f"{status.design}: {status.points:,} points × {status.replications:,} replications", soft_wrap=True)
    for factor in status.factors:
        output.print(printable(f"  {factor}"), soft_wrap=True)
    output.print(f"at work now: {printable(status.holder)}" if status.holder else "nobody is at work on it")
    if status.code_change:
        output.print(printable(f"made with other model code than this ({status.code_change})"), soft_wrap=True)
    for what in status.damaged:
        output.print(printable(f"damaged: {what}"), soft_wrap=True)
    if status.failed:
        print_table(output, _failures(status.failed))


def _failures(failed: list[dict[str, Any]]) -> Table:
    more = f", the first {SHOWN}" if len(failed) > SHOWN else ""
    table = Table(title=f"{len(failed)} runs that are not ok{more}", title_justify="left")
    for heading in ("run", "point", "seed", "status"):
        table.add_column(heading, no_wrap=True)
    table.add_column("error")
    for row in failed[:SHOWN]:
        table.add_row(row["id"][:12], str(row["point"]), str(row["seed"]), row["status"], printable(row["error"]))
    return table


def replay_run(folder: Path, run: str, out: Path | None, *, allow_code_change: bool, as_json: bool) -> int:
    """Make a run again as a run folder; return 0 if it is identical, 1 if not."""
    from homogsim.experiments.sweeps.replay import replay

    found = replay(folder, run, out, allow_code_change=allow_code_change)
    if as_json:
        facts = {
            "id": found.id,
            "run_dir": str(found.folder),
            "identical": found.identical,
            "different": found.different,
        }
        print(json.dumps(facts, ensure_ascii=False))
    else:
        output = console()
        verdict = "identical" if found.identical else f"different: {', '.join(found.different[:SHOWN])}"
        output.print(f"run {found.id}: {verdict}", soft_wrap=True)
        output.print(f"results: {printable(str(found.folder))}", soft_wrap=True)
    return 0 if found.identical else 1


def export_sweep(folder: Path, to: str, out: Path | None, *, series: bool, force: bool) -> int:
    """Write stored runs or series to one file; return 0."""
    from homogsim.experiments.sweeps.export import export

    path, rows = export(folder, to, out, series=series, replace=force)
    console().print(f"{rows:,} rows: {printable(str(path))}", soft_wrap=True)
    return 0
