"""Known answer 28: what one agent does by itself is what the kernel did for it, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, after, model

from homogsim.agents.choosing import attractions_of
from homogsim.model import MarketModel


@pytest.fixture(scope="module")
def run() -> MarketModel:
    return after(50, "baseline", EVERYONE_HEARS, {"world.consumers": 60, "firms.transparency": 0.3}, seed=7)


def test_every_consumer_visits_where_the_kernel_sent_it(run: MarketModel) -> None:
    chosen = np.array([who.choose() for who in run.consumers])
    assert np.array_equal(chosen, run.market.consumers.bought)
    out = run.parameters.consumers.visit_probability  # some who go out buy nothing
    assert 0.5 * out < (chosen >= 0).mean() < out


def test_every_consumers_attractions_add_up_to_the_kernels(run: MarketModel) -> None:
    for row in range(run.market.consumers.rows):
        total = 1.0
        for attraction in attractions_of(run.market, row)[1]:
            total += float(attraction)
        assert total == run.market.consumers.inclusive[row]


def test_consumers_probabilities_add_up_to_the_months_sums(run: MarketModel) -> None:
    market, weight = run.market, run.market.streets.weight
    expected, slope, towards = (np.zeros(market.firms.rows) for _ in range(3))
    for who in run.consumers:
        for site, share in who.probabilities().items():
            expected[site] += weight * share
            slope[site] += weight * share * (1.0 - share) * who.price_sensitivity
            towards[site] += weight * share * (1.0 - share) * who.strength * who.ideal[0]
    assert expected == pytest.approx(market.firms.expected_sales, rel=1e-12)
    assert slope == pytest.approx(market.firms.slope, rel=1e-12)
    assert towards == pytest.approx(market.firms.ideal_sum[0], rel=1e-9, abs=1e-9 * np.abs(towards).max())


def test_probabilities_leave_the_rest_for_the_outside_option(run: MarketModel) -> None:
    for row in (0, 100, 300):
        shares = run.consumers[row].probabilities()
        outside = 1.0 / run.market.consumers.inclusive[row]
        assert sum(shares.values()) + outside == pytest.approx(1.0, abs=1e-12)
        reach = run.parameters.world.reach + 1
        towns = {run.market.site_town[site] for site in shares}
        assert len(towns) <= reach
        assert {run.market.site_sector[site] for site in shares} == {run.consumers[row].sector}


def test_every_firm_knows_its_next_price() -> None:
    run = after(20, "before-automation", seed=7)
    told = {firm.uid: firm.next_price() for firm in run.firms}
    run.step()
    firms = run.market.firms
    found = {int(firms.uid[row]): firms.price[row] for row in np.flatnonzero(firms.is_open & run.market.traded)}
    both = told.keys() & found.keys()
    assert len(both) > 40
    assert all(told[uid] == found[uid] for uid in both)


def test_agents_show_and_change_their_rows() -> None:
    run = model("baseline", seed=7)
    run.step()
    firm = run.firms[run.firms[0:1][0].site]
    firms, row = run.market.firms, firm.row
    assert firm.price == firms.price[row]
    assert np.array_equal(firm.offering, firms.offering[:, row])
    assert firm.operations()["contact"] == firms.contact[row]
    firm.cash = 123.0
    assert firms.cash[row] == 123.0
    assert (firm.town, firm.sector) == (run.market.site_town[row], run.market.site_sector[row])
    assert len(run.agents) == run.market.consumers.rows + firms.is_open.sum()
    assert {kind.__name__ for kind in run.agent_types} == {"FirmAgent", "ConsumerAgent"}
