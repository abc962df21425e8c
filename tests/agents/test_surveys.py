"""What consumers answer, against the choices that they made."""

from __future__ import annotations

import math

import numpy as np
import pytest
from small_markets import EVERYONE_HEARS, after

from homogsim.agents import surveys
from homogsim.agents.choosing import attractions_of
from homogsim.agents.market import Market
from homogsim.agents.panel import taste_distance
from homogsim.laws.demand import Appeal
from homogsim.metrics.differentiation import differentiation_premium
from homogsim.parameters import TOOLS

CHAINS = {"chains.enabled": True, "chains.opening_rate": 0.5}


@pytest.fixture(scope="module")
def market() -> Market:
    """Return a market in which all tools are used, with chains, half-way through a year."""
    return after(60, "baseline", EVERYONE_HEARS, CHAINS, {"tools.served_fit": 0.5}).market


def core(market: Market, i: int, j: int, appeal: Appeal | None = None) -> float:
    """Return V_ij without distance and loyalty, dollars, written out once more."""
    seen, people = appeal or market.appeal, market.consumers
    town = i // market.parameters.world.consumers % market.parameters.world.towns
    local = seen.locality[j] if market.site_town[j] == town else 0.0
    distance2 = ((people.ideal[:, i] - seen.offering[:, j]) ** 2).sum()
    return float(
        seen.base[j] + people.personalization[i] * seen.personalization[j] + people.locality[i] * local
        - people.strength[i] * seen.misfit[j] * distance2 - people.price_sensitivity[i] * seen.price[j]
    )  # fmt: skip


def test_values_of_visits(market: Market) -> None:
    values, bought = surveys.values_of_visits(market), market.consumers.bought
    visitors = np.flatnonzero((bought >= 0) & ~market.firms.is_chain[bought])
    assert market.firms.is_chain[bought[bought >= 0]].any()
    expected = [core(market, i, bought[i]) / market.consumers.price_sensitivity[i] for i in visitors]
    assert values == pytest.approx(expected, abs=1e-10)


def test_values_of_visits_make_up_satisfaction() -> None:
    """Over all visitors of a year, the mean value of visits to a firm is near the satisfaction that it remembers."""
    run = after(30)
    market = run.market
    total, visits = np.zeros(market.firms.rows), np.zeros(market.firms.rows)
    for _ in range(12):
        run.step()
        bought = market.consumers.bought[market.consumers.bought >= 0]
        total += np.bincount(bought, surveys.values_of_visits(market), minlength=total.size)
        visits += np.bincount(bought, minlength=total.size)
    known = (visits > 30) & market.firms.independent
    assert known.sum() > 5
    gap = total[known] / visits[known] - market.firms.satisfaction[known]
    assert abs(gap.mean()) < 0.15


def test_a_survey_asks_about_everything_within_reach(market: Market) -> None:
    people, firms = market.consumers, market.firms
    who = np.arange(people.rows)[::5]
    answers, twin = surveys.survey(market, who), surveys.generic_twin(market)
    best, misfit = [], []
    value, value_of_twin = np.zeros((who.size, firms.rows)), np.zeros((who.size, firms.rows))
    chances = np.zeros((who.size, firms.rows))
    for n, i in enumerate(who):
        sites, attraction, total = attractions_of(market, int(i))
        best.append(market.choosing.noise * math.log(attraction.max()))
        chance = attraction / total
        gap = np.sqrt(((people.ideal[:, [i]] - firms.offering[:, sites]) ** 2).sum(axis=0))
        misfit.append((chance * (1 - firms.served_fit[sites]) * gap).sum() / chance.sum())
        for j, share in zip(sites, chance, strict=True):
            if not firms.is_chain[j]:
                chances[n, j] = share
                value[n, j], value_of_twin[n, j] = core(market, i, j), core(market, i, j, twin)
    assert answers.served_badly_share == np.mean(np.array(best) < 0)
    assert 0 < answers.served_badly_share < 1
    distance = taste_distance(market)[who]
    quarters = np.quantile(distance, [0.25, 0.75], method="inverted_cdf")
    outer, inner = np.mean(np.array(misfit)[distance > quarters[1]]), np.mean(np.array(misfit)[distance <= quarters[0]])
    assert answers.personalization_gap == pytest.approx(outer - inner, abs=1e-9)
    premium = differentiation_premium(value, value_of_twin, people.price_sensitivity[who], chances)
    buyers = chances.sum(axis=0)
    known = buyers > 0
    expected = (premium[known] * buyers[known]).sum() / buyers.sum()
    assert answers.differentiation_premium == pytest.approx(expected, abs=1e-9)


