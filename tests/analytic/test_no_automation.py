"""Known answer 11: without automation, repositioning, imitation, entry and exit, diversity has no trend.

The whole model runs; firms then differ by their concepts and by stationary noise around them alone.
"""

from __future__ import annotations

import numpy as np
import pytest
from small_markets import NOBODY_ENTERS, NOBODY_FAILS, model

pytestmark = pytest.mark.xdist_group("no automation")  # one process makes the runs

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


@pytest.fixture(scope="module")
def runs() -> list[tuple[np.ndarray, float, float, float]]:
    """For every seed: ln D by month, variance of offerings and of concepts, mean square distance between the two."""
    found = []
    for seed in SEEDS:
        market = model("before-automation", NOBODY_FAILS, NOBODY_ENTERS, STILL, seed=seed, record_every=EVERY)
        apart, variance = [], []
        while market.month <= market.last_month:
            market.step()
            if market.month >= 0 and market.month % 20 == 0:  # (1 − ρ)^20 = .36: nearly fresh noise
                firms = market.market.firms
                x, concept = (place[:, firms.is_open] for place in (firms.offering, firms.identity))
                apart.append(np.mean((x - concept) ** 2))
                variance.append(x.var(axis=1).mean())
        timeline = market.results().timeline
        months = timeline["month"].to_numpy() >= 0
        diversity = np.log(timeline["diversity_gamma_supply"].to_numpy()[months])
        found.append((diversity, np.mean(variance), concept.var(axis=1).mean(), np.mean(apart)))
    return found


def test_diversity_has_no_trend(runs: list[tuple[np.ndarray, float, float, float]]) -> None:
    slopes = np.array([np.polyfit(np.arange(run[0].size) * EVERY, run[0], 1)[0] for run in runs])
    t = slopes.mean() / (slopes.std(ddof=1) / np.sqrt(slopes.size))
    assert abs(t) < 2.0
    assert abs(120 * slopes.mean()) < 0.005  # and what there is over ten years is less than half a per cent


def test_variance_is_that_of_concepts_and_noise(runs: list[tuple[np.ndarray, float, float, float]]) -> None:
    noise = NOISE**2 / (1.0 - (1.0 - RHO) ** 2)
    offerings, concepts, apart = (np.mean([run[k] for run in runs]) for k in (1, 2, 3))
    assert apart == pytest.approx(noise, rel=0.02)
    # The variance over n firms is (n − 1)/n of what it is in the population.
    n = 2 * 11
    assert offerings == pytest.approx(concepts + (n - 1) / n * noise, rel=0.02)
