"""A month of business: shocks, imitation, sampled demand, accounts, satisfaction and rollback."""

from __future__ import annotations

import math

import numpy as np
import pytest
from small_markets import NOBODY_ENTERS, NOBODY_FAILS, after, model

from homogsim.agents import trading


def test_shocks_are_autoregressive() -> None:
    market = model("before-automation").market
    firms, seen = market.firms, []
    for _ in range(400):
        trading.feel_shocks(market)
        market.month += 1
        seen.append(firms.shock[firms.is_open].copy())
    e = np.array(seen[60:])
    assert e.std() == pytest.approx(0.048 / math.sqrt(1 - 0.81), rel=0.03)
    assert np.corrcoef(e[:-1].ravel(), e[1:].ravel())[0, 1] == pytest.approx(0.9, abs=0.01)
    assert e.mean() == pytest.approx(0.0, abs=0.01)


def test_imitators_follow_the_most_profitable_firm_of_their_cell() -> None:
    still = {"offering.imitation": 0.1, "offering.noise": 0.0, "offering.repositioning": 0.0, "offering.anchoring": 0.0}
    market = after(6, "before-automation", still, NOBODY_FAILS, NOBODY_ENTERS).market
    firms = market.firms
    cell = np.flatnonzero(firms.is_open & (market.site_cell == 2))
    leader = cell[firms.profit[cell].argmax()]
    newcomer = int(np.flatnonzero(~firms.is_open & (market.site_cell == 2))[0])
    firms.is_open[newcomer] = market.traded[newcomer] = True  # opened where somebody closed last month
    firms.profit[cell] -= firms.profit[cell].max() + 1.0  # a bad month for all: profits below a newcomer's nought
    firms.differentiation[leader] = 1.0
    before = firms.offering.copy()
    trading.live_by_the_laws(market)
    moved = before[:, cell] + 0.1 * (1.0 - 0.5) * (before[:, [leader]] - before[:, cell])
    assert firms.offering[:, cell] == pytest.approx(moved, abs=1e-12)
    assert np.array_equal(firms.offering[:, leader], before[:, leader])


def test_price_uses_last_months_sums_and_this_months_cost() -> None:
    run = after(10, "before-automation")
    market, noise = run.market, run.parameters.consumers.choice_noise
    firms = market.firms
    rows = np.flatnonzero(firms.is_open & (firms.expected_sales > 0.0))
    price, sales, slope = firms.price[rows].copy(), firms.expected_sales[rows].copy(), firms.slope[rows].copy()
    firms.base_cost[rows] += 0.5  # dearer from this month on
    run.step()
    expected = price + 0.3 * (firms.base_cost[rows] + noise * sales / slope - price)
    stayed = firms.is_open[rows]
    assert firms.price[rows][stayed] == pytest.approx(expected[stayed], rel=1e-12)


@pytest.fixture(scope="module")
def sampled() -> tuple[np.ndarray, np.ndarray]:
    """Sales and expected sales of firms in 60 months of sampled demand."""
    few = {"consumers.demand": "sampled", "world.occasions": 3000.0, "finance.fixed_cost": 100.0}
    run, sales, expected = model("before-automation", few, NOBODY_FAILS), [], []
    for _ in range(60):
        run.step()
        firms = run.market.firms
        sales.append(firms.sales[run.market.traded].copy())
        expected.append(firms.expected_sales[run.market.traded].copy())
    return np.concatenate(sales), np.concatenate(expected)


def test_sampled_demand_is_poisson_around_the_expected(sampled: tuple[np.ndarray, np.ndarray]) -> None:
    sales, expected = sampled
    assert (sales == sales.round()).all()
    assert sales.sum() == pytest.approx(expected.sum(), abs=4 * math.sqrt(expected.sum()))
    standard = (sales - expected) / np.sqrt(expected)
    assert standard.mean() == pytest.approx(0.0, abs=4 / math.sqrt(standard.size))
    assert standard.var() == pytest.approx(1.0, abs=4 * math.sqrt(2.5 / standard.size))


def test_prices_follow_expected_demand_not_its_luck() -> None:
    attentive = {"firms.attention_capacity": 100.0}  # or customers would notice who had many visitors
    still = (attentive, NOBODY_FAILS, NOBODY_ENTERS)  # and luck decides who goes bankrupt
    lucky = after(6, "before-automation", *still, {"consumers.demand": "sampled"})
    plain = after(6, "before-automation", *still)
    assert np.array_equal(lucky.market.firms.price, plain.market.firms.price)
    assert not np.array_equal(lucky.market.firms.sales, plain.market.firms.sales)


def test_visits_are_remembered_and_buying_nothing_leaves_the_memory() -> None:
    run = after(20, "before-automation")
    people, before = run.market.consumers, run.market.consumers.last.copy()
    run.step()
    went = people.bought >= 0
    still_open = run.market.firms.is_open
    expected = np.where(went, people.bought, before)
    expected = np.where((expected >= 0) & still_open[expected], expected, -1)
    assert np.array_equal(people.last, expected)
    assert 0.2 < went.mean() < 0.4


@pytest.mark.parametrize(
    ("fall", "oversight", "rolls_back"), [(0.59, True, False), (0.61, True, True), (5.0, False, False)]
)
def test_oversight_rolls_contact_back(fall: float, oversight: bool, rolls_back: bool) -> None:
    market = after(6, "baseline").market
    firms, row = market.firms, int(np.flatnonzero(market.firms.is_open)[0])
    firms.tool[row], firms.contact[row], firms.human_share[row] = 1, 0.8, 0.5
    firms.oversight[row] = oversight
    firms.satisfaction_before[row], firms.satisfaction[row] = 4.0, 4.0 - fall
    trading.watch_satisfaction(market)
    assert (firms.contact[row], firms.human_share[row]) == ((0.4, 0.6) if rolls_back else (0.8, 0.5))
    assert len(market.diary.tools) == rolls_back


def test_human_share_has_an_end() -> None:
    market = after(6, "baseline").market
    firms, row = market.firms, int(np.flatnonzero(market.firms.is_open)[0])
    firms.tool[row], firms.contact[row], firms.human_share[row], firms.oversight[row] = 1, 0.8, 0.95, True
    firms.satisfaction_before[row], firms.satisfaction[row] = 4.0, 0.0
    for _ in range(3):
        trading.watch_satisfaction(market)
    assert (firms.contact[row], firms.human_share[row]) == (0.1, 1.0)


def test_satisfaction_is_smoothed_utility_without_the_way() -> None:
    """Where all consumers value alike and live alike, satisfaction is V over α at the shop."""
    alike = {
        "world.towns": 1, "world.town_radius": 0.0, "world.town_share": 0.0, "world.niche_share": 1.0,
        "world.niches": 1, "consumers.price_sensitivity_sd": 0.0, "consumers.loyalty_sd": 0.0,
        "consumers.personalization_value": 0.0, "consumers.locality_value": 0.0, "offering.noise": 0.0,
    }  # fmt: skip
    run = after(1, "before-automation", alike, NOBODY_FAILS, NOBODY_ENTERS)
    firms = run.market.firms
    rows = np.flatnonzero(run.market.traded)
    utility = 21.0 + firms.quality[rows] - firms.price[rows]
    assert firms.satisfaction[rows] == pytest.approx(utility, rel=1e-12)
    first = firms.satisfaction[rows].copy()
    run.step()
    utility = 21.0 + firms.quality[rows] - firms.price[rows]
    assert firms.satisfaction[rows] == pytest.approx(0.8 * first + 0.2 * utility, rel=1e-12)
