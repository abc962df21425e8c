"""What contradicts itself within and between the tables of a town."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from homogsim.errors import ScenarioError, nearest
from homogsim.scenario.source import at
from homogsim.scenario.town_tables import Row
from homogsim.scenario.values import printable


def contradictions(tables: Mapping[str, Sequence[Row]]) -> Iterator[ScenarioError]:
    """Yield what does not fit together: unknown towns and sectors, things told twice or in two ways."""
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
