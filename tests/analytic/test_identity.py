"""Known answer 27: common random numbers. What does not change a market leaves it as it was, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from small_markets import SMALL, model, state_hash

from homogsim.agents import turnover
from homogsim.model import MarketModel
from homogsim.scenario import Scenario


def finished(name: str, *changes: dict[str, object], seed: int = 5) -> MarketModel:
    return model(name, {"calendar.months": 24}, *changes, seed=seed).run()


@pytest.fixture(scope="module")
def baseline() -> MarketModel:
    return finished("baseline")


@pytest.fixture(scope="module")
def without_tools() -> MarketModel:
    return finished("before-automation")


def identical(one: MarketModel, other: MarketModel) -> bool:
    same_results = one.results().results_hash() == other.results().results_hash()
    return same_results and state_hash(one.market) == state_hash(other.market)


def test_twice_the_same(baseline: MarketModel) -> None:
    again = finished("baseline")
    difference = baseline.results().timeline - again.results().timeline
    assert (difference.fillna(0.0) == 0.0).all(axis=None)
    assert identical(baseline, again)


@pytest.mark.parametrize(
    "neutral",
    [
        {"tools.peer_influence": 9000.0},
        {"tools.custom.upfront_cost": 1.0, "tools.generic.monthly_fee": 0.0},
        {"tools.heard_alone": 1.0},
        {"tools.served_fit": 1.0, "tools.reach_gain": 1.0, "tools.attention_gain": 10.0},
        {"vendors.per_tier": 7},
        {"firms.oversight": 1.0, "firms.reinvestment": 1.0, "firms.customer_focus": 1.0},
        {"consumers.contact_aversion": 10.0, "consumers.disclosure_cost": 10.0, "firms.transparency": 1.0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_concerns_tools_is_neutral_without_them(neutral: dict[str, object], without_tools: MarketModel) -> None:
    other = finished("before-automation", neutral)
    difference = without_tools.results().timeline - other.results().timeline
    # The premium compares firms with a twin that has a generic tool, whether or not one is on the market.
    difference = difference.drop(columns="differentiation_premium")
    assert (difference.fillna(0.0) == 0.0).all(axis=None)
    for column in ("price", "cash", "uid", "offering", "identity", "fixed_cost"):
        assert np.array_equal(getattr(without_tools.market.firms, column), getattr(other.market.firms, column))


def test_nothing_differs_before_automation_arrives(baseline: MarketModel, without_tools: MarketModel) -> None:
    with_tools, without = (run.results().timeline for run in (baseline, without_tools))
    before = with_tools["month"] < 0
    assert ((with_tools - without)[before].fillna(0.0) == 0.0).all(axis=None)
    assert (with_tools["adoption_share"].iloc[-1], without["adoption_share"].iloc[-1]) != (0.0, 0.0)


def test_seeds_differ(baseline: MarketModel) -> None:
    assert not identical(baseline, finished("baseline", seed=6))


def test_an_entry_shifts_nobody_elses_luck() -> None:
    """A market in which one firm more opens: the shocks, visits and founders of all others stay as they were."""
    one, other = (model("before-automation", seed=5) for _ in range(2))
    for _ in range(3):
        one.step()
        other.step()
    site = int(np.flatnonzero(~other.market.firms.is_open)[0])
    rows = np.array([site])
    before = other.market.firms.uid.copy()
    concept = other.market.firms.identity[:, :1].copy()
    turnover._open(other.market, rows, concept, np.array([12.0]), np.array([1000.0]))
    others = np.arange(before.size) != site
    one.step()
    other.step()
    stayed = others & (one.market.firms.uid == before) & (other.market.firms.uid == before)
    assert stayed.sum() > 60
    assert np.array_equal(one.market.firms.shock[stayed], other.market.firms.shock[stayed])
    assert np.array_equal(one.market.firms.offering[:, stayed], other.market.firms.offering[:, stayed])
    assert not np.array_equal(one.market.firms.sales[stayed], other.market.firms.sales[stayed])
    visited = (one.market.consumers.bought, other.market.consumers.bought)
    moved = visited[0] != visited[1]
    assert 0 < moved.sum() < 0.2 * moved.size
    assert (visited[1][moved] == site).mean() > 0.5  # nearly all who moved went to the newcomer


def test_a_scenario_is_the_same_by_name_file_and_override() -> None:
    by_override = Scenario.read("baseline").override(dict(SMALL)).override({"tools.available": []})
    direct = Scenario.read("before-automation").override(dict(SMALL))
    assert by_override.fingerprint() == direct.fingerprint()
