"""Known answer 10: where the pull of a template leaves offerings, in the mean and in the variance."""

from __future__ import annotations

import numpy as np
import pytest
from small_markets import NOBODY_ENTERS, NOBODY_FAILS, model

from homogsim.agents import trading
from homogsim.laws import offering

LAMBDA, RHO, FIT, SIGMA = 0.03, 0.05, 0.2, 0.2
S = (LAMBDA * FIT + RHO) / (LAMBDA + RHO)


def long_run() -> np.ndarray:
    """Return offerings of 300,000 firms after 150 months under tools with templates and identities of their own."""
    n, chance = 300_000, np.random.default_rng(10)
    identity = 1.0 + 1.5 * chance.standard_normal((1, n))
    template = -1.0 + 1.0 * chance.standard_normal((1, n))
    pull = LAMBDA * offering.pull_intensity(np.ones(n), np.ones(n), 0.1)
    anchor, none = offering.anchoring(RHO, np.zeros(n)), np.zeros(n)
    target = offering.tool_target(np.full(n, FIT), template, identity)
    now = identity.copy()
    for _ in range(150):
        noise = SIGMA * chance.standard_normal((1, n))
        now = offering.next_offering(now, identity, target, pull, anchor, none, now, noise)
    return now


def test_share_of_identity() -> None:
    assert pytest.approx(0.70, abs=1e-12) == S
    share = offering.share_of_identity(LAMBDA, np.ones(1), np.array([FIT]), RHO)
    assert share == pytest.approx(S, rel=1e-14)


def test_long_run_mean_and_variance() -> None:
    found = long_run()
    assert found.mean() == pytest.approx(S * 1.0 + (1.0 - S) * -1.0, rel=0.01)
    noise = SIGMA**2 / (1.0 - (1.0 - LAMBDA - RHO) ** 2)
    assert found.var() == pytest.approx(S**2 * 1.5**2 + (1.0 - S) ** 2 * 1.0 + noise, rel=0.01)


@pytest.mark.parametrize(("tool", "contact"), [(1, 0.8), (2, 0.3), (3, 0.8), (2, 0.0), (0, 0.0)])
def test_firms_in_a_market_come_to_rest_there(tool: int, contact: float) -> None:
    quiet = {"offering.noise": 0.0, "vendors.spread": 0.5}
    market = model("baseline", NOBODY_FAILS, NOBODY_ENTERS, quiet).market
    firms, rows = market.firms, np.flatnonzero(market.firms.is_open)
    chosen = np.flatnonzero((market.vendors.tier == tool) & np.isin(market.vendors.sector, [-1, 0]))
    vendor = int(chosen[-1]) if tool else -1
    firms.tool[rows], firms.vendor[rows], firms.contact[rows] = tool, vendor, contact
    firms.back_office[rows] = 1.0 if tool else 0.0
    for _ in range(500):  # nobody trades, so identities stay
        trading.live_by_the_laws(market)
        market.month += 1
    template = market.vendors.template[:, [vendor]]
    fit = getattr(market.parameters.tools, ("none", "generic", "industry", "custom")[tool]).fit if tool else 1.0
    law = market.parameters.offering
    for seen, intensity in ((firms.offering, max(contact, law.spillover)), (firms.process, 1.0)):
        pull = law.template_pull * intensity if tool else 0.0
        share = (pull * fit + law.anchoring) / (pull + law.anchoring)
        expected = share * firms.identity[:, rows] + (1.0 - share) * template
        assert seen[:, rows] == pytest.approx(expected, abs=1e-9)
    assert firms.shadow_offering[:, rows] == pytest.approx(firms.identity[:, rows], abs=1e-9)
