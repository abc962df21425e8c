"""Questions to consumers: how their visits were, how well they are served, what being different is worth to them.

Answers are worked out from the month that has just been traded; the market stays as it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents import advocacy
from homogsim.agents.firms import business, operations, tiers
from homogsim.agents.market import Market
from homogsim.agents.panel import drawn, taste_distance
from homogsim.agents.vendors import expected_templates
from homogsim.laws import offering, stocks
from homogsim.laws.demand import Appeal, Luck, choose_month
from homogsim.laws.survey import ask, census
from homogsim.laws.tastes import served_points
from homogsim.metrics.differentiation import net_promoter_score, rating
from homogsim.metrics.welfare import personalization_gap, weighted_share
from homogsim.parameters import TOOLS

Floats = NDArray[np.float64]

QUARTILES = 4
SERVED_VISITS = 500
"""Visits whose served offerings are compared, at most."""
TWIN_CONTACT = 0.8
"""Intensity of automated contact of a generic twin."""
GENERIC = TOOLS.index("generic")
NOBODY_GOES_OUT = Luck(np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0), 0.0)


class Answers(NamedTuple):
    """What a year's survey found."""

    served_badly_share: float
    personalization_gap: float
    differentiation_premium: float


def values_of_visits(market: Market) -> Floats:
    """Return u of this month's visits to small businesses, dollars, in the order of consumers."""
    bought = market.consumers.bought
    return advocacy.values_of_visits(market)[(bought >= 0) & ~market.firms.is_chain[bought]]


def promoter_score(market: Market) -> float:
    """Return the net promoter score of this month's visits; NaN without a reference or without visits."""
    u_0, s_0 = market.rating.tolist()
    return net_promoter_score(rating(values_of_visits(market), u_0, s_0)) if s_0 > 0.0 else float("nan")


class Census(NamedTuple):
    """What is counted of all consumers; customers are those whose last purchase was, or is, at a small business."""

    had: int
    """Customers before this month's choice."""
    have: int
    """Customers after it."""
    stayed: NDArray[np.int64]
    """(J) those of each site whose last purchase still is there."""
    surplus: Floats
    """(4) consumer surplus by quartile of tastes, $ an occasion; −∞ with people who have nothing to choose."""


def count_everybody(market: Market, surplus: Floats, quartile: NDArray[np.int8]) -> Census:
    """Return the month's customers of small businesses, and the sums of everybody's surplus."""
    people = market.consumers
    return Census(*census(people.last_before, people.last, ~market.firms.is_chain, surplus, quartile, QUARTILES))


def surplus_at_first_tastes(market: Market) -> Floats:
    """Return everybody's consumer surplus this month, $ an occasion; where tastes have moved, at those of the start."""
    people, consumers = market.consumers, market.parameters.consumers
    if (market.local_factor is None and market.first_tastes is None) or market.appeal is None:
        return people.surplus
    n, voucher = people.rows, market.parameters.policy.local_voucher  # a voucher is money, no change of taste
    tastes = market.first_tastes or market.tastes
    at_first = tastes._replace(locality=tastes.locality + voucher * tastes.price_sensitivity)
    bought, inclusive, surplus = np.empty(n, np.int32), np.empty(n), np.empty(n)
    choose_month(
        market.plan, at_first, market.streets, market.appeal, market.traded, NOBODY_GOES_OUT,
        1.0 if consumers.outside_option else 0.0, consumers.choice_noise, people.last_before, bought, inclusive,
        surplus, market.rooms,
    )  # fmt: skip
    return surplus


def survey(market: Market, who: NDArray[np.int64]) -> Answers:
    """Ask consumers (rows, in order) about all that is within their reach."""
    assert market.appeal is not None
    people, small = market.consumers, market.traded & ~market.firms.is_chain
    best, misfit, worth, buyers = ask(
        who, market.choosing.tastes, market.streets, market.appeal, generic_twin(market), market.traded, small,
        people.inclusive, people.last_before, market.choosing.noise,
    )  # fmt: skip
    badly = weighted_share(best < 0.0, np.ones(who.size)) if market.parameters.consumers.outside_option else np.nan
    known = ~np.isnan(misfit)
    distance = taste_distance(market, who[known])
    total = float(buyers.sum())
    return Answers(
        served_badly_share=badly,
        personalization_gap=personalization_gap(misfit[known], distance, np.ones(distance.size)),
        differentiation_premium=float(worth.sum()) / total if total > 0.0 else np.nan,
    )


def generic_twin(market: Market) -> Appeal:
    """Return what consumers would see of each outlet's generic twin.

    The twin has the same price, costs, quality and place; its offering is where a generic tool would have pulled it in
    the long run, at full contact; its personalization and served fit are those of that tool with the data of the
    outlet's sales, undisclosed and without differentiation capital; nothing about it is local.
    """
    assert market.appeal is not None
    firms, parameters, moves = market.firms, market.parameters, market.parameters.offering
    full = np.full(firms.rows, TWIN_CONTACT)
    human = np.full(firms.rows, parameters.firms.human_share)
    now = operations(firms)._replace(
        tool=np.full(firms.rows, GENERIC),
        contact=full,
        human_share=human,
        data=full * firms.sales / parameters.world.occasions_per_site,
        differentiation=np.zeros(firms.rows),
        trust=stocks.trust_level(full, human, np.zeros(firms.rows), parameters.firms.trust_loss),
    )
    come_to = business(now, parameters)
    fit = tiers(parameters).fit[now.tool]
    kept = offering.share_of_identity(moves.template_pull, full, fit, moves.anchoring)
    template = expected_templates(market.vendors, parameters.world.sectors)[:, GENERIC, market.site_sector]
    return market.appeal._replace(
        personalization=come_to.personalization,
        locality=np.zeros(firms.rows),
        misfit=(1.0 - come_to.served_fit) ** 2,
        offering=kept * firms.identity + (1.0 - kept) * template,
    )


class Served(NamedTuple):
    """What a sample of this month's visitors of small businesses were served, and what they saw."""

    offerings: Floats
    """(v, d) x_ij = x_j + κ_j(z_i − x_j), one a visit; under kernel tastes κ_j·ℓ up the gradient of g_i."""
    windows: Floats
    """(b, d) the shop windows x_j of the businesses visited."""
    visits: Floats
    """(b) visits to each."""


def served_offerings(market: Market) -> Served:
    """Return what a keyed sample of visitors were served: the same consumers first in every month and scenario."""
    people, firms = market.consumers, market.firms
    who = np.flatnonzero((people.bought >= 0) & ~firms.is_chain[people.bought])
    who = who[drawn(market.streams.uniform("panel", who, 0, 5), SERVED_VISITS)]
    site = people.bought[who]
    seen, tastes = firms.offering[:, site], market.choosing.tastes
    if len(tastes.liking):
        served = served_points(seen, tastes.liking[:, who], firms.served_fit[site], tastes.waves)
    else:
        served = seen + firms.served_fit[site] * (people.ideal[:, who] - seen)
    visited, visits = np.unique(site, return_counts=True)
    return Served(served.T.copy(), firms.offering[:, visited].T.copy(), visits.astype(np.float64))
