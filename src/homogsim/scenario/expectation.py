"""What a scenario expects to come out, as checkable lines."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from homogsim.errors import nearest
from homogsim.scenario.catalogue import NAME
from homogsim.scenario.checking import Problem
from homogsim.scenario.values import printable, shown

TWIN = "twin"
"""In place of a scenario's name: the same scenario without tools, for scenarios that change demand."""

START = "start"
"""In place of a scenario's name: the last year before automation arrives, in the same runs."""

NOT_SUPPORTED = "not supported"
"""Status of an expectation that honest tuning did not bring about."""

Sign = Literal["lower", "higher", "unchanged"]

_KEYS = ("metric", "versus", "sign", "at_least", "within", "month", "status", "measured", "note")
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,63}")
_VERSUS = f"A preset's name, '{TWIN}', '{START}', a metric of the same run, or a number."


@dataclass(frozen=True)
class Expectation:
    """A metric at the end of this scenario against the same metric of another one under the same seeds."""

    metric: str
    versus: str | float
    """A preset's name; ``twin``: this scenario with ``tools.available = []``; ``start``: its own year before; the name
    of another metric: that one, at the end of the same run; a number: that number (0 for what is a difference)."""
    sign: Sign
    at_least: float = 0.0
    """Smallest size of the difference, as a share of the other value (0.02: 2 %); for lower and higher."""
    status: str = ""
    """``not supported`` where honest tuning did not bring the expectation about."""
    note: str = ""
    """Where the expectation comes from."""
    within: float = 0.0
    """Largest size of the difference that still counts as unchanged, as a share of the other value."""
    measured: str = ""
    """With the status: what was measured instead."""
    month: int | None = None
    """With it, the mean of the 12 months that end with this month stands in place of the end of the run."""

    def as_dict(self) -> dict[str, Any]:
        """Return the table that says this in a file, without what is left at its default."""
        table = {key: getattr(self, key) for key in _KEYS}
        kept = (*_KEYS[:3], "month")
        return {k: v for k, v in table.items() if v is not None and (k in kept or v not in ("", 0.0))}

    @property
    def words(self) -> str:
        """What is expected, in words: ``lower by 2 % than before-automation``."""
        other = self.versus if isinstance(self.versus, str) else f"{self.versus:g}"
        other += "" if self.month is None else f" in month {self.month}"
        if self.sign == "unchanged":
            return f"within {100 * self.within:g} % of {other}"
        return f"{self.sign}{f' by {100 * self.at_least:g} %' if self.at_least else ''} than {other}"


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
    if not _is_other(versus):
        return f"versus = {shown(versus)} names no scenario", _VERSUS
    if sign not in get_args(Sign):
        return f"sign = {shown(sign)}", "It is 'lower', 'higher' or 'unchanged'."
    return _wrong_size(table) or _wrong_words(table)


def _is_other(versus: object) -> bool:
    if isinstance(versus, str):
        return bool(NAME.fullmatch(versus) or _METRIC.fullmatch(versus))
    return isinstance(versus, int | float) and not isinstance(versus, bool) and math.isfinite(versus)


def _wrong_size(table: Mapping[str, Any]) -> tuple[str, str] | None:
    unchanged = table["sign"] == "unchanged"
    for key in ("at_least", "within"):
        size = table.get(key, 0.0)
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0.0 <= size <= 1e6:  # NaN is not
            return f"{key} = {shown(size)}", "It is a share of the other scenario's value, 0 or more (0.02: 2 %)."
    if unchanged and not table.get("within"):
        return "how much is still unchanged?", "Give within, a share of the other scenario's value (0.02: 2 %)."
    if table.get("within" if not unchanged else "at_least"):
        wrong, right = ("at_least", "within") if unchanged else ("within", "at_least")
        return f"{wrong} does not go with sign = {table['sign']!r}", f"Give {right}."
    month = table.get("month", 0)
    if isinstance(month, bool) or not isinstance(month, int) or not 0 <= month < 10_000:
        return f"month = {shown(month)}", "It is a month after automation arrives: a whole number, 0 or more."
    if table["versus"] == 0 and (table.get("at_least") or unchanged):
        return "a share of 0 is nothing", "Against 0, expect 'lower' or 'higher', without at_least."
    return None


def _wrong_words(table: Mapping[str, Any]) -> tuple[str, str] | None:
    if table.get("status", "") not in ("", NOT_SUPPORTED):
        return f"status = {shown(table['status'])}", f"It is absent or '{NOT_SUPPORTED}'."
    for key in ("measured", "note"):
        text = table.get(key, "")
        if not isinstance(text, str) or not text.isprintable():
            return f"{key} = {shown(text)}", "It is one line of text."
    if table.get("measured") and not table.get("status"):
        return "measured goes with status = 'not supported'", "Say both, or neither."
    return None
