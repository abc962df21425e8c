"""The table at the end of a run, and its JSON twin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from homogsim.cli.text import number, percent
from homogsim.results import Results, summarise
from homogsim.results.manifest import plain
from homogsim.results.summary import END_MONTHS, START_MONTHS

if TYPE_CHECKING:
    import pandas as pd

START = f"start: last {START_MONTHS} months before automation arrives"


def summary_table(results: Results) -> Table:
    """Return start, end and change of every metric, with its unit."""
    from homogsim.metrics.table import METRICS

    table = Table(title=_title(results), title_justify="left", caption_justify="left")
    table.caption = _caption(results.timeline)
    table.add_column("metric", no_wrap=True)
    for name in ("start", "end", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("unit")
    units = {name: metric.unit for name, metric in METRICS.items()}
    rows = summarise(results.timeline)
    for name, start, end, change, relative in rows.itertuples():
        table.add_row(name, number(start), number(end), number(change), percent(relative), units.get(name, ""))
    for name, value in results.summary.items():
        if name not in rows.index:  # of the whole run, such as survival
            table.add_row(name, "", number(value), "", "", units.get(name, ""))
    return table


def _title(results: Results) -> str:
    status = "" if results.status == "complete" else f" ({results.status})"
    return f"{results.scenario.name}, seed {results.seed}, {results.months} months{status}"


def _caption(timeline: pd.DataFrame) -> str:
    """Return which months the columns are means of, as far as they were run."""
    if timeline.empty:
        return "stopped before the first recorded month: there is nothing to summarise"
    first, last = int(timeline["month"].min()), int(timeline["month"].max())
    if last < 0:
        run = min(END_MONTHS, last - first + 1)
        months = "the one month" if run == 1 else f"the last {run} months"
        return f"stopped before automation arrived; end: {months} that {'was' if run == 1 else 'were'} recorded"
    run = min(END_MONTHS, last - max(first, 0) + 1)
    return f"{START}; end: {f'last {run} months' if run > 1 else 'the one month since'}"


def summary_json(results: Results, folder: Path) -> str:
    """Return the one JSON object that ``--json`` prints; what is not defined is null."""
    facts = {
        "scenario": results.scenario.name,
        "seed": results.seed,
        "months": results.months,
        "run_dir": str(folder),
        "results_hash": results.results_hash(),
        "summary": results.summary,
    }
    return json.dumps(plain(facts), ensure_ascii=False, allow_nan=False)
