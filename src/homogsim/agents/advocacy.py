"""What visitors say about an outlet, and who hears of it (docs/model.md, advocacy).

A visit that is rated 9 or more makes a promoter, and promoters make an outlet known. Ratings are told against a
reference, ū_0 and s_0, that is taken once, in month 12 of the warm-up. It is part of the market: the law and the net
promoter score read the same one, and it does not depend on what is recorded.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from homogsim.agents.market import Market
from homogsim.laws import stocks
from homogsim.laws.demand import PROMOTERS
from homogsim.laws.survey import visit_values
from homogsim.metrics.differentiation import rating_reference, satisfaction_of_promoters

Floats = NDArray[np.float64]


def month_of_ratings(market: Market) -> int:
    """Return the month whose visits are the reference of ratings.

    Month 12 of the warm-up; of a shorter warm-up the last; without one the first month of all.
    """
    calendar = market.parameters.calendar
    first = -calendar.before - calendar.warm_up
    return first + max(0, min(11, calendar.warm_up - 1))


def values_of_visits(market: Market) -> Floats:
    """Return u of every consumer's visit this month, dollars; NaN for those who went nowhere."""
    assert market.appeal is not None
    return visit_values(market.consumers.bought, market.choosing.tastes, market.streets, market.appeal, market.threads)


def take_reference(market: Market) -> None:
    """Fix ū_0 and s_0 by the visits to small businesses of the month of reference; NaN if nobody went out."""
    if market.month != month_of_ratings(market):
        return
    bought = market.consumers.bought
    told = (bought >= 0) & ~market.firms.is_chain[bought]
    market.rating[:] = rating_reference(values_of_visits(market)[told])


def line_of_promoters(market: Market) -> float:
    """Return the worth of a visit from which it makes a promoter, dollars; NaN before there is a reference."""
    return satisfaction_of_promoters(*market.rating.tolist())


def spread_the_word(market: Market) -> None:
    """Let this month's visitors make their outlets known, or forgotten, from the next month on.

    Nothing moves before there is a reference, nor ever where the visits of that month were all alike.
    """
    firms, speed = market.firms, market.parameters.firms.advocacy
    if speed == 0.0 or not market.rating[1] > 0.0:
        return
    if market.month == month_of_ratings(market):  # when its visitors went out there was no reference yet
        values, bought = values_of_visits(market), market.consumers.bought
        happy = bought[values >= line_of_promoters(market)]
        market.verdict[PROMOTERS] = np.bincount(happy, minlength=firms.rows)
    visitors, promoters = market.verdict.astype(np.float64)
    firms.awareness[:] = stocks.next_awareness(firms.awareness, promoters, visitors, speed)
