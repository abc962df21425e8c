"""Why consumers are better or worse off in one run than in another: ΔCS in parts, by Shapley's value (docs/model.md).

Consumer surplus is evaluated by the kernel with which consumers choose, in 2ⁿ worlds between the two runs. In such a
world each part is as in the second run or as in the first:

==================  ==================================================================================================
part                what it is
==================  ==================================================================================================
price               prices
quality             everything about an outlet that is worth the same to all: v0 + quality with tools − dislike of
                    automated and of disclosed contact, + μ·ln A: awareness is earned by what visitors thought
fit                 where the offerings stand, and how far each customer is served differently
personalization     personalization P
locality            local character L, vouchers for the local, and τ: what distance costs an outlet's customers (online
                    reach lowers it)
number_of_firms     which storefronts are taken by small businesses, and the habits of consumers, who can only be loyal
                    to a shop that exists
chains              which outlets of chains are open
==================  ==================================================================================================

A storefront that is open in one run only has no price in the other. It is given the mean of the open outlets of its
kind (small business or chain) in its cell there; failing that of its sector; failing that of all outlets; and where
there is none at all its own, so that its whole worth counts as number of firms.

Where a small business is in one run and a chain's outlet in the other, the storefront counts as two, one for each kind,
and each is open in one run only: a chain that takes over a shop has not changed the shop's price.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.laws.demand import Appeal, Luck, Streets, Tastes, choose_month, workspaces
from homogsim.metrics.welfare import shapley_decomposition

if TYPE_CHECKING:
    from homogsim.agents.market import Market
    from homogsim.model import MarketModel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

COLUMNS = {
    "price": ("price",),
    "fit": ("offering", "misfit"),
    "personalization": ("personalization",),
    "locality": ("locality", "travel"),
}
"""Columns of `Appeal` by part; every other one belongs to quality."""

PARTS = ("price", "quality", "fit", "personalization", "locality", "number_of_firms", "chains")

VALUES = ("base_value", "distance_cost", "contact_aversion", "disclosure_cost")
"""Parameters of consumers' tastes that are in no column of `Tastes`, because they enter through the outlets'."""

NOBODY_GOES_OUT = Luck(np.uint64(0), *(np.uint64(0),) * 4, 0.0)


@dataclass(frozen=True)
class MarketEnd:
    """What consumers chose from in a run's last month, and who they were."""

    appeal: Appeal
    is_open: Flags
    """(J,) storefronts with a business or an outlet."""
    is_chain: Flags
    """(J,) those that are, or would be, a chain's."""
    last: NDArray[np.int32]
    """(N,) storefront last visited before the month, −1 none."""
    tastes: Tastes
    """Those that surplus is measured by: where tastes move (backlash), the ones at the start."""
    streets: Streets
    plan: NDArray[np.int64]
    outside: float
    noise: float
    """μ, dollars."""
    voucher: float
    """Dollars that buying from a local shop in the own town is worth by policy."""
    values: dict[str, float]
    """The consumers' other tastes, by name."""


class Welfare(NamedTuple):
    """ΔCS, dollars a month, and its parts."""

    total: float
    parts: dict[str, float]


def market_end(model: MarketModel) -> MarketEnd:
    """Return a frozen copy of what the consumers of a model chose from in its last month."""
    market, consumers = model.market, model.market.parameters.consumers
    assert market.appeal is not None, "a run has at least one month"
    return MarketEnd(
        appeal=deepcopy(market.appeal),
        is_open=market.traded.copy(),
        is_chain=_chains_that_traded(market),
        last=market.consumers.last_before.copy(),
        tastes=deepcopy(market.tastes),
        streets=market.streets,
        plan=market.plan,
        outside=1.0 if consumers.outside_option else 0.0,
        noise=consumers.choice_noise,
        voucher=market.parameters.policy.local_voucher,
        values={name: getattr(consumers, name) for name in VALUES} | {"base_value": consumers.purchase_value},
    )


def _chains_that_traded(market: Market) -> Flags:
    """Return (J,) which storefronts were a chain's when the last month was traded: after that some changed hands."""
    is_chain = market.firms.is_chain.copy()
    if closed := int(market.closed.sum()):
        # who closed in the month is the end of the diary's lives, in the order of sites
        is_chain[market.closed] = np.concatenate([piece["is_chain"] for piece in market.diary.lives])[-closed:]
    return is_chain


def different_consumers(first: MarketEnd, second: MarketEnd) -> str:
    """Return why surplus cannot be compared between two markets: their consumers differ ("" if they do not)."""
    pairs: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
        "place": (first.streets, second.streets),
        "tastes": ((*first.tastes[:-1], *first.tastes.waves), (*second.tastes[:-1], *second.tastes.waves)),
    }
    for group, (one, two) in pairs.items():
        if not all(np.array_equal(a, b) for a, b in zip(one, two, strict=True)):
            return f"their consumers differ in {group}"
    for name in VALUES:
        if first.values[name] != second.values[name]:
            return f"their consumers differ in {name}"
    if (first.noise, first.outside) != (second.noise, second.outside):
        return "their consumers differ in how they choose"
    return ""


def consumer_surplus(end: MarketEnd, appeal: Appeal, is_open: Flags, last: NDArray[np.int32], voucher: float) -> float:
    """Return what the consumers of `end` would gain from these outlets, dollars a month."""
    n = last.size
    tastes = end.tastes
    if voucher != 0.0:  # worth what as much off the price is
        tastes = tastes._replace(locality=tastes.locality + voucher * tastes.price_sensitivity)
    bought, inclusive, surplus = np.empty(n, np.int32), np.empty(n), np.empty(n)
    choose_month(
        end.plan, tastes, end.streets, appeal, is_open, NOBODY_GOES_OUT, end.outside, end.noise, last, bought,
        inclusive, surplus, workspaces(1, end.tastes),
    )  # fmt: skip
    return float(end.streets.weight * surplus.sum())


