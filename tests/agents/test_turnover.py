"""Exit and entry: retirement, bankruptcy, founders, and the tools that newcomers are born with."""

from __future__ import annotations

import math

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, NOBODY_ENTERS, NOBODY_FAILS, after, model

from homogsim.agents import turnover
from homogsim.agents.firms import UID_MONTH, UID_SITE, appeal, business
from homogsim.agents.market import Market
from homogsim.laws.demand import Appeal
from homogsim.laws.response import Choices, own_share_response


def test_retirement_is_a_constant_hazard() -> None:
    """Known answer 15 on the model itself: where firms only retire, survival falls by the hazard every month."""
    hazard = 0.03
    retiring = {"finance.retirement": hazard, "calendar.warm_up": 0, "calendar.before": 40, "calendar.months": 20}
    # Nobody fails, and the mean of a firm's life does not depend on when it opened: all count, first ones too.
    lives = []
    for seed in (1, 2, 3):
        run = model("before-automation", NOBODY_FAILS, retiring, seed=seed).run()
        table = run.results().firms
        assert set(table["cause"]) == {"", "retired"}
        first = table[table["birth"] == -40]
        lives.append(first["death"].fillna(99).to_numpy(dtype=float) + 40 + 1)
    ages = np.concatenate(lives)
    for months in (1, 12, 24, 48):
        survival = (1.0 - hazard) ** months
        error = math.sqrt(survival * (1 - survival) / ages.size)
        assert (ages > months).mean() == pytest.approx(survival, abs=3.5 * error)


def test_the_summary_tells_survival_of_those_who_opened_in_recorded_months() -> None:
    hazard = 0.02
    run = model("before-automation", NOBODY_FAILS, {"finance.retirement": hazard, "finance.entry_rate": 0.5,
                "calendar.before": 60, "calendar.months": 60}, seed=2).run()  # fmt: skip
    results = run.results()
    entrants = results.firms[results.firms["birth"] >= -60]
    assert len(entrants) > 150
    for years in (1, 2, 3):
        survival = (1.0 - hazard) ** (12 * years)
        error = math.sqrt(survival * (1 - survival) / len(entrants))
        assert results.summary[f"survival_{years}y"] == pytest.approx(survival, abs=4 * error)


def test_bankrupt_firms_close_and_leave_an_empty_site() -> None:
    market = after(12, "before-automation").market
    firms = market.firms
    rows = np.flatnonzero(firms.is_open)[:3]
    firms.cash[rows] = -1.01 * firms.fixed_cost[rows]
    visitors = np.isin(market.consumers.last, rows)
    assert visitors.any()
    closed = turnover.close(market)
    assert set(rows) <= set(closed)
    assert not firms.is_open[rows].any()
    assert (firms.cash[rows] == 0.0).all()
    assert (market.consumers.last[visitors] == -1).all()
    causes = {death.uid: death.cause for death in market.diary.deaths}
    assert all(causes[int(uid)] == "bankrupt" for uid in firms.uid[rows])


def test_empty_sites_are_tried_at_the_entry_rate() -> None:
    """Where every concept pays, openings are the sites that founders try: 12 % a month of the empty ones."""
    market = model("before-automation", NOBODY_FAILS, {"world.occupied": 1}).market
    turnover.close(market)  # nobody closes, but nothing has been traded yet
    market.consumers.inclusive[:] = 1.0
    tried, empty = 0, 0
    for _ in range(30):
        market.month += 1
        empty += int((~market.firms.is_open).sum())
        tried += turnover.found(market).size
    assert tried / empty == pytest.approx(0.12, abs=4 * math.sqrt(0.12 * 0.88 / empty))


def test_nobody_was_last_at_a_site_that_has_closed() -> None:
    market = after(12, "baseline-with-chains", {"finance.retirement": 0.1}).market
    last, visited = market.consumers.last, 0
    for _ in range(6):
        was = last.copy()
        turnover.close(market)
        closed = np.isin(was, np.flatnonzero(market.closed))
        visited += int(closed.sum())
        assert (last[closed] == -1).all()
        assert (last[~closed] == was[~closed]).all()
        market.month += 1
    assert visited > 50


