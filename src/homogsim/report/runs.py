"""The report of one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from homogsim.errors import HomogsimError
from homogsim.report.document import Document, Table, picture
from homogsim.report.wording import METHOD, command, facts, label, number, parameter_table, relative, unit_text, written
from homogsim.scenario import Scenario, presets

if TYPE_CHECKING:
    import pandas as pd

    from homogsim.results import Results

HEADLINES = (
    "n_firms", "adoption_share", "diversity_gamma", "diversity_lost", "diversity_alpha", "diversity_beta",
    "mean_pairwise_distance", "process_distance", "mean_price", "mean_markup", "mean_quality", "mean_personalization",
    "differentiation_premium", "sales_hhi", "vendor_hhi", "roi12_positive_share", "consumer_surplus", "smb_profit",
    "total_welfare",
)  # fmt: skip
"""Metrics of the first table; the run folder holds the others."""

ONE_RUN = "How much of this is luck, only runs under more seeds can tell: the last command below makes them."


def run_document(folder: Path) -> Document:
    """Return the report of a run folder.

    Raises
    ------
    StorageError
        It is no run folder, or damaged.
    """
    from homogsim.results import Results

    results = Results.load(folder)
    scenario = results.scenario
    differences = {name: value for name, (_, value) in scenario.differences().items()}
    return Document(
        kind="run",
        name=scenario.name,
        question=scenario.question,
        answer=answer(results),
        pictures=_pictures(results),
        tables=(_summary_table(results), _survival_table(results)),
        parameters=parameter_table(
            {"value": differences}, "Parameters that differ from their defaults", _events(results)
        ),
        method=METHOD,
        provenance=facts(results.provenance, _identity(results)),
        commands=_commands(results, folder),
        notes=_notes(results),
    )


def answer(results: Results) -> str:
    """Return what one run says, in one sentence, and that it has no interval."""
    from homogsim.results import summarise

    table = summarise(results.timeline)
    start, end, change = (float(table.loc["diversity_gamma", name]) for name in ("start", "end", "relative_change"))
    if change != change:
        return f"With seed {results.seed} nothing can be said: the run has no start or no end to compare."
    tools, surplus = float(table.loc["adoption_share", "end"]), float(table.loc["consumer_surplus", "relative_change"])
    with_tools = f" while {100 * tools:.0f} % of the small businesses came to use a tool," if tools > 0 else ""
    return (
        f"In this one run (seed {results.seed}) {label('diversity_gamma')} changed by {relative(change)}, from "
        f"{number(start)} before automation to {number(end)} at the end,{with_tools} and consumer surplus changed by "
        f"{relative(surplus)}; one run has no confidence interval."
    )


def _summary_table(results: Results) -> Table:
    from homogsim.metrics.table import METRICS
    from homogsim.results import summarise

    found: pd.DataFrame = summarise(results.timeline)
    rows = [
        (name, number(row["start"]), number(row["end"]), relative(row["relative_change"]),
         unit_text(METRICS[name].unit), METRICS[name].meaning)
        for name, row in found.loc[[name for name in HEADLINES if name in found.index]].iterrows()
    ]  # fmt: skip
    note = "Start: mean of the 12 months before automation arrives. End: mean of the last 24 months. –: undefined."
    headings = ("metric", "start", "end", "change", "unit", "meaning")
    return Table("Before automation and at the end", headings, tuple(rows), note, frozenset({1, 2, 3}))


def _survival_table(results: Results) -> Table:
    from homogsim.metrics.table import RUN_METRICS

    rows = [
        (name, number(results.summary.get(name)), unit_text(metric.unit), metric.meaning)
        for name, metric in RUN_METRICS.items()
    ]
    return Table("The run as a whole", ("metric", "value", "unit", "meaning"), tuple(rows), "", frozenset({1}))


def _pictures(results: Results) -> tuple[Any, ...]:
    from homogsim.plots import FIGURES

    return tuple(
        picture(draw(results), name.replace("_", " ").capitalize(), draw.meaning) for name, draw in FIGURES.items()
    )


def _identity(results: Results) -> list[tuple[str, str]]:
    return [
        ("scenario", f"{results.scenario.name}, fingerprint {results.scenario.fingerprint()}"),
        ("seed", str(results.seed)),
        ("months after automation", str(results.months)),
        ("results", f"SHA-256 {results.results_hash()}"),
    ]


def _events(results: Results) -> str:
    lines = [f"from month {month} on {key} = {value}" for month, key, _, value in results.scenario.timetable()]
    return ("Events: " + "; ".join(lines) + ".") if lines else "No event changes a parameter during the run."


def _commands(results: Results, folder: Path) -> tuple[tuple[str, str], ...]:
    again = ("Make this run again and say whether every bit is the same", command("homogsim", "reproduce", str(folder)))
    words = _fresh(results)
    fresh = [("The same run without this folder", words)] if words else []
    more = ("Tell automation from luck: the same seeds without tools", _compared(results))
    return (again, *fresh, *([more] if more[1] else []))


def _fresh(results: Results) -> str:
    """Return the command that makes the run from a preset; empty when no preset and settings make it."""
    scenario = results.scenario
    base = scenario.name if scenario.name in presets() else "baseline"
    found = Scenario.read(base)
    changes = {name: own for name, (_, own) in scenario.differences(found).items()}
    try:
        same = (
            found.override(changes).fingerprint() == scenario.fingerprint() and "checkpoint" not in results.provenance
        )
    except HomogsimError:
        return ""
    if not same:
        return ""
    settings = [word for name, value in changes.items() for word in ("--set", f"{name}={written(value)}")]
    return command("homogsim", "run", base, "--seed", str(results.seed), *settings)


def _compared(results: Results) -> str:
    name = results.scenario.name
    if name not in presets():
        return ""
    first = "before-automation" if name != "before-automation" else "baseline"
    return command("homogsim", "compare", first, name, "--replications", "8", "--out", f"{name}-compared")


def _notes(results: Results) -> tuple[str, ...]:
    said = {"interrupted": "The run was interrupted: the end is the last month that was reached.",
            "extinct": "No small business was left at the end."}  # fmt: skip
    return (ONE_RUN, *([said[results.status]] if results.status in said else []))
