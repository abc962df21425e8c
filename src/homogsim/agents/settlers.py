"""The businesses that a scenario's places bring along: where they are, what is known of them, and the rest drawn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.market import Market
from homogsim.laws import money
from homogsim.parameters import TOOLS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MARKUP = 1.3
"""Markup of a first price, in units of μ, as that of all first firms."""
BOUGHT = 0.7
"""Share of a cell's occasions that first firms expect to be bought, as all first firms do."""
ESTABLISHED = 24
"""Months in business from which a business is a survivor: it can live on its customers, rents and cash."""
SURVIVORS_RENT = 0.93
"""Own fixed cost of survivors relative to all founders' (.92 after five years, .93 after two, in the baseline)."""
SURVIVORS_CASH = 4.5
"""Months of fixed cost that survivors have in cash (their median is 4.2 to 4.8 in the baseline, six seeds)."""
NUDGE = 0.1
"""Quality that a survivor who loses money is found to have beyond what was drawn, in units of μ a month."""
CHEAPEST = 0.2
"""Unit cost of a business with a very low price, as a share of the typical one, at least."""


class Settlers(NamedTuple):
    """Present businesses in the order of their sites."""

    rows: Ints
    born: Ints
    """Month of opening."""
    price: Floats
    """What they would charge at typical cost, dollars."""
    sales: Floats
    """What they expect to sell, occasions a month."""


def settlers_of(market: Market) -> Settlers | None:
    """Return the present businesses, None where a scenario brings none along."""
    if market.places is None or not market.places.businesses:
        return None
    world, order = market.parameters.world, _by_site(market)
    businesses = market.places.businesses
    rows = np.array([site for site, _ in order], dtype=np.int64)
    cell = rows // world.sites
    customers = np.bincount(market.consumer_cell, minlength=world.cells) * market.streets.weight
    sales = BOUGHT * customers[cell] / np.bincount(cell, minlength=world.cells)[cell]
    born = np.array([market.month - businesses[n].age for _, n in order], dtype=np.int64)
    return Settlers(rows, born, np.full(rows.size, _first_price(market)), sales)


def _by_site(market: Market) -> list[tuple[int, int]]:
    """Return (site, number of the business), in the order of sites."""
    assert market.places is not None
    sites = market.places.sites(market.parameters.world.sites)
    return sorted((site, n) for n, site in enumerate(sites))


def _first_price(market: Market) -> float:
    return market.parameters.firms.base_cost + MARKUP * market.parameters.consumers.choice_noise


def know(market: Market, settlers: Settlers) -> None:
    """Put what is known of present businesses in place of what was drawn: prices, cash of established ones, tools."""
    _know_prices(market, settlers)
    _know_money(market, settlers)
    _know_tools(market, settlers)


def _know_prices(market: Market, settlers: Settlers) -> None:
    """Take prices relative to the mean of the sector's known ones; cost and quality follow: dearer is better."""
    assert market.places is not None
    firms, typical = market.firms, _first_price(market)
    known = np.array([market.places.businesses[n].price for _, n in _by_site(market)])
    sector = market.site_sector[settlers.rows]
    for s in np.unique(sector[known > 0.0]):
        here = (sector == s) & (known > 0.0)
        rows = settlers.rows[here]
        price = typical * known[here] / known[here].mean()
        least = CHEAPEST * market.parameters.firms.base_cost
        cost = np.maximum(price - MARKUP * market.parameters.consumers.choice_noise, least)
        firms.quality[rows] += cost - firms.base_cost[rows]
        firms.base_cost[rows] = firms.unit_cost[rows] = cost
        firms.price[rows] = price


def _know_money(market: Market, settlers: Settlers) -> None:
    firms, finance, rows = market.firms, market.parameters.finance, settlers.rows
    had = np.where(firms.fixed_cost[rows] > 0.0, firms.cash[rows] / np.maximum(firms.fixed_cost[rows], 1e-9), 0.0)
    old = market.month - settlers.born >= ESTABLISHED
    firms.fixed_cost_draw[rows] *= np.where(old, SURVIVORS_RENT, 1.0)
    contribution = (firms.price[rows] - firms.unit_cost[rows]) * settlers.sales
    firms.fixed_cost[rows] = money.fixed_cost_level(
        firms.fixed_cost_draw[rows], finance.fixed_cost, finance.rent_share, contribution
    )
    months = np.where(old, np.maximum(had, SURVIVORS_CASH), had)
    firms.cash[rows] = months * firms.fixed_cost[rows]
    market.flows["founders_capital"] = float(firms.cash[rows].sum())


def settle(market: Market) -> None:
    """Let present businesses settle in the months before automation: they are survivors, whatever was drawn for them.

    Rents and staff are what their business has brought about, without a lag. A business that has been there for two
    years or more must be able to live in its town: as long as it loses money its quality, which nobody has measured, is
    taken to be higher than drawn; at the end it has a survivor's cash, which the month's flows tell as settling.
    """
    if market.month >= 0 or market.places is None or not market.places.businesses:
        return
    firms, finance = market.firms, market.parameters.finance
    rows = np.flatnonzero(firms.independent)
    contribution = (firms.price[rows] - firms.unit_cost[rows]) * firms.sales[rows]
    firms.fixed_cost[rows] = money.fixed_cost_level(
        firms.fixed_cost_draw[rows], finance.fixed_cost, finance.rent_share, contribution
    )
    first = -market.parameters.calendar.before - market.parameters.calendar.warm_up
    old = firms.independent & (firms.birth <= first - ESTABLISHED)
    losing = old & (firms.profit < 0.0) & (firms.expected_sales > 0.0)
    firms.quality[losing] += NUDGE * market.parameters.consumers.choice_noise
    if market.month == -1:
        cash = np.maximum(firms.cash[old], SURVIVORS_CASH * firms.fixed_cost[old])
        market.flows["settling"] = float((cash - firms.cash[old]).sum())
        firms.cash[old] = cash


def _know_tools(market: Market, settlers: Settlers) -> None:
    """Give businesses the tools that they have, learned as far as their age allows; no return is reckoned on them."""
    from homogsim.agents.adoption import choose_vendor, start_tool

    assert market.places is not None
    firms = market.firms
    ones = [market.places.businesses[n] for _, n in _by_site(market)]
    on_market = market.parameters.tools.available
    tool = np.array([TOOLS.index(one.tool) if one.tool in on_market else 0 for one in ones], dtype=np.int64)
    contact = np.array([one.contact for one in ones])
    having = np.flatnonzero(tool > 0)
    if having.size == 0:
        return
    rows = settlers.rows[having]
    firms.heard[rows] = firms.born_with_tool[rows] = True
    start_tool(market, rows, tool[having], contact[having], choose_vendor(market, rows, tool[having]))
    used = np.minimum(market.month - settlers.born[having], ESTABLISHED).astype(np.float64)
    firms.back_office_months[rows] = used
    firms.contact_months[rows] = np.where(contact[having] > 0.0, used, 0.0)
