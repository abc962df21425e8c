"""Known answer 11: without automation, repositioning, imitation, entry and exit, diversity has no trend.

The whole model runs; firms then differ by their concepts and by stationary noise around them alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from small_markets import NOBODY_ENTERS, NOBODY_FAILS, model

SEEDS = range(1, 51)
NOISE, RHO = 0.1, 0.05
STILL = {
    "world.towns": 2,
    "world.sectors": 1,
    "world.consumers": 40,
    "calendar.warm_up": 60,
    "calendar.before": 1,
    "calendar.months": 120,
    "offering.repositioning": 0.0,
    "offering.imitation": 0.0,
    "offering.noise": NOISE,
    "offering.anchoring": RHO,
}
EVERY = 6


class Run(NamedTuple):
    """What one seed shows."""

    log_diversity: np.ndarray
    variance: float
    variance_of_concepts: float
    apart: float
    """Mean square distance between offering and concept, a dimension."""


def run_of(seed: int) -> Run:
    market = model("before-automation", NOBODY_FAILS, NOBODY_ENTERS, STILL, seed=seed, record_every=EVERY)
    firms = market.market.firms
    apart, variance = [], []
    while market.month <= market.last_month:
        market.step()
        if market.month >= 0 and market.month % 20 == 0:  # (1 − ρ)^20 = .36: nearly fresh noise
            x, concept = firms.offering[:, firms.is_open], firms.identity[:, firms.is_open]
            apart.append(np.mean((x - concept) ** 2))
            variance.append(x.var(axis=1).mean())
    timeline = market.results().timeline
    diversity = timeline["diversity_gamma_supply"][timeline["month"] >= 0].to_numpy()
    concepts = firms.identity[:, firms.is_open].var(axis=1).mean()
    return Run(np.log(diversity), float(np.mean(variance)), float(concepts), float(np.mean(apart)))


def test_diversity_has_no_trend_and_variance_is_that_of_concepts_and_noise() -> None:
    runs = [run_of(seed) for seed in SEEDS]
    slopes = np.array([np.polyfit(np.arange(run.log_diversity.size) * EVERY, run.log_diversity, 1)[0] for run in runs])
    t = slopes.mean() / (slopes.std(ddof=1) / np.sqrt(slopes.size))
    assert abs(t) < 2.0
    assert abs(120 * slopes.mean()) < 0.005  # and what there is over ten years is less than half a per cent
    noise = NOISE**2 / (1.0 - (1.0 - RHO) ** 2)
    assert np.mean([run.apart for run in runs]) == pytest.approx(noise, rel=0.02)
    # The variance over n firms is (n − 1)/n of what it is in the population.
    n = 2 * 11
    concepts = np.mean([run.variance_of_concepts for run in runs])
    assert np.mean([run.variance for run in runs]) == pytest.approx(concepts + (n - 1) / n * noise, rel=0.02)
