"""Who would buy where in a run's last month, pair by pair, and the elasticities that follow from it.

Attractions e^{V/μ} come from the law by which one consumer chooses (`homogsim.agents.choosing`), so that whatever
enters a consumer's utility is in them: tastes of either geometry, loyalty, awareness.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from homogsim.agents.market import Market

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_CONSUMERS = 4000
"""Consumers looked at, evenly spaced over all cells: enough for elasticities to three digits."""

STEP = 0.01
"""Relative change of all prices in the category elasticity."""

SHORTEST_WAY = 1.0
"""Minutes: shorter ways count as this long, because surveys know no shorter ones and ln 0 is −∞."""


class Pairs(NamedTuple):
    """Pairs of a consumer and an open outlet within reach, P in all, of n consumers."""

    consumer: Ints
    """(P,) number of the consumer, 0 … n−1."""
    attraction: Floats
    """(P,) e^{V_ij/μ}."""
    outside: Floats
    """(n,) e^0 of buying nothing, 0 where consumers must buy."""
    alpha: Floats
    """(n,) price sensitivity α_i, per dollar."""
    price: Floats
    """(P,) dollars."""
    travel: Floats
    """(P,) τ_j, dollars per ln(1 + minutes)."""
    minutes: Floats
    """(P,) d_ij."""
    noise: float
    """μ, dollars."""

    def shares(self, attraction: Floats | None = None) -> Floats:
        """Return (P,) Pr_ij; with other attractions than the present ones if given."""
        seen = self.attraction if attraction is None else attraction
        return np.asarray(seen / self.totals(seen)[self.consumer])

    def totals(self, attraction: Floats) -> Floats:
        """Return (n,) the outside option + Σ_j of attractions."""
        return self.outside + np.bincount(self.consumer, attraction, self.outside.size)

    def bought(self, attraction: Floats) -> float:
        """Return the mean probability of buying anything."""
        return float(1.0 - (self.outside / self.totals(attraction)).mean())


def pairs_of(market: Market) -> Pairs:
    """Return the pairs of a market's last month.

    Raises
    ------
    HomogsimError
        Before the first month.
    """
    from homogsim.agents.choosing import attractions_of

    step = -(-market.consumers.rows // MOST_CONSUMERS)
    rows = np.arange(0, market.consumers.rows, step)
    seen = [attractions_of(market, int(row)) for row in rows]
    count = np.array([sites.size for sites, _, _ in seen])
    site = np.concatenate([sites for sites, _, _ in seen]).astype(np.int64)
    attraction = np.concatenate([e for _, e, _ in seen])
    consumer = np.repeat(np.arange(rows.size), count)
    assert market.appeal is not None  # attractions_of raises before the first month
    outside = 1.0 if market.parameters.consumers.outside_option else 0.0
    return Pairs(
        consumer=consumer,
        attraction=attraction,
        outside=np.full(rows.size, outside),
        alpha=market.consumers.price_sensitivity[rows],
        price=market.appeal.price[site],
        travel=market.appeal.travel[site],
        minutes=_minutes(market, rows[consumer], site),
        noise=market.parameters.consumers.choice_noise,
    )


def _minutes(market: Market, row: Ints, site: Ints) -> Floats:
    """Return d_ij of pairs, by the kernel's own law."""
    from homogsim.laws.demand import minutes_between

    people, world, place = market.consumers, market.parameters.world, market.streets.site_place
    town = market.consumer_cell[row] % world.towns
    home = market.site_town[site] == town
    between = np.where(home, 0.0, market.geography.travel[town, market.site_town[site]])
    east, north = people.east[row], people.north[row]
    apart = np.hypot(place[0, site], place[1, site])
    there = (np.where(home, place[0, site], apart), np.where(home, place[1, site], 0.0))
    # The plain Python function below the compiled one: it takes arrays as it takes numbers.
    law: Any = minutes_between.py_func
    return np.asarray(law(east, north, np.hypot(east, north), *there, home.astype(np.float64), between))