def test_founders_do_not_open_where_it_does_not_pay() -> None:
    run = after(12, "before-automation", {"finance.fixed_cost": 1e6, "finance.overdraft": 100.0})
    assert len(run.market.diary.births) == run.parameters.world.cells * run.parameters.world.occupied


def test_founders_expect_their_best_response_price() -> None:
    """Prices around the founder's promise a lower contribution, by the same own-share response that firms use."""
    market = after(20, "before-automation").market
    market.closed[:] = False  # what those leave is not in the month's choices
    sites = np.flatnonzero(~market.firms.is_open)[:8]
    concepts = turnover._concepts(market, sites, 0)
    found = turnover._prospects(market, sites, concepts)
    cost = market.parameters.firms.base_cost
    assert found.contribution == pytest.approx((found.price - cost) * found.sales, rel=1e-12)
    usual = turnover._usual_quality(market, sites)
    new = turnover._newcomer(sites.size, 0.5)._replace(quality=usual)
    choices = market.choices
    for step in (-0.2, -0.01, 0.01, 0.2):
        tried = found.price + step
        seen = appeal(new, business(new, market.parameters), tried, concepts, market.parameters)
        sales = _sales_of_newcomers(market, sites, seen, choices)
        assert ((tried - cost) * sales <= found.contribution * (1.0 + 1e-9)).all()


def test_founders_reckon_with_the_customers_of_who_has_just_closed() -> None:
    market = after(20, "before-automation", {"finance.retirement": 0.1}).market
    gone = np.flatnonzero(market.closed)
    assert gone.size > 2
    sites = gone[~market.firms.is_open[gone]]
    concepts = turnover._concepts(market, sites, 0)
    now = turnover._prospects(market, sites, concepts)
    market.closed[:] = False
    with_rivals = turnover._prospects(market, sites, concepts)
    assert (now.contribution > with_rivals.contribution).all()


def _sales_of_newcomers(market: Market, sites: np.ndarray, seen: Appeal, choices: Choices) -> np.ndarray:
    """Return what newcomers sell at given prices: the own-share response of firms that were not there before."""
    assert market.appeal is not None
    here = np.isin(np.arange(market.firms.rows), sites)
    absent = market.appeal._replace(base=np.where(here, -1e6, market.appeal.base))
    first = np.arange(sites.size + 1)
    # Loyalty counts for nobody: consumers were last at firms that are still there.
    free = choices._replace(last=np.where(np.isin(choices.last, sites), -1, choices.last).astype(np.int32))
    return own_share_response(sites, first, absent, seen, market.tastes, market.streets, free, market.threads)


def test_luck_of_founders_belongs_to_site_and_month() -> None:
    market = after(12, "before-automation").market
    sites = np.flatnonzero(~market.firms.is_open)
    together = turnover._concepts(market, sites, 1)
    for k in (0, sites.size - 1):
        alone = turnover._concepts(market, sites[k : k + 1], 1)
        assert np.array_equal(alone[:, 0], together[:, k])
    assert not np.array_equal(turnover._concepts(market, sites, 0), together)
    market.month += 1
    assert not np.array_equal(turnover._concepts(market, sites, 1), together)


def test_concepts_are_drawn_like_the_towns_tastes() -> None:
    market = model("before-automation", {"world.consumers": 2000}).market
    here = np.flatnonzero(market.site_cell == 1)
    drawn = []
    for month in range(200):
        market.month = month
        drawn.append(turnover._concepts(market, here, 0))
    concepts = np.concatenate(drawn, axis=1)
    people = np.arange(market.consumers.rows) // 2000 == 1
    ideal = market.consumers.ideal[:, people]
    error = np.sqrt(ideal.var(axis=1) * (1 / 2000 + 1 / concepts.shape[1]))
    assert np.abs(concepts.mean(axis=1) - ideal.mean(axis=1)) == pytest.approx(0.0, abs=4 * error.max())
    assert concepts.std(axis=1) == pytest.approx(ideal.std(axis=1), rel=0.1)


