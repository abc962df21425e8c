"""What a sweep varies: a parameter between two bounds, or over listed values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from homogsim.errors import HomogsimError, ScenarioError
from homogsim.parameters import Declaration, Parameters, declared
from homogsim.scenario import Scenario
from homogsim.scenario.checking import flatten
from homogsim.scenario.values import from_text, number, plain, printable, shown

WHERE = "--vary"
EXAMPLE = "For example --vary firms.reinvestment=0:1 or --vary tools.custom.upfront_cost=8000,20000,40000."
MOST_FACTORS = 60
MOST_LEVELS = 10_000
USUAL_LEVELS = 5
"""Levels of a range that names none, where a design needs levels."""

Value = bool | int | float | str | tuple[Any, ...]

_NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?[\d_]*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Factor:
    """A parameter that a sweep varies.

    Parameters
    ----------
    name : str
        Dotted name of the parameter.
    low, high : float or None
        Bounds, inclusive; None for listed values.
    values : tuple
        Listed values, or the levels of a range that has some; empty for a range without levels.
    whole : bool
        Whether only whole numbers are allowed.
    """

    name: str
    low: float | None
    high: float | None
    values: tuple[Value, ...]
    whole: bool = False

    @property
    def listed(self) -> bool:
        """Whether its values are listed, not a range."""
        return self.low is None

    def levels(self) -> tuple[Value, ...]:
        """Return the values of designs with levels: those listed, otherwise evenly spaced over the range."""
        return self.values or _spaced(self.low or 0.0, self.high or 0.0, USUAL_LEVELS, self.whole)

    def at(self, unit: float) -> Value:
        """Return the value at a place of the unit interval, 0 … 1; levels and whole numbers get equal parts of it."""
        if self.values:
            return self.values[min(int(unit * len(self.values)), len(self.values) - 1)]
        low, high = float(self.low or 0.0), float(self.high or 0.0)
        if self.whole:
            return int(min(low + math.floor(unit * (high - low + 1.0)), high))
        return min(max(low + unit * (high - low), low), high)

    def about(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        listed = [list(v) if isinstance(v, tuple) else v for v in self.values]
        return {"name": self.name, "low": self.low, "high": self.high, "values": listed, "whole": self.whole}

    @classmethod
    def from_about(cls, data: Mapping[str, Any]) -> Factor:
        """Return the factor that `about` described."""
        values = tuple(tuple(v) if isinstance(v, list) else v for v in data["values"])
        return cls(str(data["name"]), data["low"], data["high"], values, bool(data["whole"]))

    def __str__(self) -> str:
        """Return it as a reader would write it: ``name=0:1``, ``name=a,b``."""
        if self.listed:
            return f"{self.name}={','.join(cell(v) for v in self.values)}"
        ends = f"{number(self.low or 0.0)}:{number(self.high or 0.0)}"
        return f"{self.name}={ends}:{len(self.values)}" if self.values else f"{self.name}={ends}"


def cell(value: Value) -> str:
    """Return a value as one short word, for tables; a list as ``[a,b]``."""
    if isinstance(value, tuple):
        return f"[{','.join(cell(v) for v in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return number(value) if isinstance(value, float) else str(value)


def read_factors(given: Iterable[str] | Mapping[str, Any], base: Scenario) -> tuple[Factor, ...]:
    """Return the factors that were asked for.

    Parameters
    ----------
    given : iterable of str, or mapping
        ``NAME=LOW:HIGH``, ``NAME=LOW:HIGH:LEVELS`` or ``NAME=a,b,c``; or names with such texts, or lists of values.
    base : Scenario
        The scenario whose parameters they change.

    Raises
    ------
    HomogsimError
        None is named, a parameter is unknown, named twice, has no bounds, or the range or a value cannot be used.
    """
    wanted = list(given.items()) if isinstance(given, Mapping) else [_parted(text) for text in given]
    if not wanted:
        raise HomogsimError("nothing varies: the design is empty", WHERE, EXAMPLE)
    if len(wanted) > MOST_FACTORS:
        raise HomogsimError(f"{len(wanted)} parameters are too many; at most {MOST_FACTORS}", WHERE)
    names = [name for name, _ in wanted]
    if twice := [name for n, name in enumerate(names) if name in names[:n]]:
        raise HomogsimError(f"{printable(twice[0])} is named twice", WHERE)
    _, problems = flatten(dict.fromkeys(names, 0))
    if problems:
        raise HomogsimError(problems[0].what, WHERE, problems[0].help)
    return tuple(_factor(declared()[name], value, base) for name, value in wanted)


def _parted(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip() or not value.strip():
        raise HomogsimError(f"{printable(text)!r} says not what varies, and how", WHERE, EXAMPLE)
    return name.strip(), value.strip()


def _factor(declaration: Declaration, value: Any, base: Scenario) -> Factor:
    if isinstance(value, str):
        parts = [part.strip() for part in value.split(":")]
        if len(parts) in (2, 3) and "[" not in value:
            return _range(declaration, parts, value)
        value = [from_text(part, declaration.name) for part in _items(value)]
    if not isinstance(value, list | tuple):
        value = [value]
    return _listed(declaration, list(value), base)


def _items(text: str) -> list[str]:
    """Return what stands between commas, lists in brackets whole."""
    return [part.strip() for part in re.split(r",(?![^\[]*\])", text) if part.strip()]


def _range(declaration: Declaration, parts: list[str], text: str) -> Factor:
    name = declaration.name
    if declaration.kind not in (int, float) or declaration.low is None or declaration.high is None:
        what = f"{name} has no bounds, so it cannot be given a range"
        raise HomogsimError(what, WHERE, f"List its values: --vary {name}=A,B. It is: {declaration.meaning}.")
    low, high = (_read_number(name, part, text) for part in parts[:2])
    if not low < high:
        raise HomogsimError(f"{name}={printable(text)}: the first bound must be below the second", WHERE)
    if low < declaration.low or high > declaration.high:
        what = f"{name}={printable(text)} reaches beyond the declared bounds"
        takes = f"It takes {number(declaration.low)} to {number(declaration.high)} {declaration.unit}.".rstrip()
        raise HomogsimError(what, WHERE, takes)
    whole = declaration.kind is int
    if whole and not (low.is_integer() and high.is_integer()):
        raise HomogsimError(f"{name}={printable(text)}: whole numbers are needed", WHERE)
    levels = _spaced(low, high, _count(name, parts[2], text), whole) if len(parts) == 3 else ()
    return Factor(name, low, high, levels, whole)


def _read_number(name: str, part: str, text: str) -> float:
    if _NUMBER.fullmatch(part) and len(part) < 40 and math.isfinite(float(part)):
        return float(part)
    what = f"{name}={printable(text)}: a range is written LOW:HIGH or LOW:HIGH:LEVELS, with finite numbers"
    raise HomogsimError(what, WHERE, EXAMPLE)


def _count(name: str, part: str, text: str) -> int:
    if part.isascii() and part.isdigit() and len(part) < 8 and 2 <= int(part) <= MOST_LEVELS:
        return int(part)
    what = f"{name}={printable(text)}: the number of levels is a whole number from 2 to {MOST_LEVELS}"
    raise HomogsimError(what, WHERE)


def _spaced(low: float, high: float, count: int, whole: bool) -> tuple[Value, ...]:
    places = [low + (high - low) * n / (count - 1) for n in range(count)]
    return tuple(dict.fromkeys(round(place) for place in places)) if whole else tuple(places)


def _listed(declaration: Declaration, values: list[Any], base: Scenario) -> Factor:
    name = declaration.name
    if not values or len(values) > MOST_LEVELS:
        raise HomogsimError(f"{name}: {len(values)} values; from 1 to {MOST_LEVELS} are needed", WHERE)
    checked: list[Value] = []
    for value in values:
        value = value if not isinstance(value, float) or declaration.kind is not int else _whole(value)
        value = float(value) if declaration.kind is float and type(value) is int else value
        checked.append(_checked(name, value, base))
    for n, value in enumerate(checked):
        if value in checked[:n]:
            raise HomogsimError(f"{name}: the value {shown(value)} is listed twice", WHERE)
    return Factor(name, None, None, tuple(checked), declaration.kind is int)


def _checked(name: str, value: Any, base: Scenario) -> Value:
    """Return a value as the parameter holds it.

    One that is right by itself may go together with other parameters at other values that they take in the design.
    """
    try:
        found: Any = base.override(name, value).parameters
    except ScenarioError:
        alone = plain(value)
        if not _right_by_itself(name, alone):
            raise
        return alone
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _right_by_itself(name: str, value: Any) -> bool:
    from pydantic import TypeAdapter, ValidationError

    *groups, last = name.split(".")
    group: Any = Parameters()
    for part in groups:
        group = getattr(group, part)
    field = type(group).model_fields[last]
    kind: Any = field.annotation
    for limit in field.metadata:
        kind = Annotated[kind, limit]
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _whole(value: float) -> float | int:
    return int(value) if value.is_integer() else value
