"""Chains: one brand a sector, alike in every town, with one price everywhere (docs/model.md).

An outlet is a firm in demand and prices. It takes an empty site, where it expects profit, and gives it up after a year
of losses. It has its tools from the start, bent to its own concept; nothing of it is local, and nothing drifts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.firms import Operations, appeal, business, operations, uid_of
from homogsim.agents.market import Death, Market
from homogsim.laws.founding import founders_prospects, newcomers_sales
from homogsim.parameters import TOOLS

Floats = NDArray[np.float64]
Rows = NDArray[np.integer]


def hold_course(market: Market) -> None:
    """Keep the outlets as they are, after the state laws: the sector's centre, at the brand's unit cost."""
    firms, parameters = market.firms, market.parameters
    rows = np.flatnonzero(firms.is_chain & firms.is_open) if parameters.chains.enabled else ()
    if len(rows) == 0:
        return
    centre = market.centres.sectors[:, market.site_sector[rows]]
    for place in (firms.identity, firms.offering, firms.process):
        place[:, rows] = centre
    firms.base_cost[rows] = _unit_cost(market)
    firms.quality[rows] = _quality(market)
    firms.contact[rows] = parameters.chains.contact
    firms.fixed_cost[rows] = parameters.chains.fixed_cost
    firms.shock[rows] = 0.0


def set_prices(market: Market) -> None:
    """Move each brand's one price toward c + ΣS/(ΣBα/μ), the sums over all its outlets."""
    firms, parameters = market.firms, market.parameters
    if not parameters.chains.enabled:
        return
    for sector in range(parameters.world.sectors):
        rows = np.flatnonzero(firms.is_chain & firms.is_open & (market.site_sector == sector))
        known = rows[firms.expected_sales[rows] > 0.0]
        if known.size == 0:
            continue
        markup = market.choosing.noise * firms.expected_sales[known].sum() / firms.slope[known].sum()
        price, speed = market.chain_price[sector], parameters.firms.price_adjustment
        market.chain_price[sector] = price + speed * (firms.unit_cost[known[0]] + markup - price)
        firms.price[rows] = market.chain_price[sector]


def close_outlets(market: Market) -> Rows:
    """Close outlets that have made losses for a year; return their sites."""
    firms = market.firms
    if not market.parameters.chains.enabled:
        return np.empty(0, dtype=np.int64)
    outlets = firms.is_chain & firms.is_open
    firms.loss_months[:] = np.where(outlets & (firms.profit < 0.0), firms.loss_months + 1, 0)
    rows = np.flatnonzero(outlets & (firms.loss_months >= market.parameters.chains.patience))
    for row in rows:
        market.diary.deaths.append(Death(market.month, int(firms.uid[row]), "withdrawn"))
    return rows


def open_outlets(market: Market) -> Rows:
    """Let each brand look at empty sites and open, in a cell, the most profitable outlet it expects to pay."""
    chains, firms = market.parameters.chains, market.firms
    if not chains.enabled or market.month < chains.arrival or market.parameters.policy.chain_zoning:
        return np.empty(0, dtype=np.int64)
    luck = market.streams.uniform("chain", np.arange(firms.rows), market.month)
    sites = np.flatnonzero(
        ~firms.is_open
        & market.storefront
        & (firms.uid != uid_of(np.arange(firms.rows), market.month))
        & (luck < chains.opening_rate)
    )
    if sites.size == 0:
        return sites
    profit, sales = _expectations(market, sites)
    order = np.lexsort((-profit, market.site_cell[sites]))
    _, first = np.unique(market.site_cell[sites][order], return_index=True)
    best = order[first]
    best = best[profit[best] > 0.0]
    _open(market, sites[best], sales[best])
    return sites[best]


def _expectations(market: Market, sites: Rows) -> tuple[Floats, Floats]:
    """Return expected profit and sales of an outlet at each empty site, at the brand's price, rivals fixed."""
    parameters, chains = market.parameters, market.parameters.chains
    cost = _unit_cost(market)
    now = _operations(market, sites.size)
    sector = market.site_sector[sites]
    centre = market.centres.sectors[:, sector]
    choices = market.present_choices
    come_to = business(now, parameters)
    outlets = market.firms.is_chain & market.firms.is_open
    without_outlets = np.bincount(market.site_sector[outlets], minlength=parameters.world.sectors) == 0
    new = without_outlets[sector]  # a brand that is nowhere has no price to stick to
    if new.any():
        free = appeal(now, come_to, np.zeros(sites.size), centre, parameters)
        price, _ = founders_prospects(
            sites.astype(np.int64), free, cost, market.choosing.tastes, market.streets, choices, market.threads
        )
        for s in np.unique(sector[new]):
            market.chain_price[s] = price[sector == s].mean()
    price = market.chain_price[sector]
    seen = appeal(now, come_to, price, centre, parameters)
    sales = newcomers_sales(sites, seen, market.choosing.tastes, market.streets, choices, market.threads)
    return (price - cost) * sales - chains.fixed_cost, sales


def _unit_cost(market: Market) -> float:
    """Return a brand's unit cost, c0·(1 − `chains.cost_advantage`): all that its tools save is in it."""
    return market.parameters.firms.base_cost * (1.0 - market.parameters.chains.cost_advantage)


def _quality(market: Market) -> float:
    """Return the quality that with its tools comes to `chains.quality`."""
    return market.parameters.chains.quality - market.parameters.tools.custom.quality_gain


def _operations(market: Market, count: int) -> Operations:
    """Return how an outlet runs: an own, fully learned tool in back office and contact; no data yet."""
    of = market.parameters
    like = operations(market.firms, np.zeros(count, dtype=np.int64))
    known = {
        "quality": _quality(market),
        "local": 0.0,
        "tool": TOOLS.index("custom"),
        "back_office": 1.0,
        "contact": of.chains.contact,
        "implementation": 1.0,
        "back_office_months": np.inf,
        "contact_months": np.inf,
        "human_share": of.firms.human_share,
        "trust": 1.0,
        "awareness": 1.0,
    }
    return Operations(
        *(np.full(count, known.get(name, 0), dtype=value.dtype) for name, value in like._asdict().items())
    )


def _open(market: Market, rows: Rows, sales: Floats) -> None:
    firms, of = market.firms, market.parameters
    now = _operations(market, rows.size)
    firms.reset(rows)
    firms.is_open[rows] = firms.is_chain[rows] = True
    firms.uid[rows] = uid_of(rows, market.month)
    firms.birth[rows] = market.month
    for name, value in now._asdict().items():
        getattr(firms, name)[rows] = value
    centre = market.centres.sectors[:, market.site_sector[rows]]
    for place in (firms.identity, firms.offering, firms.process, firms.shadow_offering, firms.first_offering):
        place[:, rows] = centre
    firms.base_cost[rows] = firms.unit_cost[rows] = _unit_cost(market)
    firms.fixed_cost[rows] = of.chains.fixed_cost
    firms.load[rows] = sales
    firms.price[rows] = market.chain_price[market.site_sector[rows]]
    market.diary.births.extend((market.month, int(uid)) for uid in firms.uid[rows])
