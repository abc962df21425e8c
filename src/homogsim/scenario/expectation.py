"""What a scenario expects to come out, as checkable lines."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from homogsim.errors import nearest
from homogsim.scenario.catalogue import NAME
from homogsim.scenario.checking import Problem
from homogsim.scenario.values import printable, shown

TWIN = "twin"
"""In place of a scenario's name: the same scenario without tools, for scenarios that change demand."""

START = "start"
"""In place of a scenario's name: the last year before automation arrives, in the same runs."""

_KEYS = ("metric", "versus", "sign", "at_least", "status", "note")
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True)
class Expectation:
    """A metric at the end of this scenario against the same metric of another one under the same seeds."""

    metric: str
    versus: str
    """A preset's name; ``twin``: this scenario with ``tools.available = []``; ``start``: its own year before."""
    sign: Literal["lower", "higher"]
    at_least: float = 0.0
    """Smallest size of the difference, as a share of the other scenario's value (0.02: 2 %)."""
    status: str = ""
    """``not supported`` where honest tuning did not bring the expectation about."""
    note: str = ""
    """Where the expectation comes from, or what was measured instead."""

    def as_dict(self) -> dict[str, Any]:
        """Return the table that says this in a file, without what is left at its default."""
        table = {key: getattr(self, key) for key in _KEYS}
        return {key: value for key, value in table.items() if value not in ("", 0.0)}


def expectations(tables: object) -> tuple[tuple[Expectation, ...], list[Problem]]:
    """Return the ``[[expect]]`` tables of a scenario, and what is wrong with them."""
    if not isinstance(tables, list | tuple) or not all(isinstance(t, Mapping) for t in tables):
        return (), [Problem("expect", "expectations are tables headed [[expect]]")]
    problems = [Problem("expect", f"[[expect]] number {n}: {wrong[0]}", wrong[1]) for n, t in enumerate(tables, 1)
                if (wrong := _wrong(t))]  # fmt: skip
    return (() if problems else tuple(Expectation(**t) for t in tables)), problems


def _wrong(table: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is wrong with one table, and what helps."""
    for key in table:
        if key not in _KEYS:
            return f"there is no entry {printable(key)}", nearest(key, _KEYS)
    metric, versus, sign = (table.get(key) for key in _KEYS[:3])
    if not (isinstance(metric, str) and _METRIC.fullmatch(metric)):
        return f"metric = {shown(metric)} names no metric", "For example metric = 'diversity_gamma'."
    if not (isinstance(versus, str) and NAME.fullmatch(versus)):
        return f"versus = {shown(versus)} names no scenario", f"A preset's name, '{TWIN}' or '{START}'."
    if sign not in ("lower", "higher"):
        return f"sign = {shown(sign)}", "It is 'lower' or 'higher'."
    least = table.get("at_least", 0.0)
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0.0 <= least <= 1e6 or math.isnan(least):
        return f"at_least = {shown(least)}", "It is a share of the other scenario's value, 0 or more (0.02: 2 %)."
    if table.get("status", "") not in ("", "not supported"):
        return f"status = {shown(table['status'])}", "It is absent or 'not supported'."
    note = table.get("note", "")
    return (
        None if isinstance(note, str) and note.isprintable() else (f"note = {shown(note)}", "It is one line of text.")
    )
