"""Known answer 30: prices in a run stay near the exact Bertrand–Nash prices of that month's state.

Once a year from month 24 on, the price law is iterated with the demand kernel on a copy of the month until no price
moves. Prices of a run close .3 of the gap a month, so a shop whose neighbour has just opened or closed is further off
for a season: the 2 % hold for the typical firm and for the price level, and for nine firms in ten. Where nobody opens
or closes they hold for nearly all.
"""

from __future__ import annotations

import numpy as np
import pytest
from small_markets import NOBODY_ENTERS, NOBODY_FAILS, model

from homogsim.agents.market import Market
from homogsim.laws import pricing
from homogsim.laws.demand import ALPHA, SHARE, choose_month
from homogsim.laws.response import own_share_response
from homogsim.model import MarketModel

WORLD = {"world.consumers": 400, "calendar.warm_up": 60, "calendar.before": 1, "calendar.months": 24}


def nash_prices(market: Market) -> np.ndarray:
    """Return the equilibrium prices of the market's last month, in the order of sites; the market stays as it is."""
    firms, people, noise = market.firms, market.consumers, market.parameters.consumers.choice_noise
    assert market.appeal is not None
    bought, inclusive, surplus = people.bought.copy(), people.inclusive.copy(), people.surplus.copy()
    price = market.appeal.price.copy()
    for _ in range(500):
        sums = choose_month(
            market.plan, market.tastes, market.streets, market.appeal._replace(price=price), market.traded,
            market.luck(), 1.0, noise, people.last_before, bought, inclusive, surplus, market.rooms.copy(),
        )  # fmt: skip
        # Half of the way to the best response: the whole way may overshoot where two shops share one crowd.
        moved = pricing.next_price(price, firms.unit_cost, sums[SHARE], sums[ALPHA], noise, 0.5)
        if np.abs(moved - price)[market.traded].max() < 1e-10:
            return moved
        price = moved
    raise AssertionError("no equilibrium found")


def yearly_gaps(run: MarketModel) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return price in the run, exact price and sales of the firms that traded, once a year from month 24 of warm-up."""
    found, started = [], run.month
    while run.month <= run.last_month:
        run.step()
        if (run.month - started) % 12 == 0 and run.month - started >= 24:
            market = run.market
            exact = nash_prices(market)[market.traded]
            found.append((market.appeal.price[market.traded], exact, market.firms.sales[market.traded]))  # type: ignore[union-attr]
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_prices_follow_the_equilibrium(seed: int) -> None:
    years = yearly_gaps(model("before-automation", WORLD, seed=seed))
    assert len(years) == 6
    for price, exact, sales in years:
        gap = np.abs(price / exact - 1.0)
        assert np.average(gap, weights=sales) < 0.02
        assert np.median(gap) < 0.01
        assert abs(np.average(price, weights=sales) / np.average(exact, weights=sales) - 1.0) < 0.005
    gaps = np.concatenate([np.abs(price / exact - 1.0) for price, exact, _ in years])
    assert np.quantile(gaps, 0.9) < 0.02


def test_prices_are_at_the_equilibrium_where_nobody_comes_or_goes() -> None:
    still = {"offering.noise": 0.0, "offering.repositioning": 0.0, "firms.advocacy": 0.0}
    fickle = {"consumers.loyalty": 0.0, "consumers.loyalty_sd": 0.0}
    for price, exact, _ in yearly_gaps(model("before-automation", WORLD, NOBODY_FAILS, NOBODY_ENTERS, still, fickle)):
        assert price == pytest.approx(exact, rel=1e-3)


def test_the_solution_is_an_equilibrium() -> None:
    """No firm gains by another price: the production own-share response finds none better."""
    run = model("before-automation", WORLD, {"world.consumers": 120})
    for _ in range(30):
        run.step()
    market = run.market
    exact, firms = nash_prices(market), run.market.firms
    market.appeal = market.appeal._replace(price=exact)  # type: ignore[union-attr]
    people = market.consumers
    choose_month(
        market.plan, market.tastes, market.streets, market.appeal, market.traded, market.luck(), 1.0,
        market.parameters.consumers.choice_noise, people.last_before, people.bought, people.inclusive, people.surplus,
        market.rooms,
    )  # fmt: skip
    sites = np.flatnonzero(market.traded)
    steps = np.array([0.0, -0.5, -0.05, 0.05, 0.5])
    rows = np.repeat(sites, steps.size)
    tried = exact[rows] + np.tile(steps, sites.size)
    options = type(market.appeal)(
        *(getattr(market.appeal, name)[..., rows] for name in market.appeal._fields)
    )._replace(price=tried)
    first = np.arange(sites.size + 1) * steps.size
    sales = own_share_response(
        sites, first, market.appeal, options, market.tastes, market.streets, market.choices, market.threads
    )
    profit = ((tried - firms.unit_cost[rows]) * sales).reshape(-1, steps.size)
    assert (profit[:, :1] >= profit[:, 1:]).all()
