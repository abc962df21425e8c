"""Known answer 20: under constant conditions every stock comes to rest at its fixed point, to 1e-6."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from small_markets import NOBODY_ENTERS, NOBODY_FAILS, model

from homogsim.agents import trading
from homogsim.laws import money, stocks

ONE = np.ones(1)


def rest(law: Callable[[np.ndarray], np.ndarray], start: float, months: int = 2000) -> float:
    stock = np.array([start])
    for _ in range(months):
        stock = law(stock)
    return float(stock[0])


@pytest.mark.parametrize("start", [0.0, 50.0])
def test_differentiation(start: float) -> None:
    # G = r·savings/8000 / (1 − .97)
    found = rest(lambda g: stocks.next_differentiation(g, ONE * 240.0, 0.97, 8000.0), start)
    assert found == pytest.approx(240.0 / 8000.0 / 0.03, rel=1e-6)


@pytest.mark.parametrize("start", [0.0, 50.0])
def test_data(start: float) -> None:
    # D = a_F·Q/Q_ref
    found = rest(lambda d: stocks.next_data(d, ONE * 0.8, ONE * 5000.0, 3333.0, 0.95), start)
    assert found == pytest.approx(0.8 * 5000.0 / 3333.0, rel=1e-6)


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_trust(start: float) -> None:
    level = stocks.trust_level(ONE * 0.8, ONE * 0.5, ONE * 0.2, 0.6)
    found = rest(lambda trust: stocks.approach(trust, level, 0.1), start)
    assert found == pytest.approx(1.0 - 0.6 * 0.8 * 0.5 * 0.8, rel=1e-6)


@pytest.mark.parametrize("start", [0.0, 1e6])
def test_fixed_cost(start: float) -> None:
    level = money.fixed_cost_level(ONE * 1.1, 2500.0, 0.72, ONE * 6000.0)
    found = rest(lambda cost: money.next_fixed_cost(cost, level, 0.03, 0.02), start)
    assert found == pytest.approx(1.1 * (2500.0 + 0.72 * 6000.0), rel=1e-6)


def test_cash_under_a_steady_profit() -> None:
    # cash = reserve + π(1 − draw)/draw just after owners have drawn
    def month(cash: np.ndarray) -> np.ndarray:
        before = cash + 500.0
        return before - money.owner_draw(before, ONE * 9000.0, 0.1, 2.5)

    assert rest(month, 0.0) == pytest.approx(2.5 * 9000.0 + 500.0 * 0.9 / 0.1, rel=1e-6)


def test_stocks_of_firms_in_a_market() -> None:
    """Firms with a tool and the sales of one month, lived over and over, by the model's own stages."""
    market = model("baseline", NOBODY_FAILS, NOBODY_ENTERS, {"finance.shock_sd": 0.0}).market
    firms, rows = market.firms, np.flatnonzero(market.firms.is_open)
    trading.choose(market)
    firms.tool[rows], firms.vendor[rows], firms.implementation[rows] = 1, 0, 0.4
    firms.back_office[rows], firms.contact[rows], firms.human_share[rows] = 1.0, 0.8, 0.5
    for _ in range(1500):
        trading.live_by_the_laws(market)
        trading.keep_accounts(market)
        trading.follow_sales(market)
    sales, generic = firms.sales[rows], market.parameters.tools.generic
    saved = 0.4 * (generic.back_office_saving + 0.8 * generic.contact_saving)
    assert firms.unit_cost[rows] == pytest.approx(firms.base_cost[rows] * (1.0 - saved), rel=1e-6)
    savings = firms.base_cost[rows] * saved * sales
    assert firms.differentiation[rows] == pytest.approx(0.3 * savings / 8000.0 / 0.03, rel=1e-6)
    assert firms.data[rows] == pytest.approx(0.8 * sales / market.parameters.world.occasions_per_site, rel=1e-6)
    assert firms.load[rows] == pytest.approx(sales, rel=1e-6)
    assert firms.trust[rows] == pytest.approx(1.0 - 0.6 * 0.8 * 0.5, rel=1e-6)
