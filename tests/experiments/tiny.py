"""A market that runs in a tenth of a second, and comparisons of it."""

from __future__ import annotations

from functools import cache

from homogsim.experiments.compare import compare
from homogsim.experiments.comparison import Comparison
from homogsim.scenario import Scenario

TINY: dict[str, object] = {
    "world.towns": 2, "world.sectors": 2, "world.sites": 4, "world.occupied": 3, "world.consumers": 60,
    "calendar.warm_up": 6, "calendar.before": 12, "calendar.months": 26,
    # so that tools spread within the two years
    "tools.heard_alone": 0.3,
}  # fmt: skip


def tiny(name: str = "baseline") -> Scenario:
    """Return a preset at this size."""
    return Scenario.read(name).override(TINY)


@cache
def three() -> Comparison:
    """Return three scenarios under three seeds, made once. Not to be changed by a test."""
    return compare("before-automation", "baseline", "plug-and-play", set=TINY, replications=3, seed=4, jobs=1)
