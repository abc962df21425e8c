"""What visitors say of outlets, by hand, and that nothing else moves with it."""

from __future__ import annotations

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, after, core_hash, model

from homogsim.agents import advocacy, surveys
from homogsim.agents.market import Market
from homogsim.metrics.differentiation import rating

CHAINS = {"chains.enabled": True, "chains.opening_rate": 0.5}


def by_hand(market: Market, before: np.ndarray) -> np.ndarray:
    """Return A′ = .95·A + .05·(.5 + share of visitors who rate 9 or more), visitor by visitor."""
    values, bought = advocacy.values_of_visits(market), market.consumers.bought
    after_it = before.copy()
    for site in np.unique(bought[bought >= 0]):
        given = [float(rating(values[i], *market.rating.tolist())) for i in np.flatnonzero(bought == site)]
        after_it[site] = 0.95 * before[site] + 0.05 * (0.5 + np.mean([mark >= 9.0 for mark in given]))
    return after_it


def test_visitors_make_outlets_known() -> None:
    run = after(40, "baseline", EVERYONE_HEARS, CHAINS)
    market, firms = run.market, run.market.firms
    assert (firms.is_chain & (firms.awareness != 1.0)).any()  # their visitors talk, too
    trading_before = firms.awareness.copy()
    advocacy.spread_the_word(market)
    assert firms.awareness == pytest.approx(by_hand(market, trading_before), abs=1e-14)
    nobody = np.setdiff1d(np.arange(firms.rows), market.consumers.bought)
    assert np.array_equal(firms.awareness[nobody], trading_before[nobody])


def test_nobody_talks_before_there_is_a_reference() -> None:
    run = after(11)
    assert np.isnan(run.market.rating).all()
    assert (run.market.firms.awareness == 1.0).all()
    run.step()
    assert np.isfinite(run.market.rating).all()
    assert (run.market.firms.awareness != 1.0).sum() > 20


def test_ratings_begin_where_awareness_rests() -> None:
    """The reference makes about half of all visits promoters, so that awareness begins near 1."""
    market = after(40).market
    rows = market.firms.independent
    assert np.average(market.firms.awareness[rows], weights=market.firms.sales[rows]) == pytest.approx(1.0, abs=0.15)
    assert market.firms.awareness[rows].min() > 0.5
    assert market.firms.awareness[rows].max() < 1.5


def test_an_outlet_that_is_talked_about_sells_more() -> None:
    one, other = after(20), after(20)
    site = int(np.flatnonzero(one.market.firms.is_open)[0])
    other.market.firms.awareness[site] *= 1.2
    for run in (one, other):
        run.step()
    more, sales = other.market.firms.expected_sales[site], one.market.firms.expected_sales[site]
    assert 1.05 * sales < more < 1.2 * sales  # its share rises by less than its odds


def test_a_newcomer_begins_unknown_and_unspoiled() -> None:
    run = after(30, "before-automation", {"finance.entry_rate": 1.0, "finance.hurdle": 0.0})
    firms = run.market.firms
    new = firms.is_open & (firms.birth == run.month - 1)
    assert new.any()
    assert (firms.awareness[new] == 1.0).all()


def test_without_advocacy_everything_is_as_if_there_were_none(monkeypatch: pytest.MonkeyPatch) -> None:
    off = model("baseline", EVERYONE_HEARS, {"firms.advocacy": 0.0}, seed=3).run()
    assert (off.market.firms.awareness == 1.0).all()
    on = model("baseline", EVERYONE_HEARS, seed=3).run()
    monkeypatch.setattr(advocacy, "spread_the_word", lambda market: None)
    none = model("baseline", EVERYONE_HEARS, seed=3).run()
    assert core_hash(off.market) == core_hash(none.market) != core_hash(on.market)


def test_where_nobody_goes_out_nobody_talks() -> None:
    run = after(30, "baseline", {"consumers.visit_probability": 0.0})
    assert np.isnan(run.market.rating).all()
    assert (run.market.firms.awareness == 1.0).all()


def test_score_and_law_call_the_same_visits_promoters() -> None:
    market = after(24).market
    values = surveys.values_of_visits(market)
    u_0, s_0 = market.rating.tolist()
    promoters = (rating(values, u_0, s_0) >= 9.0).mean()
    detractors = (rating(values, u_0, s_0) <= 6.0).mean()
    assert surveys.promoter_score(market) == pytest.approx(100.0 * (promoters - detractors), abs=1e-9)
    visits = market.consumers.bought[market.consumers.bought >= 0]
    line = u_0 + s_0 * np.log(9.0)
    assert (values >= line).mean() == promoters
    assert visits.size == values.size  # no chains here


@pytest.mark.parametrize("changes", [{}, {"consumers.tastes": "kernel"}, CHAINS])
def test_promoters_are_those_whose_visits_are_valued_so(changes: dict[str, object]) -> None:
    """What is counted while consumers choose is what asking each of them afterwards gives."""
    market = after(14, "baseline", changes).market
    u, bought, sites = advocacy.values_of_visits(market), market.consumers.bought, market.firms.rows
    visitors, promoters = market.verdict
    assert visitors.tolist() == np.bincount(bought[bought >= 0], minlength=sites).tolist()
    happy = u >= advocacy.line_of_promoters(market)
    assert promoters.tolist() == np.bincount(bought[happy], minlength=sites).tolist()
    assert 0 < promoters.sum() < visitors.sum()
