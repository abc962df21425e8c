"""A town's own tables (CSV) made into a scenario: checked row by row, the rest left to the model's distributions."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from homogsim.errors import ScenarioError, nearest
from homogsim.parameters import TOOLS
from homogsim.scenario.checking import values
from homogsim.scenario.definition import Scenario
from homogsim.scenario.events import Event
from homogsim.scenario.places import LONGEST_NAME, MOST, OLDEST, ROOM, Business, Places, Road, Sector, Town
from homogsim.scenario.source import at
from homogsim.scenario.values import printable

LARGEST_TABLE = 5_000_000
"""Bytes of a table."""
MOST_SHOWN = 12
"""Problems that are told at a time."""
OCCASIONS_PER_BUSINESS = 6_750.0
"""Purchase occasions a month on which a business of the baseline lives: 53,333 of a cell, 7.9 businesses in it."""
LEAST_SITES = 4
CALENDAR = {"calendar.warm_up": 0, "calendar.before": 12}
"""Twelve months in which prices settle; a longer history would replace the businesses that are there."""
UNTIL_THEN: Mapping[str, float] = {"finance.retirement": 0.0, "finance.entry_rate": 0.0, "finance.overdraft": 100.0}
"""In these months nobody leaves and nobody comes: the present businesses are those of month 0."""


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


def _date(value: str) -> int:
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
        "opened": Column(_date, "date of opening"),
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


class Built(NamedTuple):
    """A scenario, and what was taken from the tables and what is drawn, in sentences."""

    scenario: Scenario
    told: tuple[str, ...]
    purchases_given: bool


def build(
    paths: Sequence[str | Path], name: str, *, today: str | None = None, minutes_per_km: float = 1.2,
    base: str = "baseline",
) -> Built:  # fmt: skip
    """Return the scenario of some tables.

    Parameters
    ----------
    paths : sequence of str or Path
        CSV files: towns, and of sectors, businesses and travel times those that there are (`COLUMNS`).
    name : str
        Name of the scenario.
    today : str, optional
        The date of the tables, from which ages are reckoned; by default the month after the latest opening.
    minutes_per_km : float
        How long a kilometre takes where positions are given instead of travel times.
    base : str
        The scenario that it extends.

    Raises
    ------
    ScenarioError
        Says every row that is wrong: file, line and column; and what contradicts itself.
    """
    tables = _tables([Path(path) for path in paths])
    problems = list(_contradictions(tables))
    if problems:
        raise Problems(problems)
    towns, positioned, span = _towns(tables, minutes_per_km)
    now = _today(tables, today)
    businesses = tuple(_business(row, now) for row in tables["businesses"])
    sectors, lives_on = _sectors(tables, towns, businesses)
    roads = tuple(Road(r.values["from"], r.values["to"], r.values["minutes"]) for r in tables["travel"])
    places = Places(towns, sectors, roads, businesses)
    found = Scenario.read(base).override(_parameters(places, span, lives_on))
    question = f"What should the businesses of {towns[0].name}{' and around' if len(towns) > 1 else ''} do?"
    held = _held(found) if businesses else found
    scenario = replace(held, name=name, question=question, extends=base, places=places, expect=(), path=None)
    return Built(scenario, tuple(_told(places, tables, positioned, lives_on)), lives_on is None)


def _held(scenario: Scenario) -> Scenario:
    """Return the scenario with nobody leaving or coming before month 0, and everything as it was from then on."""
    usual = values(scenario.parameters)
    then = {key: usual[key] for key in UNTIL_THEN}
    planned = {event.month: dict(event.set) for event in scenario.events}
    planned[0] = then | planned.get(0, {})
    events = tuple(Event(month, set) for month, set in sorted(planned.items()))
    return replace(scenario.override(dict(UNTIL_THEN)), events=events)


# Reading ------------------------------------------------------------------------------------------------------------


def _tables(paths: Sequence[Path]) -> dict[str, list[Row]]:
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
    top = text.split("\n", 1)[0]
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


def _row(
    path: Path, line: int, header: Sequence[str], cells: Sequence[str], columns: Mapping[str, Column]
) -> tuple[Row, list[ScenarioError]]:
    values: dict[str, Any] = {}
    place = Row(path, line, values)
    if len(cells) != len(header):
        what = f"{len(cells)} cells under {len(header)} columns"
        return place, [ScenarioError(what, place.where(), "A comma inside a cell needs quotation marks around it.")]
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


# What contradicts itself ----------------------------------------------------------------------------------------------


def _contradictions(tables: Mapping[str, Sequence[Row]]) -> Iterator[ScenarioError]:
    towns = {row.values["town"] for row in tables["towns"]}
    sectors = {row.values["sector"] for row in tables["sectors"]} or {r.values["sector"] for r in tables["businesses"]}
    yield from _twice(tables["towns"], ("town",))
    yield from _twice(tables["sectors"], ("sector",))
    yield from _twice([row for row in tables["businesses"] if "name" in row.values], ("name", "town", "sector"))
    for row in tables["businesses"]:
        for column, known in (("town", towns), ("sector", sectors)):
            yield from _unknown(row, column, known)
        if row.values.get("contact", 0.0) > 0.0 and row.values.get("tool", "none") == "none":
            what = "contact is automated, but there is no tool"
            yield ScenarioError(what, row.where("contact"), "Name the tool, or leave contact empty.")
    yield from _roads(tables["travel"], towns)
    yield from _positions(tables)


def _twice(rows: Sequence[Row], columns: Sequence[str]) -> Iterator[ScenarioError]:
    seen: dict[tuple[str, ...], Row] = {}
    for row in rows:
        key = tuple(row.values[column] for column in columns)
        if key in seen:
            what = f"{printable(' in '.join(key[:2]))} is there already, in line {seen[key].line}"
            yield ScenarioError(what, row.where(columns[0]), "Leave one of them out, or tell them apart.")
        seen.setdefault(key, row)


def _unknown(row: Row, column: str, known: set[str], kind: str = "") -> Iterator[ScenarioError]:
    name = row.values[column]
    if name not in known:
        what = f"there is no {kind or column} {printable(name)!r}"
        yield ScenarioError(what, row.where(column), nearest(name, known))


def _roads(rows: Sequence[Row], towns: set[str]) -> Iterator[ScenarioError]:
    seen: dict[frozenset[str], Row] = {}
    for row in rows:
        yield from _unknown(row, "from", towns, "town")
        yield from _unknown(row, "to", towns, "town")
        pair = frozenset((row.values["from"], row.values["to"]))
        if len(pair) == 1:
            yield ScenarioError("a way from a town to itself", row.where("to"))
        earlier = seen.setdefault(pair, row)
        if earlier.values["minutes"] != row.values["minutes"]:
            minutes, before = row.values["minutes"], earlier.values["minutes"]
            what = f"{minutes:g} minutes, but line {earlier.line} says {before:g} for the same two towns"
            yield ScenarioError(what, row.where("minutes"), "A way takes equally long in both directions.")


def _positions(tables: Mapping[str, Sequence[Row]]) -> Iterator[ScenarioError]:
    pairs = (("x_km", "y_km"), ("latitude", "longitude"))
    kinds = set()
    for row in tables["towns"]:
        given = [pair for pair in pairs if any(column in row.values for column in pair)]
        for pair in given:
            for column in pair:
                if column not in row.values:
                    yield ScenarioError(f"{' and '.join(pair)} go together", row.where(column))
        if len(given) > 1:
            yield ScenarioError("two positions", row.where("latitude"), "Give either x_km, y_km or degrees.")
        kinds.add(given[0] if given else None)
        if not given and not tables["travel"] and len(tables["towns"]) > 1:
            what = "the town has no position, and there is no table of travel times"
            yield ScenarioError(what, row.where(), "Give x_km and y_km, or latitude and longitude; or travel times.")
    if len(kinds - {None}) > 1:
        yield ScenarioError("some towns have km, others degrees", at(tables["towns"][0].path), "Give one kind.")


# Building -------------------------------------------------------------------------------------------------------------


def _towns(tables: Mapping[str, Sequence[Row]], minutes_per_km: float) -> tuple[tuple[Town, ...], bool, float]:
    """Return towns with positions on the unit square, whether these are known, and minutes across the square."""
    rows = tables["towns"]
    known = all({"x_km", "y_km"} <= {*r.values} or {"latitude", "longitude"} <= {*r.values} for r in rows)
    points = [_kilometres(row, rows) for row in rows] if known else _on_a_ring(len(rows))
    west, south = (min(point[k] for point in points) for k in (0, 1))
    span = max(max(point[k] for point in points) - low for k, low in ((0, west), (1, south))) or 1.0
    towns = tuple(
        Town(row.values["town"], row.values["households"], round((x - west) / span, 6), round((y - south) / span, 6))
        for row, (x, y) in zip(rows, points, strict=True)
    )
    return towns, known, min(max(span * minutes_per_km, 1.0), 1000.0) if known else 60.0


def _kilometres(row: Row, rows: Sequence[Row]) -> tuple[float, float]:
    if "x_km" in row.values:
        return row.values["x_km"], row.values["y_km"]
    middle = sum(r.values["latitude"] for r in rows) / len(rows)
    return row.values["longitude"] * 111.32 * math.cos(math.radians(middle)), row.values["latitude"] * 110.57


def _on_a_ring(count: int) -> list[tuple[float, float]]:
    """Return places for a map of towns of which only travel times are known; no distance is read off them."""
    angles = [2.0 * math.pi * n / count for n in range(count)]
    return [(math.cos(angle), math.sin(angle)) for angle in angles]


def _today(tables: Mapping[str, Sequence[Row]], today: str | None) -> int | None:
    opened = [row for row in tables["businesses"] if "opened" in row.values]
    if today is None:
        return max(row.values["opened"] for row in opened) + 1 if opened else None
    try:
        now = _date(today)
    except ValueError as error:
        raise ScenarioError(f"{printable(today[:40])!r}: {error}", "--today") from None
    late = [ScenarioError("it opens after the date of the tables", row.where("opened"), "Set --today.")
            for row in opened if row.values["opened"] > now]  # fmt: skip
    if late:
        raise Problems(late)
    return now


def _business(row: Row, now: int | None) -> Business:
    of = row.values
    age = min(max(0, (now or 0) - of["opened"]), OLDEST) if "opened" in of else 0
    return Business(of["town"], of["sector"], of.get("name", ""), of.get("price", 0.0), age, of.get("tool", "none"),
                    of.get("contact", 0.0))  # fmt: skip


def _sectors(
    tables: Mapping[str, Sequence[Row]], towns: Sequence[Town], businesses: Sequence[Business]
) -> tuple[tuple[Sector, ...], float | None]:
    """Return the sectors, and the purchases a month of a household in the mean sector where they are not known.

    Where no purchases are given a sector's are taken to be what its businesses live on.
    """
    rows = tables["sectors"]
    names = [row.values["sector"] for row in rows] or list(dict.fromkeys(one.sector for one in businesses))
    given = {row.values["sector"]: row.values["purchases"] for row in rows if "purchases" in row.values}
    missing = [row for row in rows if "purchases" not in row.values]
    if given and missing:
        raise Problems([ScenarioError("purchases are given for other sectors", row.where("purchases"),
                                      "Give them for all sectors, or for none.") for row in missing])  # fmt: skip
    if given:
        return tuple(Sector(name, given[name]) for name in names), None
    households = sum(town.households for town in towns)
    count = {name: sum(one.sector == name for one in businesses) for name in names}
    usual = sum(count.values()) / max(1, sum(number > 0 for number in count.values())) or 8.0 * len(towns)
    lives_on = {name: (count[name] or usual) * OCCASIONS_PER_BUSINESS / households for name in names}
    return tuple(Sector(name, round(lives_on[name], 6)) for name in names), sum(lives_on.values()) / len(lives_on)


def _parameters(places: Places, span: float, lives_on: float | None) -> dict[str, object]:
    cells = [town.households * sector.purchases for sector in places.sectors for town in places.towns]
    counts: dict[tuple[str, str], int] = {}
    for one in places.businesses:
        counts[one.town, one.sector] = counts.get((one.town, one.sector), 0) + 1
    most = max(counts.values(), default=11)
    sites = max(LEAST_SITES, math.ceil(ROOM * most))
    mean = len(places.businesses) / len(cells) if places.businesses else 11.0
    return {
        "world.towns": len(places.towns),
        "world.sectors": len(places.sectors),
        "world.sites": sites,
        "world.occupied": min(sites, max(1, round(mean))),
        "world.occasions": sum(cells) / len(cells),
        "world.square_minutes": span,
        "world.reach": min(2, len(places.towns) - 1),
        **CALENDAR,
    }


def _told(
    places: Places, tables: Mapping[str, Sequence[Row]], positioned: bool, lives_on: float | None
) -> Iterator[str]:
    """Say what was taken from the tables, and what is drawn."""
    households = sum(town.households for town in places.towns)
    yield f"{len(places.towns)} towns with {households:,.0f} households, {len(places.sectors)} sectors"
    if places.roads:
        yield f"travel times: {len(places.roads)} ways, others by the shortest path over them" + (
            "" if positioned else "; towns stand on a ring on maps, because there are no positions")  # fmt: skip
    else:
        yield "travel times: from positions, over roads to the nearest towns"
    if places.businesses:
        yield from _told_of_businesses(places)
    else:
        yield "businesses: none given, all drawn"
    if lives_on is None:
        total = sum(t.households * s.purchases for t in places.towns for s in places.sectors)
        yield f"purchases: as given, {total:,.0f} a month in all; fixed cost is fitted so that present businesses live"
    elif places.businesses:
        yield "purchases: not given; fitted, sector by sector, so that present businesses live"
    else:
        yield f"purchases: not given; {OCCASIONS_PER_BUSINESS:,.0f} a month for each of the businesses drawn"
    yield ("drawn from the model's distributions: tastes, people's places and sensitivities, concepts, quality, unit "
           "cost where no price is given, rents, owners' habits and luck")  # fmt: skip


def _told_of_businesses(places: Places) -> Iterator[str]:
    every = len(places.businesses)
    priced = sum(one.price > 0.0 for one in places.businesses)
    aged = sum(one.age > 0 for one in places.businesses)
    tooled = sum(one.tool != "none" for one in places.businesses)
    yield (f"businesses: {every} given; price of {priced} (relative to their sector's mean; cost and quality follow), "
           f"age of {aged}, tools of {tooled}; the others' prices are drawn, and they count as just opened and without "
           "a tool")  # fmt: skip
    yield ("they settle for twelve months before month 0, in which nobody leaves or comes; those of two years or more "
           "are survivors: quality as high as it takes to live there, and the cash and rents of survivors")  # fmt: skip
