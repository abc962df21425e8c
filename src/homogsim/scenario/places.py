"""Places that exist: towns, sectors, roads and present businesses that a scenario brings along.

What they leave open (tastes, qualities, luck) is drawn as in any other market. A scenario without places is the market
it always was, to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from homogsim.errors import nearest
from homogsim.parameters import TOOLS, Parameters
from homogsim.scenario.checking import Problem
from homogsim.scenario.values import printable, shown

LONGEST_NAME = 60
MOST = {"towns": 2000, "sectors": 60, "roads": 40_000, "businesses": 20_000}
ROOM = 1.45
"""Storefronts for every present business, as in the baseline (16 for 11)."""
OLDEST = 1800
"""Months: a business's age, at most."""
EARLIEST = -2048
"""First month in which a business can have opened: the month of opening is part of its uid, which has room for 2,048
months before month 0. As many after it are more than a calendar can have."""


@dataclass(frozen=True)
class Town:
    """A town."""

    name: str
    households: float
    x: float = 0.5
    """Position on the unit square, eastward."""
    y: float = 0.5
    """Northward."""


@dataclass(frozen=True)
class Sector:
    """A sector."""

    name: str
    purchases: float = 1.0
    """Purchase occasions of a household in a month, relative to the other sectors."""


@dataclass(frozen=True)
class Road:
    """A way between two towns, the same in both directions."""

    start: str
    end: str
    minutes: float


@dataclass(frozen=True)
class Business:
    """A business that is there at the start of the run."""

    town: str
    sector: str
    name: str = ""
    price: float = 0.0
    """Dollars a purchase; 0 when it is to be drawn."""
    age: int = 0
    """Months in business at the start of the run."""
    tool: str = "none"
    """The tool that it has; none where that tier is not on the market."""
    contact: float = 0.0
    """Intensity of its automated contact."""


@dataclass(frozen=True)
class Places:
    """Towns and sectors in the order of their numbers, roads, and businesses in the order of their storefronts."""

    towns: tuple[Town, ...]
    sectors: tuple[Sector, ...]
    roads: tuple[Road, ...] = ()
    """Travel times; where there are none, roads are laid by positions."""
    businesses: tuple[Business, ...] = ()
    """Where there are none, the first ones are drawn."""

    def as_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Return it as lists of tables; empty ones are left out."""
        return {part: [asdict(one) for one in getattr(self, part)] for part in KINDS if getattr(self, part)}

    def cell_of(self, business: Business) -> int:
        """Return the number of a business's cell: sector · towns + town."""
        town = next(n for n, one in enumerate(self.towns) if one.name == business.town)
        sector = next(n for n, one in enumerate(self.sectors) if one.name == business.sector)
        return sector * len(self.towns) + town

    def sites(self, sites: int) -> list[int]:
        """Return the storefront of every business: those of a cell take its first ones in their order.

        `sites` are the storefronts of a cell.
        """
        taken: dict[int, int] = {}
        found = []
        for one in self.businesses:
            cell = self.cell_of(one)
            found.append(cell * sites + taken.get(cell, 0))
            taken[cell] = taken.get(cell, 0) + 1
        return found

    def demand(self) -> list[float]:
        """Return the demand of every cell relative to the mean cell: households × purchases."""
        cells = [town.households * sector.purchases for sector in self.sectors for town in self.towns]
        mean = sum(cells) / len(cells)
        return [cell / mean for cell in cells]


KINDS: Mapping[str, type] = {"towns": Town, "sectors": Sector, "roads": Road, "businesses": Business}
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "households": (1.0, 1e8), "x": (0.0, 1.0), "y": (0.0, 1.0), "purchases": (1e-6, 1e6), "minutes": (0.1, 1e4),
    "price": (0.0, 1e6), "age": (0, OLDEST), "contact": (0.0, 1.0),
}  # fmt: skip


def places_of(table: object, parameters: Parameters) -> tuple[Places | None, list[Problem]]:
    """Return the ``[places]`` of a scenario, and what is wrong with them.

    Keys of problems are those of the file: ``places.businesses[2].tool`` is in the second table of its kind.
    """
    if not isinstance(table, Mapping):
        return None, [Problem("places", "places are tables headed [[places.towns]], [[places.sectors]] and so on")]
    problems = [
        Problem(f"places.{key}", f"places have no {printable(str(key))}", nearest(str(key)[:60], KINDS))
        for key in list(table)[:20] if key not in KINDS
    ]  # fmt: skip
    found: dict[str, tuple[Any, ...]] = {}
    for part in KINDS:
        found[part], wrong = _tables(part, table.get(part, []))
        problems += wrong
    if problems:
        return None, problems
    places = Places(**found)
    problems = consistent(places, parameters)
    return (None, problems) if problems else (places, [])


def _tables(part: str, tables: object) -> tuple[tuple[Any, ...], list[Problem]]:
    if not isinstance(tables, list | tuple) or not all(isinstance(table, Mapping) for table in tables):
        return (), [Problem(f"places.{part}", f"places.{part} are tables headed [[places.{part}]]")]
    if len(tables) > MOST[part]:
        return (), [Problem(f"places.{part}", f"{len(tables)} {part} are too many; {MOST[part]} is the most")]
    made, problems = [], []
    for number, table in enumerate(tables, 1):
        wrong = _wrong(part, number, table)
        problems += wrong
        if not wrong:
            made.append(KINDS[part](**{key: _typed(key, value) for key, value in table.items()}))
        if len(problems) >= 20:
            break
    return tuple(made), problems


def _typed(key: str, value: Any) -> Any:
    return float(value) if key in _BOUNDS and key != "age" else value


