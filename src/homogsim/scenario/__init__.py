"""Scenarios: read, extend another, override, write, compare, and estimate what a run of them takes."""

from __future__ import annotations

from homogsim.scenario.budget import Estimate, check_budget, estimate, machine_memory
from homogsim.scenario.catalogue import presets
from homogsim.scenario.definition import Scenario
from homogsim.scenario.events import Change, Event, changed
from homogsim.scenario.expectation import NOT_SUPPORTED, START, TWIN, Expectation
from homogsim.scenario.linting import lint

__all__ = [
    "NOT_SUPPORTED",
    "START",
    "TWIN",
    "Change",
    "Estimate",
    "Event",
    "Expectation",
    "Scenario",
    "changed",
    "check_budget",
    "estimate",
    "lint",
    "machine_memory",
    "presets",
]
