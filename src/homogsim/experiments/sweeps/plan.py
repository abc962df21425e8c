"""The plan of a sweep: which runs it has. A run is a number; what it is follows from the plan alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from homogsim.errors import HomogsimError, StorageError
from homogsim.experiments.sweeps.designs import Design, make_design
from homogsim.experiments.sweeps.factors import Factor, Value
from homogsim.scenario import Scenario
from homogsim.scenario.reading import LARGEST_SEED

FORMAT = 1
"""Raised when older programs could no longer read a sweep folder."""


@dataclass(frozen=True)
class Run:
    """One run of a sweep."""

    number: int
    point: int
    replication: int
    seed: int
    values: tuple[Value, ...]
    """Value of every factor."""


@dataclass(frozen=True)
class Plan:
    """A sweep: a scenario, a design over its parameters, and replications."""

    scenario: Scenario
    design: Design
    replications: int = 1
    seed: int = 1
    """Of the first replication, and of the design."""
    independent: bool = False
    """Whether every run has a seed of its own; otherwise replication r has the same seed at every point."""
    series: int = 0
    """0: no series; otherwise months from one stored row of a run's timeline to the next."""

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What varies."""
        return self.design.factors

    @cached_property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.design) * self.replications

    def run(self, number: int) -> Run:
        """Return a run by its number: points in order, all replications of one before the next."""
        point, replication = divmod(number, self.replications)
        return Run(number, point, replication, self.seed_of(number), self.design.values(point))

    def seed_of(self, number: int) -> int:
        """Return the seed of a run: common random numbers, unless the plan is `independent`."""
        return self.seed + (number if self.independent else number % self.replications)

    def run_id(self, run: Run, model: str) -> str:
        """Return a run's name: a hash of model version, scenario fingerprint, parameters and seed."""
        changes = dict(zip((factor.name for factor in self.factors), run.values, strict=True))
        text = json.dumps([model, self.fingerprint, sorted(changes.items()), run.seed], allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    @cached_property
    def fingerprint(self) -> str:
        """The scenario's."""
        return self.scenario.fingerprint()

    def scenario_of(self, run: Run) -> Scenario:
        """Return the scenario of a run.

        Raises
        ------
        ScenarioError
            Its parameters do not go together.
        """
        changes = dict(zip((factor.name for factor in self.factors), run.values, strict=True))
        return replace(self.scenario.override(changes), seed=run.seed)

    def grown(self, samples: int) -> Plan:
        """Return the plan with more samples."""
        design = make_design(self.design.kind, self.factors, samples, self.design.seed, self.scenario)
        return Plan(self.scenario, design, self.replications, self.seed, self.independent, self.series)

    def check_seeds(self) -> None:
        """Refuse seeds beyond 32 bits.

        Raises
        ------
        HomogsimError
            Says which.
        """
        last = self.seed + (self.runs if self.independent else self.replications) - 1
        if self.seed < 0 or last > LARGEST_SEED:
            what = f"the seeds {self.seed} … {last} do not all lie between 0 and {LARGEST_SEED}"
            raise HomogsimError(what, "--seed", "Choose a smaller --seed.")

    def about(self) -> dict[str, Any]:
        """Return the plan as plain data for JSON."""
        return {
            "scenario": self.scenario.as_dict(),
            "fingerprint": self.fingerprint,
            "design": self.design.kind,
            "factors": [factor.about() for factor in self.factors],
            "samples": self.design.samples,
            "replications": self.replications,
            "seed": self.seed,
            "independent": self.independent,
            "series": self.series,
            "points": len(self.design),
            "points_hash": self.design.fingerprint(len(self.design)),
        }

    @classmethod
    def from_about(cls, data: Mapping[str, Any]) -> Plan:
        """Return the plan that `about` described.

        Raises
        ------
        StorageError
            It describes none, or libraries installed here would draw other points.
        """
        try:
            scenario = Scenario.from_dict(data["scenario"])
            factors = tuple(Factor.from_about(one) for one in data["factors"])
            design = make_design(data["design"], factors, data["samples"], data["seed"], scenario)
            numbers = [data[name] for name in ("replications", "seed", "independent", "series")]
            if any(not isinstance(number, int) for number in numbers):
                raise TypeError("numbers are needed")
            plan = cls(scenario, design, *numbers)
            expected = data["points_hash"]
        except (KeyError, TypeError, ValueError, AttributeError, HomogsimError) as error:
            raise StorageError(f"the plan of the sweep cannot be used ({error!s:.200})") from error
        if design.fingerprint(len(design)) != expected:
            what = "scipy or SALib draw other points here than those that the sweep was planned with"
            raise StorageError(what, help="Install the versions that sweep.json names.")
        return plan

    def difference(self, stored: Plan) -> str:
        """Return in words how this plan differs from a stored one; empty when it is the same."""
        found: list[str] = []
        if self.fingerprint != stored.fingerprint:
            found.append(f"the scenario differs ({_scenarios(stored.scenario, self.scenario)})")
        for name, was, now in (
            ("--design", stored.design.kind, self.design.kind),
            ("--vary", " ".join(map(str, stored.factors)), " ".join(map(str, self.factors))),
            ("--samples", stored.design.samples, self.design.samples),
            ("--replications", stored.replications, self.replications),
            ("--seed", stored.seed, self.seed),
            ("--independent", stored.independent, self.independent),
            ("--series", stored.series, self.series),
        ):
            if was != now:
                found.append(f"{name} was {was}, is {now}")
        return "; ".join(found)


def _scenarios(stored: Scenario, own: Scenario) -> str:
    changed = [f"{name} was {was}, is {now}" for name, (was, now) in own.differences(stored).items()]
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return ", ".join(changed[:3]) + more if changed else "events"
