"""In which runs targets are measured: the scenarios they need, their length, and about how long that takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from homogsim.experiments.moments import measure
from homogsim.experiments.replicate import Task
from homogsim.experiments.targets import Target
from homogsim.scenario import Scenario
from homogsim.scenario.budget import PROGRAM_SECONDS, estimate

BASE = "baseline"
"""The scenario that the others are told from."""

ONE_THREAD = 2.0
"""How much longer than estimated a run takes on one thread: estimates are those of two."""


@dataclass(frozen=True)
class Measurement:
    """A scenario, and the moments that are measured in its runs."""

    scenario: Scenario
    moments: tuple[str, ...]

    def task(self, seed: int) -> Task:
        """Return the run under a seed."""
        return Task(self.scenario, seed, measure=partial(measure, names=self.moments))

    @property
    def seconds(self) -> float:
        """About how long a run takes on one processor, in a program that has started."""
        return ONE_THREAD * (estimate(self.scenario.parameters).seconds - PROGRAM_SECONDS)


def measurements(
    targets: Iterable[Target], base: Scenario, months: Mapping[str, int], all_months: int | None = None
) -> dict[str, Measurement]:
    """Return by preset what has to be run for some targets; targets that the model does not express are left out.

    Parameters
    ----------
    targets : iterable of Target
        What is to be measured.
    base : Scenario
        What stands in the place of ``baseline``; presets change it as they change ``baseline``.
    months : mapping
        Months after automation arrives by preset, where they differ from the scenario's.
    all_months : int, optional
        The same for all presets, instead.
    """
    found: dict[str, Measurement] = {}
    for target in targets:
        if not target.expressed:
            continue
        if target.preset not in found:
            length = months.get(target.preset) if all_months is None else all_months
            found[target.preset] = Measurement(adapted(base, target.preset, length), ())
        known = found[target.preset]
        if target.measure not in known.moments:
            found[target.preset] = replace(known, moments=(*known.moments, target.measure))
    return found


def adapted(base: Scenario, preset: str, months: int | None = None) -> Scenario:
    """Return a scenario changed as a preset changes ``baseline``.

    Parameters
    ----------
    base : Scenario
        What stands in the place of ``baseline``.
    preset : str
        Name of the preset.
    months : int, optional
        Months after automation arrives; the scenario's own by default.

    Raises
    ------
    ScenarioError
        There is no such preset, or the changes do not go together.
    """
    if preset == BASE:
        changed = base
    else:
        other, reference = Scenario.read(preset), Scenario.read(BASE)
        changes = {name: value for name, (_, value) in other.differences(reference).items()}
        changed = replace(base.override(changes) if changes else base, name=preset, events=other.events or base.events)
    return changed if months is None else changed.override("calendar.months", months)
