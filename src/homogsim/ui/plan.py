"""What a tab runs: a scenario, what was changed in it, and when. Frozen; the page draws it, links carry it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from homogsim.experiments.runs import twin
from homogsim.policies import POLICIES
from homogsim.scenario import TWIN, Event, Scenario
from homogsim.scenario.checking import values
from homogsim.ui.deed import Deed

CHANGED = "-changed"
LONGEST_NAME = 64


@dataclass(frozen=True)
class Plan:
    """A scenario as its author wrote it, and what the user of a tab made of it."""

    base: Scenario
    """A preset, or an uploaded scenario."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Parameters changed from the start of the run, by dotted name."""
    live: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Parameters changed during the run: month → values by dotted name."""
    seed: int = 1
    second: str = ""
    """What stands beside it: nothing, ``twin`` (the same without tools), or a preset's name."""
    owner: Deed | None = None
    """Whose hands a business is in."""

    @classmethod
    def of(cls, base: Scenario, second: str = "") -> Plan:
        """Return the plan of a scenario as it is."""
        return cls(base=base, seed=base.seed, second=second)

    @property
    def scenario(self) -> Scenario:
        """What is run: equal to what a file of it, read by ``homogsim run``, would be."""
        made = self.base.override(self.changes) if self.changes else self.base
        for month, changes in sorted(self.live.items()):
            made = made.with_event(month, changes)
        if self.changes or self.live:
            made = made.derive(f"{made.name[: LONGEST_NAME - len(CHANGED)]}{CHANGED}")
        return replace(made, seed=self.seed)

    @property
    def other(self) -> Scenario | None:
        """The scenario beside it, with the same seed and as many months; None when there is none."""
        if not self.second:
            return None
        if self.second == TWIN:
            return twin(self.scenario)
        found = replace(Scenario.read(self.second), seed=self.seed)
        calendar = self.scenario.parameters.calendar
        return found.override({"calendar.months": calendar.months, "calendar.before": calendar.before})

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """Those to run in lockstep."""
        return (self.scenario,) if self.other is None else (self.scenario, self.other)

    def changed(self, key: str, value: object) -> Plan:
        """Return the plan with another value of a parameter from the start of the run on.

        Raises
        ------
        ScenarioError
            For unknown parameters and values out of bounds.
        """
        after = values(self.base.override({**self.changes, key: value}).parameters)
        before = values(self.base.parameters)
        own = {**self.changes, key: after[key]}
        return replace(self, changes={name: new for name, new in own.items() if new != before[name]})

    def changed_live(self, month: int, key: str, value: object) -> Plan:
        """Return the plan with another value of a live parameter from a month on; what was planned later gives way.

        Raises
        ------
        ScenarioError
            For parameters that shape the world at its start, and values out of bounds.
        """
        new = values(self.scenario.override(key, value).parameters)[key]
        live = {m: {k: v for k, v in set_.items() if m < month or k != key} for m, set_ in self.live.items()}
        bare = replace(self, live={m: set_ for m, set_ in live.items() if set_})
        if bare.in_force(month)[key] == new:
            return bare
        made = replace(bare, live={**bare.live, month: {**bare.live.get(month, {}), key: new}})
        _ = made.scenario  # refuses what cannot be
        return made

    def in_force(self, month: int) -> dict[str, Any]:
        """Return every parameter's value in a month."""
        made = self.scenario
        found = values(made.parameters)
        for event in made.events:
            if event.month <= month:
                found |= event.set
        return found

    def policies(self, month: int) -> list[str]:
        """Return the policies whose whole bundle is in force in a month."""
        now = self.in_force(month)
        return [
            name for name, policy in POLICIES.items() if all(now[key] == value for key, value in policy.set.items())
        ]

    def from_the_start(self) -> Plan:
        """Return the plan in which what was changed during the run holds from its start."""
        latest: dict[str, Any] = {}
        for _, changes in sorted(self.live.items()):
            latest |= changes
        plan = replace(self, live={})
        for key, value in latest.items():
            plan = plan.changed(key, value)
        return plan

    @property
    def events(self) -> tuple[Event, ...]:
        """The events of what is run."""
        return self.scenario.events
