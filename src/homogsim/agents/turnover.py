"""Exit and entry (docs/model.md): creative destruction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents import chains, settlers
from homogsim.agents.consumers import points_of_taste
from homogsim.agents.firms import Operations, appeal, business, life_records, uid_of
from homogsim.agents.market import Death, Market
from homogsim.laws import money
from homogsim.laws.founding import founders_prospects
from homogsim.laws.visits import forget_sites
from homogsim.parameters import TOOLS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Rows = NDArray[np.integer]


def open_first_firms(market: Market) -> None:
    """Fill the sites occupied at the start; these firms find their price and size during the warm-up."""
    present = settlers.settlers_of(market)
    if present is not None:
        concepts = _concepts(market, present.rows, 0)
        _open(market, present.rows, concepts, present.price, present.sales, present.born)
        settlers.know(market, present)
        return
    world, firms = market.parameters.world, market.parameters.firms
    rows = np.flatnonzero(np.arange(market.firms.rows) % world.sites < world.occupied)
    concepts = _concepts(market, rows, 0)
    markup = 1.3 * market.parameters.consumers.choice_noise
    sales = np.full(rows.size, 0.7 * world.occasions / max(world.occupied, 1))
    _open(market, rows, concepts, np.full(rows.size, firms.base_cost + markup), sales)


def close(market: Market) -> Rows:
    """Close firms that are bankrupt or whose owner retires, and return their sites; chains close what does not pay."""
    firms, finance = market.firms, market.parameters.finance
    independent = firms.independent
    broke = independent & money.bankrupt(firms.cash, firms.fixed_cost, finance.overdraft)
    retires = market.streams.uniform("retirement", firms.uid, market.month) < finance.retirement
    ended = np.flatnonzero(broke | (independent & retires))
    for row in ended:
        cause = "bankrupt" if broke[row] else "retired"
        market.diary.deaths.append(Death(market.month, int(firms.uid[row]), cause))
    withdrawn = chains.close_outlets(market)
    rows = np.union1d(ended, withdrawn) if withdrawn.size else ended
    market.flows["closing_cash"] = float(firms.cash[rows].sum())
    if rows.size:
        market.diary.lives.append(life_records(firms, rows))
    firms.is_open[rows] = False
    firms.cash[rows] = 0.0
    market.closed[:] = False
    market.closed[rows] = True
    if rows.size:
        forget_sites(market.consumers.last, market.closed, market.streets.consumer_start, _within_reach(market, rows))
    return ended


def _within_reach(market: Market, sites: Rows) -> NDArray[np.bool_]:
    """Return which cells' consumers reach any of these sites."""
    world = market.parameters.world
    there = np.bincount(market.site_cell[sites], minlength=world.cells) > 0
    return there.reshape(-1, world.towns)[:, market.streets.reach_towns].any(axis=2).reshape(-1)


def found(market: Market) -> Rows:
    """Let founders try empty sites: draw concepts, take the best, open if it pays; return the sites opened."""
    finance, firms = market.parameters.finance, market.firms
    market.flows["founders_capital"] = 0.0
    luck = market.streams.uniform("entry", np.arange(firms.rows), market.month)
    # The first firms opened in the first month too: a site that loses one in it waits, or a uid would come twice.
    taken = firms.uid == uid_of(np.arange(firms.rows), market.month)
    rows = np.flatnonzero(~firms.is_open & ~taken & market.storefront & (luck < finance.entry_rate))
    if rows.size == 0:
        return rows
    tries = np.repeat(rows, finance.concepts)
    which = np.arange(tries.size) % finance.concepts
    concepts = _concepts(market, tries, which)
    needed = money.contribution_needed(finance.hurdle, finance.fixed_cost, finance.rent_share)
    prospects = _prospects(market, tries, concepts, needed)
    contribution = prospects.contribution.reshape(-1, finance.concepts)
    best = contribution.argmax(axis=1) + np.arange(rows.size) * finance.concepts
    pays = money.worth_opening(prospects.contribution[best], finance.hurdle, finance.fixed_cost, finance.rent_share)
    best, rows = best[pays], rows[pays]
    if rows.size:
        _open(market, rows, concepts[:, best], prospects.price[best], prospects.sales[best])
    return rows


class Prospects(NamedTuple):
    """What founders expect of a concept at a site."""

    price: Floats
    sales: Floats
    contribution: Floats


def _prospects(market: Market, sites: Rows, concepts: Floats, needed: float = 0.0) -> Prospects:
    """Return each concept's best-response price, sales and contribution against rivals' present prices.

    Concepts that surely bring less than `needed` are not pursued: they sell nothing.
    """
    parameters = market.parameters
    new = _newcomer(sites.size, parameters.firms.human_share)._replace(quality=_usual_quality(market, sites))
    seen = appeal(new, business(new, parameters), np.zeros(sites.size), concepts, parameters)
    cost = parameters.firms.base_cost
    price, sales = founders_prospects(
        sites.astype(np.int64),
        seen,
        cost,
        market.choosing.tastes,
        market.streets,
        market.present_choices,
        market.threads,
        needed,
    )
    return Prospects(price, sales, (price - cost) * sales)


def _usual_quality(market: Market, sites: Rows) -> Floats:
    """Return q̄: the mean quality at given cost of the firms that founders see in business, 0 if there are none.

    Founders see survivors only, and so expect too much of themselves: the source of most early failures.
    """
    firms = market.firms
    seen = firms.independent
    if not seen.any():
        return np.zeros(sites.size)
    at_given_cost = firms.quality[seen] - (firms.base_cost[seen] - market.parameters.firms.base_cost)
    return np.full(sites.size, at_given_cost.mean())


