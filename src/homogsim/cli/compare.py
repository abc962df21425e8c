"""`homogsim compare`: scenarios under the same seeds, each against the first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from homogsim.cli.experiments import INCOMPLETE, check_new_folder, free_folder, runs_progress, settings
from homogsim.cli.stopping import INTERRUPTED, Stop
from homogsim.cli.tables import print_table
from homogsim.cli.text import console, number, percent, printable

if TYPE_CHECKING:
    from rich.console import Console

    from homogsim.experiments.comparison import Comparison
    from homogsim.experiments.tastes import Geometry

CLEAR = ("higher", "lower")
TASTES = {"ideal_point": ", ideal points", "kernel": ", kernel tastes"}


@dataclass(frozen=True)
class CompareOptions:
    """The options of ``homogsim compare``."""

    scenarios: tuple[str, ...]
    changes: tuple[str, ...] = ()
    replications: int = 5
    seed: int = 1
    jobs: int | None = None
    months: int | None = None
    metrics: tuple[str, ...] = ()
    precision: float | None = None
    cap: int = 50
    out: Path | None = None
    as_json: bool = False
    tastes: str | None = None


def compare_scenarios(options: CompareOptions) -> int:
    """Compare, write and print; return the exit code: 0, 1 when runs were lost, 130 when it was interrupted."""
    from homogsim.experiments.tastes import geometries

    errors = console(stderr=True)
    check_new_folder(options.out)
    asked = geometries(options.tastes)
    found: dict[str, Comparison] = {}
    with Stop() as stop:
        for geometry in asked:
            comparison = _compared(options, geometry, stop, errors)
            if comparison.seeds:
                found[geometry or ""] = comparison
            if stop.requested:
                break
        if not found:
            errors.print("interrupted before one replication was finished")
            return INTERRUPTED
        folder = None if options.out is None else write(found, len(asked) > 1, free_folder(options.out))
    if options.as_json:
        print(json.dumps(as_dict(found, len(asked) > 1), ensure_ascii=False, allow_nan=False))
    else:
        show(found, folder)
    lost = any(comparison.status == "incomplete" for comparison in found.values())
    return INTERRUPTED if stop.requested else INCOMPLETE if lost else 0


def as_dict(found: dict[str, Comparison], several: bool) -> dict[str, Any]:
    """Return a comparison as plain data; under several geometries each by its name, one level below ``tastes``."""
    first = next(iter(found.values()))
    if not several:
        return first.as_dict()
    return {
        "baseline": first.baseline,
        "tastes": {geometry: comparison.as_dict() for geometry, comparison in found.items()},
    }


def _compared(options: CompareOptions, tastes: Geometry | None, stop: Stop, errors: Console) -> Comparison:
    from homogsim.experiments.compare import compare

    with runs_progress(errors, silent=options.as_json) as watch:
        return compare(
            *options.scenarios,
            replications=options.replications,
            seed=options.seed,
            months=options.months,
            set=settings(options.changes),
            metrics=options.metrics,
            precision=options.precision,
            cap=options.cap,
            jobs=options.jobs,
            tastes=tastes,
            watch=watch,
            stop=lambda: stop.requested,
        )


def write(found: dict[str, Comparison], several: bool, target: Path) -> Path:
    """Write tables and figures to a new folder, whole or not at all, and return its path.

    Under several geometries of tastes each has a folder of its own in it, and ``comparison.json`` holds them all.
    """
    from homogsim.plots.comparison import save_figures
    from homogsim.results.folder import whole_folder, write_file

    with whole_folder(target) as folder:
        for geometry, comparison in found.items():
            place = folder / geometry if several else folder
            place.mkdir(exist_ok=True)
            comparison.write(place)
            save_figures(comparison, place / "figures")
        if several:
            text = json.dumps(as_dict(found, several), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
            write_file(folder / "comparison.json", lambda file: file.write(text.encode("utf-8")))
    return target


def show(found: dict[str, Comparison], folder: Path | None) -> None:
    """Print a table for every scenario, the parts of its welfare, and what a reader should know."""
    output = console()
    for geometry, comparison in found.items():
        tastes = TASTES.get(geometry, "")
        for name in comparison.others:
            print_table(output, _metrics_table(comparison, name, tastes), unnamed="relative")
            if len(found) == 1 and (comparison.welfare["scenario"] == name).any():
                print_table(output, _welfare_table({"": comparison}, name))
    if len(found) > 1:
        for name in next(iter(found.values())).others:
            if any((comparison.welfare["scenario"] == name).any() for comparison in found.values()):
                print_table(output, _welfare_table(found, name))
    for note in dict.fromkeys(note for comparison in found.values() for note in comparison.notes):
        output.print(printable(note), soft_wrap=True)
    if folder is not None:
        output.print(f"results: {printable(str(folder))}", soft_wrap=True)


def _metrics_table(comparison: Comparison, name: str, tastes: str) -> Table:
    caption = "end of a run: mean of its last 24 months; 95 % intervals, each metric by itself; ×: times fewer runs"
    table = Table(title=_title(comparison, name) + tastes, title_justify="left", caption_justify="left")
    table.caption = f"{caption}\nthan with independent seeds"
    table.add_column("metric", no_wrap=True)
    for heading in (comparison.baseline, name, "difference", "95 % interval", "", "×"):
        folds = heading in comparison.scenarios  # as long as people like, over numbers that are short
        table.add_column(heading, justify="right", no_wrap=not folds, overflow="fold" if folds else "ellipsis")
    table.add_column("verdict", no_wrap=True)
    table.add_column("unit")
    for row in comparison.table[comparison.table["scenario"] == name].itertuples():
        said = row.verdict if isinstance(row.verdict, str) else number(None)  # a missing text is NaN in a table
        verdict = Text(said, style="bold" if said in CLEAR else "")
        table.add_row(
            row.metric, number(row.baseline_mean), number(row.mean), number(row.difference),
            interval(row.low, row.high), percent(row.relative), number(row.variance_reduction), verdict, row.unit,
        )  # fmt: skip
    return table


def _title(comparison: Comparison, name: str) -> str:
    seeds = comparison.seeds
    which = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds ({seeds[0]} to {seeds[-1]})"
    status = "" if comparison.status == "complete" else f" ({comparison.status})"
    return f"{name} against {comparison.baseline}, {which}{status}"


def _welfare_table(found: dict[str, Comparison], name: str) -> Table:
    """Return the parts of a scenario's welfare, two columns for each geometry of tastes."""
    table = Table(title=f"{name}: change of consumer surplus in the last month, by cause", title_justify="left")
    table.add_column("part", no_wrap=True)
    parts: dict[str, list[str]] = {}
    for geometry, comparison in found.items():
        table.add_column(f"$/month{TASTES.get(geometry, '')}", justify="right")
        table.add_column("95 % interval", justify="right", no_wrap=True)
        for row in comparison.welfare[comparison.welfare["scenario"] == name].itertuples():
            parts.setdefault(row.part, []).extend((number(row.mean), interval(row.low, row.high)))
    for part, cells in parts.items():
        table.add_row(part.replace("_", " "), *cells, style="bold" if part == "total" else "")
    return table


def interval(low: float, high: float) -> str:
    """Return an interval such as ``-0.12 … 0.03``; a dash where there is none."""
    return number(None) if low != low else f"{number(low)} … {number(high)}"
