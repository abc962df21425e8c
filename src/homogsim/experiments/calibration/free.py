"""The parameters that a calibration may move, and between which bounds."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homogsim.errors import HomogsimError
from homogsim.parameters import Declaration, declared
from homogsim.scenario import Scenario
from homogsim.scenario.checking import flatten, values
from homogsim.scenario.values import number, shown

WHERE = "--parameters"
LARGEST_FILE = 256_000
MOST = 40
"""Parameters; more than anybody can identify, and the search takes forever."""

Bounds = tuple[float, float]


@dataclass(frozen=True)
class Free:
    """A parameter that is searched for."""

    name: str
    low: float
    high: float
    start: float
    """Value of the scenario, moved inside the bounds where it lies outside."""
    whole: bool
    """Whether only whole numbers are allowed."""

    def value(self, unit: float) -> float | int:
        """Return the value at a place between the bounds, 0 … 1."""
        value = self.low + unit * (self.high - self.low)
        return round(value) if self.whole else min(max(value, self.low), self.high)

    def unit(self, value: float) -> float:
        """Return the place of a value between the bounds, 0 … 1."""
        return (value - self.low) / (self.high - self.low)

    @property
    def step(self) -> float:
        """Step of finite differences, as a share of the bounds: 5 %, or one whole number."""
        return max(0.05, 1.0 / (self.high - self.low)) if self.whole else 0.05


def read_free(given: str | Path | Mapping[str, Bounds | None], base: Scenario) -> tuple[Free, ...]:
    """Return the parameters that were asked for.

    Parameters
    ----------
    given : str, Path or mapping
        ``NAME`` (bounds as declared) or ``NAME=LOW:HIGH``, with commas; or a TOML file of ``NAME = [LOW, HIGH]``, in
        tables as in a scenario (``[]``: bounds as declared); or names with their bounds.
    base : Scenario
        Where the search starts.

    Raises
    ------
    HomogsimError
        For a missing or malformed file, an unknown parameter, one without bounds, bounds that are none or outside those
        declared.
    """
    wanted = _wanted(given)
    if not wanted:
        raise HomogsimError("no parameter is named", WHERE, "For example: --parameters consumers.choice_noise=1.2:2.6.")
    if len(wanted) > MOST:
        raise HomogsimError(f"{len(wanted)} parameters are too many; at most {MOST}", WHERE)
    _, problems = flatten(dict.fromkeys(wanted, 0))
    if problems:
        raise HomogsimError(problems[0].what, WHERE, problems[0].help)
    starts = values(base.parameters)
    return tuple(_free(declared()[name], bounds, starts[name]) for name, bounds in wanted.items())


def _wanted(given: str | Path | Mapping[str, Bounds | None]) -> dict[str, Bounds | None]:
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, Path) or given.strip().endswith(".toml"):
        return _from_file(Path(given))
    found: dict[str, Bounds | None] = {}
    for part in filter(None, (part.strip() for part in given.split(","))):
        name, sign, text = (piece.strip() for piece in part.partition("="))
        if name in found:
            raise HomogsimError(f"{name[:100]} is named twice", WHERE)
        found[name] = _from_text(name, text) if sign else None
    return found


def _from_text(name: str, text: str) -> Bounds:
    low, sign, high = text.partition(":")
    try:
        if sign:
            return float(low), float(high)
    except ValueError:
        pass
    raise HomogsimError(f"{name[:100]} = {text[:100]!r}: bounds are written LOW:HIGH", WHERE, "For example 1.2:2.6.")


def _from_file(path: Path) -> dict[str, Bounds | None]:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise HomogsimError(f"larger than {LARGEST_FILE} bytes", str(path))
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise HomogsimError(f"cannot read: {error.strerror or error}", str(path)) from None
    except (ValueError, RecursionError) as error:
        raise HomogsimError(f"this is no TOML file: {error}", str(path)) from None
    found, problems = flatten(table)
    if problems:
        raise HomogsimError(problems[0].what, str(path), problems[0].help)
    return {name: _from_list(name, value, path) for name, value in found.items()}


def _from_list(name: str, value: Any, path: Path) -> Bounds | None:
    if value == ():
        return None
    right = isinstance(value, tuple) and len(value) == 2
    if right and all(isinstance(v, int | float) and not isinstance(v, bool) for v in value):
        return float(value[0]), float(value[1])
    raise HomogsimError(f"{name} = {shown(value)}: bounds are written [LOW, HIGH]", str(path))


def _free(declaration: Declaration, bounds: Bounds | None, start: Any) -> Free:
    name, low, high = declaration.name, declaration.low, declaration.high
    if declaration.kind not in (int, float) or low is None or high is None:
        raise HomogsimError(
            f"{name} has no bounds, so it cannot be searched for", WHERE, f"It is: {declaration.meaning}."
        )
    if name.startswith("calendar."):
        raise HomogsimError(f"{name} is how long a run is, no property of the market", WHERE)
    first, last = bounds or (low, high)
    if not (math.isfinite(first) and math.isfinite(last) and first < last):
        raise HomogsimError(f"{name}={first:g}:{last:g}: the first bound must be below the second", WHERE)
    if first < low or last > high:
        what = f"{name}={first:g}:{last:g} reaches beyond the declared bounds"
        raise HomogsimError(what, WHERE, f"It takes {number(low)} to {number(high)} {declaration.unit}.".rstrip())
    return Free(name, first, last, min(max(float(start), first), last), declaration.kind is int)