def decompose(first: MarketEnd, second: MarketEnd) -> Welfare:
    """Decompose the difference of consumer surplus between two markets with the same consumers.

    Parameters
    ----------
    first, second : MarketEnd
        The last months of two runs of one world and seed.

    Returns
    -------
    Welfare
        ``total`` is exactly the second's consumer surplus less the first's, dollars a month; the seven parts sum to
        it within 1e-10 of the surplus. Chains are 0 where there are none. Two equal markets: exactly zero.

    Raises
    ------
    ValueError
        The consumers differ (`different_consumers` says in what): then the difference is no gain of anybody's.

    References
    ----------
    Shorrocks (2013), Decomposition procedures for distributional analysis, Journal of Economic Inequality 11, 99–126;
    Small & Rosen (1981), Econometrica 49, 105–130.
    """
    if reason := different_consumers(first, second):
        raise ValueError(reason)
    first, second = apart_by_kind(first, second)
    one, two = filled(first, second), filled(second, first)

    def surplus_with(changed: frozenset[str]) -> float:
        firms, chains = (second if part in changed else first for part in ("number_of_firms", "chains"))
        is_open = (firms.is_open & ~firms.is_chain) | (chains.is_open & chains.is_chain)
        columns = {name: getattr(two if part_of(name) in changed else one, name) for name in Appeal._fields}
        voucher = (second if "locality" in changed else first).voucher
        return consumer_surplus(first, Appeal(**columns), is_open, firms.last, voucher)

    has_chains = bool(((first.is_open & first.is_chain) | (second.is_open & second.is_chain)).any())
    playing = PARTS if has_chains else PARTS[:-1]
    found = dict.fromkeys(PARTS, 0.0) | shapley_decomposition(surplus_with, playing)
    return Welfare(surplus_with(frozenset(playing)) - surplus_with(frozenset()), found)


def apart_by_kind(first: MarketEnd, second: MarketEnd) -> tuple[MarketEnd, MarketEnd]:
    """Return both markets with two storefronts for each one that a small business has in one and a chain in the other.

    Then every storefront is of one kind, and nobody's surplus is another: one of the two is closed in each market.
    Where no storefront changes its kind the markets themselves are returned.
    """
    changes = first.is_open & second.is_open & (first.is_chain != second.is_chain)
    if not changes.any():
        return first, second
    return split(first, changes), split(second, changes)


def split(end: MarketEnd, twice: Flags) -> MarketEnd:
    """Return a market with two storefronts in the place of those that `twice` (J,) names: a small one, then a chain's.

    The present one keeps the customers who were there before; its neighbour, of the other kind, is closed.
    """
    site = np.repeat(np.arange(twice.size), 1 + twice)
    start = np.append(0, np.cumsum(1 + twice))  # the first one of every old storefront
    is_chain = end.is_chain[site]
    is_chain[start[:-1][twice]], is_chain[start[:-1][twice] + 1] = False, True
    now = (start[:-1] + (twice & end.is_chain)).astype(np.int32)
    return replace(
        end,
        appeal=end.appeal.at(site),
        is_open=end.is_open[site] & (is_chain == end.is_chain[site]),
        is_chain=is_chain,
        last=np.where(end.last < 0, end.last, now[end.last]),
        streets=end.streets._replace(
            site_start=start[end.streets.site_start],
            site_place=np.ascontiguousarray(end.streets.site_place[:, site]),
        ),
    )


def part_of(column: str) -> str:
    """Return the part to which a column of `Appeal` belongs."""
    return next((part for part, columns in COLUMNS.items() if column in columns), "quality")


def filled(end: MarketEnd, other: MarketEnd) -> Appeal:
    """Return the outlets of a market, with values also for the storefronts that are open in another one only.

    Those get the mean of the open outlets of their kind in the cell, or else in the sector, or else of all outlets, or
    else the other market's value.
    """
    sites = end.is_open.size
    cell = np.repeat(np.arange(end.streets.site_start.size - 1), np.diff(end.streets.site_start))
    kind = np.where(end.is_open, end.is_chain, other.is_chain).astype(np.int64)
    groups = (2 * cell + kind, 2 * (cell // end.streets.towns) + kind, np.zeros(sites, dtype=np.int64))
    columns = []
    for own, others in zip(end.appeal, other.appeal, strict=True):
        value = np.where(end.is_open, own, np.nan)
        for group in groups:
            value = np.where(np.isnan(value), _group_means(own, group, end.is_open), value)
        columns.append(np.ascontiguousarray(np.where(np.isnan(value), others, value)))
    return Appeal(*columns)


def _group_means(values: Floats, group: NDArray[np.int64], members: Flags) -> Floats:
    """Return (…, J) the mean over the members of each one's group; NaN where a group has none."""
    rows = np.atleast_2d(values)
    count = np.bincount(group[members], minlength=group.max(initial=0) + 1).astype(np.float64)
    sums = np.stack([np.bincount(group[members], row[members], count.size).astype(np.float64) for row in rows])
    means = np.divide(sums, count, out=np.full_like(sums, np.nan), where=count > 0.0)
    return np.asarray(means[:, group].reshape(values.shape))
