"""Known answer 23: without rent, a minority's taste is served if and only if N_g·margin ≥ F (Waldfogel 2003).

The world has two tastes so strong and so far apart that no shop can serve both, and nothing else that differs. A
monopolist of the minority of N_g occasions, its share of them s, charges p = c + μ/(1 − s); its contribution a
occasion, N_g·s·(p − c)/N_g, is μ·W(e^{(v − c)/μ − 1}), W the Lambert function.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import lambertw
from small_markets import model

from homogsim.agents import turnover
from homogsim.agents.market import Market
from homogsim.model import MarketModel

TWO_TASTES = {
    "world.towns": 1,
    "world.sectors": 1,
    "world.dimensions": 1,
    "world.niches": 2,
    "world.town_share": 0.0,
    "world.niche_share": 1.0,
    "world.occupied": 0,
    "world.sites": 60,
    "world.consumers": 400,
    "consumers.base_value": 14.0,
    "consumers.taste_strength": 20.0,
    "consumers.price_sensitivity_sd": 0.0,
    "consumers.personalization_value": 0.0,
    "consumers.locality_value": 0.0,
    "consumers.loyalty": 0.0,
    "consumers.loyalty_sd": 0.0,
    "consumers.distance_cost": 0.0,
    "firms.cost_sd": 0.0,
    "firms.quality_sd": 0.0,
    "offering.noise": 0.0,
    "finance.rent_share": 0.0,
    "finance.hurdle": 0.0,
    "finance.fixed_cost_sd": 0.0,
    "finance.shock_sd": 0.0,
    "finance.retirement": 0.0,
    "finance.overdraft": 100.0,
    "finance.entry_rate": 0.02,  # one after the other: founders of one month do not see each other
    "finance.concepts": 32,
    "calendar.warm_up": 0,
    "calendar.months": 60,
}
SEED = 4  # a world in which one taste is that of less than a third


def minority_of(market: Market) -> tuple[np.ndarray, np.ndarray]:
    """Return where the minority's taste is, and which consumers have it."""
    ideal = market.consumers.ideal[0]
    places, who = np.unique(ideal.round(9), return_inverse=True)
    assert places.size == 2
    rare = int(np.bincount(who).argmin())
    return places[rare], who == rare


def margin(market: Market) -> float:
    """Return the contribution of an occasion of a taste that a monopolist serves, dollars."""
    consumers, cost = market.parameters.consumers, market.parameters.firms.base_cost
    mu = consumers.choice_noise
    return float(mu * lambertw(np.exp((consumers.base_value - cost) / mu - 1.0)).real)


@pytest.fixture(scope="module")
def break_even() -> float:
    """F at which N_g·margin = F."""
    market = model("before-automation", TWO_TASTES, seed=SEED).market
    _, rare = minority_of(market)
    assert 20 < rare.sum() < 133
    return float(rare.sum() * market.streets.weight * margin(market))


def with_fixed_cost(fixed_cost: float) -> MarketModel:
    return model("before-automation", TWO_TASTES, {"finance.fixed_cost": fixed_cost}, seed=SEED)


@pytest.mark.parametrize("relative", [0.3, 1.0 - 1e-5, 1.0 + 1e-5, 3.0])
def test_founder_judges_a_minority_by_its_numbers_times_margin(break_even: float, relative: float) -> None:
    market = with_fixed_cost(relative * break_even).market
    place, _ = minority_of(market)
    market.consumers.inclusive[:] = 1.0  # nobody is served yet: the outside option alone
    site = np.array([0])
    prospects = turnover._prospects(market, site, np.array([[place]]))
    assert prospects.contribution[0] == pytest.approx(break_even, rel=5e-6)
    finance = market.parameters.finance
    opens = turnover.money.worth_opening(prospects.contribution, finance.hurdle, finance.fixed_cost, 0.0)
    assert bool(opens[0]) == (relative < 1.0)


@pytest.mark.parametrize(("relative", "served"), [(0.5, True), (0.97, True), (1.03, False), (2.0, False)])
def test_minority_is_served_if_and_only_if_it_pays(break_even: float, relative: float, served: bool) -> None:
    run = with_fixed_cost(relative * break_even)
    place, rare = minority_of(run.market)
    run.run()
    firms = run.market.firms
    concepts = firms.first_offering[0, firms.is_open]
    assert (np.abs(concepts - place) > 1e-6).any()  # the majority always is
    assert bool((np.abs(concepts - place) < 1e-6).any()) == served
    bought = 1.0 - 1.0 / run.market.consumers.inclusive[rare]
    assert (bought > 0.3).all() if served else (bought < 1e-9).all()
