"""A tab's state as a link, and back: scenario, changes, seed, what stands beside it, month."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from homogsim.errors import ScenarioError
from homogsim.scenario import TWIN, Scenario, presets
from homogsim.scenario.checking import values
from homogsim.ui import deed
from homogsim.ui.plan import Plan

LONGEST = 16_000
MOST_PARTS = 300
BASELINE = "baseline"


def written(plan: Plan, month: int) -> str:
    """Return the query of a link to a plan at a month, without its question mark.

    Empty for a scenario with places of its own, which only its file can carry, and for what is too long.
    """
    base, changes = _preset(plan)
    if plan.scenario.places != base.places:
        return ""
    parts: list[tuple[str, str]] = [("scenario", base.name), ("seed", str(plan.seed))]
    parts += [("set", f"{key}={_text(value)}") for key, value in changes.items()]
    own = {} if plan.events == base.events else {event.month: event.set for event in plan.events}
    parts += [
        ("at", f"{when}:{key}={_text(value)}") for when, settings in own.items() for key, value in settings.items()
    ]
    parts += [("beside", plan.second)] if plan.second else []
    parts += plan.owner.parts() if plan.owner else []
    query = urlencode([*parts, ("month", str(month))])
    return query if len(query) <= LONGEST else ""


def _preset(plan: Plan) -> tuple[Scenario, dict[str, Any]]:
    """Return the preset that a link names, and what differs from it at the start: an uploaded file is on no server."""
    shipped = presets()
    known = plan.base.name in shipped and plan.base.path is not None and plan.base.path == shipped[plan.base.name]
    base = plan.base if known else Scenario.read(plan.base.extends if plan.base.extends in shipped else BASELINE)
    before, now = values(base.parameters), values(plan.scenario.parameters)
    return base, {key: value for key, value in now.items() if value != before[key]}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def read(query: str) -> tuple[Plan, int] | None:
    """Return the plan and the month that a link's query says; None when it says nothing about a scenario.

    Raises
    ------
    ScenarioError
        For a link that is too long, names what there is not, or has values out of bounds.
    """
    query = query.removeprefix("?")
    if len(query) > LONGEST:
        raise ScenarioError("the link is too long", help=f"At most {LONGEST} characters.")
    try:
        parts = parse_qsl(query, max_num_fields=MOST_PARTS)
    except ValueError:
        raise ScenarioError("the link has too many parts", help=f"At most {MOST_PARTS}.") from None
    said = dict(parts)
    if "scenario" not in said:
        return None
    if said["scenario"] not in presets():
        raise ScenarioError(f"the link names the scenario {said['scenario'][:64]!r}", help="Links name presets only.")
    second = said.get("beside", "")
    if second and second != TWIN and second not in presets():
        raise ScenarioError(f"the link names the scenario {second[:64]!r}", help="Links name presets only.")
    plan = Plan.of(Scenario.read(said["scenario"]), second)
    plan = replace(plan, seed=_whole(said.get("seed", str(plan.seed)), "seed"))
    plan = replace(plan, changes=dict(_changes(plan, [text for name, text in parts if name == "set"])))
    events = [text for name, text in parts if name == "at"]
    if events:
        plan = _with_events(plan, events)
    plan = replace(plan, owner=deed.read(said))
    last = plan.scenario.parameters.calendar.months - 1
    return plan, min(max(_whole(said.get("month", "-1"), "month"), -1), last)


def _changes(plan: Plan, settings: list[str]) -> Iterator[tuple[str, Any]]:
    if settings:
        found, before = values(plan.base.override_text(*settings).parameters), values(plan.base.parameters)
        yield from ((key, value) for key, value in found.items() if value != before[key])


def _with_events(plan: Plan, events: list[str]) -> Plan:
    """Return a plan with the link's events in place of the scenario's."""
    plan = replace(plan, base=replace(plan.base, events=()))
    live: dict[int, dict[str, Any]] = {}
    for text in events:
        when, _, setting = text.partition(":")
        key, _, value = setting.partition("=")
        month = _whole(when, "at")
        new = values(plan.scenario.override(key, value).parameters)[key]
        live.setdefault(month, {})[key] = new
    plan = replace(plan, live=live)
    _ = plan.scenario  # refuses what cannot be
    return plan


def _whole(text: str, name: str) -> int:
    try:
        return int(text[:12])
    except ValueError:
        raise ScenarioError(f"the link's {name} is {text[:40]!r}", help="A whole number is needed.") from None
