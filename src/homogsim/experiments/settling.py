"""Make a town of given businesses one in which they can live: demand or rents are fitted to them.

Nobody who brings tables of towns and businesses knows how many purchases a month the model's costs take. What is not
known is chosen such that the present businesses have, sector by sector, the net margin of small businesses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from homogsim.agents.settlers import SURVIVORS_RENT
from homogsim.scenario import Scenario
from homogsim.scenario.places import Places

if TYPE_CHECKING:
    from homogsim.model import MarketModel

MARGIN = 0.045
"""Net margin of small businesses, share of revenue (a target of the calibration)."""
MONTHS = 11
"""Months after which prices have settled."""
SEEDS = (1, 2, 3)
ROUNDS = 3
"""Attention runs short and qualities settle as demand changes, so that one round is not enough."""


class Earned(NamedTuple):
    """What a sector's businesses earn in a month, dollars, and how many they are."""

    contribution: float
    revenue: float
    businesses: float


def fitted(scenario: Scenario, purchases_given: bool) -> Scenario:
    """Return the scenario with purchases or, where these are given, fixed cost that let present businesses live.

    The contribution of a business is proportional to demand, so that the margin
    :math:`((1 - .72 f) C - f F)/R = 4.5 %` is solved by a scale of demand for every sector, or by one F.

    Parameters
    ----------
    scenario : Scenario
        With places.
    purchases_given : bool
        Whether purchases are known and rents are to be fitted instead.
    """
    places = scenario.places
    if places is None or not places.businesses:
        return scenario
    for _ in range(ROUNDS):
        scenario = _with_rent(scenario) if purchases_given else _with_purchases(scenario)
    return scenario


def _with_purchases(scenario: Scenario) -> Scenario:
    assert scenario.places is not None
    finance, earned = scenario.parameters.finance, _earned(scenario)
    rent = SURVIVORS_RENT * finance.fixed_cost
    scales = []
    for one in earned:
        kept = (1.0 - SURVIVORS_RENT * finance.rent_share) * one.contribution - MARGIN * one.revenue
        scales.append(rent * one.businesses / kept if one.businesses and kept > 0.0 else float("nan"))
    usual = float(np.nanmean(scales)) if np.isfinite(scales).any() else 1.0
    scales = [scale if np.isfinite(scale) else usual for scale in scales]
    sectors = tuple(
        replace(sector, purchases=float(f"{sector.purchases * scale:.4g}"))
        for sector, scale in zip(scenario.places.sectors, scales, strict=True)
    )
    return _with_occasions(scenario, replace(scenario.places, sectors=sectors))


def _with_occasions(scenario: Scenario, places: Places) -> Scenario:
    cells = [town.households * sector.purchases for sector in places.sectors for town in places.towns]
    occasions = float(f"{sum(cells) / len(cells):.5g}")
    return replace(scenario, places=places).override("world.occasions", occasions)


def _with_rent(scenario: Scenario) -> Scenario:
    finance, earned = scenario.parameters.finance, _earned(scenario)
    contribution, revenue, businesses = (sum(column) for column in zip(*earned, strict=True))
    kept = (1.0 - SURVIVORS_RENT * finance.rent_share) * contribution - MARGIN * revenue
    if not businesses or kept <= 0.0:
        return scenario
    return scenario.override("finance.fixed_cost", float(f"{kept / (SURVIVORS_RENT * businesses):.4g}"))


def _earned(scenario: Scenario) -> list[Earned]:
    """Return what the sectors' present businesses earn once prices have settled, the mean of some seeds."""
    from homogsim.experiments.advice.worlds import UNRECORDED
    from homogsim.model import MarketModel

    found = []
    for seed in SEEDS:
        model = MarketModel(scenario, seed=seed, record_every=UNRECORDED)
        for _ in range(MONTHS):
            model.step()
        found.append([_of_sector(model, sector) for sector in range(scenario.parameters.world.sectors)])
    return [Earned(*map(float, np.mean(sector, axis=0))) for sector in zip(*found, strict=True)]


def _of_sector(model: MarketModel, sector: int) -> Earned:
    firms = model.market.firms
    rows = np.flatnonzero(firms.independent & (model.market.site_sector == sector))
    sales, price = firms.sales[rows], firms.price[rows]
    contribution = ((price - firms.unit_cost[rows]) * sales).sum()
    return Earned(float(contribution), float((price * sales).sum()), float(rows.size))
