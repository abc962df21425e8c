"""`homogsim expect`: whether what scenarios say about themselves comes out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from homogsim.cli.experiments import INCOMPLETE, runs_progress, settings
from homogsim.cli.stopping import INTERRUPTED, Stop
from homogsim.cli.tables import print_table
from homogsim.cli.text import console, number, percent, printable
from homogsim.errors import HomogsimError
from homogsim.experiments.expect import NOT_RUN, Finding, Report, expect
from homogsim.experiments.runs import read
from homogsim.scenario import NOT_SUPPORTED, presets

if TYPE_CHECKING:
    from rich.console import Console

DOCS = Path("docs")
STYLES = {
    "held": "green",
    "failed": "bold red",
    "unclear": "yellow",
    f"{NOT_SUPPORTED}, as recorded": "dim",
    "held after all": "bold green",
    NOT_RUN: "dim",
}


@dataclass(frozen=True)
class ExpectOptions:
    """The options of ``homogsim expect``."""

    scenarios: tuple[str, ...]
    every: bool = False
    changes: tuple[str, ...] = ()
    replications: int = 8
    seed: int = 10_000
    jobs: int | None = None
    months: int | None = None
    as_json: bool = False
    docs: bool = False
    mark: bool = False


def expect_scenarios(options: ExpectOptions) -> int:
    """Test expectations and print what came out; return 0, 1 when one failed or runs were lost, 130 if interrupted."""
    if options.every and options.scenarios:
        raise HomogsimError("--all is given together with scenarios", "--all", "Give the scenarios, or --all.")
    if not options.every and not options.scenarios:
        raise HomogsimError("which scenario?", help="Give a preset or a file, or --all for all presets.")
    _check_recording(options)
    errors = console(stderr=True)
    with Stop() as stop, runs_progress(errors, silent=options.as_json) as watch:
        report = expect(
            *options.scenarios,
            replications=options.replications,
            seed=options.seed,
            months=options.months,
            set=settings(options.changes),
            jobs=options.jobs,
            watch=watch,
            stop=lambda: stop.requested,
        )
    if options.docs or options.mark:
        _record(report, options, errors)
    if options.as_json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, allow_nan=False))
    else:
        show(report)
    return INTERRUPTED if report.interrupted else INCOMPLETE if report.failed or report.lost else 0


def _check_recording(options: ExpectOptions) -> None:
    """Refuse to record what other markets than the presets' came to."""
    for name, wanted in (("--docs", options.docs), ("--mark", options.mark)):
        if wanted and (options.changes or options.months is not None):
            raise HomogsimError(
                "changed scenarios say nothing about the presets", name, "Leave --set and --months out."
            )
    if options.mark:
        from homogsim.experiments.findings import check_markable

        check_markable(map(read, options.scenarios or presets()))
    if options.docs:
        from homogsim.experiments.validation_page import check_docs

        check_docs(DOCS)
        if not options.every:
            raise HomogsimError("the documents tell of all presets", "--docs", "Give --all.")


def _record(report: Report, options: ExpectOptions, errors: Console) -> None:
    """Write what was found into the documents and the presets, if it is whole."""
    from homogsim.experiments.findings import mark, write_findings
    from homogsim.experiments.sources_page import write_sources

    if report.interrupted or report.lost:
        errors.print("not all runs were finished, so nothing is recorded")
        return
    written = mark(report) if options.mark else []
    written += [write_findings(report, DOCS), write_sources(DOCS)] if options.docs else []
    for path in written:
        errors.print(f"written: {printable(str(path))}", soft_wrap=True)


def show(report: Report) -> None:
    """Print a table for every scenario, and the count."""
    output = console()
    for name, findings in groupby(report.findings, key=lambda finding: finding.scenario):
        print_table(output, _table(name, list(findings)), names=2)
    for run in report.lost:
        output.print(printable(f"lost: {run}"), soft_wrap=True)
    counts = Counter(finding.outcome for finding in report.findings)
    words = [f"{counts[outcome]} {outcome}" for outcome in STYLES if counts[outcome]]
    output.print(f"{', '.join(words)} of {len(report.findings)} expectations")
    if report.interrupted:
        finished, asked = report.runs
        output.print(f"interrupted after {finished} of {asked} runs")


def _table(name: str, findings: list[Finding]) -> Table:
    table = Table(title=f"{name}, {max(f.found.pairs for f in findings)} seeds", title_justify="left")
    table.add_column("verdict", no_wrap=True)
    table.add_column("metric", no_wrap=True)
    table.add_column("expected")
    for heading in ("against", "here", "difference", "95 % interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("note")
    for finding in findings:
        table.add_row(*_row(finding))
    return table


def _row(finding: Finding) -> tuple[str | Text, ...]:
    from homogsim.cli.compare import interval

    said, found = finding.expectation, finding.found
    scale = abs(found.baseline_mean) or float("nan")
    judged = "" if finding.counts or finding.not_run else finding.verdict
    low, high = (percent(value / scale) for value in (found.low, found.high))
    return (
        Text(finding.outcome, style=STYLES[finding.outcome]),
        said.metric,
        said.words,
        number(found.baseline_mean),
        number(found.mean),
        percent(found.relative) or number(found.difference),
        f"{low} … {high}" if low and high else interval(found.low, found.high),
        printable(" · ".join(part for part in (judged, finding.reason, said.note) if part)),
    )
