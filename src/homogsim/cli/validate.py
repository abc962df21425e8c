"""`homogsim validate`: every target beside what the model says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from homogsim.cli.experiments import INCOMPLETE, check_new_folder, free_folder, runs_progress, settings
from homogsim.cli.stopping import INTERRUPTED, Stop
from homogsim.cli.tables import print_table
from homogsim.cli.text import console, number, printable
from homogsim.scenario.budget import duration

if TYPE_CHECKING:
    from rich.console import Console

    from homogsim.experiments.validation import Check, Validation

DOCS = Path("docs")
STYLES = {"inside": "green", "outside": "bold red", "undefined": "bold yellow", "not expressed": "dim"}
TITLES = {"fit": "fitted to", "validate": "out of sample, never tuned", "prior": "priors: what parameters come to"}


@dataclass(frozen=True)
class ValidateOptions:
    """The options of ``homogsim validate``."""

    scenario: str = "baseline"
    changes: tuple[str, ...] = ()
    targets: str = "all"
    replications: int = 8
    seed: int = 20_000
    jobs: int | None = None
    months: int | None = None
    out: Path | None = None
    docs: bool = False
    as_json: bool = False


def validate_scenario(options: ValidateOptions) -> int:
    """Validate, write and print; return 0, 1 when a fitted target is outside or runs were lost, 130 if interrupted."""
    from homogsim.experiments.validation_page import check_docs, write_page

    errors = console(stderr=True)
    check_new_folder(options.out)
    if options.docs:
        check_docs(DOCS)
    with Stop() as stop:
        found = _validated(options, stop, errors)
        if found.interrupted:
            errors.print("interrupted: what follows rests on the runs that were finished, and nothing is written")
        else:
            written = [] if options.out is None else [found.save(free_folder(options.out))]
            written += write_page(found, DOCS) if options.docs else []
            for path in written:
                errors.print(f"written: {printable(str(path))}", soft_wrap=True)
    if options.as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False, allow_nan=False))
    else:
        show(found)
    return INTERRUPTED if found.interrupted else INCOMPLETE if found.failed or found.lost else 0


def _validated(options: ValidateOptions, stop: Stop, errors: Console) -> Validation:
    from homogsim.experiments.validation import plan

    planned = plan(
        options.scenario,
        replications=options.replications,
        seed=options.seed,
        months=options.months,
        set=settings(options.changes),
        jobs=options.jobs,
        ids=options.targets,
    )
    if not options.as_json:
        errors.print(
            f"{planned.runs} runs of {len(planned.measurements)} scenarios, {planned.jobs} at a time: about "
            f"{duration(planned.seconds)}"
        )
    with runs_progress(errors, silent=options.as_json) as watch:
        return planned.run(watch, lambda: stop.requested)


def show(found: Validation) -> None:
    """Print a table for each use of targets, and the count."""
    output = console()
    for use, title in TITLES.items():
        checks = [check for check in found.checks if check.target.use == use]
        if checks:
            print_table(output, _table(title, checks), unnamed="verdict")
    for run in found.lost:
        output.print(printable(f"lost: {run}"), soft_wrap=True)
    fitted = [check for check in found.checks if check.target.use == "fit" and check.target.expressed]
    if fitted:
        inside = sum(check.verdict == "inside" for check in fitted)
        outside = ", ".join(check.target.id for check in found.failed)
        output.print(f"{inside} of {len(fitted)} fitted targets inside{f'; not: {outside}' if outside else ''}")


def _table(title: str, checks: list[Check]) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.add_column("target", no_wrap=True)
    for heading in ("band", "target", "simulated", "± s.e."):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("unit")
    table.add_column("status", no_wrap=True)
    table.add_column("remark")
    for check in checks:
        t = check.target
        verdict = Text(check.verdict, style=STYLES[check.verdict])
        band = f"{number(t.lo)} … {number(t.hi)}"
        unit, remark = printable(t.unit), printable(check.remark)
        table.add_row(
            t.id, band, number(t.target), number(check.mean), number(check.error), verdict, unit, t.status, remark
        )
    return table
