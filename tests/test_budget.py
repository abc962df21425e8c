"""What a run takes, estimated before anything is built."""

from __future__ import annotations

import pytest

from homogsim.errors import BudgetError
from homogsim.parameters import Parameters
from homogsim.scenario import Scenario, check_budget, estimate, machine_memory
from homogsim.scenario.budget import PROGRAM_BYTES, PROGRAM_SECONDS, duration, size


def changed(**values: object) -> Parameters:
    """Return the default parameters with other values (``__`` for the dot)."""
    return Scenario().override({key.replace("__", "."): value for key, value in values.items()}).parameters


def test_the_baseline_fits_on_any_machine() -> None:
    needs = check_budget(Parameters(), max_memory_bytes=1e9, max_seconds=60.0)
    assert needs == estimate(Parameters())


def test_time_is_proportional_to_months_and_grows_with_consumers() -> None:
    def seconds(**values: object) -> float:
        return estimate(changed(**values)).seconds - PROGRAM_SECONDS

    assert seconds(calendar__months=480) == pytest.approx(2.0 * seconds(calendar__months=180))
    assert seconds(world__consumers=4000) > 5.0 * seconds()
    assert seconds(world__reach=0) < seconds()
    assert seconds(world__towns=1) == seconds(world__towns=1, world__reach=0)  # nowhere else to go


def test_memory_per_consumer_is_what_the_design_promises() -> None:
    more = estimate(changed(world__consumers=100_400)).memory_bytes - estimate(Parameters()).memory_bytes
    assert more == pytest.approx(24 * 100_000 * 250.0)
    assert estimate(changed(calendar__months=1)).memory_bytes > PROGRAM_BYTES


def test_a_market_that_does_not_fit_is_refused_with_what_helps() -> None:
    giant = changed(world__towns=2000, world__sectors=60, world__consumers=200_000)
    with pytest.raises(BudgetError) as caught:
        check_budget(giant, max_memory_bytes=8e9)
    assert str(caught.value) == (
        f"the run would need about {size(estimate(giant).memory_bytes)} of memory; the limit is 8 GB\n"
        "Lower world.consumers, or raise --max-memory."
    )
    with pytest.raises(BudgetError, match="of memory"):
        check_budget(giant)  # 5 TB: more than this machine has
    with pytest.raises(BudgetError, match=r"would take about .* days; the limit is 2 hours"):
        check_budget(giant, max_memory_bytes=1e15, max_seconds=7200.0)


def test_the_machine_says_its_memory() -> None:
    memory = machine_memory()
    assert memory is None or memory > 10e6


def test_sizes_and_durations_are_told_in_fitting_units() -> None:
    assert [size(n) for n in (1500, 2.5e6, 3e9, 4.2e12)] == ["1.5 kB", "2.5 MB", "3 GB", "4.2 TB"]
    assert [duration(s) for s in (3.8, 600, 7200, 2 * 86400, 1e9)] == [
        "3.8 seconds", "10 minutes", "2 hours", "2 days", "31.7 years"
    ]  # fmt: skip
