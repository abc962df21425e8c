"""The firm's twin without the tool: what the investment returned (docs/model.md, ROI)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import appeal, business, operations, tiers, without_tool
from homogsim.agents.market import Market
from homogsim.laws.response import own_share_response
from homogsim.metrics.differentiation import distance_to_cell_mean

LONGEST = 36
"""Months over which returns are followed."""


def follow_returns(market: Market) -> None:
    """Add this month's π − π⁰ to the accounts of adopters in their first 36 months.

    π⁰ is the profit without the tool under the same price, rivals, rent and shocks: the own-share response at the
    shadow offering, which has lived under the same laws without the tool since adoption.
    """
    firms, parameters = market.firms, market.parameters
    age = market.month - firms.adopted
    rows = np.flatnonzero(market.traded & firms.is_open & (firms.adopted >= 0) & (age < LONGEST))
    if rows.size == 0 or market.appeal is None:
        return
    bare = without_tool(operations(firms, rows))
    seen = appeal(bare, business(bare, parameters), firms.price[rows], firms.shadow_offering[:, rows], parameters)
    first = np.arange(rows.size + 1)
    response = own_share_response(
        rows, first, market.appeal, seen, market.choosing.tastes, market.streets, market.choices, market.threads
    ) * luck_of_sales(market, rows)
    rent = firms.fixed_cost_paid[rows]
    shadow = (firms.price[rows] - firms.base_cost[rows]) * response - rent
    fee = tiers(parameters).monthly_fee[firms.tool[rows]]
    for months, gain, outlay in ((12, firms.gain_12, firms.outlay_12), (LONGEST, firms.gain_36, firms.outlay_36)):
        young = age[rows] < months
        gain[rows] += np.where(young, firms.profit[rows] - shadow, 0.0)
        outlay[rows] += np.where(young, fee, 0.0)
    back = (firms.payback[rows] == 0) & (firms.gain_36[rows] >= firms.upfront_36[rows])
    firms.payback[rows[back]] = age[rows[back]] + 1


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