def test_better_is_dearer() -> None:
    """Known law: q = q̃ + (c − c0), with q̃ independent of cost; and mean cost is c0."""
    market = model("before-automation", {"world.sites": 200, "world.occupied": 200}).market
    firms = market.firms
    own = firms.quality - (firms.base_cost - 8.0)
    n = firms.rows
    assert own.std() == pytest.approx(0.4, rel=4 / math.sqrt(2 * n))
    assert abs(np.corrcoef(own, firms.base_cost)[0, 1]) < 4 / math.sqrt(n)
    assert firms.base_cost.mean() == pytest.approx(8.0, abs=4 * 8.0 * 0.275 / math.sqrt(n))
    assert np.log(firms.base_cost).std() == pytest.approx(0.27, rel=4 / math.sqrt(2 * n))
    assert (firms.cash / firms.fixed_cost).mean() == pytest.approx(2.0, abs=4 * 2.0 * 1.31 / math.sqrt(n))


def test_newcomers_are_born_with_tools_as_adopters_have_them() -> None:
    market = after(20, "baseline").market
    firms = market.firms
    market.month = 30
    open_ = np.flatnonzero(firms.is_open)
    adopters = open_[::2]
    firms.tool[adopters], firms.contact[adopters], firms.vendor[adopters] = 1, 0.3, 1
    rows = np.flatnonzero(~firms.is_open)
    born = {0: 0, 1: 0}
    for month in range(30, 60):
        market.month = month
        firms.is_open[rows] = False
        concepts = turnover._concepts(market, rows, 0)
        turnover._open(market, rows, concepts, np.full(rows.size, 11.0), np.full(rows.size, 1000.0))
        for tool in (0, 1):
            born[tool] += int((firms.tool[rows] == tool).sum())
        with_tool = rows[firms.tool[rows] == 1]
        assert (firms.contact[with_tool] == 0.3).all()
        assert (firms.vendor[with_tool] == 1).all()
        assert firms.born_with_tool[with_tool].all()
        assert firms.heard[with_tool].all()
        assert (firms.adopted[with_tool] < -1000).all()  # left out of returns on investment
        assert (firms.setup_due[with_tool] == 0.0).all()
        assert (firms.outlay_12[with_tool] == 0.0).all()
    total = born[0] + born[1]
    assert born[1] / total == pytest.approx(0.5, abs=4 * math.sqrt(0.25 / total) + 0.03)


def test_identity_of_a_business_comes_once() -> None:
    """Also where firms of the first month close in it and their sites are tried at once."""
    restless = {"finance.retirement": 0.5, "finance.entry_rate": 1.0}
    at_once = {"calendar.warm_up": 0, "calendar.before": 6}
    table = model("before-automation", NOBODY_FAILS, restless, at_once, seed=3).run().results().firms
    assert table["uid"].is_unique
    assert (table["uid"] == table["site"] * UID_SITE + table["birth"] + UID_MONTH).all()
    closed = table["death"].notna()
    assert (table["death"][closed] >= table["birth"][closed]).all()


def test_a_reopened_site_keeps_nothing_of_its_past() -> None:
    run = after(60, "baseline", EVERYONE_HEARS, {"calendar.months": 60, "finance.retirement": 0.03})
    market = run.market
    new = np.flatnonzero(market.firms.is_open & (market.firms.birth == run.month - 1))
    while new.size == 0:
        run.step()
        new = np.flatnonzero(market.firms.is_open & (market.firms.birth == run.month - 1))
    firms = market.firms
    for column in ("data", "differentiation", "total_profit", "debt", "gain_12", "outlay_36", "sales", "slope"):
        assert (getattr(firms, column)[new] == 0.0).all()
    assert np.isnan(firms.satisfaction[new]).all()
    assert (firms.trust[new] == 1.0).all()
    assert not np.isin(market.consumers.last, new).any()


def test_nobody_enters_when_nobody_tries() -> None:
    run = model("before-automation", NOBODY_ENTERS).run()
    assert run.results().timeline["entries"].sum() == 0
