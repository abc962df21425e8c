"""A run in one call, for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from homogsim.model import MarketModel
from homogsim.results import Results
from homogsim.scenario import Scenario, check_budget


def run(
    scenario: Scenario | str | Path = "baseline",
    *,
    seed: int | None = None,
    months: int | None = None,
    set: Mapping[str, object] | None = None,
    policies: Iterable[str] = (),
    threads: int | None = None,
    record_every: int = 1,
    biographies: bool = False,
    other_scales: bool = False,
) -> Results:
    """Run a market to its end and return what was found.

    Parameters
    ----------
    scenario : Scenario, str or Path
        A scenario, the name of a preset, or a scenario file.
    seed : int, optional
        Seed of the random numbers; by default the scenario's. Equal seeds give equal results, bit for bit.
    months : int, optional
        Months after automation arrives (month 0); by default ``calendar.months``.
    set : mapping, optional
        Parameters to change, by dotted name, e.g. ``{"tools.custom.upfront_cost": 8000.0}``.
    policies : iterable of str
        Policies with the months in which they are in force, e.g. ``["custom-subsidy@84..144"]``: from month 84 until,
        not including, month 144 (`Scenario.with_policy`).
    threads : int, optional
        Threads of the demand kernel; they change the speed only.
    record_every : int
        Months from one row of the timeline to the next, ≥ 1.
    biographies : bool
        Whether every business is recorded every month.
    other_scales : bool
        Whether diversity is recorded at half and twice the similarity scale ℓ, too.

    Raises
    ------
    ScenarioError
        For unknown scenarios, parameters and policies, values out of bounds, and policies that overlap.
    BudgetError
        When the market would not fit in this machine's memory.
    """
    chosen = resolve(scenario, {**(set or {}), **({} if months is None else {"calendar.months": months})})
    chosen = chosen.with_policy(*policies)
    check_budget(chosen.parameters)
    model = MarketModel(
        chosen,
        seed=seed,
        threads=threads,
        record_every=record_every,
        biographies=biographies,
        other_scales=other_scales,
    )
    model.run()
    return model.results()


def resolve(scenario: Scenario | str | Path, changes: Mapping[str, object]) -> Scenario:
    """Return a scenario, read if need be, with changed parameters."""
    found = scenario if isinstance(scenario, Scenario) else Scenario.read(scenario)
    return found.override(changes) if changes else found