def test_where_the_twin_stands(market: Market) -> None:
    """Known answer: S = (λaφ + ρ)/(λa + ρ) = .708 at a .8, φ .1, λ .03, ρ .05; the twin stands at S·x* + (1 − S)·T."""
    twin = surveys.generic_twin(market)
    template = market.vendors.template[:, :1]
    share = (0.03 * 0.8 * 0.1 + 0.05) / (0.03 * 0.8 + 0.05)
    assert share == pytest.approx(0.708, abs=1e-3)
    assert twin.offering == pytest.approx(share * market.firms.identity + (1 - share) * template, abs=1e-12)
    assert not twin.locality.any()
    for name in ("base", "price", "travel"):
        assert getattr(twin, name) is getattr(market.appeal, name)
    generic = market.firms.independent & (market.firms.tool == TOOLS.index("generic"))
    custom = market.firms.independent & (market.firms.tool == TOOLS.index("custom"))
    assert generic.any()
    assert custom.any()
    premium = market.appeal.personalization - twin.personalization
    assert premium[custom].mean() > premium[generic].mean()


def test_served_offerings_lie_on_the_way_to_the_ideal(market: Market) -> None:
    served, windows, visits = surveys.served_offerings(market)
    people, firms = market.consumers, market.firms
    visitors = np.flatnonzero((people.bought >= 0) & ~firms.is_chain[people.bought])
    assert len(served) == visits.sum() == visitors.size < surveys.SERVED_VISITS  # all of so small a market
    site = people.bought[visitors]
    fit = firms.served_fit[site]
    assert fit.max() > 0.05
    assert served == pytest.approx(((1 - fit) * firms.offering[:, site] + fit * people.ideal[:, visitors]).T)
    again = np.repeat(windows, visits.astype(int), axis=0)
    assert np.sort(again, axis=0) == pytest.approx(np.sort(firms.offering[:, site].T, axis=0))


def test_the_same_visitors_are_asked_what_they_were_served(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = surveys.served_offerings(market)
    monkeypatch.setattr(surveys, "SERVED_VISITS", 40)
    some = surveys.served_offerings(market)
    assert len(some.offerings) == some.visits.sum() == 40
    assert {tuple(x) for x in some.offerings} <= {tuple(x) for x in everybody.offerings}


def test_ratings_are_as_the_reference_is_set() -> None:
    """In the month of the reference about half of the visits are promoters and a fifth detractors, were u normal."""
    run = after(12)
    u_0, s_0 = run.market.rating
    values = surveys.values_of_visits(run.market)
    assert u_0 == pytest.approx(values.mean() - 1.032 * values.std(), abs=1e-9)
    assert s_0 == pytest.approx(0.47 * values.std(), abs=1e-9)
    rating = 10 / (1 + np.exp(-(values - u_0) / s_0))
    promoters, detractors = (rating >= 9).mean(), (rating <= 6).mean()
    assert 0.35 < promoters < 0.65
    assert 0.05 < detractors < 0.35
    assert surveys.promoter_score(run.market) == pytest.approx(100 * (promoters - detractors), abs=1e-9)
    run.step()
    assert run.market.rating.tolist() == [u_0, s_0]
    run.market.rating[:] = math.nan
    assert math.isnan(surveys.promoter_score(run.market))


def test_surplus_is_told_at_the_tastes_of_the_start() -> None:
    run = after(60, "baseline", EVERYONE_HEARS, {"consumers.backlash": 20.0, "tools.available": ["generic"]})
    market, people = run.market, run.market.consumers
    assert market.local_factor is not None
    assert market.local_factor.max() > 1.0
    surplus = surveys.surplus_at_first_tastes(market)
    assert surplus.mean() < people.surplus.mean()
    for i in range(0, people.rows, 60):
        total = 1.0
        for j in attractions_of(market, i)[0]:
            there = _attraction_at_first_tastes(market, i, int(j))
            total += there
        assert surplus[i] == pytest.approx(
            market.choosing.noise / people.price_sensitivity[i] * math.log(total), abs=1e-9
        )


def _attraction_at_first_tastes(market: Market, i: int, j: int) -> float:
    """Return e^{V/μ}, corrected for what the moved value of the local adds to it."""
    sites, attraction, _ = attractions_of(market, i)
    town = i // market.parameters.world.consumers % market.parameters.world.towns
    added = 0.0
    if market.site_town[j] == town:
        added = (market.choosing.tastes.locality[i] - market.tastes.locality[i]) * market.appeal.locality[j]
    return float(attraction[list(sites).index(j)] * math.exp(-added / market.choosing.noise))


def test_surplus_is_the_consumers_own_without_backlash(market: Market) -> None:
    assert surveys.surplus_at_first_tastes(market) is market.consumers.surplus
