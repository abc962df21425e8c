"""`homogsim robustness`: which results hold whatever the uncertain parameters are, and without each penalty."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from homogsim.cli.experiments import INCOMPLETE, runs_progress, settings
from homogsim.cli.stopping import INTERRUPTED, Stop
from homogsim.cli.tables import print_table
from homogsim.cli.text import console, printable
from homogsim.scenario.budget import duration

if TYPE_CHECKING:
    from homogsim.experiments.robustness.study import Robustness

DOCS = Path("docs")


@dataclass(frozen=True)
class RobustnessOptions:
    """The options of ``homogsim robustness``."""

    out: Path
    scenario: str = "baseline"
    changes: tuple[str, ...] = ()
    points: int = 64
    replications: int = 6
    point_seeds: int = 2
    seed: int = 40_000
    jobs: int | None = None
    months: int | None = None
    docs: bool = False
    as_json: bool = False


def study_robustness(options: RobustnessOptions) -> int:
    """Make what runs are missing, write and print; return 0, 1 when runs were lost, 130 if interrupted."""
    from homogsim.experiments.robustness.page import write_page
    from homogsim.experiments.robustness.study import plan
    from homogsim.experiments.validation_page import check_docs

    if options.docs:
        check_docs(DOCS)
    errors = console(stderr=True)
    planned = plan(
        options.scenario,
        points_=options.points,
        replications=options.replications,
        point_seeds=options.point_seeds,
        seed=options.seed,
        months=options.months,
        set=settings(options.changes),
        jobs=options.jobs,
    )
    if not options.as_json:
        about = duration(planned.seconds)
        errors.print(f"{len(planned.tasks())} runs, {planned.jobs} at a time: about {about} if none is there yet")
    with Stop() as stop, runs_progress(errors, silent=options.as_json) as watch:
        found = planned.run(options.out, watch, lambda: stop.requested)
    if found.interrupted:
        errors.print("interrupted: nothing is written; the same command goes on from here")
        return INTERRUPTED
    for path in write_page(found, DOCS) if options.docs else []:
        errors.print(f"written: {printable(str(path))}", soft_wrap=True)
    if options.as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False, allow_nan=False))
    else:
        show(found)
    return INCOMPLETE if found.lost else 0


def show(found: Robustness) -> None:
    """Print the cases, and how robust each headline is across all points."""
    from homogsim.experiments.robustness.design import HEADLINES
    from homogsim.experiments.robustness.page import cell, verdict

    output = console()
    table = Table(title="what automation changes", title_justify="left")
    table.add_column("case")
    for headline in HEADLINES:
        table.add_column(headline.label, justify="right", no_wrap=True)
    for case in found.plan.cases:
        label = case.label if case.changes or case.group == "baseline" else f"{case.label} (the baseline's own)"
        table.add_row(label, *(cell(found.of_case(case, headline), headline) for headline in HEADLINES))
    for label, values in found.scales.items():
        table.add_row(f"similarity scale {label}", cell(values, HEADLINES[0]), "", "")
    print_table(output, table)
    for headline in HEADLINES if found.plan.points else ():
        sign, told = found.signs(headline), found.sensitivity(headline)
        word = verdict(sign.same, sign.clearly_opposite, told.points).strip("*")
        output.print(f"{headline.label}: {word} (the baseline's sign at {sign.same} of {told.points} points)")
    for run in found.lost:
        output.print(printable(f"lost: {run}"), soft_wrap=True)
