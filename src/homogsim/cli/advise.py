"""`homogsim advise`: what one business should do, and how sure that is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from homogsim.cli.experiments import INCOMPLETE, check_new_folder, free_folder, runs_progress, settings
from homogsim.cli.stopping import INTERRUPTED, Stop
from homogsim.cli.tables import print_table
from homogsim.cli.text import MISSING, console, number, printable
from homogsim.errors import HomogsimError

if TYPE_CHECKING:
    from rich.console import Console

    from homogsim.experiments.advice.advice import Advice
    from homogsim.experiments.advice.type_map import TypeMap

SHOWN = (
    ("survival", "survives"), ("profit", "profit, $"), ("roi12", "ROI12"), ("roi36", "ROI36"),
    ("payback_month", "paid back, month"), ("differentiation_premium", "premium, $"), ("net_promoter_score", "NPS"),
    ("nearest_rival", "nearest rival"),
)  # fmt: skip


@dataclass(frozen=True)
class AdviseOptions:
    """The options of ``homogsim advise``."""

    scenario: str
    changes: tuple[str, ...] = ()
    sector: str | None = None
    town: str | None = None
    firm: str | None = None
    like: str = ""
    month: int | None = None
    choices: str | None = None
    horizon: int = 60
    replications: int = 20
    seed: int | None = None
    jobs: int | None = None
    out: Path | None = None
    as_map: bool = False
    as_json: bool = False


def advise_business(options: AdviseOptions) -> int:
    """Advise, write and print; return the exit code: 0, 1 when worlds were lost, 130 when it was interrupted."""
    from homogsim.experiments.replicate import Stopped

    errors = console(stderr=True)
    check_new_folder(options.out)
    with Stop() as stop:
        try:
            found = _mapped(options, stop, errors) if options.as_map else _advised(options, stop, errors)
        except Stopped:
            found = None
        if found is None or not found.worlds:
            errors.print("interrupted before one world was finished")
            return INTERRUPTED
        folder = None if options.out is None else write(found, free_folder(options.out))
    if options.as_json:
        print(json.dumps(found.as_dict(), ensure_ascii=False, allow_nan=False))
    else:
        show(found, folder)
    return INTERRUPTED if stop.requested else INCOMPLETE if found.status == "incomplete" else 0


def _names(options: AdviseOptions) -> list[str] | None:
    return None if options.choices is None else options.choices.split(",")


def _advised(options: AdviseOptions, stop: Stop, errors: Console) -> Advice:
    from homogsim.experiments.advice.advise import MONTH, advise

    with runs_progress(errors, silent=options.as_json) as watch:
        return advise(
            options.scenario,
            firm=options.firm,
            like=options.like,
            town=options.town,
            sector=options.sector,
            month=MONTH if options.month is None else options.month,
            choices=_names(options),
            horizon=options.horizon,
            replications=options.replications,
            seed=options.seed,
            set=settings(options.changes),
            jobs=options.jobs,
            watch=watch,
            stop=lambda: stop.requested,
        )


def _mapped(options: AdviseOptions, stop: Stop, errors: Console) -> TypeMap:
    from homogsim.experiments.advice.advise import MONTH
    from homogsim.experiments.advice.types import map_types

    if options.firm is not None or options.like or options.town is not None or options.sector is not None:
        what = "a map is of all kinds of businesses"
        raise HomogsimError(what, "--map", "Leave out --firm, --like, --town and --sector.")
    with runs_progress(errors, silent=options.as_json) as watch:
        return map_types(
            options.scenario,
            month=MONTH if options.month is None else options.month,
            choices=_names(options),
            horizon=options.horizon,
            replications=options.replications,
            seed=options.seed,
            set=settings(options.changes),
            jobs=options.jobs,
            watch=watch,
            stop=lambda: stop.requested,
        )


def write(found: Advice | TypeMap, target: Path) -> Path:
    """Write tables, page and figure to a new folder, whole or not at all, and return its path."""
    from homogsim.experiments.advice.advice import Advice
    from homogsim.plots import advice as plots
    from homogsim.plots import advice_map
    from homogsim.results.folder import whole_folder

    with whole_folder(target) as folder:
        found.write(folder)
        if isinstance(found, Advice):
            plots.save_figures(found, folder / "figures")
        else:
            advice_map.save_figures(found, folder / "figures")
    return target


def show(found: Advice | TypeMap, folder: Path | None) -> None:
    """Print the findings with the figures behind them, and a table."""
    from homogsim.experiments.advice.advice import Advice

    output = console()
    if isinstance(found, Advice):
        _show_advice(output, found)
    else:
        _show_map(output, found)
    for text in found.notes:
        output.print(printable(text), soft_wrap=True)
    if folder is not None:
        output.print(f"results: {printable(str(folder))}", soft_wrap=True)


def _show_advice(output: Console, advice: Advice) -> None:
    for place, finding in enumerate(advice.findings, 1):
        output.print(f"{place}. {printable(finding.sentence)}", style="bold" if place == 1 else "", soft_wrap=True)
        if finding.figures:
            output.print(f"   {printable(finding.behind)}", style="dim", soft_wrap=True)
    print_table(output, _table(advice))


def _table(advice: Advice) -> Table:
    kind = "futures of one past" if advice.firm is not None else "worlds"
    title = f"against no tool, month {advice.month} + {advice.horizon}, {len(advice.worlds)} {kind}"
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.caption = "paired differences with 95 % intervals (±); returns and payback are levels; none: levels"
    table.add_column("", no_wrap=True)
    for choice in advice.choices:
        style = "bold" if choice.name == advice.best else ""
        table.add_column(choice.short, justify="right", no_wrap=True, style=style)
    for measure, heading in SHOWN:
        table.add_row(heading, *(_cell(advice, choice.name, measure) for choice in advice.choices))
    ranked = advice.ranking.set_index("choice")
    if len(advice.shared) < len(advice.worlds):
        gains = ranked["compared_gain"]
        heading = f"profit, $, in {len(advice.shared)} shared"
        table.add_row(heading, *("" if c.name == "none" else number(float(gains[c.name])) for c in advice.choices))
        table.caption += f"\nranked in the {len(advice.shared)} worlds in which all ranked choices can be paid"
    table.add_row("best in, of worlds", *(_share(float(ranked["best_share"][c.name])) for c in advice.choices))
    return table


def _share(value: float) -> str:
    return MISSING if value != value else f"{100.0 * value:.0f} %"


def _cell(advice: Advice, choice: str, measure: str) -> str:
    row = advice.cell(choice, measure)
    if choice == "none":
        return "" if row["none"] != row["none"] else number(float(row["none"]))
    if row["difference"] != row["difference"]:
        return number(None)
    half = (row["high"] - row["low"]) / 2.0
    spread = "" if half != half else f" ± {number(float(half))}"
    sign = "+" if row["difference"] > 0 and measure not in ("roi12", "roi36", "payback_month") else ""
    return f"{sign}{number(float(row['difference']))}{spread}"


def _show_map(output: Console, found: TypeMap) -> None:
    output.print(printable(found.summary), soft_wrap=True)
    for heading, rows in found.cells_by_plane():
        table = Table(title=heading, title_justify="left")
        for name in ("kind", "businesses", "best", "gain, $", "95 % interval", "runner-up", "verdict"):
            table.add_column(name, justify="right" if name in ("businesses", "gain, $", "95 % interval") else "left")
        for row in rows:
            span = number(None) if row["low"] != row["low"] else f"{number(row['low'])} … {number(row['high'])}"
            table.add_row(
                row["first"], str(row["businesses"]), row["best"], number(row["gain"]), span, row["runner_up"],
                row["verdict"], style="" if row["verdict"] == "unclear" else "bold",
            )  # fmt: skip
        print_table(output, table)
