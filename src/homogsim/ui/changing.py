"""Changing: a live parameter from the coming month on, any other one at the next start."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from homogsim.errors import ScenarioError
from homogsim.parameters import declared
from homogsim.policies import POLICIES
from homogsim.scenario import TWIN
from homogsim.scenario.checking import values
from homogsim.ui import controls
from homogsim.ui.desk import Command, Desk


class Changes(Desk):
    """Commands that change what is run."""

    def do_change(self, command: Command) -> None:
        """Change a parameter; without a value, back to the scenario's."""
        key, value = str(command.get("key")), command.get("value")
        if key not in declared():
            raise ScenarioError(f"there is no parameter {key[:80]!r}")
        if value is None:
            value = controls.plain(values(self.wanted.base.parameters)[key])
        if declared()[key].live and self.may_change and key not in self.wanted.changes:
            self._change_now({key: value})
        else:
            self.wanted = self.wanted.changed(key, value)
        self.tell()

    def _change_now(self, changes: dict[str, Any]) -> None:
        """Change live parameters from the coming month on; in the twin as well, which is the same but for tools."""
        plan = self.plan
        for key, value in changes.items():
            plan = plan.changed_live(self.sides[0].month, key, value)
        self.sides[0].reschedule(plan.events)
        other = plan.other
        if plan.second == TWIN and other is not None and len(self.sides) > 1:
            self.sides[1].reschedule(other.events)
        self.plan, self.wanted = plan, replace(self.wanted, live=plan.live)

    def do_policy(self, command: Command) -> None:
        """Put a policy in force from the coming month on, or end it."""
        policy = POLICIES.get(str(command.get("name")))
        if policy is None:
            raise ScenarioError("there is no such policy")
        if not self.may_change:
            raise ScenarioError(f"{policy.name} cannot begin now", help="Reset first.")
        before = values(self.plan.base.parameters)
        self._change_now({key: value if command.get("on") else before[key] for key, value in policy.set.items()})
        self.tell()

    def do_seed(self, command: Command) -> None:
        """Choose the luck of the next start."""
        seed = command.get("seed")
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise ScenarioError("the seed is no whole number")
        plan = replace(self.wanted, seed=seed)
        _ = plan.scenario  # refuses what is no seed
        self.wanted = plan
        self.tell()
