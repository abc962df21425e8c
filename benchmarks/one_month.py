"""The month of demand that all contestants work on: one market, one set of answers, and whether two agree."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from homogsim.agents import trading
from homogsim.agents.market import Market
from homogsim.laws.demand import FLAT, SHARE, Appeal, Luck, Streets, Tastes, choose_month, workspaces
from homogsim.model import MarketModel

Floats = NDArray[np.float64]

PER_CELL = 1000
"""Consumers of a cell."""
SITES, REACH = 25, 1
"""Sites of a cell, all open, and further towns within reach: 50 alternatives and the outside option."""
ALTERNATIVES = SITES * (REACH + 1)


class Month(NamedTuple):
    """A market at the moment of choice."""

    plan: NDArray[np.int64]
    tastes: Tastes
    streets: Streets
    appeal: Appeal
    is_open: NDArray[np.bool_]
    luck: Luck
    outside: float
    noise: float
    last: NDArray[np.int32]

    @property
    def consumers(self) -> int:
        """How many choose."""
        return int(self.last.size)

    @property
    def evaluations(self) -> int:
        """Utilities to be worked out."""
        return self.consumers * ALTERNATIVES


class Answer(NamedTuple):
    """What a contestant found."""

    sums: Floats  # (IDEAL + d, J), rows as in homogsim.laws.demand
    inclusive: Floats  # (N)
    surplus: Floats  # (N)
    bought: NDArray[np.int32]  # (N)


def build(consumers: int, **changes: object) -> Month:
    """Return a market of so many consumers after its first month, with outlets known to different degrees.

    Everybody has been somewhere, so that loyalty is at work.
    """
    cells = max(1, consumers // PER_CELL)
    sectors = 10 if cells >= 20 else 1
    world = {
        "world.towns": max(2, cells // sectors), "world.sectors": sectors, "world.consumers": min(consumers, PER_CELL),
        "world.sites": SITES, "world.occupied": SITES, "world.reach": REACH,
    }  # fmt: skip
    market = MarketModel("baseline", seed=1, threads=2, **(world | changes)).market
    firms = market.firms
    firms.awareness[:] = np.exp(0.3 * np.random.default_rng(1).normal(size=firms.rows))
    trading.choose(market)
    return month_of(market)


def month_of(market: Market) -> Month:
    """Return the choice of the month that comes."""
    assert market.appeal is not None
    consumers = market.parameters.consumers
    return Month(
        market.plan, market.tastes, market.streets, market.appeal, market.firms.is_open.copy(), market.luck(),
        1.0, consumers.choice_noise, market.consumers.last.copy(),
    )  # fmt: skip


class Homogsim:
    """The compiled laws of homogsim."""

    def __init__(self, month: Month, threads: int) -> None:
        self.month, n = month, month.consumers
        self.rooms = workspaces(threads, month.tastes)
        self.bought, self.inclusive, self.surplus = np.empty(n, np.int32), np.empty(n), np.empty(n)

    def __call__(self) -> Answer:
        """Let everybody choose."""
        m = self.month
        sums = choose_month(
            m.plan, m.tastes, m.streets, m.appeal, m.is_open, m.luck, m.outside, m.noise, m.last, self.bought,
            self.inclusive, self.surplus, self.rooms,
        )  # fmt: skip
        return Answer(sums, self.inclusive, self.surplus, self.bought)


def same_bits(one: Answer, other: Answer) -> bool:
    """Return whether two answers are the same to the last bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def difference(one: Answer, other: Answer) -> float:
    """Return how far two answers are apart, relative to the size of each row of sums; visits left out."""
    rows = zip((*one.sums, one.inclusive, one.surplus), (*other.sums, other.inclusive, other.surplus), strict=True)
    return max(float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-300)) for a, b in rows)


def likely(answer: Answer, month: Month) -> bool:
    """Return whether visits, drawn with other luck, are as many as shares say: χ² over sites within 6 sd.

    A site has a mean of v·ΣPr visits with a variance of v·ΣPr − v²·ΣPr², v the probability of going out at all.
    """
    going, weight = month.luck.visit_probability, month.streets.weight
    mean = going * answer.sums[SHARE] / weight
    variance = mean - going**2 * (answer.sums[SHARE] - answer.sums[FLAT]) / weight
    found = np.bincount(answer.bought[answer.bought >= 0], minlength=mean.size)
    many = mean >= 5.0
    chi2 = float(((found - mean)[many] ** 2 / variance[many]).sum())
    return abs(chi2 - many.sum()) < 6.0 * np.sqrt(2.0 * many.sum())


__all__ = ["Answer", "Homogsim", "Month", "build", "difference", "likely", "month_of", "same_bits"]
