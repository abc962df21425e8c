"""Known answer 13: where everyone is a peer of everyone, hearing spreads along the Bass curve."""

from __future__ import annotations

import numpy as np
import pytest
from small_markets import model

from homogsim.agents import adoption

SITES, SECTORS, MONTHS = 101, 60, 120
P, Q = 0.004, 0.04


def bass(t: np.ndarray) -> np.ndarray:
    """Return the share of adopters after t months (Bass 1969)."""
    decay = np.exp(-(P + Q) * t)
    return (1.0 - decay) / (1.0 + Q / P * decay)


def test_hearing_follows_the_bass_curve() -> None:
    everyone = {
        "world.towns": 1,
        "world.sectors": SECTORS,
        "world.sites": SITES,
        "world.occupied": SITES,
        "world.consumers": 1,
        "tools.peers": SITES - 1,
        "tools.peers_rewired": 0.0,
        "tools.heard_alone": P,
        "tools.heard_from_peers": Q,
    }
    curves = []
    for seed in (1, 2, 3):  # 180 markets of 101 firms
        market = model("baseline", everyone, seed=seed).market
        assert (market.peers >= 0).sum(axis=1).min() == SITES - 1  # the peer graph is complete
        market.month = 0
        curve = []
        for _ in range(MONTHS):
            adoption.hear(market)
            market.firms.tool[market.firms.heard] = 1  # who hears adopts
            market.month += 1
            curve.append(market.firms.heard.mean())
        curves.append(curve)
    months = np.arange(1, MONTHS + 1)
    assert np.mean(curves, axis=0) == pytest.approx(bass(months), abs=0.02)


def test_nobody_hears_before_automation_arrives() -> None:
    market = model("baseline", {"tools.heard_alone": 1.0}).market
    adoption.hear(market)
    assert market.month < 0
    assert not market.firms.heard.any()


def test_only_open_firms_hear_and_only_open_peers_count() -> None:
    market = model("baseline", {"tools.heard_alone": 0.0, "tools.heard_from_peers": 1.0}).market
    market.month, firms = 0, market.firms
    firms.tool[~firms.is_open] = 1  # left over from businesses that have closed
    adoption.hear(market)
    assert not firms.heard.any()
    firms.tool[firms.is_open] = 1
    adoption.hear(market)
    with_peers = ((market.peers >= 0) & firms.is_open[market.peers]).any(axis=1)
    assert (firms.heard == (firms.is_open & with_peers)).all()