def _wrong(part: str, number: int, table: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with one table by itself."""
    declared = {field.name: field for field in fields(KINDS[part])}

    def problem(key: str, what: str, help: str = "") -> Problem:
        return Problem(f"places.{part}[{number}].{key}", f"[[places.{part}]] number {number}: {what}", help)

    found = [problem(str(key), f"there is no entry {printable(str(key))}", nearest(str(key)[:60], declared))
             for key in table if key not in declared]  # fmt: skip
    needed = {"towns": ("name", "households"), "sectors": ("name",), "roads": ("start", "end", "minutes"),
              "businesses": ("town", "sector")}[part]  # fmt: skip
    found += [problem(key, f"{key} is missing") for key in needed if key not in table]
    for key, value in table.items():
        if key in _BOUNDS:
            low, high = _BOUNDS[key]
            whole = key == "age"
            number_like = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
            if not number_like or not low <= value <= high:
                kind = "a whole number" if whole else "a number"
                found.append(problem(key, f"{key} = {shown(value)}", f"{kind} from {low:g} to {high:g} is needed."))
        elif key in declared and (not isinstance(value, str) or not value.isprintable() or len(value) > LONGEST_NAME):
            help = f"A text of at most {LONGEST_NAME} letters is needed."
            found.append(problem(key, f"{key} = {shown(value)}", help))
    return found


def consistent(places: Places, parameters: Parameters) -> list[Problem]:
    """Return what does not fit together, among places and with the parameters."""
    world = parameters.world
    problems = []
    for part, count in (("towns", world.towns), ("sectors", world.sectors)):
        named = [one.name for one in getattr(places, part)]
        if len(named) != count:
            what = f"the places name {len(named)} {part}, but world.{part} is {count}"
            problems.append(Problem("places", what, f"Set world.{part} = {len(named)}."))
        twice = {name for name in named if named.count(name) > 1}
        problems += [Problem("places", f"two {part} are called {printable(name)}") for name in sorted(twice)]
    known = ({town.name for town in places.towns}, {sector.name for sector in places.sectors})
    for n, road in enumerate(places.roads, 1):
        for name in (road.start, road.end):
            if name not in known[0]:
                problems.append(Problem(f"places.roads[{n}]", f"there is no town {printable(name)}"))
        if road.start == road.end:
            problems.append(Problem(f"places.roads[{n}]", f"a road from {printable(road.start)} to itself"))
    here: dict[tuple[str, str], int] = {}
    for n, one in enumerate(places.businesses, 1):
        key = f"places.businesses[{n}]"
        for kind, name, names in (("town", one.town, known[0]), ("sector", one.sector, known[1])):
            if name not in names:
                problems.append(Problem(f"{key}.{kind}", f"there is no {kind} {printable(name)}", nearest(name, names)))
        if one.tool not in TOOLS:
            help = f"Tools: {', '.join(TOOLS)}."
            problems.append(Problem(f"{key}.tool", f"there is no tool {printable(one.tool)}", help))
        here[one.town, one.sector] = here.get((one.town, one.sector), 0) + 1
    for (town, sector), count in here.items():
        if count > world.sites:
            what = f"{count} businesses of {printable(sector)} in {printable(town)}, but world.sites is {world.sites}"
            problems.append(Problem("places.businesses", what, f"Set world.sites = {count} or more."))
    return problems + _too_old(places, parameters) + _connected(places)


def _too_old(places: Places, parameters: Parameters) -> list[Problem]:
    """Return the businesses that would have opened before the first month that a uid can hold."""
    calendar = parameters.calendar
    start = -calendar.warm_up - calendar.before
    most = start - EARLIEST
    at = f"the run starts in month {start} (calendar.warm_up {calendar.warm_up}, calendar.before {calendar.before})"
    help = f"Set age = {most} or less, or take away from calendar.warm_up or calendar.before."
    return [
        Problem(
            f"places.businesses[{n}].age",
            f"[[places.businesses]] number {n}: age = {one.age}, and {at}: the business would have opened in month "
            f"{start - one.age}, but month {EARLIEST} is the first one possible",
            help,
        )
        for n, one in enumerate(places.businesses, 1) if one.age > most
    ]  # fmt: skip


def _connected(places: Places) -> list[Problem]:
    """Return whether travel times leave a town out of reach of the others."""
    if not places.roads or len(places.towns) < 2:
        return []
    reached, before = {places.towns[0].name}, 0
    while len(reached) > before:
        before = len(reached)
        ways = ((a, b) for road in places.roads for a, b in ((road.start, road.end), (road.end, road.start)))
        reached |= {b for a, b in ways if a in reached}
    missing = [town.name for town in places.towns if town.name not in reached]
    if not missing:
        return []
    what = f"no road leads from {printable(places.towns[0].name)} to {', '.join(map(printable, missing[:5]))}"
    return [Problem("places.roads", what, "Give travel times that join all towns.")]


def storefronts_of(places: Places | None, cells: int, sites: int) -> Sequence[int]:
    """Return how many of the `sites` of every cell can be let: all or, with given businesses, some more than these.

    Otherwise a village would have as many empty storefronts as the largest town has businesses, and founders for each.
    """
    if places is None or not places.businesses:
        return [sites] * cells
    count = [0] * cells
    for one in places.businesses:
        count[places.cell_of(one)] += 1
    return [min(sites, max(1, math.ceil(ROOM * number))) for number in count]


def counts_of(places: Places | None, cells: int, consumers: int) -> Sequence[int]:
    """Return the simulated consumers of every cell: `consumers` each or, with places, in proportion to demand."""
    if places is None:
        return [consumers] * cells
    return [max(1, round(consumers * share)) for share in places.demand()]
