"""A town's own tables (CSV) made into a scenario: checked row by row, the rest left to the model's distributions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from homogsim.errors import ScenarioError, counted
from homogsim.scenario.checking import values
from homogsim.scenario.definition import Scenario
from homogsim.scenario.events import Event
from homogsim.scenario.places import OLDEST, ROOM, Business, Places, Road, Sector, Town
from homogsim.scenario.town_checks import contradictions
from homogsim.scenario.town_tables import Problems, Row, date_of, read_tables
from homogsim.scenario.values import printable

OCCASIONS_PER_BUSINESS = 6_500.0
"""Purchase occasions a month on which a business of the baseline lives: 53,333 of a cell, 8.2 businesses in it."""
LEAST_SITES = 4
CALENDAR = {"calendar.warm_up": 0, "calendar.before": 12}
"""Twelve months in which prices settle; a longer history would replace the businesses that are there."""
UNTIL_THEN: Mapping[str, float] = {"finance.retirement": 0.0, "finance.entry_rate": 0.0, "finance.overdraft": 100.0}
"""In these months nobody leaves and nobody comes: the present businesses are those of month 0."""


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
    tables = read_tables([Path(path) for path in paths])
    problems = list(contradictions(tables))
    if problems:
        raise Problems(problems)
    towns, positioned, span = _towns(tables, minutes_per_km)
    now = _today(tables, today)
    businesses = tuple(_business(row, now) for row in tables["businesses"])
    sectors, lives_on = _sectors(tables, towns, businesses)
    roads = tuple(Road(r.values["from"], r.values["to"], r.values["minutes"]) for r in tables["travel"])
    places = Places(towns, sectors, roads, businesses)
    found = Scenario.read(base).override(_parameters(places, span))
    question = f"What should the businesses of {towns[0].name}{' and around' if len(towns) > 1 else ''} do?"
    held = _held(found) if businesses else found
    scenario = replace(held, name=name, question=question, extends=base, places=places, expect=(), path=None)
    return Built(scenario, tuple(_told(places, positioned, lives_on)), lives_on is None)


def _held(scenario: Scenario) -> Scenario:
    """Return the scenario with nobody leaving or coming before month 0, and everything as it was from then on."""
    usual = values(scenario.parameters)
    then = {key: usual[key] for key in UNTIL_THEN}
    planned = {event.month: dict(event.set) for event in scenario.events}
    planned[0] = then | planned.get(0, {})
    events = tuple(Event(month, set) for month, set in sorted(planned.items()))
    return replace(scenario.override(dict(UNTIL_THEN)), events=events)


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
        now = date_of(today)
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


def _parameters(places: Places, span: float) -> dict[str, object]:
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


def _told(places: Places, positioned: bool, lives_on: float | None) -> Iterator[str]:
    """Say what was taken from the tables, and what is drawn."""
    households = sum(town.households for town in places.towns)
    towns, sectors = counted(len(places.towns), "town"), counted(len(places.sectors), "sector")
    yield f"{towns} with {households:,.0f} households, {sectors}"
    if places.roads:
        yield f"travel times: {len(places.roads)} ways, others by the shortest path over them" + (
            "" if positioned else "; towns stand on a ring on maps, because there are no positions")  # fmt: skip
    elif len(places.towns) > 1:
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