def _newcomer(count: int, human_share: float) -> Operations:
    """Return the operations of firms without tools that expect typical quality and enough attention for all."""
    zero = np.zeros(count)
    return Operations(
        quality=zero,
        local=np.ones(count),
        tool=np.zeros(count, dtype=np.int8),
        back_office=zero,
        contact=zero,
        implementation=zero,
        back_office_months=zero,
        contact_months=zero,
        human_share=np.full(count, human_share),
        data=zero,
        differentiation=zero,
        trust=np.ones(count),
        transparency=zero,
        load=zero,
        awareness=np.ones(count),
    )


def _concepts(market: Market, sites: Rows, which: Rows | int) -> Floats:
    """Return (d, n) concepts drawn around the tastes of each site's town."""
    world = market.parameters.world
    first = np.asarray(which) * (world.dimensions + 1) + np.zeros(sites.size, dtype=np.int64)
    return points_of_taste(
        "concept", sites, market.site_cell[sites], market.month, first, market.centres, world, market.streams
    )


def _open(market: Market, rows: Rows, concepts: Floats, price: Floats, sales: Floats, born: Ints | None = None) -> None:
    """Open firms at `rows` with what their founders expect; their own quality and costs are drawn now.

    `born` are months of opening before now, for businesses that are there at the start.
    """
    firms, parameters = market.firms, market.parameters
    month = np.full(rows.size, market.month, dtype=np.int64) if born is None else born
    of, finance, luck = parameters.firms, parameters.finance, market.streams
    firms.reset(rows)
    uid = uid_of(rows, month)
    firms.is_open[rows] = True
    firms.uid[rows] = uid
    firms.birth[rows] = month
    for place in (firms.identity, firms.offering, firms.process, firms.shadow_offering, firms.first_offering):
        place[:, rows] = concepts
    firms.base_cost[rows] = of.base_cost * money.mean_one_lognormal(luck.normal("cost", uid), of.cost_sd)
    better = firms.base_cost[rows] - of.base_cost
    firms.quality[rows] = of.quality_sd * luck.normal("quality", uid) + better
    firms.unit_cost[rows] = firms.base_cost[rows]
    firms.price[rows] = price + better
    firms.fixed_cost_draw[rows] = money.mean_one_lognormal(luck.normal("fixed cost", uid), finance.fixed_cost_sd)
    contribution = (firms.price[rows] - firms.unit_cost[rows]) * sales
    firms.fixed_cost[rows] = money.fixed_cost_level(
        firms.fixed_cost_draw[rows], finance.fixed_cost, finance.rent_share, contribution
    )
    chance = money.mean_one_lognormal(luck.normal("starting cash", uid), finance.starting_cash_sd)
    firms.cash[rows] = finance.starting_cash * firms.fixed_cost[rows] * chance
    firms.load[rows] = sales
    _draw_habits(market, rows, uid)
    market.flows["founders_capital"] = float(firms.cash[rows].sum())
    market.diary.births.extend(zip(month.tolist(), uid.tolist(), strict=True))
    if market.automation:
        _give_tools(market, rows)


def _draw_habits(market: Market, rows: Rows, uid: Ints) -> None:
    """Draw what kind of owner runs each new firm."""
    firms, of, luck = market.firms, market.parameters.firms, market.streams
    alignment = luck.uniform("alignment", uid)
    firms.alignment[rows] = alignment if of.alignment == "uniform" else np.where(alignment < 0.5, 1.0, 0.0)
    firms.oversight[rows] = luck.uniform("oversight", uid) < of.oversight
    slow = luck.uniform("review", uid, index=0) < of.slow_share
    interval = np.where(slow, of.slow_interval, of.review_interval)
    firms.review_interval[rows] = interval
    firms.review_phase[rows] = (luck.uniform("review", uid, index=1) * interval).astype(np.int64)
    firms.human_share[rows] = of.human_share
    firms.transparency[rows] = of.transparency


def _give_tools(market: Market, rows: Rows) -> None:
    """Give newcomers tools with the adopters' share of their sector, as a random adopter of it has them.

    A tool that is no longer on sale is none that a newcomer could have.
    """
    from homogsim.agents.adoption import start_tool

    firms, uid = market.firms, market.firms.uid[rows]
    born = market.streams.uniform("born with tool", uid, index=0)
    pick = market.streams.uniform("born with tool", uid, index=1)
    incumbents = firms.independent
    incumbents[rows] = False
    on_sale = np.array([tier in market.parameters.tools.available for tier in TOOLS])
    adopters = np.flatnonzero(incumbents & on_sale[firms.tool])  # sites, and so adopters, are sorted by sector
    everybody, having = (
        np.bincount(market.site_sector[some], minlength=market.parameters.world.sectors)
        for some in (incumbents, adopters)
    )
    sector = market.site_sector[rows]
    chosen = born < (having / np.maximum(everybody, 1))[sector]
    new, sector = rows[chosen], sector[chosen]
    like = adopters[np.searchsorted(market.site_sector[adopters], sector) + (pick[chosen] * having[sector]).astype(int)]
    firms.heard[new] = True
    firms.born_with_tool[new] = True
    start_tool(market, new, firms.tool[like].astype(np.int64), firms.contact[like], firms.vendor[like])
