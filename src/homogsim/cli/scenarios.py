"""`homogsim list`, `show`, `new` and `lint`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rich.table import Table
from rich.text import Text

from homogsim.cli.tables import print_table
from homogsim.cli.text import console, printable
from homogsim.errors import HomogsimError
from homogsim.parameters import Declaration, declared
from homogsim.scenario import Scenario, lint, presets
from homogsim.scenario.checking import values

DIFFERS = "*"

WIDE = 130
"""Columns of a terminal from which parameters are shown as a table."""


def list_presets() -> None:
    """Print every preset and its question."""
    table = Table(box=None, pad_edge=False)
    table.add_column("preset", no_wrap=True, style="bold")
    table.add_column("question")
    for name, path in presets().items():
        table.add_row(name, Text(printable(Scenario.read(path).question)))
    print_table(console(), table)


def show_scenario(source: str, *, every: bool) -> None:
    """Print the parameters of a scenario: the essential ones and those that differ, or all."""
    scenario = Scenario.read(source)
    own, different = values(scenario.parameters), scenario.differences()
    chosen = [d for d in declared().values() if every or d.level == "essential" or d.name in different]
    rows = [_row(d, own[d.name], d.name in different) for d in chosen]
    output = console()
    output.print(printable(f"{scenario.name}: {scenario.question}"))
    if output.width >= WIDE:
        output.print(_table(rows))
    else:
        for row in rows:
            output.print(_block(row))
    for line in _events(scenario):
        output.print(line)
    hidden = len(declared()) - len(chosen)
    output.print(f"{DIFFERS} differs from the default." + (f" {hidden} more with --all." if hidden else ""))


class _Row(NamedTuple):
    mark: str
    parameter: str
    value: str
    default: str
    unit: str
    bounds: str
    meaning: str
    source: str


def _row(declaration: Declaration, value: Any, differs: bool) -> _Row:
    facts = (_text(value), _text(declaration.default), declaration.unit, _bounds(declaration))
    return _Row(DIFFERS if differs else "", declaration.name, *facts, declaration.meaning, declaration.source)


def _table(rows: Iterable[_Row]) -> Table:
    table = Table()
    for name in _Row._fields:
        justify: Literal["left", "right"] = "right" if name in ("value", "default") else "left"
        table.add_column(name.replace("mark", ""), justify=justify, no_wrap=name in ("parameter", "value", "default"))
    for row in rows:
        table.add_row(*row, style="bold" if row.mark else "")
    return table


def _block(row: _Row) -> Text:
    """Return a parameter in three lines, for terminals too narrow for the table."""
    unit = "" if row.unit in ("", "-") else f" {row.unit}"
    bounds = f"; {row.bounds}" if row.bounds else ""
    head = f"{row.mark:1} {row.parameter} = {row.value}{unit}  (default {row.default}{bounds})\n"
    details = f"    {row.meaning}\n    source: {row.source}"
    return Text.assemble((head, "bold" if row.mark else ""), (details, "dim"))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(map(_text, value)) or "none"
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)


def _bounds(declaration: Declaration) -> str:
    if declaration.choices:
        return ", ".join(declaration.choices)
    if declaration.low is None or declaration.high is None:
        return ""
    return f"{_text(declaration.low)} – {_text(declaration.high)}"


def _events(scenario: Scenario) -> list[str]:
    """Return a line for every parameter that an event changes."""
    return [
        printable(f"  from month {month} on: {key} = {_text(value)} (before: {_text(before)})")
        for month, key, before, value in scenario.timetable()
    ]


def new_scenario(file: Path, origin: str) -> None:
    """Write a scenario file that starts from another scenario."""
    if not file.name:
        raise HomogsimError(f"{printable(str(file))!r} is no name of a file", "FILE", "For example: mine.toml")
    target = file if file.suffix == ".toml" else file.with_name(f"{file.name}.toml")
    if target.exists():
        raise HomogsimError("exists already", str(target), "Choose another name.")
    path = str(Scenario.read(origin).derive(target.stem).write(target))
    told = f"wrote {printable(path)}: set in it what differs, then `homogsim run {printable(shlex.quote(path))}`"
    console().print(told, soft_wrap=True)


def lint_scenario(source: str) -> None:
    """Print every problem of a scenario file, or what it changes.

    Raises
    ------
    HomogsimError
        There is a problem.
    """
    from homogsim.experiments.replicate import known_metrics

    problems = lint(source, known_metrics())
    if problems:
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise HomogsimError("\n".join(map(str, problems)), help=f"{count} in {printable(source)!r}.")
    scenario = Scenario.read(source)
    output = console()
    output.print(f"{scenario.name}: no problem.")
    for name, (default, value) in scenario.differences().items():
        output.print(printable(f"  {name} = {_text(value)} (default {_text(default)})"))
    for line in _events(scenario):
        output.print(line)
