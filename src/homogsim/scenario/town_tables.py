"""Tables of a town (CSV): which there are, and their rows, read one by one."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from homogsim.errors import ScenarioError, counted, nearest
from homogsim.parameters import TOOLS
from homogsim.scenario.places import LONGEST_NAME, MOST
from homogsim.scenario.source import at
from homogsim.scenario.values import printable

LARGEST_TABLE = 5_000_000
"""Bytes of a table."""
MOST_SHOWN = 12
"""Problems that are told at a time."""


@dataclass(frozen=True)
class Column:
    """A column of a table: how its values are read, and what they are."""

    read: Callable[[str], Any]
    meaning: str
    needed: bool = False


def _text(value: str) -> str:
    if not value.isprintable() or len(value) > LONGEST_NAME:
        raise ValueError(f"a text of at most {LONGEST_NAME} letters is needed")
    return value


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        try:
            number = float(value.replace("\u202f", "").replace(" ", ""))
        except ValueError:
            raise ValueError(f"a number from {low:g} to {high:g} is needed") from None
        if not low <= number <= high:  # NaN too
            raise ValueError(f"a number from {low:g} to {high:g} is needed")
        return number

    return read


def date_of(value: str) -> int:
    """Return the month of a date as 12 · year + month."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", value)
    month = int(found.group(2) or 1) if found else 0
    if found is None or not 1 <= month <= 12 or not 1 <= int(found.group(3) or 1) <= 31:
        raise ValueError("a date such as 2019, 2019-05 or 2019-05-31 is needed")
    return 12 * int(found.group(1)) + month - 1


def _tool(value: str) -> str:
    if value not in TOOLS:
        raise ValueError(f"one of {', '.join(TOOLS)} is needed")
    return value


COLUMNS: Mapping[str, Mapping[str, Column]] = {
    "towns": {
        "town": Column(_text, "name", needed=True),
        "households": Column(_number(1, 1e8), "number of households", needed=True),
        "x_km": Column(_number(-1e5, 1e5), "position eastward, km"),
        "y_km": Column(_number(-1e5, 1e5), "position northward, km"),
        "latitude": Column(_number(-90, 90), "degrees"),
        "longitude": Column(_number(-180, 180), "degrees"),
    },
    "sectors": {
        "sector": Column(_text, "name", needed=True),
        "purchases": Column(_number(1e-3, 1e4), "purchases of a household in a month"),
    },
    "businesses": {
        "town": Column(_text, "name of its town", needed=True),
        "sector": Column(_text, "name of its sector", needed=True),
        "name": Column(_text, "its own name"),
        "price": Column(_number(0.01, 1e6), "price of a usual purchase, compared within the sector"),
        "opened": Column(date_of, "date of opening"),
        "tool": Column(_tool, "tool in use"),
        "contact": Column(_number(0, 1), "share of customer contact that is automated"),
    },
    "travel": {
        "from": Column(_text, "town", needed=True),
        "to": Column(_text, "town", needed=True),
        "minutes": Column(_number(0.1, 1e4), "travel time", needed=True),
    },
}
"""The tables and their columns. A table is told by its columns: households, minutes, town and sector, sector alone."""


class Row(NamedTuple):
    """A row that could be read."""

    path: Path
    line: int
    values: dict[str, Any]

    def where(self, column: str = "") -> str:
        """Return its place."""
        return at(self.path, self.line) + (f", column {column}" if column else "")


class Problems(ScenarioError):
    """Several problems of tables, each with its place."""

    def __init__(self, problems: Sequence[ScenarioError]) -> None:
        lines = [f"{p.where}: {p.what}" + (f" ({p.help})" if p.help else "") for p in problems[:MOST_SHOWN]]
        more = len(problems) - MOST_SHOWN
        super().__init__("\n".join(lines) + (f"\n… and {more} more" if more > 0 else ""))


def read_tables(paths: Sequence[Path]) -> dict[str, list[Row]]:
    """Return the rows of tables by what they are of.

    Raises
    ------
    ScenarioError
        Says every row that cannot be read, and which table is missing or there twice.
    """
    found: dict[str, list[Row]] = {kind: [] for kind in COLUMNS}
    seen: dict[str, Path] = {}
    problems: list[ScenarioError] = []
    for path in paths:
        try:
            kind, rows, wrong = _table(path)
        except ScenarioError as error:
            problems.append(error)
            continue
        if kind in seen:
            what = f"a second table of {kind}, after {printable(seen[kind].name)}"
            problems.append(ScenarioError(what, at(path), "Put all of them into one file."))
        seen[kind] = path
        found[kind] += rows
        problems += wrong
    if problems:
        raise Problems(problems)
    if "towns" not in seen:
        what = "there is no table of towns"
        raise ScenarioError(what, help="Its columns: town, households, and x_km, y_km or latitude, longitude.")
    if "sectors" not in seen and "businesses" not in seen:
        what = "there is no table of sectors, nor of businesses that would name some"
        raise ScenarioError(what, help="A table of sectors has the column sector, and purchases if you know them.")
    return found


