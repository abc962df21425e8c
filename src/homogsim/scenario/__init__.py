"""Scenarios: read, extend another, override, write, compare, and estimate what a run of them takes."""

from __future__ import annotations

from homogsim.scenario.budget import Estimate, check_budget, estimate, machine_memory
from homogsim.scenario.catalogue import presets
from homogsim.scenario.definition import Scenario
from homogsim.scenario.expectation import TWIN, Expectation
from homogsim.scenario.linting import lint

__all__ = [
    "TWIN",
    "Estimate",
    "Expectation",
    "Scenario",
    "check_budget",
    "estimate",
    "lint",
    "machine_memory",
    "presets",
]
