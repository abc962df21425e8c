"""Events: parameters that change in a month of the run, and stay so until another event changes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import Any, NamedTuple

from homogsim.errors import nearest
from homogsim.parameters import Parameters, declared
from homogsim.scenario.checking import MOST_UNKNOWN, Problem, checked, flatten, values
from homogsim.scenario.values import printable, shown

MOST_EVENTS = 400
_KEYS = ("month", "set")


@dataclass(frozen=True)
class Event:
    """New values for live parameters, in force from the start of a month on."""

    month: int
    set: Mapping[str, Any] = field(hash=False)
    """Values by dotted name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "set", MappingProxyType(dict(self.set)))

    def __reduce__(self) -> tuple[type[Event], tuple[int, dict[str, Any]]]:
        """Say how to copy it between processes: a view of a table cannot be copied by itself."""
        return Event, (self.month, dict(self.set))

    def as_dict(self) -> dict[str, Any]:
        """Return the table that says this in a file."""
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in self.set.items()}
        return {"month": self.month, "set": values}


class Change(NamedTuple):
    """One parameter at one event."""

    month: int
    key: str
    before: Any
    value: Any


def changed(parameters: Parameters, changes: Mapping[str, object]) -> Parameters:
    """Return parameters with other values for some live ones, in the middle of a run.

    Raises
    ------
    ScenarioError
        For unknown names, parameters that shape the world at its start, and values out of bounds.
    """
    found, problems = flatten(changes)
    problems += [fixed for key in found if (fixed := _fixed(key))]
    after, wrong = checked(parameters, found)
    if after is None or problems:
        raise (problems + wrong)[0].error()
    return after


def _fixed(key: str) -> Problem | None:
    if declared()[key].live:
        return None
    help = "Events change live parameters only; run another scenario instead."
    return Problem(key, f"{key} shapes the world at its start, so it cannot change in the middle of a run", help)


def events(tables: object, parameters: Parameters) -> tuple[tuple[Event, ...], list[Problem]]:
    """Return the ``[[events]]`` tables of a scenario as events by month, one a month, and what is wrong with them.

    Keys of problems are those of the file: ``events[2].month`` is the month of the second table.
    """
    if not isinstance(tables, list | tuple) or not all(isinstance(table, Mapping) for table in tables):
        return (), [Problem("events", "events are tables headed [[events]], each with a month and a set of parameters")]
    if len(tables) > MOST_EVENTS:
        return (), [Problem("events", f"{len(tables)} events are too many; {MOST_EVENTS} is the most")]
    found: list[_Table] = []
    problems: list[Problem] = []
    for number, table in enumerate(tables, 1):
        if len(problems) >= MOST_UNKNOWN:  # each may cost a search for similar names
            problems.append(Problem("events", "further events were not looked at"))
            break
        found_here, wrong = _read(number, table, parameters)
        found += [found_here] if found_here else []
        problems += wrong
    if problems:
        return (), problems
    return _in_order(sorted(found, key=lambda table: table.month), parameters)


class _Table(NamedTuple):
    number: int
    month: int
    set: dict[str, Any]


def _read(number: int, table: Mapping[str, Any], parameters: Parameters) -> tuple[_Table | None, list[Problem]]:
    """Return one table with its values by dotted name, and what is wrong with it by itself."""
    problems = [_of(number, key, f"there is no entry {printable(key)}", nearest(key[:100], _KEYS))
                for key in list(table)[:MOST_UNKNOWN] if key not in _KEYS]  # fmt: skip
    month, settings = table.get("month"), table.get("set")
    if reason := outside(month, parameters):
        problems.append(_of(number, "month", *reason))
    if not isinstance(settings, Mapping) or not settings:
        help = 'For example set = {"tools.custom.upfront_cost" = 5000}.'
        return None, [*problems, _of(number, "set", "nothing is set", help)]
    found, wrong = flatten(settings)
    wrong += [fixed for key in found if (fixed := _fixed(key))]
    problems += [_of(number, f"set.{p.key}", p.what, p.help) for p in wrong]
    return (None if problems else _Table(number, int(month), found)), problems  # type: ignore[arg-type]  # see outside


def _of(number: int, key: str, what: str, help: str = "") -> Problem:
    return Problem(f"events[{number}].{key}", f"[[events]] number {number}: {what}", help)


def outside(month: object, parameters: Parameters) -> tuple[str, str] | None:
    """Return why nothing can happen in a month, and what helps; None when it can."""
    first, last = recorded(parameters)
    if not isinstance(month, int) or isinstance(month, bool):
        return f"month = {shown(month)}: a whole number is needed", "Month 0 is when automation arrives."
    runs = f"It is one of {first} to {last} (calendar.before, calendar.months); automation arrives in month 0."
    if month < first:
        return f"month {shown(month)} lies before the first recorded month, {first}", runs
    if month > last:
        return f"month {shown(month)} lies after the last month, {last}", runs
    return None


def recorded(parameters: Parameters) -> tuple[int, int]:
    """Return the first and the last recorded month."""
    return -parameters.calendar.before, parameters.calendar.months - 1


def _in_order(tables: list[_Table], parameters: Parameters) -> tuple[tuple[Event, ...], list[Problem]]:
    """Check each event's values against those in force by then, and join those of a month."""
    made: list[Event] = []
    problems: list[Problem] = []
    now = parameters
    for month, group in groupby(tables, key=lambda table: table.month):
        together: dict[str, Any] = {}
        for table in group:
            problems += [
                _of(table.number, f"set.{key}", f"{key} is set twice in month {month}", "Leave one of them out.")
                for key in table.set
                if key in together
            ]
            after, wrong = checked(now, table.set)
            problems += [_of(table.number, f"set.{p.key}", p.what, p.help) for p in wrong]
            now = after or now
            own = values(now)
            together |= {key: own[key] for key in table.set}
        made.append(Event(month, together))
    return (() if problems else tuple(made)), problems


def timetable(planned: Iterable[Event], parameters: Parameters) -> list[Change]:
    """Return every change of a parameter by the events, in order, with the value that it replaces."""
    now, found = values(parameters), []
    for event in planned:
        for key, value in event.set.items():
            found.append(Change(event.month, key, now[key], value))
            now[key] = value
    return found


def without(event: Event, keys: Collection[str]) -> Event:
    """Return an event that leaves some parameters alone."""
    return Event(event.month, {key: value for key, value in event.set.items() if key not in keys})