def _table(path: Path) -> tuple[str, list[Row], list[ScenarioError]]:
    """Return what a table is of, its rows, and the problems of the rows that cannot be read."""
    lines = list(_lines(path))
    if not lines:
        raise ScenarioError("the table is empty", at(path), "Its first line names the columns.")
    (first, names), *body = lines
    header = [name.strip().lower() for name in names]
    kind = _kind(header, path, first)
    if not body:
        raise ScenarioError(f"the table of {kind} has no rows", at(path), "Below the line of columns, one row each.")
    if len(body) > MOST.get(kind, MOST["roads"]):
        raise ScenarioError(f"{len(body)} rows are too many", at(path))
    rows, problems = [], []
    for line, cells in body:
        row, wrong = _row(path, line, header, cells, COLUMNS[kind])
        problems += wrong
        rows += [] if wrong else [row]
    return kind, rows, problems


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a table that are not empty, with their numbers; the delimiter is told by the first one."""
    try:
        if not path.is_file():
            help = "Name CSV files: towns, sectors, businesses, travel."
            raise ScenarioError("there is no such file", at(path), help)
        data = path.read_bytes()[: LARGEST_TABLE + 1]
    except (OSError, ValueError) as error:
        raise ScenarioError(f"the file cannot be read: {error!s:.100}", at(path)) from None
    if len(data) > LARGEST_TABLE:
        raise ScenarioError(f"the file is larger than {LARGEST_TABLE // 1_000_000} MB", at(path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScenarioError("the file is not UTF-8 text", at(path, line), "Save it as CSV UTF-8.") from None
    if "\0" in text:
        raise ScenarioError("the file holds null characters", at(path), "It is no CSV file; save it as CSV UTF-8.")
    top = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    delimiter = max((",", ";", "\t"), key=top.count)
    reader = csv.reader(text.splitlines(), delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
                yield reader.line_num, cells
    except csv.Error as error:
        raise ScenarioError(f"this is not CSV: {error}", at(path, reader.line_num)) from None


def _kind(header: Sequence[str], path: Path, line: int) -> str:
    twice = {name for name in header if name and header.count(name) > 1}
    if twice:
        raise ScenarioError(f"two columns are called {', '.join(map(printable, sorted(twice)))}", at(path, line))
    kind = (
        "towns" if "households" in header
        else "travel" if "minutes" in header
        else "businesses" if {"town", "sector"} <= {*header}
        else "sectors" if "sector" in header
        else ""
    )  # fmt: skip
    if not kind:
        known = "; ".join(f"{kind}: {', '.join(columns)}" for kind, columns in COLUMNS.items())
        what = f"nothing is known of a table with the columns {', '.join(printable(name) for name in header[:8])}"
        raise ScenarioError(what, at(path, line), f"Tables and their columns — {known}.")
    columns = COLUMNS[kind]
    for name in header:
        if name not in columns:
            raise ScenarioError(f"a table of {kind} has no column {printable(name)!r}", at(path, line),
                                nearest(name[:60], columns))  # fmt: skip
    for name, column in columns.items():
        if column.needed and name not in header:
            raise ScenarioError(f"the column {name} is missing ({column.meaning})", at(path, line))
    return kind


def _separation(cells: Sequence[str]) -> str:
    """Return what would help a row with more or fewer cells than columns."""
    for mark, here in ((";", "commas"), (",", "semicolons")):
        if len(cells) == 1 and mark in cells[0]:
            return f"Columns are separated by {here} here, as in the table's first line."
    return "A comma inside a cell needs quotation marks around it."


def _row(
    path: Path, line: int, header: Sequence[str], cells: Sequence[str], columns: Mapping[str, Column]
) -> tuple[Row, list[ScenarioError]]:
    values: dict[str, Any] = {}
    place = Row(path, line, values)
    if len(cells) != len(header):
        what = f"{counted(len(cells), 'cell')} under {len(header)} columns"
        return place, [ScenarioError(what, place.where(), _separation(cells))]
    problems = []
    for name, cell in zip(header, (cell.strip() for cell in cells), strict=True):
        column = columns[name]
        if not cell:
            if column.needed:
                problems.append(ScenarioError(f"nothing is given ({column.meaning})", place.where(name)))
            continue
        try:
            values[name] = column.read(cell)
        except ValueError as error:
            problems.append(ScenarioError(f"{printable(cell[:40])!r}: {error}", place.where(name), column.meaning))
    return place, problems
