"""Controls from the declarations of parameters: what the browser needs to show each one, and to read it back."""

from __future__ import annotations

import math
from typing import Any

from homogsim.parameters import Declaration, declared
from homogsim.policies import POLICIES
from homogsim.scenario import Scenario, presets
from homogsim.scenario.values import number

GROUPS = {
    "calendar": "Calendar",
    "world": "World",
    "consumers": "Consumers",
    "offering": "Offerings",
    "firms": "Firms",
    "finance": "Money",
    "tools": "Tools",
    "vendors": "Vendors",
    "chains": "Chains",
    "policy": "Policy levers",
}
"""Groups of parameters in their order, by the first part of their names."""


def controls() -> list[dict[str, Any]]:
    """Return every parameter as the browser shows it, in order of declaration."""
    return [_control(declaration) for declaration in declared().values()]


def _control(declaration: Declaration) -> dict[str, Any]:
    group, *path = declaration.name.split(".")
    label = path[-1].replace("_", " ") + (f", {path[0]} tool" if len(path) > 1 else "")
    return {
        "name": declaration.name,
        "group": GROUPS.get(group, group),
        "label": label[:1].upper() + label[1:],
        "kind": _kind(declaration),
        "default": plain(declaration.default),
        "unit": "" if declaration.unit == "-" else declaration.unit,
        "symbol": declaration.symbol,
        "meaning": declaration.meaning,
        "source": declaration.source,
        "bounds": _bounds(declaration),
        "low": declaration.low,
        "high": declaration.high,
        "choices": list(declaration.choices),
        "essential": declaration.level == "essential",
        "live": declaration.live,
        "slider": _slider(declaration),
    }


def _kind(declaration: Declaration) -> str:
    if declaration.kind is tuple:
        return "tiers" if declaration.choices else "numbers"
    if declaration.kind is bool:
        return "switch"
    return "choice" if declaration.choices else "whole" if declaration.kind is int else "number"


def _bounds(declaration: Declaration) -> str:
    if declaration.low is None or declaration.high is None:
        return ", ".join(declaration.choices)
    return f"{number(declaration.low)} to {number(declaration.high)}"


def _slider(declaration: Declaration) -> list[float] | None:
    """Return (low, high, step) of a slider around the default; the field beside it takes every value within bounds."""
    if declaration.kind not in (int, float) or declaration.low is None or declaration.high is None:
        return None
    default, low, high = float(declaration.default), declaration.low, declaration.high
    if high - low > 8.0 * abs(default) > 0.0:
        low, high = max(low, min(0.0, 4.0 * default)), min(high, max(0.0, 4.0 * default))
    elif default == 0.0 and high > 100.0:
        high, low = min(high, 10_000.0 if declaration.unit.startswith("$") else 100.0), max(low, -100.0)
    if declaration.kind is int:
        return [math.ceil(low), math.floor(high), 1]
    step = 10.0 ** math.floor(math.log10((high - low) / 80.0))
    return [low, high, step * (1 if (high - low) / step <= 200 else 2 if (high - low) / step <= 400 else 5)]


def plain(value: Any) -> Any:
    """Return a parameter's value as JSON has it."""
    return list(value) if isinstance(value, tuple) else value


def shipped() -> list[dict[str, str]]:
    """Return the presets and the question that each one asks."""
    return [{"name": name, "question": Scenario.read(name).question} for name in presets()]


def policies() -> list[dict[str, str]]:
    """Return the policies and what each does."""
    return [{"name": name, "meaning": policy.meaning} for name, policy in POLICIES.items()]