def category_price_elasticity(pairs: Pairs) -> float:
    r"""Return d ln(inside share)/d ln p when all prices rise by 1 %.

    .. math:: \frac{\ln I(1.01\,p) - \ln I(p)}{\ln 1.01}, \quad I(p) = \sum_i (1 - \mathrm{Pr}_{i0})

    Prices enter V by −α_i p_j, so that e^{V/μ} is multiplied by e^{−0.01 α_i p_j/μ}; nothing else reacts.

    Parameters
    ----------
    pairs : Pairs
        The market.

    Returns
    -------
    float
        Without unit, at most 0; 0 without an outside option. NaN when nothing is bought.
    """
    dearer = pairs.attraction * np.exp(-STEP * pairs.alpha[pairs.consumer] * pairs.price / pairs.noise)
    before, after = pairs.bought(pairs.attraction), pairs.bought(dearer)
    return math.log(after / before) / math.log1p(STEP) if before > 0.0 and after > 0.0 else math.nan


def distance_elasticity(pairs: Pairs) -> float:
    r"""Return the slope of ln visits on ln travel time, given everything else in the logit.

    It is what a conditional logit would report that is fitted to the market's expected visits (infinitely many
    customers of each kind), knows the utility of every pair but for the way, and takes the way's logarithm, where the
    model takes ln(1 + minutes): the b that, with a constant a for going out at all, solves

    .. math:: \sum_{ij} (\mathrm{Pr}_{ij} - P_{ij}(a, b)) \binom{1}{\ln d_{ij}} = 0, \quad
              P_{ij} = \frac{e^{u_{ij} + a + b \ln d_{ij}}}{e^0 + \sum_k e^{u_{ik} + a + b \ln d_{ik}}}, \quad
              u_{ij} = (V_{ij} + \tau_j \ln(1 + d_{ij}))/\mu

    Were the way in the model ln d as well, b would be −τ/μ. Ways under a minute count as a minute.

    Parameters
    ----------
    pairs : Pairs
        The market.

    Returns
    -------
    float
        Without unit. NaN when nothing is bought, or when all ways are equally long.

    References
    ----------
    McFadden (1974), Conditional logit analysis of qualitative choice behavior; Davis, Dingel, Monras & Morales (2019),
    Journal of Political Economy 127, 2585–2637 (restaurant visits and travel time).
    """
    way = np.log(np.maximum(pairs.minutes, SHORTEST_WAY))
    if way.size == 0 or np.ptp(way) == 0.0:
        return math.nan
    with np.errstate(divide="ignore"):
        apart = np.log(pairs.attraction) + pairs.travel / pairs.noise * np.log1p(pairs.minutes)
    wanted, regressors = pairs.shares(), np.stack([np.ones(way.size), way])
    guess = np.array([0.0, -float(pairs.travel.mean()) / pairs.noise])
    for _ in range(50):
        share = pairs.shares(np.exp(apart + guess @ regressors))
        gap = regressors @ (wanted - share)
        means = np.stack([np.bincount(pairs.consumer, share * row, pairs.outside.size) for row in regressors])
        curvature = (regressors * share) @ regressors.T - means @ means.T
        move = np.linalg.lstsq(curvature, gap, rcond=1e-12)[0]  # without an outside option the constant is free
        guess = guess + move
        if np.abs(move).max() < 1e-10:
            return float(guess[1])
    return math.nan


def loss_by_disclosure(pairs: Pairs, dollars: float) -> float:
    r"""Return by how much an outlet's sales change when it alone becomes worth less by some dollars to everybody.

    .. math:: \frac{\sum_{ij} \mathrm{Pr}_{ij}\,e^{-D/\mu}/(1 - \mathrm{Pr}_{ij} + \mathrm{Pr}_{ij}\,e^{-D/\mu})}
              {\sum_{ij} \mathrm{Pr}_{ij}} - 1

    Parameters
    ----------
    pairs : Pairs
        The market.
    dollars : float
        D, at least 0.

    Returns
    -------
    float
        Relative change, −1 … 0; sales-weighted mean over outlets. NaN when nothing is bought.
    """
    share, factor = pairs.shares(), math.exp(-dollars / pairs.noise)
    left = share * factor / (1.0 - share + share * factor)
    return float(left.sum() / share.sum() - 1.0) if share.sum() > 0.0 else math.nan
