"""The empirical moments that the model is held against, read from ``data/targets.toml`` and checked."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from homogsim.errors import HomogsimError, nearest

Use = Literal["fit", "validate", "prior"]
Status = Literal["verified", "secondary", "memory", "seed"]

USES: tuple[Use, ...] = get_args(Use)
"""In the order in which they are told: what was tuned, what was not, what bounds parameters."""


@dataclass(frozen=True)
class Target:
    """One empirical moment, and what in the model corresponds to it."""

    id: str
    target: float
    lo: float
    hi: float
    unit: str
    moment: str
    """How it is to be computed, in words."""
    status: Status
    """How sure the source is: read in the original, in a page that cites it, from memory, or a bare claim."""
    use: Use
    source: str
    url: str = ""
    measure: str = ""
    """Name of the function in `homogsim.experiments.moments.MOMENTS`; empty when the model does not express it."""
    preset: str = ""
    """Scenario in whose run it is measured."""
    not_expressed: str = ""
    """Why the model has no such moment."""

    @property
    def expressed(self) -> bool:
        """Whether the model has such a moment."""
        return bool(self.measure)

    @property
    def half_width(self) -> float:
        """Half the width of the band, the unit in which misses are told."""
        return (self.hi - self.lo) / 2.0

    def holds(self, value: float) -> bool:
        """Return whether a value lies inside the band (its ends included); an undefined one does not."""
        return self.lo <= value <= self.hi

    def miss(self, value: float) -> float:
        """Return (value − target)/half-width; NaN for a band without width."""
        return (value - self.target) / self.half_width if self.half_width > 0.0 else math.nan


@dataclass(frozen=True)
class TargetBook:
    """All targets, and how long the runs are in which they are measured."""

    targets: tuple[Target, ...]
    months: Mapping[str, int]
    """Months after automation arrives by preset, where its scenario's own would be too few."""

    def select(self, names: str | Sequence[str]) -> tuple[Target, ...]:
        """Return targets by use (``fit``, ``validate``, ``prior``), ``all``, or their ids; each once, in order.

        Raises
        ------
        HomogsimError
            One of them is unknown, or none is named.
        """
        given = [part.strip() for part in names.split(",")] if isinstance(names, str) else list(names)
        known = {target.id for target in self.targets}
        wanted: set[str] = set()
        for name in filter(None, given):
            if name not in known and name not in (*USES, "all"):
                help = nearest(name[:100], (*known, *USES, "all"))
                raise HomogsimError(f"there is no target {name[:100]!r}", "--targets", help)
            wanted |= {t.id for t in self.targets if name in (t.id, t.use, "all")}
        if not wanted:
            raise HomogsimError("no target is named", "--targets", "For example: --targets fit.")
        return tuple(t for t in self.targets if t.id in wanted)


@cache
def targets() -> TargetBook:
    """Return the targets that are shipped with the package."""
    return parse(files("homogsim").joinpath("data", "targets.toml").read_text("utf-8"))


def parse(text: str) -> TargetBook:
    """Return the targets of a TOML text.

    Raises
    ------
    HomogsimError
        It is malformed; says which target and why.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise HomogsimError(f"the targets are no TOML: {error}") from error
    found = tuple(_target(row) for row in table.get("target", []))
    ids = [target.id for target in found]
    if twice := sorted({id for id in ids if ids.count(id) > 1}):
        raise HomogsimError(f"the target {twice[0]} is there twice")
    return TargetBook(found, dict(table.get("months", {})))


def _target(row: Mapping[str, Any]) -> Target:
    name = str(row.get("id", "without id"))
    names = {field.name for field in fields(Target)}
    needed = names - {"url", "measure", "preset", "not_expressed"}
    wrong = [f"lacks {key}" for key in sorted(needed - set(row))]
    wrong += [f"has an unknown entry {key}" for key in sorted(set(row) - names)]
    if not wrong:
        target = Target(**row)
        wrong = list(_problems(target))
        if not wrong:
            return target
    raise HomogsimError(f"the target {name} {wrong[0]}")


def _problems(target: Target) -> Iterable[str]:
    numbers = (target.lo, target.target, target.hi)
    if not all(isinstance(number, float) and math.isfinite(number) for number in numbers):
        yield "has a target or band that is no finite number"
    elif not target.lo <= target.target <= target.hi:
        yield "lies outside its own band"
    if target.use not in USES:
        yield f"has the unknown use {target.use!r}"
    if target.status not in get_args(Status):
        yield f"has the unknown status {target.status!r}"
    if bool(target.measure) != bool(target.preset) or bool(target.measure) == bool(target.not_expressed):
        yield "needs either measure and preset, or the reason not_expressed"
