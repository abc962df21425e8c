"""The firm's twin without the tool: what the investment returned (docs/model.md, ROI)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import appeal, business, operations, tiers, without_tool
from homogsim.agents.market import Market
from homogsim.laws.demand import Twins
from homogsim.metrics.differentiation import distance_to_cell_mean

LONGEST = 36
"""Months over which returns are followed."""


def twins(market: Market) -> Twins | None:
    """Return the twins of the adopters in their first 36 months, for this month's choice; None where there are none.

    A twin has the same price and place, no tool, and the shadow offering, which has lived under the same laws without
    the tool since adoption.
    """
    firms, parameters = market.firms, market.parameters
    rows = np.flatnonzero(firms.is_open & (firms.adopted >= 0) & (market.month - firms.adopted < LONGEST))
    if rows.size == 0:
        return None
    bare = without_tool(operations(firms, rows))
    seen = appeal(bare, business(bare, parameters), firms.price[rows], firms.shadow_offering[:, rows], parameters)
    return Twins(rows, seen, np.empty(rows.size))


def follow_returns(market: Market, followed: Twins | None) -> None:
    """Add this month's π − π⁰ to the accounts of adopters in their first 36 months, whose twins have been `followed`.

    π⁰ is the profit without the tool under the same price, rivals, rent and shocks: with what the twin would have sold.
    """
    if followed is None:
        return
    firms, rows = market.firms, followed.sites
    age = market.month - firms.adopted[rows]
    sales = followed.sales * luck_of_sales(market, rows)
    shadow = (firms.price[rows] - firms.base_cost[rows]) * sales - firms.fixed_cost_paid[rows]
    fee = tiers(market.parameters).monthly_fee[firms.tool[rows]]
    for months, gain, outlay in ((12, firms.gain_12, firms.outlay_12), (LONGEST, firms.gain_36, firms.outlay_36)):
        young = age < months
        gain[rows] += np.where(young, firms.profit[rows] - shadow, 0.0)
        outlay[rows] += np.where(young, fee, 0.0)
    back = (firms.payback[rows] == 0) & (firms.gain_36[rows] >= firms.upfront_36[rows])
    firms.payback[rows[back]] = age[back] + 1


def luck_of_sales(market: Market, rows: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return what the firms at `rows` sold over what they could expect: a twin would have had the same luck.

    1 under expected demand, and where nothing was expected.
    """
    expected, sold = market.firms.expected_sales[rows], market.firms.sales[rows]
    return np.divide(sold, expected, out=np.ones(rows.size), where=expected > 0.0)


def distance_from_neighbours(market: Market, rows: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return how far the offerings at `rows` are from the mean of the small businesses of their cell, taste sd."""
    firms = market.firms
    present = np.flatnonzero(firms.independent)
    distance = np.full(firms.rows, np.nan)
    distance[present] = distance_to_cell_mean(
        firms.offering[:, present].T, market.site_cell[present], market.parameters.world.cells
    )
    return distance[rows]
