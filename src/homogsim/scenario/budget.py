"""What a run takes, estimated before anything is built."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from homogsim.errors import BudgetError
from homogsim.parameters import Parameters

# Costs per unit, measured on two threads of an ordinary server and rounded up.
PROGRAM_BYTES = 250e6
CONSUMER_BYTES = 250.0
WAVE_BYTES = 8.0
SITE_BYTES = 2000.0
BUSINESS_BYTES = 800.0
TOWN_PAIR_BYTES = 40.0
TIMELINE_ROW_BYTES = 800.0
TOWN_ROW_BYTES = 150.0
SNAPSHOT_ROW_BYTES = 200.0
PROGRAM_SECONDS = 2.0
EVALUATION_SECONDS = 8e-9
WAVE_SECONDS = 0.35e-9
REVIEW_SHARE = 0.15
SITE_SECONDS = 5e-6
PAIR_SECONDS = 10e-9

OPEN_SHARE = 0.75
"""Share of storefronts that are open, roughly: it settles between .45 and .8."""
YEARLY_TURNOVER = 0.12
EXACT_OUTLETS = 5000
"""Above this many outlets similarity is computed on a sample."""


class Estimate(NamedTuple):
    """What a run takes, and which parameter takes most of it."""

    memory_bytes: float
    seconds: float
    memory_driver: str
    """Name of the parameter that drives the memory."""
    time_driver: str
    """Name of the parameter that drives the time."""


def estimate(parameters: Parameters) -> Estimate:
    """Return an estimate, within a factor of about two, of what a run of the scenario takes.

    Memory: consumers × (200 B and, under kernel tastes, 8 B a wave) + storefronts × 2 kB + pairs of towns + rows of the
    results.
    Time: months × (consumers × reachable open storefronts × 8 ns (and .35 ns a wave), and 15 % more for firms'
    reviews + storefronts × 5 µs + pairs of outlets for the similarity metrics × 10 ns).
    """
    memory, seconds = _memory(parameters), _seconds(parameters)
    return Estimate(
        memory_bytes=PROGRAM_BYTES + sum(memory.values()),
        seconds=PROGRAM_SECONDS + sum(seconds.values()),
        memory_driver=max(memory, key=lambda name: memory[name]),
        time_driver=max(seconds, key=lambda name: seconds[name]),
    )


def _memory(parameters: Parameters) -> dict[str, float]:
    world, months = parameters.world, _months(parameters)
    sites = world.cells * world.sites
    businesses = sites * (1.0 + YEARLY_TURNOVER * months / 12.0)
    return {
        "world.consumers": world.cells * world.consumers * (CONSUMER_BYTES + _waves(parameters) * WAVE_BYTES),
        "world.sites": sites * (SITE_BYTES + _waves(parameters) * 2.0 * WAVE_BYTES)
        + businesses * BUSINESS_BYTES
        + (months / 60.0 + 3.0) * sites * SNAPSHOT_ROW_BYTES,
        "world.towns": world.towns**2 * TOWN_PAIR_BYTES + months * world.towns * TOWN_ROW_BYTES,
        "calendar.months": months * TIMELINE_ROW_BYTES,
    }


def _seconds(parameters: Parameters) -> dict[str, float]:
    world, months = parameters.world, _months(parameters)
    sites = world.cells * world.sites
    shopping_towns = min(1 + world.reach, world.towns)
    evaluations = world.cells * world.consumers * shopping_towns * world.sites * OPEN_SHARE
    outlets = min(sites * OPEN_SHARE, EXACT_OUTLETS)
    per_evaluation = EVALUATION_SECONDS + _waves(parameters) * WAVE_SECONDS
    return {
        "world.consumers": months * evaluations * per_evaluation * (1.0 + REVIEW_SHARE),
        "world.sites": months * (sites * SITE_SECONDS + outlets**2 * PAIR_SECONDS),
    }


def _waves(parameters: Parameters) -> int:
    return parameters.consumers.kernel_waves if parameters.consumers.tastes == "kernel" else 0


def _months(parameters: Parameters) -> int:
    calendar = parameters.calendar
    return calendar.warm_up + calendar.before + calendar.months


def machine_memory() -> int | None:
    """Return the bytes of memory that this process may use (the machine's or its container's), if they are known."""
    known = []
    with suppress(AttributeError, ValueError, OSError):  # not a POSIX system
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(ValueError, OSError):  # no control group, or no limit ("max")
        known.append(int(Path("/sys/fs/cgroup/memory.max").read_text("ascii")))
    return min(known, default=None)


def check_budget(
    parameters: Parameters, max_memory_bytes: float | None = None, max_seconds: float | None = None
) -> Estimate:
    """Return the estimate of a run after making sure that it fits.

    Parameters
    ----------
    parameters : Parameters
        What is to be run.
    max_memory_bytes : float, optional
        Limit of memory; by default 80 % of this machine's.
    max_seconds : float, optional
        Limit of time; by default none.

    Raises
    ------
    BudgetError
        When the estimate exceeds a limit; says both, and what would help.
    """
    needs = estimate(parameters)
    memory = machine_memory()
    limit = max_memory_bytes if max_memory_bytes is not None else (0.8 * memory if memory else None)
    if limit is not None and needs.memory_bytes > limit:
        what = f"the run would need about {size(needs.memory_bytes)} of memory; the limit is {size(limit)}"
        raise BudgetError(what, help=f"Lower {needs.memory_driver}, or raise --max-memory.")
    if max_seconds is not None and needs.seconds > max_seconds:
        what = f"the run would take about {duration(needs.seconds)}; the limit is {duration(max_seconds)}"
        raise BudgetError(what, help=f"Lower {needs.time_driver} or calendar.months, or raise the limit.")
    return needs


def size(bytes_: float) -> str:
    """Return bytes in the largest unit that keeps the number above 1, e.g. ``1.5 GB``."""
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if bytes_ >= factor:
            return f"{bytes_ / factor:.3g} {unit}"
    return f"{bytes_ / 1e3:.3g} kB"


def duration(seconds: float) -> str:
    """Return seconds in the largest unit that keeps the number above 1, e.g. ``3.2 hours``."""
    for unit, factor in (("years", 365.25 * 86400.0), ("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 1.5 * factor:
            return f"{seconds / factor:.3g} {unit}"
    return f"{seconds:.3g} seconds"
